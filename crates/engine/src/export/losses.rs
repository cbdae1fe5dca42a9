//! What an export cannot carry, of which memory holds a part: the rest waits, sorted, in a file without a name.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write as _};

use lapwing_publish::export::Loss;

/// Losses that are held before they are written.
const HELD: usize = 20_000;
/// Bytes of a sorted run that are read in one go.
const READ: usize = 1 << 14;

/// Losses, however many: told in order, each once.
#[derive(Debug)]
pub struct Losses {
    held: Vec<Loss>,
    most: usize,
    /// Sorted runs, one after the other in the file: place and end.
    runs: Vec<(u64, u64)>,
    file: Option<File>,
    /// Whether the same loss is told as often as it was put here.
    repeats: bool,
}

/// The sorts of losses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LossKinds {
    /// How many losses there are.
    pub losses: u64,
    /// How many sorts.
    pub kinds: u64,
    /// What is lost, why, and how often: the most frequent sorts.
    pub most: Vec<(String, String, u64)>,
}

impl Default for Losses {
    fn default() -> Self {
        Self::holding(HELD, false)
    }
}

impl From<Vec<Loss>> for Losses {
    fn from(held: Vec<Loss>) -> Self {
        Self { held, ..Self::default() }
    }
}

impl Losses {
    fn holding(most: usize, repeats: bool) -> Self {
        Self { held: Vec::new(), most, runs: Vec::new(), file: None, repeats }
    }

    /// Takes a loss.
    ///
    /// # Errors
    /// When no file can be written for those that memory does not hold.
    pub fn push(&mut self, loss: Loss) -> io::Result<()> {
        self.held.push(loss);
        if self.held.len() > self.most { self.write() } else { Ok(()) }
    }

    /// Takes all of a list.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn take(&mut self, losses: &mut Vec<Loss>) -> io::Result<()> {
        losses.drain(..).try_for_each(|loss| self.push(loss))
    }

    fn sort(&mut self) {
        self.held.sort_unstable();
        if !self.repeats {
            self.held.dedup();
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let from = file.seek(SeekFrom::End(0))?;
        let mut out = BufWriter::with_capacity(1 << 16, &mut *file);
        for loss in self.held.drain(..) {
            serde_json::to_writer(&mut out, &loss)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        drop(out);
        self.runs.push((from, file.stream_position()?));
        Ok(())
    }

    /// Tells each loss once, in order: what is lost, which, whose, why.
    ///
    /// # Errors
    /// What `each` says, and when the file cannot be read.
    pub fn each(&mut self, each: &mut dyn FnMut(&Loss) -> io::Result<()>) -> io::Result<()> {
        self.sort();
        let mut runs: Vec<Run> = self.runs.iter().map(|(at, end)| Run::new(*at, *end)).collect();
        let mut next: BinaryHeap<Reverse<(Loss, usize)>> = BinaryHeap::new();
        if let Some(file) = &mut self.file {
            for (at, run) in runs.iter_mut().enumerate() {
                next.extend(run.next(file)?.map(|loss| Reverse((loss, at))));
            }
        }
        let mut held = self.held.iter().peekable();
        let mut last: Option<Loss> = None;
        loop {
            let of_run = next.peek().map(|Reverse((loss, _))| loss);
            let loss = match (held.peek(), of_run) {
                (None, None) => return Ok(()),
                (Some(one), other) if other.is_none_or(|other| *one <= other) => {
                    let Some(loss) = held.next() else { return Ok(()) };
                    loss.clone()
                }
                _ => {
                    let Some(Reverse((loss, at))) = next.pop() else { return Ok(()) };
                    if let (Some(file), Some(run)) = (&mut self.file, runs.get_mut(at)) {
                        next.extend(run.next(file)?.map(|loss| Reverse((loss, at))));
                    }
                    loss
                }
            };
            if self.repeats || last.as_ref() != Some(&loss) {
                each(&loss)?;
                last = Some(loss);
            }
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.runs.is_empty()
    }

    /// Counts the sorts, and tells the most frequent.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn kinds(&mut self, most: usize) -> io::Result<LossKinds> {
        let mut losses = 0;
        // A reason may name a value: of such there are as many as values.
        let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
        let mut more = Self::holding(self.most, true);
        let limit = self.most;
        self.each(&mut |loss| {
            losses += 1;
            *counts.entry((loss.what.clone(), loss.why.clone())).or_default() += 1;
            if counts.len() > limit {
                put_aside(&mut counts, &mut more)?;
            }
            Ok(())
        })?;
        put_aside(&mut counts, &mut more)?;
        let mut told = LossKinds { losses, ..LossKinds::default() };
        let mut kind: Option<(String, String, u64)> = None;
        more.each(&mut |loss| {
            // As `put_aside` writes it.
            let Loss { what, value: why, why: number, .. } = loss;
            let number: u64 = number.parse().unwrap_or_default();
            match &mut kind {
                Some(known) if known.0 == *what && known.1 == *why => known.2 += number,
                _ => {
                    let before = kind.replace((what.clone(), why.clone(), number));
                    told.add(before, most);
                }
            }
            Ok(())
        })?;
        told.add(kind, most);
        Ok(told)
    }

    /// All as a list.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn into_list(mut self) -> io::Result<Vec<Loss>> {
        if self.runs.is_empty() {
            self.sort();
            return Ok(self.held);
        }
        let mut all = Vec::new();
        self.each(&mut |loss| {
            all.push(loss.clone());
            Ok(())
        })?;
        Ok(all)
    }
}

