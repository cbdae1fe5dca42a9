use super::*;

fn shown(text: &str) -> String {
    let published = "2021-03-04".parse().ok();
    let all = dates(text);
    let all: Vec<String> = all
        .iter()
        .map(|s| match s.resolve(published, None) {
            Some(r) if r.first == r.last => r.first.to_string(),
            Some(r) => format!("{}..{}", r.first, r.last),
            None => "?".into(),
        })
        .collect();
    all.join(" ")
}

#[test]
fn dates_are_read_in_their_usual_forms() {
    for (text, want) in [
        ("in january", "2021-01"),
        ("on march 2, 2021", "2021-03-02"),
        ("2 march 2021", "2021-03-02"),
        ("the march 2 patch", "2021-03-02"),
        ("the 2nd of march 2021", "2021-03-02"),
        ("since december", "2020-12"),
        ("since mid-january", "2021-01"),
        ("on 2021-02-28", "2021-02-28"),
        ("january 2021", "2021-01"),
        ("in 2019", "2019"),
        ("in late 2020", "2020"),
        ("march 2nd", "2021-03-02"),
        ("le 2 mars 2021", "2021-03-02"),
        ("am 2. märz 2021", "2021-03-02"),
        ("el 2 de marzo de 2021", "2021-03-02"),
        ("2 марта 2021 года", "2021-03-02"),
        ("は2021年3月2日に公開", "2021-03-02"),
        ("2021年3月", "2021-03"),
    ] {
        assert_eq!(shown(text), want, "{text}");
    }
    for text in
        ["they may do", "march on", "2021 hosts", "port 8080", "version 10.2.2021.4", "mai", "1/2"]
    {
        assert_eq!(shown(text), "", "{text}");
    }
    assert_eq!(dates("in january")[0].resolve(None, None), None);
    assert_eq!(dates("in january")[0].shown(), "January");
}

#[test]
fn numbers_are_ambiguous_unless_one_reading_is_impossible() {
    for (text, want) in [
        ("on 28/02/2021", "2021-02-28"),
        ("on 02/28/2021", "2021-02-28"),
        ("on 03.02.2021", "2021-02-03"),
        ("on 2021/02/28", "2021-02-28"),
        ("on 01/02/2021", "2021"),
        // The other reading lies after the publication.
        ("on 03/12/2021 or 04/01/2021", "2021 2021-01-04"),
    ] {
        assert_eq!(shown(text), want, "{text}");
    }
    let published = "2021-03-04".parse().ok();
    let how = dates("on 01/02/2021")[0].resolve(published, None).unwrap().how;
    assert_eq!(how, "ambiguous: 2021-01-02 or 2021-02-01");
}

#[test]
fn relative_dates_count_from_the_publication() {
    // 2021-03-04 is a Thursday.
    for (text, want) in [
        ("last week", "2021-02-22..2021-02-28"),
        ("two weeks ago", "2021-02-15..2021-02-21"),
        ("earlier this week", "2021-03-01..2021-03-04"),
        ("last month", "2021-02"),
        ("earlier this month", "2021-03"),
        ("earlier this year", "2021"),
        ("last year", "2020"),
        ("three months ago", "2020-12"),
        ("about 10 days ago", "2021-02-22"),
        ("on tuesday", "2021-03-02"),
        ("last friday", "2021-02-26"),
        ("yesterday", "2021-03-03"),
        ("over the past three months", "2020-12..2021-03-04"),
        ("in the last 30 days", "2021-02-02..2021-03-04"),
        ("in q3 2020", "2020-07..2020-09"),
        ("the third quarter of 2020", "2020-07..2020-09"),
        ("in q4", "2020-10..2020-12"),
        ("the first half of 2020", "2020-01..2020-06"),
        ("h1 2020", "2020-01..2020-06"),
        ("a year ago", "2020"),
    ] {
        assert_eq!(shown(text), want, "{text}");
    }
    for text in ["the last stage", "this group", "a zero-day", "patch tuesday", "days"] {
        assert_eq!(shown(text), "", "{text}");
    }
    assert_eq!(dates("last week")[0].resolve(None, Some(2021)), None);
    let month = "2021-03".parse().ok();
    assert_eq!(dates("last week")[0].resolve(month, None), None);
    assert!(dates("last month")[0].resolve(month, None).is_some());
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_fault(text in "[0-9a-z年月日/. -]{0,60}") {
        let published = "2021-03-04".parse().ok();
        for stated in dates(&text) {
            proptest::prop_assert!(text.get(stated.start..stated.end).is_some());
            let _ = stated.resolve(published, None);
        }
    }
}
