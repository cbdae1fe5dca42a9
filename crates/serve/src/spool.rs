//! An answer that goes out while it is made, and waits in a file where it is made faster than it is taken: whoever
//! takes it slowly holds neither the store nor memory.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;

/// Bytes up to which an answer is sent when it is whole: who asks learns its length, and what went wrong in words.
const WHOLE: u64 = 1 << 20;
/// Bytes that are sent in one go.
const PART: u64 = 1 << 16;

/// The end at which the answer is written.
pub(crate) struct Spool {
    held: Arc<Mutex<Held>>,
    state: Arc<watch::Sender<State>>,
}

/// The end from which it is sent.
pub(crate) struct Spooled {
    held: Arc<Mutex<Held>>,
    state: watch::Receiver<State>,
}

/// How far the answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    bytes: u64,
    /// How many files it is made of, once that is known.
    files: Option<usize>,
    /// Whether it is whole; `false` when it came to an end before.
    ended: Option<bool>,
}

/// What was written: in memory as long as it is little.
#[derive(Default)]
struct Held {
    first: Vec<u8>,
    file: Option<File>,
}

/// Both ends of an answer.
pub(crate) fn spool() -> (Spool, Spooled) {
    let held = Arc::<Mutex<Held>>::default();
    let (send, state) = watch::channel(State::default());
    (Spool { held: held.clone(), state: Arc::new(send) }, Spooled { held, state })
}

impl Spool {
    /// Another hand on the same end.
    pub(crate) fn again(&self) -> Self {
        Self { held: self.held.clone(), state: self.state.clone() }
    }

    /// Tells of how many files the answer is made.
    pub(crate) fn expect(&self, files: usize) {
        self.state.send_modify(|state| state.files = Some(files));
    }

    /// Tells that nothing more comes, and whether all came.
    pub(crate) fn end(&self, whole: bool) {
        self.state.send_modify(|state| state.ended = Some(whole));
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.state.is_closed() {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody takes the answer"));
        }
        lock(&self.held).put(bytes)?;
        self.state.send_modify(|state| state.bytes += bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Held {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::End(0))?;
            return file.write_all(bytes);
        }
        self.first.extend_from_slice(bytes);
        if self.first.len() as u64 > WHOLE {
            let mut file = tempfile::tempfile()?;
            file.write_all(&self.first)?;
            self.file = Some(file);
            self.first = Vec::new();
        }
        Ok(())
    }

    fn part(&mut self, from: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut part = Vec::new();
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(from))?;
            file.take(len).read_to_end(&mut part)?;
        } else {
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let rest = self.first.get(from..).unwrap_or_default();
            part.extend(rest.iter().take(usize::try_from(len).unwrap_or(usize::MAX)));
        }
        if part.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(part) }
    }
}

impl Spooled {
    /// Returns when the answer is longer than what is sent whole.
    pub(crate) async fn is_long(&mut self) {
        // Who writes has gone: then the answer is told otherwise.
        if self.state.wait_for(|state| state.bytes > WHOLE).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Of how many files the answer is made, once that is known.
    pub(crate) fn files(&self) -> Option<usize> {
        self.state.borrow().files
    }

    /// The answer, which is whole and short.
    pub(crate) fn whole(&self) -> Vec<u8> {
        std::mem::take(&mut lock(&self.held).first)
    }

    /// The answer as it comes. One that ends before it is whole breaks the connection, so that nobody takes it for
    /// whole.
    pub(crate) fn body(mut self) -> Body {
        let (send, parts) = mpsc::channel::<io::Result<Bytes>>(2);
        tokio::spawn(async move {
            let mut sent = 0;
            loop {
                let is_more = |it: &State| it.bytes > sent || it.ended.is_some();
                let state = match self.state.wait_for(is_more).await {
                    Ok(state) => *state,
                    // Who wrote it fell.
                    Err(_) => State::default(),
                };
                if state.bytes <= sent {
                    if state.ended != Some(true) {
                        let _ = send.send(Err(io::Error::other("the answer came to no end"))).await;
                    }
                    return;
                }
                let held = self.held.clone();
                let len = (state.bytes - sent).min(PART);
                let read = tokio::task::spawn_blocking(move || lock(&held).part(sent, len));
                let part = read.await.unwrap_or_else(|fell| Err(io::Error::other(fell)));
                let failed = part.is_err();
                sent += part.as_ref().map_or(0, |part| part.len() as u64);
                // Who asked may have gone, too: then nobody writes on.
                if send.send(part.map(Bytes::from)).await.is_err() || failed {
                    return;
                }
            }
        });
        Body::from_stream(ReceiverStream::new(parts))
    }
}

/// What a thread that fell left behind is told to be no whole answer.
fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn text(len: usize) -> Vec<u8> {
        (0..len).map(|at| b'a' + u8::try_from(at % 23).unwrap()).collect()
    }

    #[tokio::test]
    async fn an_answer_comes_whole_however_it_is_written() {
        for len in [0, 10, 3_000_000] {
            let (mut spool, spooled) = spool();
            spool.expect(2);
            let all = text(len);
            // All is written before anybody takes any: who writes does not wait.
            for part in all.chunks(70_001) {
                spool.write_all(part).unwrap();
            }
            spool.end(true);
            assert_eq!(spooled.files(), Some(2));
            assert_eq!(spooled.body().collect().await.unwrap().to_bytes(), all);
        }
    }

    #[tokio::test]
    async fn what_ends_before_its_end_is_told_as_an_error() {
        for fall in [false, true] {
            let (mut spool, mut spooled) = spool();
            spool.write_all(&text(2_000_000)).unwrap();
            spooled.is_long().await;
            if fall {
                drop(spool);
            } else {
                spool.end(false);
            }
            assert!(spooled.body().collect().await.is_err());
        }
    }

    #[tokio::test]
    async fn nothing_is_written_on_for_who_has_gone() {
        let (mut spool, spooled) = spool();
        spool.write_all(b"some").unwrap();
        drop(spooled);
        let error = spool.write_all(b"more").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