/// Counts of sorts among losses that are sorted by what is lost and why.
fn put_aside(counts: &mut BTreeMap<(String, String), u64>, more: &mut Losses) -> io::Result<()> {
    std::mem::take(counts).into_iter().try_for_each(|((what, why), number)| {
        more.push(Loss { what, value: why, document: None, why: number.to_string() })
    })
}

impl LossKinds {
    fn add(&mut self, kind: Option<(String, String, u64)>, most: usize) {
        let Some(kind) = kind else { return };
        self.kinds += 1;
        let place = self.most.partition_point(|known| {
            (Reverse(known.2), &known.0, &known.1) < (Reverse(kind.2), &kind.0, &kind.1)
        });
        self.most.insert(place, kind);
        self.most.truncate(most);
    }
}

/// A sorted run that is being read.
struct Run {
    at: u64,
    end: u64,
    /// What was read and not told, and from where on.
    text: Vec<u8>,
    from: usize,
}

impl Run {
    fn new(at: u64, end: u64) -> Self {
        Self { at, end, text: Vec::new(), from: 0 }
    }

    fn next(&mut self, file: &mut File) -> io::Result<Option<Loss>> {
        loop {
            let text = self.text.get(self.from..).unwrap_or_default();
            if let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let loss = serde_json::from_slice(text.get(..end).unwrap_or_default())?;
                self.from += end + 1;
                return Ok(Some(loss));
            }
            if self.at >= self.end {
                return Ok(None);
            }
            self.text.drain(..self.from);
            self.from = 0;
            file.seek(SeekFrom::Start(self.at))?;
            let wanted = (self.end - self.at).min(READ as u64);
            let read = Read::by_ref(file).take(wanted).read_to_end(&mut self.text)? as u64;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.at += read;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many() -> Vec<Loss> {
        let loss = |n: u32| {
            let why = if n.is_multiple_of(3) {
                "no field".to_owned()
            } else {
                format!("`v{}` is out", n % 7)
            };
            Loss::new(
                if n.is_multiple_of(2) { "claim" } else { "fact" },
                format!("value\n{}", n % 40),
                why,
            )
        };
        (0..500).map(|n| loss(n * 7919 % 500)).collect()
    }

    #[test]
    fn losses_are_told_in_order_each_once_wherever_they_wait() {
        let mut wanted = many();
        wanted.sort();
        wanted.dedup();
        let mut kinds: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for loss in &wanted {
            *kinds.entry((&loss.what, &loss.why)).or_default() += 1;
        }
        let number = kinds.len() as u64;
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(key, number)| (Reverse(*number), *key));
        let most: Vec<(String, String, u64)> = kinds
            .iter()
            .take(4)
            .map(|((what, why), number)| ((*what).to_owned(), (*why).to_owned(), *number))
            .collect();
        for held in [1, 3, 60, 10_000] {
            let mut losses = Losses::holding(held, false);
            losses.take(&mut many()).unwrap();
            assert!(!losses.is_empty());
            let told = losses.kinds(4).unwrap();
            assert_eq!((told.losses, told.kinds), (wanted.len() as u64, number), "{held}");
            assert_eq!(told.most, most, "{held}");
            assert_eq!(losses.into_list().unwrap(), wanted, "{held}");
        }
        assert_eq!(Losses::default().kinds(3).unwrap(), LossKinds::default());
    }
}
