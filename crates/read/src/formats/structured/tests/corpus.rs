//! Figures on a folder of real files, by hand: `LAPWING_CORPORA=… cargo test -p lapwing-read -- --ignored --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lapwing_model::{Kind, Reading, Role};

use super::super::all;
use crate::{Input, Item};

type Pairs = BTreeSet<(Kind, String)>;

fn files(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> Option<(Vec<Reading>, Vec<String>)> {
    let raw = std::fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&raw).trim_start_matches('\u{feff}').to_owned();
    let head = &text[..text.floor_char_boundary(65_536)];
    let name = path.to_string_lossy();
    let (_, _, reader) = all().into_iter().find(|(_, recognises, _)| recognises(&name, head))?;
    let (mut readings, mut problems) = (Vec::new(), Vec::new());
    reader(&Input { name: &name, raw: &raw, text: &text }, &mut |item| match item {
        Item::Reading(reading) => readings.push(*reading),
        Item::Problem(problem) => problems.push(problem.to_string()),
    });
    for reading in &readings {
        for claim in &reading.claims {
            assert!(claim.span.slice(&reading.document.text).is_some(), "{name}: {claim:?}");
        }
    }
    Some((readings, problems))
}

fn pairs(readings: &[Reading]) -> Pairs {
    let keep = |kind: Kind| kind.is_observable();
    readings
        .iter()
        .flat_map(|reading| &reading.claims)
        .filter(|claim| {
            claim.role().is_some_and(|role| role != Role::Reference) && keep(claim.subject.kind)
        })
        .map(|claim| (claim.subject.kind, claim.subject.value.clone()))
        .collect()
}

fn f1(ours: &Pairs, gold: &Pairs) -> String {
    let hits = ours.intersection(gold).count() as f64;
    let (p, r) = (hits / ours.len().max(1) as f64, hits / gold.len().max(1) as f64);
    let f1 = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
    format!("ours {} gold {} P {p:.3} R {r:.3} F1 {f1:.3}", ours.len(), gold.len())
}

#[test]
#[ignore = "needs a folder of corpora"]
fn figures() {
    let Some(root) = std::env::var_os("LAPWING_CORPORA").map(PathBuf::from) else { return };
    let show = std::env::var_os("LAPWING_DIFFS").is_some();
    let begun = std::time::Instant::now();
    let mut all_read: BTreeMap<PathBuf, (Vec<Reading>, Vec<String>)> = BTreeMap::new();
    let mut unread = Vec::new();
    for part in ["fidelity", "indicators/vuldb", "hunting/exchange-indicators"] {
        for path in files(&root.join(part)) {
            match read(&path) {
                Some(result) => {
                    all_read.insert(path, result);
                }
                None => unread.push(path),
            }
        }
    }
    println!(
        "read {} files in {:?}; {} of other formats",
        all_read.len(),
        begun.elapsed(),
        unread.len()
    );
    for path in unread.iter().filter(|p| {
        p.extension().is_some_and(|e| ["json", "xml", "ioc"].contains(&&*e.to_string_lossy()))
    }) {
        println!("  not ours: {}", path.display());
    }
    for (path, (readings, problems)) in &all_read {
        let claims: usize = readings.iter().map(|r| r.claims.len()).sum();
        if claims == 0 || !problems.is_empty() && !path.to_string_lossy().contains("elevator") {
            println!(
                "  {} claims {claims} problems {:?}",
                path.display(),
                problems.iter().take(3).collect::<Vec<_>>()
            );
        }
    }
    twins(&root, &all_read, show);
    vuldb(&all_read, show);
    rendered(&all_read, show);
}

fn twins(root: &Path, read: &BTreeMap<PathBuf, (Vec<Reading>, Vec<String>)>, show: bool) {
    let elevator = root.join("fidelity/stix1-elevator");
    for version in ["2.0", "2.1"] {
        let (mut ours, mut gold) = (Pairs::new(), Pairs::new());
        for (path, (readings, _)) in read
            .range(elevator.join("idioms-xml")..)
            .take_while(|(p, _)| p.starts_with(elevator.join("idioms-xml")))
        {
            let stem = path.file_stem().unwrap().to_string_lossy();
            let twin = elevator.join(format!("idioms-json-{version}/{stem}.json"));
            let Some((twin, _)) = read.get(&twin) else { continue };
            let tag = |set: Pairs| {
                set.into_iter().map(|(k, v)| (k, format!("{stem}|{v}"))).collect::<Pairs>()
            };
            let (a, b) = (tag(pairs(readings)), tag(pairs(twin)));
            if show && version == "2.1" && a != b {
                println!(
                    "  {stem}: only 1.x {:?}; only 2.1 {:?}",
                    a.difference(&b).take(4).collect::<Vec<_>>(),
                    b.difference(&a).take(4).collect::<Vec<_>>()
                );
            }
            ours.extend(a);
            gold.extend(b);
        }
        println!("stix1 xml vs elevated {version}: {}", f1(&ours, &gold));
    }
    let misp = root.join("fidelity/misp-stix");
    for family in [
        "test_attributes_collection",
        "test_event1",
        "test_event2",
        "test_events_collection",
        "test_objects_collection",
    ] {
        let mut sets: BTreeMap<String, Pairs> = BTreeMap::new();
        for (path, (readings, _)) in read.iter().filter(|(p, _)| p.starts_with(&misp)) {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            if let Some(rest) = stem.strip_prefix(family) {
                let encoding = if rest.starts_with("_stix") { rest } else { "_misp" };
                sets.entry(encoding.to_owned()).or_default().extend(pairs(readings));
            }
        }
        let union: Pairs = sets.values().flatten().cloned().collect();
        for (encoding, set) in &sets {
            let lacks: Vec<_> = union.difference(set).collect();
            println!(
                "misp-stix {family}{encoding}: {} of {} lacks {lacks:?}",
                set.len(),
                union.len()
            );
        }
    }
}

