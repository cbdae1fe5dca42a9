//! Measures the matcher and the hunt on a log of its own making, beside the automata of the registry.
//! `cargo run --release -p lapwing-hunt --example bench -- [MB] [indicators …] [--no-peers]`
//!
//! Rates are bytes by processor time of this process (user and system), so that other work on the
//! machine changes them little. The log lies in the page cache; the median of five runs counts, by the clock the best.
//! What two threads gain is told beside what the machine gives to two threads that share nothing.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, missing_docs)]

mod generate;

use std::path::PathBuf;
use std::time::Instant;

use generate::{Log, Numbers, PLANTS, indicator};
use lapwing_hunt::{Checks, Compiler, Matcher, Options, Silent, hunt};

/// A plant in one line of so many: about 20 in a gigabyte.
const EVERY: u64 = 100_000;

fn compile(count: u64) -> Matcher {
    let mut compiler = Compiler::default();
    let source = compiler.source(0.9, "made up");
    for (kind, value) in PLANTS {
        compiler.add(kind, value, source);
    }
    let mut numbers = Numbers(99);
    for _ in PLANTS.len() as u64..count {
        let (kind, value) = indicator(&mut numbers);
        compiler.add(kind, &value, source);
    }
    compiler.finish()
}

fn values(count: u64) -> Vec<String> {
    let mut numbers = Numbers(99);
    let mut all: Vec<String> = PLANTS.iter().map(|(_, value)| (*value).to_owned()).collect();
    all.extend((PLANTS.len() as u64..count).map(|_| indicator(&mut numbers).1));
    all.sort();
    all.dedup();
    all
}

/// Processor time of this process so far in seconds (Linux; 0 elsewhere).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or("");
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// What some work took.
struct Rate<T> {
    /// Gigabytes a second of processor time: the median.
    processor: f64,
    /// Gigabytes a second by the clock: the best.
    clock: f64,
    /// What the work gave.
    last: Option<T>,
}

fn rate<T>(bytes: usize, runs: usize, mut work: impl FnMut() -> T) -> Rate<T> {
    let (mut rates, mut best) = (Vec::new(), f64::INFINITY);
    let mut last = None;
    for _ in 0..runs {
        let (before, start) = (cpu_seconds(), Instant::now());
        last = Some(work());
        best = best.min(start.elapsed().as_secs_f64());
        rates.push(bytes as f64 / (cpu_seconds() - before).max(0.01) / 1e9);
    }
    rates.sort_by(f64::total_cmp);
    Rate { processor: rates[rates.len() / 2], clock: bytes as f64 / best / 1e9, last }
}

