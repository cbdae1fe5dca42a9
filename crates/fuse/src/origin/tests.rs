use lapwing_model::{Format, LineageKind};
use proptest::prelude::*;

use super::*;
use crate::testing::{Made, prose};

/// Every word after the first `keep` in each ten replaced.
fn spun(text: &str, keep: usize) -> String {
    let swap = |(at, word): (usize, &str)| {
        if at % 10 < keep { word.to_owned() } else { format!("x{at}") }
    };
    text.split_whitespace().enumerate().map(swap).collect::<Vec<_>>().join(" ")
}

fn seeds() -> [Trace; 3] {
    let page = Made::new("page", &prose(1, 200))
        .format(Format::Vuldb)
        .source("VulDB")
        .title("Microsoft Exchange")
        .indicator("192.0.2.1")
        .indicator("192.0.2.2");
    let mut event = Made::new("event", &prose(2, 120))
        .format(Format::MispMarkdown)
        .published("2021-03-03")
        .lineage(
            LineageKind::Republishes,
            "CISA",
            "https://us-cert.cisa.gov/ncas/alerts/aa21-062a",
        );
    for n in 0..15 {
        event = event.indicator(&format!("198.51.100.{n}"));
    }
    let article = Made::new("article", &prose(3, 350))
        .lineage(
            LineageKind::Rewrites,
            "Dark Reading",
            "https://www.darkreading.com/d/d-id/1340338",
        )
        .lineage(LineageKind::ReportsOn, "Mandiant", "")
        .cluster("UNC2639");
    [page.trace(), event.trace(), article.trace()]
}

fn groups(traces: &[Trace]) -> usize {
    origins(traces).len()
}

#[test]
fn a_page_an_event_and_a_rewrite_are_three_origins() {
    let traces = seeds();
    let origins = origins(&traces);
    assert_eq!(origins.len(), 3);
    let of = |at: usize| {
        let id = traces[at].document();
        origins.iter().find(|o| o.members.iter().any(|m| m.document == id)).unwrap()
    };
    assert!(of(0).root_seen && of(0).members[0].derived_from.is_none());
    assert!(!of(1).root_seen && of(1).label.starts_with("CISA"));
    let article = &of(2).members[0];
    assert!(!of(2).root_seen && of(2).label.starts_with("Mandiant"), "{}", of(2).label);
    assert!(article.derived_from.as_ref().unwrap().starts_with("Dark Reading"));
    assert_eq!(article.grade.reliability, 'E');
}

#[test]
fn two_reports_on_one_publisher_collapse_only_with_a_rare_name_or_address() {
    let report = |name: &str, seed, cluster: &str| {
        Made::new(name, &prose(seed, 300))
            .lineage(LineageKind::ReportsOn, "Mandiant", "")
            .cluster(cluster)
            .trace()
    };
    assert_eq!(groups(&[report("a", 1, "UNC2639"), report("b", 2, "UNC2639")]), 1);
    assert_eq!(groups(&[report("a", 1, "UNC2639"), report("b", 2, "UNC9999")]), 2);
    let linked = |name: &str, seed, url: &str| {
        let made = Made::new(name, &prose(seed, 300));
        made.lineage(LineageKind::ReportsOn, "", url).trace()
    };
    let a = linked("a", 1, "https://example.com/post/1?utm_source=rss");
    assert_eq!(groups(&[a.clone(), linked("b", 2, "http://www.example.com/post/1/")]), 1);
    assert_eq!(groups(&[a.clone(), linked("b", 2, "http://www.example.com/post/2")]), 2);
    let original = Made::new("o", &prose(9, 300)).url("https://example.com/post/1").trace();
    let with_original = origins(&[a, original.clone()]);
    assert_eq!(with_original.len(), 1);
    assert!(with_original[0].root_seen);
    assert_eq!(with_original[0].members[0].document, original.document());
}

#[test]
fn to_cite_is_not_to_derive() {
    let cites = Made::new("a", &prose(1, 300)).lineage(
        LineageKind::Cites,
        "Example",
        "https://example.com/post/1",
    );
    let cited = Made::new("b", &prose(2, 300)).url("https://example.com/post/1");
    assert_eq!(groups(&[cites.trace(), cited.trace()]), 2);
}

#[test]
fn copies_spins_and_truncations_collapse_and_the_earliest_is_the_root() {
    let text = prose(5, 900);
    let original = Made::new("original", &text).published("2021-03-04").source("A Lab");
    let half = &text[..text.len() / 2];
    let traces = [
        Made::new("copy", &text).published("2021-03-05").trace(),
        Made::new("spun", &spun(&text, 6)).trace(),
        Made::new("short", half).published("2021-03-06").trace(),
        original.clone().trace(),
        Made::new("other", &prose(6, 900)).published("2021-03-01").trace(),
    ];
    let origins = origins(&traces);
    assert_eq!(origins.len(), 2);
    let large = origins.iter().find(|o| o.members.len() == 4).unwrap();
    assert_eq!(large.members[0].document, original.trace().document());
    assert!(large.members[1..].iter().all(|m| m.grade.reliability > 'D'), "{large:?}");
}