fn vuldb(read: &BTreeMap<PathBuf, (Vec<Reading>, Vec<String>)>, show: bool) {
    let (mut ours, mut gold) = (Pairs::new(), Pairs::new());
    let (mut counts, mut right) = (0, 0);
    for (path, (readings, _)) in read.iter().filter(|(p, _)| p.to_string_lossy().contains("vuldb"))
    {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let tag = |kind, v: &str| (kind, format!("{stem}|{}", v.to_lowercase()));
        for claim in
            readings.iter().flat_map(|r| &r.claims).filter(|c| c.role() == Some(Role::Indicator))
        {
            ours.insert(tag(claim.subject.kind, &claim.subject.value));
        }
        let Ok(table) = std::fs::read_to_string(path.with_extension("gold.tsv")) else { continue };
        for row in table.lines().skip(1) {
            let cells: Vec<&str> = row.split('\t').collect();
            gold.insert(tag(
                super::super::value::entity(Kind::Ipv4Addr, "ip", cells[0]).kind,
                cells[0],
            ));
            if !matches!(cells[1], "-" | "") {
                gold.insert(tag(
                    super::super::value::entity(Kind::DomainName, "h", cells[1]).kind,
                    cells[1],
                ));
            }
        }
        let pages = std::fs::read_to_string(path.with_file_name("pages.tsv")).unwrap_or_default();
        let mut rows = pages.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let head = rows.next().unwrap_or_default();
        let Some(row) = rows.find(|row| row[0] == stem) else { continue };
        for (column, what) in [
            ("ioc_more", "indicator"),
            ("ttp_more", "technique"),
            ("ioa_more", "ioa"),
            ("countries_more", "country"),
            ("actors_more", "actor"),
            ("campaigns_more", "campaign"),
        ] {
            let at = head.iter().position(|h| *h == column).unwrap();
            let (Some(more), Some(shown)) = (
                row.get(at).and_then(|c| c.parse::<u64>().ok()),
                row.get(at - 1).and_then(|c| c.parse::<u64>().ok()),
            ) else {
                continue;
            };
            let gap = readings.iter().flat_map(|r| &r.gaps).find(|g| g.what == what);
            let found = (
                gap.and_then(|g| g.count).unwrap_or(0),
                gap.and_then(|g| g.shown).unwrap_or(shown),
            );
            counts += 1;
            if found == (more, shown) {
                right += 1;
            } else if show {
                println!("  {stem} {what}: found {found:?} gold {:?}", (more, shown));
            }
        }
    }
    println!("vuldb indicators: {}; gaps {right} of {counts}", f1(&ours, &gold));
    if show {
        println!("  only ours {:?}", ours.difference(&gold).take(8).collect::<Vec<_>>());
        println!("  only gold {:?}", gold.difference(&ours).take(8).collect::<Vec<_>>());
    }
}

fn rendered(read: &BTreeMap<PathBuf, (Vec<Reading>, Vec<String>)>, show: bool) {
    let (mut ours, mut gold) = (Pairs::new(), Pairs::new());
    for (path, (readings, _)) in
        read.iter().filter(|(p, _)| p.to_string_lossy().contains("rendered"))
    {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        for claim in readings
            .iter()
            .flat_map(|r| &r.claims)
            .filter(|c| c.method == "misp:attribute" && c.role().is_some())
        {
            ours.insert((claim.subject.kind, format!("{stem}|{}", claim.subject.value)));
        }
        let table = std::fs::read_to_string(path.with_extension("gold.tsv")).unwrap_or_default();
        for row in table.lines().skip(1) {
            let cells: Vec<&str> = row.split('\t').collect();
            for part in super::super::misp_types::parts(cells[0], cells[1]) {
                gold.insert((part.entity.kind, format!("{stem}|{}", part.entity.value)));
            }
        }
    }
    println!("rendered misp: {}", f1(&ours, &gold));
    if show {
        println!("  only ours {:?}", ours.difference(&gold).take(8).collect::<Vec<_>>());
        println!("  only gold {:?}", gold.difference(&ours).take(8).collect::<Vec<_>>());
    }
}
