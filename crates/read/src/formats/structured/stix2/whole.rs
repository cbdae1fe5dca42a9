//! A STIX pattern as a whole: which observations it asks for, in which order and in which time. Only where every
//! comparison is for one value that can be seen in a record; else the pattern is told as far as a list carries it.

use jiff::Timestamp;
use lapwing_model::Entity;

use super::pattern::{self, Comparison, Placed, Token};
use super::terms::{self, Parser};

/// What a pattern asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observations {
    /// One record in which all these values stand.
    Record(Vec<Entity>),
    /// Any of these (`OR`).
    Any(Vec<Observations>),
    /// All of these, in records of their own, in any order (`AND`).
    All(Vec<Observations>),
    /// One behind the other (`FOLLOWEDBY`).
    Then(Vec<Observations>),
    /// So many times (`REPEATS`).
    Times(Box<Observations>, usize),
    /// Within so many milliseconds (`WITHIN`).
    Within(Box<Observations>, i64),
    /// From one time on and before another (`START`, `STOP`).
    Between(Box<Observations>, Timestamp, Timestamp),
}

/// More of the same than this is not asked for in earnest.
const MOST_TIMES: usize = 100_000;

/// What a pattern asks for; `None` when it is broken, when values in it tell too little or are compared in another way
/// than for equality, and when it is no more than any of some values, which a list carries.
pub fn observations(text: &str) -> Option<Observations> {
    let (found, broken) = pattern::comparisons(text);
    if broken.is_some() {
        return None;
    }
    let (tokens, _) = pattern::tokens(text);
    let mut whole = Whole { parser: Parser::new(&tokens, &found), tokens: &tokens, found: &found };
    let asked = whole.in_order()?;
    let done = whole.parser.is_done();
    (done && !is_list(&asked)).then_some(asked)
}

/// Whether a list of values says the same.
fn is_list(asked: &Observations) -> bool {
    match asked {
        Observations::Record(values) => values.len() == 1,
        Observations::Any(list) => list.iter().all(is_list),
        _ => false,
    }
}

struct Whole<'t> {
    parser: Parser<'t>,
    tokens: &'t [Placed],
    found: &'t [Comparison],
}

/// One thing as it is, several together.
fn several(
    mut list: Vec<Observations>,
    together: fn(Vec<Observations>) -> Observations,
) -> Option<Observations> {
    if list.len() > 1 { Some(together(list)) } else { list.pop() }
}

