//! Chunks of Windows event logs, wherever they lie: in event logs that are whole, cut or dirty, and in raw
//! bytes of disks and memory.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};
use lapwing_model::{Place, ProblemKind};

use crate::event::Event;
use crate::event_log::take;
use crate::scan::Scan;

const HEADER: u64 = 4096;
const CHUNK: usize = 64 << 10;
const MAGIC: &[u8; 8] = b"ElfChnk\0";

/// A stream of which a window is looked at.
struct Window<'r> {
    reader: &'r mut dyn Read,
    buffer: Vec<u8>,
    /// Where the window begins in the buffer, and in the stream.
    at: usize,
    offset: u64,
    ended: bool,
}

impl<'r> Window<'r> {
    fn new(reader: &'r mut dyn Read) -> Self {
        Self { reader, buffer: Vec::new(), at: 0, offset: 0, ended: false }
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Widens the window to so many bytes, or to what is left.
    fn widen(&mut self, to: usize) -> io::Result<()> {
        if self.bytes().len() >= to || self.ended {
            return Ok(());
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let mut filled = self.buffer.len();
        self.buffer.resize(to.max(8 * CHUNK), 0);
        while filled < self.buffer.len() && !self.ended {
            match self.reader.read(&mut self.buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.truncate(filled);
                    self.ended = true;
                    return Err(error);
                }
            }
        }
        self.buffer.truncate(filled);
        Ok(())
    }

    fn pass(&mut self, count: usize) {
        let count = count.min(self.bytes().len());
        self.at += count;
        self.offset += count as u64;
    }
}

/// Whether nothing was written yet: most of a new event log.
fn is_empty(slot: &[u8]) -> bool {
    let (blocks, rest) = slot.as_chunks::<64>();
    blocks.iter().all(|block| *block == [0; 64]) && rest.iter().all(|byte| *byte == 0)
}

/// Reads an event log: every chunk stands on its own, so that neither the file's header nor any other
/// chunk is needed.
pub(crate) fn read_evtx(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<()> {
    let mut window = Window::new(reader);
    window.widen(HEADER as usize)?;
    if (window.bytes().len() as u64) < HEADER {
        scan.problem(ProblemKind::Truncated, "the file ends in its header".into(), None);
        return Ok(());
    }
    window.pass(HEADER as usize);
    let settings = settings();
    let (mut read, mut slots) = (0, 0);
    loop {
        window.widen(CHUNK)?;
        let offset = window.offset;
        let slot = &window.bytes()[..window.bytes().len().min(CHUNK)];
        if slot.is_empty() {
            if read == 0 && scan.ctx.sought.is_none() {
                let title = if slots == 0 {
                    "Windows event logs (EVTX) of channels without any event"
                } else {
                    "Windows event logs (EVTX) of which no event could be read"
                };
                scan.cover(None, title, 0, 0);
            }
            return Ok(());
        }
        if is_empty(slot) {
            window.pass(CHUNK);
            continue;
        }
        slots += 1;
        let is_sought = || scan.ctx.sought.as_ref().is_none_or(|sought| sought.may_stand(slot));
        if slot.starts_with(MAGIC) && !is_sought() {
            window.pass(CHUNK);
            continue;
        }
        if !slot.starts_with(MAGIC)
            && let Some(at) = memchr::memmem::find(slot, MAGIC)
        {
            let message = format!("{at} bytes that are no chunk were passed over");
            scan.broken(format!("byte {offset}"), message);
            window.pass(at);
            continue;
        }
        if slot.len() < CHUNK {
            let message = format!("the last chunk has {} of {CHUNK} bytes", slot.len());
            scan.problem(ProblemKind::Truncated, message, Some(format!("byte {offset}")));
        }
        let damaged = !slot.starts_with(MAGIC);
        let mut data = slot.to_vec();
        if damaged {
            // Only its signature may be damaged.
            data.resize(CHUNK, 0);
            data[..8].copy_from_slice(MAGIC);
        }
        match chunk(scan, data, &settings, offset) {
            Ok(records) if damaged && records > 0 => {
                read += records;
                let message =
                    "the chunk's signature is damaged; its records were read all the same";
                scan.broken(format!("byte {offset}"), message.to_owned());
            }
            Ok(0) if damaged => {
                scan.broken(format!("byte {offset}"), "64 KiB that are no chunk".to_owned());
            }
            Ok(records) => read += records,
            Err(error) => scan.broken(format!("byte {offset}"), error),
        }
        window.pass(CHUNK);
    }
}

/// Looks for chunks at any place of raw bytes; gives their number.
pub(crate) fn read_raw(scan: &mut Scan<'_, '_>, reader: &mut dyn Read) -> io::Result<u64> {
    let mut window = Window::new(reader);
    let settings = settings();
    let finder = memchr::memmem::Finder::new(MAGIC);
    let mut chunks = 0;
    loop {
        window.widen(CHUNK)?;
        let bytes = window.bytes();
        let Some(at) = finder.find(bytes) else {
            if window.ended {
                return Ok(chunks);
            }
            // The signature may be cut by the window's end.
            window.pass(bytes.len() - (MAGIC.len() - 1).min(bytes.len()));
            window.widen(8 * CHUNK)?;
            continue;
        };
        window.pass(at);
        window.widen(CHUNK)?;
        let offset = window.offset;
        let data = window.bytes()[..window.bytes().len().min(CHUNK)].to_vec();
        match chunk(scan, data, &settings, offset) {
            // Programs that read event logs hold the signature too.
            Ok(records) if records > 0 => {
                if chunks == 0 {
                    scan.cover(None, "Event log chunks carved from raw bytes", 0, 0);
                }
                chunks += 1;
                window.pass(CHUNK);
            }
            _ => window.pass(MAGIC.len()),
        }
    }
}

fn settings() -> Arc<ParserSettings> {
    Arc::new(ParserSettings::default().num_threads(1).indent(false))
}

/// Takes the records of a chunk; gives their number.
fn chunk(
    scan: &mut Scan<'_, '_>,
    data: Vec<u8>,
    settings: &Arc<ParserSettings>,
    offset: u64,
) -> Result<u64, String> {
    let place = format!("byte {offset}");
    // The parser is not ours: a panic in it costs one chunk and is named.
    let parsed = catch_unwind(AssertUnwindSafe(|| -> Result<Vec<_>, String> {
        let mut data = EvtxChunkData::new(data, false).map_err(|e| e.to_string())?;
        let mut chunk = data.parse(Arc::clone(settings)).map_err(|e| e.to_string())?;
        let records = chunk.iter().map(|record| {
            let record = record.map_err(|e| e.to_string())?;
            let number = record.event_record_id;
            let json = record.into_json_bytes().map_err(|e| e.to_string())?;
            Ok::<_, String>((number, json.data))
        });
        Ok(records.collect())
    }));
    let records = match parsed {
        Ok(Ok(records)) => records,
        Ok(Err(error)) => return Err(format!("damaged chunk: {error}")),
        Err(_) => return Err("damaged chunk: the parser gave up".to_owned()),
    };
    let size = CHUNK as u64 / (records.len() as u64).max(1);
    let mut taken = 0;
    for record in records {
        match record {
            Ok((number, json)) => {
                if let Ok(Some(mut event)) = Event::from_json(&json) {
                    if event.get("EventRecordID").is_none() {
                        event.push("EventRecordID", number.to_string());
                    }
                    take(scan, &event, Some(Place::Record(number)), offset, size);
                    taken += 1;
                } else {
                    scan.broken(format!("record {number}"), "the record is no event".into());
                }
            }
            Err(error) => scan.broken(place.clone(), format!("damaged record: {error}")),
        }
    }
    Ok(taken)
}