/// How many times faster two threads are that share nothing: counting line feeds, which waits for memory, and the
/// scan of text that stays in the caches, which waits for the processor.
fn machine(text: &[u8]) {
    let (one, two) = text.split_at(text.len() / 2);
    let lines = |text: &[u8]| memchr::memchr_iter(b'\n', text).count();
    // Nothing is reserved on the way: that alone would keep threads of one process waiting for each other.
    let small = |text: &[u8]| {
        let part = &text[..text.len().min(128 << 10)];
        (0..text.len() / part.len().max(1)).map(|_| lines(std::hint::black_box(part))).sum()
    };
    for (what, work) in [
        ("counting line feeds", &lines as &(dyn Fn(&[u8]) -> usize + Sync)),
        ("work in the caches", &small),
    ] {
        let alone = rate(text.len(), 5, || work(one) + work(two));
        let both = rate(text.len(), 5, || {
            std::thread::scope(|scope| {
                let other = scope.spawn(|| work(two));
                work(one) + other.join().unwrap_or(0)
            })
        });
        println!(
            "the machine: {what} on two threads is {:.2} times as fast",
            both.clock / alone.clock
        );
    }
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let megabytes = arguments.first().copied().unwrap_or(1000);
    let counts =
        if arguments.len() > 1 { &arguments[1..] } else { &[100, 10_000, 1_000_000, 10_000_000] };
    let mut text = Vec::new();
    let plants = Log::new(7, EVERY).write(&mut text, megabytes * 1_000_000)?;
    let folder = std::env::temp_dir().join("lapwing-bench");
    std::fs::create_dir_all(&folder)?;
    let path: PathBuf = folder.join("bench.log");
    std::fs::write(&path, &text)?;
    println!("{} MB of log, {plants} plants", text.len() / 1_000_000);
    machine(&text);
    let none = Checks::none();
    for &count in counts {
        let start = Instant::now();
        let matcher = compile(count);
        let built = start.elapsed();
        let (filter, all) = matcher.sizes();
        println!(
            "{count} indicators: built in {built:.2?}; filter {:.1} and all {:.0} bytes an indicator",
            filter as f64 / count as f64,
            all as f64 / count as f64
        );
        let saved = folder.join("bench.matcher");
        matcher.save(&saved).map_err(std::io::Error::other)?;
        let start = Instant::now();
        let matcher = Matcher::load(&saved).map_err(std::io::Error::other)?;
        println!("  loaded in {:.2?}", start.elapsed());
        let alone = rate(text.len(), 5, || matcher.find(&text).len());
        let line_feeds = rate(text.len(), 5, || memchr::memchr_iter(b'\n', &text).count());
        println!(
            "  matcher: {:.2} GB/s, {} hits; {:.0} % of counting line feeds",
            alone.processor,
            alone.last.unwrap_or(0),
            100.0 * alone.processor / line_feeds.processor
        );
        let mut before = None;
        for (what, checks, jobs) in [
            ("hunt, indicators only", &none, 1),
            ("hunt, indicators only, two threads", &none, 2),
            ("hunt with all checks", Checks::builtin(), 1),
            ("hunt with all checks, two threads", Checks::builtin(), 2),
        ] {
            let options = Options { jobs, ..Options::default() };
            let it = rate(text.len(), 5, || {
                hunt(std::slice::from_ref(&path), &matcher, checks, &options, &Silent)
            });
            let found =
                it.last.map_or(0, |r| r.findings.len() as u64 + r.folded.values().sum::<u64>());
            let gain = before
                .filter(|_| jobs > 1)
                .map_or(String::new(), |one: f64| format!(" ({:.2} times one)", it.clock / one));
            before = Some(it.clock);
            println!(
                "  {what}: {:.2} GB/s a core, {:.2} GB/s by the clock{gain}, {found} findings",
                it.processor, it.clock
            );
        }
        if !std::env::args().any(|argument| argument == "--no-peers") {
            peers(&values(count), &text);
        }
    }
    std::fs::remove_dir_all(&folder)
}

/// The automata find substrings, so they are right only where nothing stands around an indicator.
fn peers(values: &[String], text: &[u8]) {
    let slice = &text[text.len() / 2..][..20_000_000.min(text.len() / 2)];
    if values.len() > 1_000_000 {
        return;
    }
    let start = Instant::now();
    if let Ok(automaton) = aho_corasick::AhoCorasick::new(values) {
        let built = start.elapsed();
        let it = rate(slice.len(), 3, || automaton.find_iter(slice).count());
        println!(
            "  aho-corasick on {} MB: {:.3} GB/s, {} matches, built in {built:.2?}",
            slice.len() / 1_000_000,
            it.processor,
            it.last.unwrap_or(0)
        );
    }
    let start = Instant::now();
    if let Ok(automaton) = daachorse::DoubleArrayAhoCorasick::<u32>::new(values) {
        let built = start.elapsed();
        let it = rate(slice.len(), 3, || automaton.find_overlapping_iter(slice).count());
        println!(
            "  daachorse on {} MB: {:.3} GB/s, {} matches, built in {built:.2?}",
            slice.len() / 1_000_000,
            it.processor,
            it.last.unwrap_or(0)
        );
    }
}