#[test]
fn a_list_copied_whole_is_a_copy_and_a_list_shared_by_reports_is_not() {
    let with_list = |mut made: Made| {
        for n in 0..15 {
            made = made.indicator(&format!("198.51.100.{}", n * 7));
        }
        made
    };
    let report = |name: &str, seed| with_list(Made::new(name, &prose(seed, 900)));
    assert_eq!(groups(&[report("a", 1).trace(), report("b", 2).trace()]), 2);
    let list = with_list(Made::new("list", "").format(Format::List));
    assert_eq!(groups(&[report("a", 1).trace(), list.clone().trace()]), 1);
    let again = with_list(Made::new("event", "ip-dst").format(Format::MispJson));
    assert_eq!(groups(&[list.clone().trace(), again.trace()]), 1);
    let mut other = Made::new("other", "").format(Format::List);
    for n in 0..15 {
        other = other.indicator(&format!("203.0.113.{n}"));
    }
    assert_eq!(groups(&[list.clone().trace(), other.trace()]), 2);
    // The list goes with one of the reports and does not glue them.
    assert_eq!(groups(&[report("a", 1).trace(), report("b", 2).trace(), list.trace()]), 2);
}

#[test]
fn versions_and_parts_are_one_origin_and_forms_are_not_copies() {
    let page = |name: &str, title: &str, seed, date: &str| {
        let made = Made::new(name, &prose(seed, 150)).format(Format::Vuldb);
        made.source("VulDB").title(title).published(date)
    };
    let versions: Vec<Trace> = (0..40)
        .map(|n| page(&format!("v{n}"), "Big Campaign", 1, &format!("2022-01-{:02}", 1 + n % 28)))
        .map(Made::trace)
        .collect();
    assert_eq!(groups(&versions), 1);
    // The same form with other values: two pages.
    let a = page("a", "Actor One", 1, "2022-01-01").indicator("192.0.2.1").trace();
    let b = page("b", "Actor Two", 1, "2022-01-02").indicator("192.0.2.2").trace();
    assert_eq!(groups(&[a, b]), 2);
    let part = |n: u64| Made::new(&format!("p{n}"), &prose(n, 80)).container("feed.zip").trace();
    let parts = origins(&[part(1), part(2), part(3)]);
    assert_eq!(parts.len(), 1);
    assert!(parts[0].root_seen);
}

#[test]
fn circles_of_statements_end() {
    let says = |name: &str, own: &str, of: &str| {
        let made = Made::new(name, &prose(name.len() as u64, 50)).url(own);
        made.lineage(LineageKind::Republishes, "", of).trace()
    };
    let (one, two) = ("https://example.com/1", "https://example.com/2");
    let circle = [says("a", one, two), says("bb", two, one), says("ccc", two, two)];
    assert_eq!(groups(&circle), 1);
}

#[test]
#[ignore = "measures; run with --release"]
fn three_thousand_documents_take_less_than_two_seconds() {
    let traces: Vec<Trace> = (0..3000)
        .map(|n| {
            let text = format!("{} {}", prose(1, 60), prose(n / 3 + 10, 500));
            Made::new(&format!("d{n}"), &text).trace()
        })
        .collect();
    let start = std::time::Instant::now();
    let origins = origins(&traces);
    eprintln!("{} origins in {:?}", origins.len(), start.elapsed());
    assert_eq!(origins.len(), 1000);
    assert!(start.elapsed().as_secs_f64() < 2.0);
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        picks in prop::collection::vec((0u64..6, 0u8..5, 0u8..4), 1..14),
        turn in 0usize..14,
    ) {
        let mut traces: Vec<Trace> = picks
            .iter()
            .enumerate()
            .map(|(n, (seed, kind, day))| {
                let mut made = Made::new(&format!("n{n}"), &prose(*seed, 200));
                if *day > 0 {
                    made = made.published(&format!("2021-03-0{day}"));
                }
                match kind {
                    0 => made = made.url(&format!("https://example.com/{seed}")),
                    1 => made = made.lineage(
                        LineageKind::ReportsOn, "Mandiant", &format!("https://example.com/{day}"),
                    ),
                    2 => made = made.lineage(LineageKind::Rewrites, "Mandiant", "")
                        .cluster(&format!("UNC{seed}")),
                    3 => for v in 0..8 { made = made.indicator(&format!("192.0.2.{v}")); },
                    _ => {}
                }
                made.trace()
            })
            .collect();
        let first = origins(&traces);
        traces.reverse();
        let middle = turn % traces.len();
        traces.rotate_left(middle);
        prop_assert_eq!(&first, &origins(&traces));
        // Each document stands in exactly one origin.
        let members: usize = first.iter().map(|o| o.members.len()).sum();
        prop_assert_eq!(members, traces.len());
    }
}