impl Whole<'_> {
    fn in_order(&mut self) -> Option<Observations> {
        self.parser.deeper()?;
        let mut list = vec![self.any()?];
        while self.parser.take_word("FOLLOWEDBY") {
            list.push(self.any()?);
        }
        self.parser.higher();
        several(list, Observations::Then)
    }

    fn any(&mut self) -> Option<Observations> {
        let mut list = vec![self.all()?];
        while self.parser.take_word("OR") {
            list.push(self.all()?);
        }
        several(list, Observations::Any)
    }

    fn all(&mut self) -> Option<Observations> {
        let mut list = vec![self.one()?];
        while self.parser.take_word("AND") {
            list.push(self.one()?);
        }
        several(list, Observations::All)
    }

    fn one(&mut self) -> Option<Observations> {
        let mut asked = if self.parser.take_sign("(") {
            let inner = self.in_order()?;
            self.parser.take_sign(")").then_some(inner)?
        } else {
            self.parser.take_sign("[").then_some(())?;
            let alternatives = self.parser.any_term()?;
            self.parser.take_sign("]").then_some(())?;
            let records: Option<Vec<_>> = alternatives.iter().map(|all| self.record(all)).collect();
            several(records?, Observations::Any)?
        };
        while let Some(word) = self.parser.word() {
            asked = match word.as_str() {
                "WITHIN" => {
                    let seconds: f64 = self.number(1)?;
                    let length = (seconds * 1000.0).round();
                    (0.0..=1e15).contains(&length).then_some(())?;
                    self.unit("SECONDS")?;
                    Observations::Within(Box::new(asked), length as i64)
                }
                "REPEATS" => {
                    let times: usize = self.number(1)?;
                    (1..=MOST_TIMES).contains(&times).then_some(())?;
                    self.unit("TIMES")?;
                    Observations::Times(Box::new(asked), times)
                }
                "START" => {
                    let start = self.time("START")?;
                    let stop = self.time("STOP")?;
                    Observations::Between(Box::new(asked), start, stop)
                }
                _ => break,
            };
        }
        Some(asked)
    }

    /// The values that one record must hold; `None` when it cannot be told by values alone.
    fn record(&self, terms: &[usize]) -> Option<Observations> {
        let values: Option<Vec<Entity>> = terms
            .iter()
            .map(|at| {
                let comparison = self.found.get(*at)?;
                let tells = terms::is_plain(comparison) && !terms::is_weak(comparison);
                tells.then(|| terms::observable(comparison).0)
            })
            .collect();
        values.map(Observations::Record)
    }

    /// The number that stands so many tokens behind this word.
    fn number<T: std::str::FromStr>(&self, behind: usize) -> Option<T> {
        match self.tokens.get(self.parser.place() + behind)? {
            (Token::Word(number), _) => number.parse().ok(),
            _ => None,
        }
    }

    /// Passes over a qualifier with its number and unit.
    fn unit(&mut self, unit: &str) -> Option<()> {
        self.parser.pass(2);
        self.parser.take_word(unit).then_some(())
    }

    /// `START t'2021-03-03T00:00:00Z'`
    fn time(&mut self, word: &str) -> Option<Timestamp> {
        self.parser.take_word(word).then_some(())?;
        self.parser.take_word("T");
        let (Token::Text(time), _) = self.tokens.get(self.parser.place())? else { return None };
        self.parser.pass(1);
        time.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pattern as it was understood, in short.
    fn shown(asked: &Observations) -> String {
        let list = |list: &[Observations], between: &str| {
            let parts: Vec<String> = list.iter().map(shown).collect();
            format!("({})", parts.join(between))
        };
        match asked {
            Observations::Record(values) => {
                let values: Vec<&str> = values.iter().map(|value| value.value.as_str()).collect();
                values.join("+")
            }
            Observations::Any(all) => list(all, " | "),
            Observations::All(all) => list(all, " & "),
            Observations::Then(all) => list(all, " > "),
            Observations::Times(inner, times) => format!("{}x{times}", shown(inner)),
            Observations::Within(inner, most) => format!("{}<={most}ms", shown(inner)),
            Observations::Between(inner, from, to) => format!("{}@{from}..{to}", shown(inner)),
        }
    }

    #[test]
    fn what_a_pattern_asks_for_is_kept_in_its_order() {
        for (text, wanted) in [
            (
                "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'a.example']",
                "(192.0.2.1 > a.example)",
            ),
            (
                "([ipv4-addr:value = '192.0.2.1'] AND [domain-name:value = 'a.example']) WITHIN 1.5 SECONDS",
                "(192.0.2.1 & a.example)<=1500ms",
            ),
            (
                "[ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES WITHIN 60 SECONDS",
                "192.0.2.1x5<=60000ms",
            ),
            (
                "[ipv4-addr:value = '192.0.2.1' AND domain-name:value IN ('a.example', 'b.example')]",
                "(192.0.2.1+a.example | 192.0.2.1+b.example)",
            ),
            (
                "[ipv4-addr:value = '192.0.2.1'] START t'2021-03-03T00:00:00Z' STOP t'2021-03-04T00:00:00Z'",
                "192.0.2.1@2021-03-03T00:00:00Z..2021-03-04T00:00:00Z",
            ),
            (
                "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'a.example'] OR [domain-name:value = 'b.example']",
                "(192.0.2.1 > (a.example | b.example))",
            ),
        ] {
            assert_eq!(observations(text).as_ref().map(shown).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_a_list_carries_or_no_record_shows_is_none() {
        for text in [
            "[ipv4-addr:value = '192.0.2.1']",
            "[ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2'] OR [domain-name:value = 'a.example']",
            "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 443]",
            "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value LIKE '%.example']",
            "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY",
            "[ipv4-addr:value = '192.0.2.1'] REPEATS many TIMES",
            "",
        ] {
            assert_eq!(observations(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken_without_a_panic(text in "[\\[\\]()a-c:.= 'ANDORWITHINFOLLOWEDBY0-9]{0,60}") {
            observations(&text);
        }
    }
}
