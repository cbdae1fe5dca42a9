//! Hunts in the same log as gzip and as zstd beside the decoders alone, in one process:
//! `cargo run --release -p lapwing-hunt --example packed -- [MB] [INDICATORS]`
//!
//! The decoders are the ones that the hunt uses: zlib-rs as it comes for large gzip, libdeflate for gzip that is unpacked at
//! once, libzstd. Gigabytes a second of the unpacked log by the clock, the best of seven runs: one thread unpacks while
//! another looks through, so that what counts is what the slower of the two leaves.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, missing_docs)]

mod generate;

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::time::Instant;

use generate::{Log, Numbers, PLANTS, indicator};
use lapwing_hunt::{Checks, Compiler, Matcher, Options, Silent, hunt};

const RUNS: usize = 7;

fn best(bytes: usize, mut work: impl FnMut() -> io::Result<()>) -> io::Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(bytes as f64 / least / 1e9)
}

/// Reads a decoder to its end as a hunt does, a chunk at a time.
fn drain(mut decoder: impl Read) -> io::Result<()> {
    let mut chunk = vec![0; 256 << 10];
    while decoder.read(&mut chunk)? > 0 {}
    Ok(())
}

fn matcher(count: u64) -> Matcher {
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

fn hunted(
    path: &Path,
    bytes: usize,
    matcher: &Matcher,
    checks: &Checks,
    jobs: usize,
) -> io::Result<f64> {
    let options = Options { jobs, around: false, ..Options::default() };
    best(bytes, || {
        let found = hunt(&[path.to_owned()], matcher, checks, &options, &Silent);
        if found.findings.is_empty() {
            return Err(io::Error::other("the plants were not found"));
        }
        Ok(())
    })
}

fn main() -> io::Result<()> {
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let number = |at: usize, otherwise| arguments.get(at).copied().unwrap_or(otherwise);
    let mut text = Vec::new();
    Log::new(7, 100_000).write(&mut text, number(0, 200) * 1_000_000)?;
    let matcher = matcher(number(1, 10_000));
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    fs::write(path("u.log"), &text)?;
    let mut gzip = flate2::GzBuilder::new()
        .write(File::create(path("u.log.gz"))?, flate2::Compression::default());
    gzip.write_all(&text)?;
    gzip.finish()?;
    fs::write(path("u.log.zst"), zstd::bulk::compress(&text, 3)?)?;
    println!("{} MB of log, GB/s by the clock, the best of {RUNS}", text.len() / 1_000_000);

    let packed = fs::read(path("u.log.gz"))?;
    let mut room = vec![0; text.len()];
    let at_once = best(text.len(), || {
        let mut decoder = libdeflater::Decompressor::new();
        decoder.gzip_decompress(&packed, &mut room).map(drop).map_err(io::Error::other)
    })?;
    drop((room, packed));
    println!("libdeflate, all at once in memory: {at_once:.2}");
    let open =
        |name: &str| File::open(path(name)).map(|file| BufReader::with_capacity(32 << 10, file));
    let gzip = best(text.len(), || drain(flate2::bufread::GzDecoder::new(open("u.log.gz")?)))?;
    let zstd =
        best(text.len(), || drain(zstd::stream::read::Decoder::with_buffer(open("u.log.zst")?)?))?;
    let none = Checks::none();
    let kinds = [("indicators only", &none), ("all checks", Checks::builtin())];
    for (name, decoder, alone) in [("u.log.gz", "zlib-rs", gzip), ("u.log.zst", "libzstd", zstd)] {
        println!("{name}: {decoder} alone {alone:.2}");
        for (what, checks) in kinds {
            for jobs in [1, 2] {
                let rate = hunted(&path(name), text.len(), &matcher, checks, jobs)?;
                println!(
                    "  hunt, {what}, --jobs {jobs}: {rate:.2}, {:.0} % of it",
                    100.0 * rate / alone
                );
            }
        }
    }
    for (what, checks) in kinds {
        for jobs in [1, 2] {
            let rate = hunted(&path("u.log"), text.len(), &matcher, checks, jobs)?;
            println!("u.log, not packed: hunt, {what}, --jobs {jobs}: {rate:.2}");
        }
    }
    Ok(())
}
