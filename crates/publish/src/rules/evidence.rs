//! What is written beside every rule: how sure, until when, who says so, and how to ask why.

use jiff::civil::Date;
use lapwing_model::{Entity, Likelihood, Marking};

use super::{Indicator, RuleSet};
use crate::safe::clean;

/// Sources named in one line; the rest is counted.
const NAMED: usize = 3;
/// Characters of a title in a line.
const TITLE: usize = 80;

impl Indicator {
    /// One line for a comment: `very likely, 93%; active until 2021-08-29; 2 origins: …; lapwing explain …`.
    pub fn evidence(&self) -> String {
        let mut parts = vec![format!("{}, {}%", Likelihood::of(self.probability), self.percent())];
        parts.push(match self.expires {
            Some(day) => format!("{} until {day}", self.status.as_str()),
            None => self.status.as_str().to_owned(),
        });
        if let Some(last) = self.last {
            parts.push(format!("last known {last}"));
        }
        if !self.points_to.is_empty() {
            parts.push(format!("points to {}", self.points()));
        }
        let count = self.origins.len();
        let origins = if count == 1 { "1 origin".to_owned() } else { format!("{count} origins") };
        let titles = self.titles();
        parts.push(if titles.is_empty() { origins } else { format!("{origins}: {titles}") });
        parts.push(self.marking.as_str().to_owned());
        parts.push(self.explain());
        parts.join("; ")
    }

    /// Names that it points to, the first few.
    pub(crate) fn points(&self) -> String {
        let names = self.points_to.iter().map(|e| clean(&e.value, TITLE));
        few(names.collect(), NAMED, ", ")
    }

    /// Titles of the documents behind it, the first few.
    pub(crate) fn titles(&self) -> String {
        let titles = self.sources.iter().map(|s| format!("“{}”", clean(&s.title, TITLE)));
        few(titles.collect(), NAMED, ", ")
    }

    /// The command that shows every claim under it.
    pub fn explain(&self) -> String {
        explain(&self.entity)
    }

    /// Addresses of the documents behind it, without what would break out of a line.
    pub(crate) fn links(&self) -> impl Iterator<Item = &str> {
        let plain = |url: &&str| {
            url.starts_with("http")
                && url.len() < 400
                && !url.contains(|c: char| {
                    c.is_control() || c.is_whitespace() || "\"'`;\\|<>".contains(c)
                })
                && url.is_ascii()
        };
        self.sources.iter().filter_map(|s| s.url.as_deref()).filter(plain)
    }
}

/// `lapwing explain VALUE`, quoted where a shell needs it.
pub(crate) fn explain(entity: &Entity) -> String {
    let value = clean(&entity.value, 400);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:/@".contains(c);
    if value.chars().all(plain) {
        format!("lapwing explain {value}")
    } else {
        format!("lapwing explain '{}'", value.replace('\'', "'\\''"))
    }
}

fn few(mut names: Vec<String>, most: usize, between: &str) -> String {
    let rest = names.len().saturating_sub(most);
    names.truncate(most);
    let mut text = names.join(between);
    if rest > 0 {
        text.push_str(&format!(" and {rest} more"));
    }
    text
}

/// What the head of a file says of all its indicators: summed portion by portion where they are more than memory
/// should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// As [`RuleSet::about`].
    pub about: Option<String>,
    /// As [`RuleSet::today`].
    pub today: Date,
    /// As [`RuleSet::ceiling`].
    pub ceiling: Marking,
    /// The strictest marking of what goes out.
    pub marking: Marking,
    /// The last expiry.
    pub expires: Option<Date>,
    /// How many indicators there are.
    pub indicators: usize,
}

impl Totals {
    /// Those of nothing.
    #[must_use]
    pub fn new(about: Option<String>, today: Date, ceiling: Marking) -> Self {
        let marking = Marking::default();
        Self { about, today, ceiling, marking, expires: None, indicators: 0 }
    }

    /// Takes a portion along.
    pub fn add(&mut self, set: &RuleSet) {
        self.marking = self.marking.max(set.marking());
        self.expires = self.expires.max(set.expires());
        self.indicators += set.indicators.len();
    }

    /// The lines at the head of a file, without comment marks.
    fn head(&self, what: &str) -> Vec<String> {
        let about = self.about.as_deref().map_or("everything".to_owned(), |a| clean(a, 120));
        let mut lines = vec![
            format!("Lapwing: {what}, about {about}"),
            format!(
                "made {}; {} at most, {} allowed; {} indicators, alive and not known to be benign",
                self.today, self.marking, self.ceiling, self.indicators
            ),
        ];
        if let Some(day) = self.expires {
            lines
                .push(format!("expires {day}: make it anew before; each entry has its own expiry"));
        }
        lines
    }

    /// The head of a file as comments.
    pub(crate) fn comments(&self, mark: &str, what: &str) -> String {
        self.head(what).iter().map(|line| format!("{mark} {line}\n")).collect::<Vec<_>>().concat()
    }
}

impl RuleSet {
    /// What the head of a file says of the whole set.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::new(self.about.clone(), self.today, self.ceiling);
        totals.add(self);
        totals
    }

    /// The head of a file as comments.
    pub(crate) fn comments(&self, mark: &str, what: &str) -> String {
        self.totals().comments(mark, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::Kind;

    #[test]
    fn the_command_survives_a_shell() {
        let value = |v: &str| explain(&Entity::new(Kind::UserAgent, v));
        assert_eq!(value("192.0.2.7"), "lapwing explain 192.0.2.7");
        assert_eq!(value("a'b $(x)\n"), "lapwing explain 'a'\\''b $(x)'");
    }
}
