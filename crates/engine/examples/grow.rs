//! Grows a store of reports of our own making and times how one more is added to it: `grow STORE [DOCUMENTS
//! [CLAIMS]]`, with `STORE` a file that is made, or one that an earlier run made, which is grown on.
//!
//! Each report is prose, a cluster of its own and so many addresses, a twentieth of them shared with others; forty
//! publishers, any day of a year; one in fifty copies an earlier one with a word changed. Printed are the seconds of
//! growing, of each of twenty more (median and worst), of taking one back, and the peak memory (Linux).
#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use lapwing_engine::read::Options;
use lapwing_engine::{AddOptions, Engine, Input, Silent};
use lapwing_model::PartialDate;

/// Documents of one change while the store grows.
const AT_ONCE: usize = 5000;
/// Documents that are added one by one.
const MORE: usize = 20;
const PUBLISHERS: u64 = 40;
const SHARED: u64 = 200;
const NETS: [u8; 8] = [5, 23, 62, 77, 91, 103, 149, 185];
const WORDS: [&str; 16] = [
    "server", "shell", "mail", "access", "group", "tool", "victim", "network", "script", "loader",
    "service", "account", "host", "domain", "record", "update",
];

/// A row of numbers that is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

fn address(chance: &mut Chance) -> String {
    let net = NETS[chance.below(NETS.len() as u64) as usize];
    format!("{net}.{}.{}.{}", chance.below(256), chance.below(256), 1 + chance.below(254))
}

fn prose(seed: u64) -> Vec<String> {
    let mut chance = Chance(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let word = |_| {
        let ending = ["", "s", "ing"][chance.below(3) as usize];
        format!("{}{ending}", WORDS[chance.below(16) as usize])
    };
    (0..120).map(word).collect()
}

/// The report of a number.
fn report(n: u64, claims: usize) -> Input {
    let mut chance = Chance(n + 1);
    let is_copy = n % 50 == 49;
    let mut words = prose(if is_copy { n - 37 } else { n });
    if is_copy {
        "changed".clone_into(&mut words[chance.below(120) as usize]);
    }
    let mut text = format!(
        "# Notes on activity {n}\n\nTeam {} saw Cluster{n}: {}.\n\n## Indicators\n\n",
        n % PUBLISHERS,
        words.join(" ")
    );
    for _ in 0..claims {
        let value = if chance.below(20) == 0 {
            address(&mut Chance(u64::MAX - chance.below(SHARED)))
        } else {
            address(&mut chance)
        };
        let _ = writeln!(text, "{value}");
    }
    let day = format!("2021-{:02}-{:02}", 1 + chance.below(12), 1 + chance.below(28));
    Input::Fetched {
        name: format!("{n:06}.md"),
        bytes: text.into_bytes(),
        options: Box::new(Options {
            source: Some(format!("Team {}", n % PUBLISHERS)),
            published: day.parse::<PartialDate>().ok(),
            ..Options::default()
        }),
    }
}

/// The most memory that the process has held, in MB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let store = arguments.first().ok_or("grow STORE [DOCUMENTS [CLAIMS]]")?;
    let documents: usize = arguments.get(1).map_or(Ok(1500), |n| n.parse())?;
    let claims: usize = arguments.get(2).map_or(Ok(100), |n| n.parse())?;
    let now = "2022-01-01T00:00:00Z".parse()?;
    let mut engine = Engine::open(Path::new(store))?;
    let mut there = engine.store().count_documents()?;
    let begun = Instant::now();
    while there < documents {
        let count = AT_ONCE.min(documents - there);
        let part: Vec<Input> = (there..there + count).map(|n| report(n as u64, claims)).collect();
        engine.add(&part, &AddOptions::default(), now, &Silent)?;
        there += count;
        println!("{there} documents after {:.0} s", begun.elapsed().as_secs_f64());
    }
    let grown = peak();
    let mut seconds = Vec::new();
    let mut changes = Vec::new();
    for n in there..there + MORE {
        let begun = Instant::now();
        let one = [report(n as u64, claims)];
        let added = engine.add(&one, &AddOptions::default(), now, &Silent)?;
        seconds.push(begun.elapsed().as_secs_f64());
        changes.extend(added.change);
        println!("one more: {:.3} s, {} facts", begun.elapsed().as_secs_f64(), added.facts);
    }
    if let Some(change) = changes.last() {
        let begun = Instant::now();
        engine.undo(*change, now)?;
        println!("taken back: {:.3} s", begun.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!(
        "{documents} documents of {claims} claims: one more takes {:.3} s, at worst {:.3} s; peak memory {} MB",
        seconds[seconds.len() / 2],
        seconds.last().copied().unwrap_or_default(),
        grown.map_or_else(|| "?".to_owned(), |mb| mb.to_string())
    );
    let begun = Instant::now();
    let checked = engine.check_facts(false, now)?;
    println!(
        "derived anew in {:.1} s: {} of {} facts differ; peak memory {} MB",
        begun.elapsed().as_secs_f64(),
        checked.differing,
        checked.facts,
        peak().map_or_else(|| "?".to_owned(), |mb| mb.to_string())
    );
    Ok(())
}
