//! Reads and extracts from damaged copies of good inputs: for machines without a fuzzer.
//!
//! `cargo run --release -p lapwing-extract --example mutate -- SECONDS SEED OUT PATH …`
//!
//! Every file below the paths is changed at random (bytes, stretches, repeats, pieces of other files) and given
//! to the reader that recognises it, and what it gives to extraction. A panic, a span outside of its text, work
//! of more than two seconds a megabyte and a document lost without a word are failures: the input goes to the folder OUT.
//! The same seed gives the same inputs.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};
use std::time::Instant;

use cpu_time::ThreadTime;
use lapwing_extract::Extractor;
use lapwing_knowledge::Knowledge;
use lapwing_read::{Item, Limits, Options, read_bytes};

/// What readers and finders look for.
const PIECES: &[&str] = &[
    "[.]",
    "hxxp://",
    "://",
    "\u{200b}",
    "\u{ad}",
    "\u{2011}",
    "<table>",
    "</table>",
    "<td>",
    "<!--",
    "-->",
    "<![CDATA[",
    "|",
    "| --- |",
    "```",
    "\n\n",
    "\r\n",
    "{\"",
    "\"}",
    "[[",
    "]]",
    "<<",
    ">>",
    "stream",
    "endstream",
    "endobj",
    "xref",
    "@",
    "\\",
    "C:\\",
    "HKLM\\",
    "T1059.001",
    "CVE-2021-26855",
    "{{",
    "}}",
    "&#x",
    "&amp;",
    "%2e",
    "..",
    "1.2.3.4/99",
    "::",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "e3b0c442-\n",
    "\u{0}",
    "\u{feff}",
    "\u{3002}",
    "攻撃",
    "\u{202e}",
    "a.k.a.",
    "between May and 2021",
    "0000-00-00",
];

/// SplitMix64 (Steele et al., 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// A short stretch of `len` bytes.
    fn stretch(&mut self, len: usize) -> std::ops::Range<usize> {
        let from = self.below(len + 1);
        let most = if self.below(4) == 0 { len } else { 40 };
        from..(from + self.below(most + 1)).min(len)
    }
}

fn changed(seeds: &[(PathBuf, Vec<u8>)], random: &mut Random) -> (usize, Vec<u8>) {
    let which = random.below(seeds.len());
    let mut bytes = seeds[which].1.clone();
    for _ in 0..=random.below(8) {
        let len = bytes.len();
        match random.below(9) {
            0 | 1 if len > 0 => {
                let at = random.below(len);
                bytes[at] ^= 1 << random.below(8);
            }
            2 => bytes.truncate(random.below(len + 1)),
            3 => {
                bytes.drain(random.stretch(len));
            }
            4 | 5 => {
                let piece = PIECES[random.below(PIECES.len())].as_bytes();
                let times = if random.below(6) == 0 { 1 + random.below(400) } else { 1 };
                let at = random.below(len + 1);
                bytes.splice(at..at, piece.repeat(times));
            }
            6 => {
                let range = random.stretch(len);
                let most = if random.below(8) == 0 { 2000 } else { 3 };
                let times = 1 + random.below(most);
                let times = times.min(300_000 / range.len().max(1));
                let piece = bytes[range.clone()].repeat(times);
                bytes.splice(range.end..range.end, piece);
            }
            7 => {
                let other = &seeds[random.below(seeds.len())].1;
                let piece = other[random.stretch(other.len())].to_vec();
                let at = random.below(len + 1);
                bytes.splice(at..at, piece);
            }
            _ => {
                let number = random.next().to_string();
                let at = random.below(len + 1);
                bytes.splice(at..at, number.bytes().take(1 + random.below(20)));
            }
        }
    }
    bytes.truncate(1 << 20);
    (which, bytes)
}

/// What is wrong with the work on an input, if anything.
fn fault(extractor: &Extractor<'_>, name: &str, bytes: &[u8]) -> Option<String> {
    let start = ThreadTime::now();
    let worked = std::panic::catch_unwind(|| {
        let limits = Limits {
            document_bytes: 1 << 20,
            unpacked_bytes: 8 << 20,
            pdf_seconds: 2,
            ..Limits::default()
        };
        let options = Options { limits, ..Options::default() };
        let (mut items, mut read, mut outside) = (0, 0, 0);
        read_bytes(name, bytes, &options, &mut |item| {
            items += 1;
            let Item::Reading(reading) = item else { return };
            let text = reading.document.text.as_str();
            read += text.len();
            let claims = extractor.extract(&reading);
            let spans = reading.regions.iter().map(|r| r.span);
            let spans = spans.chain(reading.claims.iter().chain(&claims).map(|c| c.span));
            let spans = spans.chain(reading.gaps.iter().map(|g| g.span));
            outside += spans.filter(|s| s.slice(text).is_none()).count();
        });
        (items, read, outside)
    });
    let seconds = start.elapsed().as_secs_f64();
    match worked {
        Err(_) => Some("panic".to_owned()),
        Ok((_, _, outside)) if outside > 0 => Some(format!("{outside} spans outside of the text")),
        Ok((0, ..)) if !bytes.starts_with(b"PK") && !bytes.starts_with(&[0x1f, 0x8b]) => {
            Some("lost without a word".to_owned())
        }
        Ok((_, read, _)) => {
            let size = read.max(bytes.len()) as f64 / 1e6;
            (seconds > 2.0 * size + 1.0).then(|| format!("{seconds:.1} s for {size:.2} MB"))
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [seconds, seed, out, paths @ ..] = arguments.as_slice() else {
        println!("usage: mutate SECONDS SEED OUT PATH...");
        return;
    };
    let (seconds, seed): (u64, u64) = (seconds.parse().unwrap(), seed.parse().unwrap());
    let mut seeds = Vec::new();
    for path in paths {
        gather(Path::new(path), &mut seeds);
    }
    seeds.sort();
    println!("{} inputs", seeds.len());
    std::fs::create_dir_all(out).unwrap();
    let extractor = Extractor::new(Knowledge::builtin());
    let mut random = Random(seed);
    let (start, mut runs, mut faults, mut slowest) = (Instant::now(), 0u64, 0u64, 0.0f64);
    while start.elapsed().as_secs() < seconds {
        let (which, bytes) = changed(&seeds, &mut random);
        let name = seeds[which].0.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let clock = ThreadTime::now();
        if let Some(what) = fault(&extractor, &name, &bytes) {
            faults += 1;
            let file = Path::new(out).join(format!("{seed}-{runs}-{name}"));
            println!("{what}: {}", file.display());
            std::fs::write(file, &bytes).unwrap();
        }
        slowest = slowest.max(clock.elapsed().as_secs_f64());
        runs += 1;
    }
    println!("{runs} inputs read, {faults} faults, the slowest took {slowest:.2} s");
}

fn gather(path: &Path, seeds: &mut Vec<(PathBuf, Vec<u8>)>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            gather(&entry.unwrap().path(), seeds);
        }
    } else if let Ok(bytes) = std::fs::read(path)
        && bytes.len() < 200_000
    {
        seeds.push((path.to_owned(), bytes));
    }
}
