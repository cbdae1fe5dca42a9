//! Writes a log, or a list of indicators, of our own making to standard output:
//! `log BYTES [SEED] [EVERY]` or `log indicators COUNT [SEED]`. A plant stands in one line of EVERY.
#![allow(clippy::print_stdout, missing_docs)]

mod generate;

use std::io::{self, BufWriter, Write};

use generate::{Log, Numbers, PLANTS, indicator};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let list = arguments.first().is_some_and(|first| first == "indicators");
    let number = |at: usize, otherwise: u64| {
        let at = at + usize::from(list);
        arguments.get(at).and_then(|a| a.parse().ok()).unwrap_or(otherwise)
    };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    if list {
        let mut numbers = Numbers(number(1, 99));
        for (_, value) in PLANTS {
            writeln!(out, "{value}")?;
        }
        for _ in PLANTS.len() as u64..number(0, 1000) {
            writeln!(out, "{}", indicator(&mut numbers).1)?;
        }
    } else {
        Log::new(number(1, 7), number(2, 100_000)).write(&mut out, number(0, 1 << 20))?;
    }
    out.flush()
}
