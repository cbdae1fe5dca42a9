//! What of a STIX pattern a list of values can carry. A list says "any of these"; a pattern may ask for several at
//! once. So its alternatives are worked out, and of each the values that tell enough by themselves; the others are
//! told with the reason why they are not looked for alone.

use std::collections::BTreeMap;

use lapwing_model::Entity;

use super::super::value;
use super::path;
use super::pattern::{Comparison, Placed, Token};

/// More alternatives than this are not worked out.
const MOST: usize = 512;
/// Deeper brackets are not followed.
const DEEPEST: usize = 64;

/// What a comparison is worth in a list of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Seen alone it is what the pattern is about; with what else the pattern asks for, if anything.
    Alone(Option<String>),
    /// It tells too little without what else the pattern asks for.
    Together(String),
}

/// The pattern as far as a list can carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    /// By the number of the comparison.
    pub(crate) worth: BTreeMap<usize, Worth>,
    /// Folder and name of a file that are asked for together: they are one path.
    pub(crate) paths: Vec<(usize, usize)>,
    /// Why the list is not the pattern, if it is not.
    pub(crate) why: Option<String>,
}

/// Comparisons that must hold at once, by observation.
type Alternative = Vec<Vec<usize>>;

/// Works out what the comparisons of a pattern are worth; `found` are those of `tokens`, in order.
pub(crate) fn carried(tokens: &[Placed], found: &[Comparison]) -> Carried {
    let mut parser = Parser::new(tokens, found);
    let whole = parser.observations();
    let done = parser.at >= tokens.len();
    let narrowed = parser.narrowed;
    let Some(alternatives) = whole.filter(|_| done) else {
        let why = "its parts are too many or too deep to be told apart; each value is looked for by itself";
        return Carried { why: Some(why.to_owned()), ..Carried::default() };
    };
    let mut all = Carried::default();
    let (mut wider, mut lost) = (narrowed, None);
    for alternative in &alternatives {
        let several = alternative.len() > 1;
        wider |= several;
        let mut usable = false;
        for observation in alternative {
            let (told, exact) = all.observation(found, observation, several);
            usable |= told;
            wider |= !exact;
        }
        if !usable {
            lost = lost.or_else(|| alternative.first().map(|terms| shown(found, terms)));
        }
    }
    all.why = match lost {
        Some(lost) => Some(format!("no value in it can be looked for alone: {lost}")),
        None if wider => Some(
            "it asks for more than one value at once; each is looked for by itself, which is wider"
                .to_owned(),
        ),
        None => None,
    };
    all
}

impl Carried {
    /// Judges what one observation asks for; whether a value in it can be looked for, and whether that is all of it.
    fn observation(
        &mut self,
        found: &[Comparison],
        terms: &[usize],
        several: bool,
    ) -> (bool, bool) {
        let plain = |at: &&usize| found.get(**at).is_some_and(is_plain);
        let with = |ends: &[&str]| {
            let is = |at: &&usize| found.get(**at).is_some_and(|c| ends.contains(&c.path.as_str()));
            terms.iter().filter(plain).find(is).copied()
        };
        let pair = with(&FOLDERS).zip(with(&["file:name"]));
        if let Some((folder, name)) = pair {
            if !self.paths.contains(&(folder, name)) {
                self.paths.push((folder, name));
            }
            let why =
                "a folder alone tells too little: it is looked for with the name, as one path";
            self.note(folder, Worth::Together(why.to_owned()));
            // Web logs name the page and not the folder on disk.
            let more = format!("the pattern asks for it in {}", shown(found, &[folder]));
            self.note(name, Worth::Alone(Some(more)));
        }
        let in_pair = |at: usize| pair.is_some_and(|(folder, name)| at == folder || at == name);
        let mut told = usize::from(pair.is_some()) * 2;
        for at in terms.iter().filter(plain).copied().filter(|at| !in_pair(*at)) {
            let others: Vec<usize> = terms.iter().copied().filter(|other| *other != at).collect();
            let strong = others.is_empty() || !found.get(at).is_some_and(is_weak);
            if strong {
                told += 1;
                let more = if several {
                    Some("the pattern asks for other observations besides".to_owned())
                } else if others.is_empty() {
                    None
                } else {
                    Some(format!("the pattern asks besides for {}", shown(found, &others)))
                };
                self.note(at, Worth::Alone(more));
            } else {
                let why = format!(
                    "it tells too little alone; the pattern asks for it with {}",
                    shown(found, &others)
                );
                self.note(at, Worth::Together(why));
            }
        }
        (told > 0, told == terms.len())
    }

    /// What is enough in one alternative is enough.
    fn note(&mut self, at: usize, worth: Worth) {
        let known = self.worth.get(&at);
        let better = matches!(
            (known, &worth),
            (None, _)
                | (Some(Worth::Together(_)), Worth::Alone(_))
                | (Some(Worth::Alone(Some(_))), Worth::Alone(None))
        );
        if better {
            self.worth.insert(at, worth);
        }
    }
}

/// Paths of folders in which a file lies.
const FOLDERS: [&str; 1] = ["file:parent_directory_ref.path"];

/// Whether the comparison holds for exactly its value.
pub(crate) fn is_plain(comparison: &Comparison) -> bool {
    let exact = match comparison.operator.as_str() {
        "=" | "IN" | "==" | "ISSUBSET" => true,
        "LIKE" => !comparison.value.contains(['%', '_']),
        _ => false,
    };
    exact && !comparison.negated
}

/// Whether the value is that of many harmless things too, so that a pattern which asks for more means it.
pub(super) fn is_weak(comparison: &Comparison) -> bool {
    let path = comparison.path.as_str();
    let (object, property) = path.split_once(':').unwrap_or((path, ""));
    let last = property.rsplit('.').next().unwrap_or(property);
    match object {
        "directory" | "software" | "autonomous-system" | "user-account" => true,
        "file" => !property.contains("hashes") && last != "name",
        "network-traffic" | "email-message" => !property.contains("value"),
        "process" => matches!(last, "name" | "pid" | "cwd") && !property.contains("hashes"),
        "windows-registry-key" => property.starts_with("values"),
        _ => false,
    }
}

/// Comparisons as text, the first few.
fn shown(found: &[Comparison], terms: &[usize]) -> String {
    let mut parts: Vec<String> = terms
        .iter()
        .filter_map(|at| found.get(*at))
        .take(3)
        .map(|c| {
            let not = if c.negated { "NOT " } else { "" };
            let value: String = c.value.chars().take(60).collect();
            format!("{} {not}{} '{value}'", c.path, c.operator)
        })
        .collect();
    if terms.len() > 3 {
        parts.push(format!("{} more", terms.len() - 3));
    }
    parts.join(" and ")
}

pub(super) struct Parser<'t> {
    tokens: &'t [Placed],
    found: &'t [Comparison],
    at: usize,
    /// Number of the next comparison.
    next: usize,
    /// Whether a qualifier narrows the pattern.
    narrowed: bool,
    depth: usize,
}

impl<'t> Parser<'t> {
    pub(super) fn new(tokens: &'t [Placed], found: &'t [Comparison]) -> Self {
        Self { tokens, found, at: 0, next: 0, narrowed: false, depth: 0 }
    }

    /// Number of the token that comes next.
    pub(super) fn place(&self) -> usize {
        self.at
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(super) fn pass(&mut self, tokens: usize) {
        self.at += tokens;
    }

    /// Goes into a bracket; `None` when it is too deep.
    pub(super) fn deeper(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= DEEPEST).then_some(())
    }

    pub(super) fn higher(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn word(&self) -> Option<String> {
        match self.tokens.get(self.at)? {
            (Token::Word(word), _) => Some(word.to_ascii_uppercase()),
            _ => None,
        }
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some((Token::Sign(s), _)) if s == sign)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let there = self.word().is_some_and(|w| w == word);
        self.at += usize::from(there);
        there
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let there = self.is_sign(sign);
        self.at += usize::from(there);
        there
    }

    /// `a FOLLOWEDBY b`, which binds least, then OR, then AND.
    fn observations(&mut self) -> Option<Vec<Alternative>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut all = self.any_observation()?;
        while self.take_word("FOLLOWEDBY") {
            let other = self.any_observation()?;
            all = both(&all, &other)?;
        }
        self.depth -= 1;
        Some(all)
    }

    fn any_observation(&mut self) -> Option<Vec<Alternative>> {
        let mut all = self.all_observations()?;
        while self.take_word("OR") {
            all.extend(self.all_observations()?);
            if all.len() > MOST {
                return None;
            }
        }
        Some(all)
    }

    fn all_observations(&mut self) -> Option<Vec<Alternative>> {
        let mut all = self.observation()?;
        while self.take_word("AND") {
            let other = self.observation()?;
            all = both(&all, &other)?;
        }
        Some(all)
    }

    fn observation(&mut self) -> Option<Vec<Alternative>> {
        let inner = if self.take_sign("(") {
            let inner = self.observations()?;
            self.take_sign(")").then_some(inner)?
        } else {
            self.take_sign("[").then_some(())?;
            let terms = self.any_term()?;
            self.take_sign("]").then_some(())?;
            terms.into_iter().map(|terms| vec![terms]).collect()
        };
        self.qualifiers();
        Some(inner)
    }

    /// `WITHIN 5 SECONDS`, `REPEATS 3 TIMES`, `START t'…' STOP t'…'`.
    fn qualifiers(&mut self) {
        while let Some(word) = self.word() {
            if !matches!(word.as_str(), "WITHIN" | "REPEATS" | "START") {
                return;
            }
            self.narrowed = true;
            self.at += 1;
            let is_operator = |word: &str| {
                matches!(word, "AND" | "OR" | "FOLLOWEDBY" | "WITHIN" | "REPEATS" | "START")
            };
            while self.at < self.tokens.len() {
                let here = &self.tokens[self.at].0;
                if matches!(here, Token::Sign(_))
                    || self.word().is_some_and(|word| is_operator(&word))
                {
                    break;
                }
                self.at += 1;
            }
        }
    }

    pub(super) fn any_term(&mut self) -> Option<Vec<Vec<usize>>> {
        let mut all = self.all_terms()?;
        while self.take_word("OR") {
            all.extend(self.all_terms()?);
            if all.len() > MOST {
                return None;
            }
        }
        Some(all)
    }

    fn all_terms(&mut self) -> Option<Vec<Vec<usize>>> {
        let mut all = self.term()?;
        while self.take_word("AND") {
            let other = self.term()?;
            if all.len() * other.len() > MOST {
                return None;
            }
            let joined = |a: &Vec<usize>| {
                let a = a.clone();
                other.iter().map(move |b| a.iter().chain(b).copied().collect()).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(joined).collect();
        }
        Some(all)
    }

    fn term(&mut self) -> Option<Vec<Vec<usize>>> {
        if self.take_sign("(") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return None;
            }
            let inner = self.any_term()?;
            self.depth -= 1;
            return self.take_sign(")").then_some(inner);
        }
        self.comparison()
    }

    /// One comparison, or the several that a set of values makes: any of them is enough.
    fn comparison(&mut self) -> Option<Vec<Vec<usize>>> {
        let first = self.found.get(self.next)?;
        let is_path =
            matches!(self.tokens.get(self.at), Some((Token::Word(word), _)) if *word == first.path);
        is_path.then_some(())?;
        let begin = self.tokens.get(self.at)?.1.0;
        // The next property ends this comparison; its values lie before.
        let mut count = 0;
        let end = self.end_of_comparison();
        let limit = self.tokens.get(end).map_or(usize::MAX, |(_, place)| place.0);
        while let Some(found) = self.found.get(self.next + count) {
            if found.place.0 < begin || found.place.0 >= limit {
                break;
            }
            count += 1;
        }
        let mine = self.next..self.next + count;
        self.next += count;
        self.at = end;
        // None of a set is one thing less, not one of several.
        if count > 1 && first.negated {
            return Some(vec![mine.collect()]);
        }
        (count > 0).then(|| mine.map(|at| vec![at]).collect())
    }

    /// The place behind a comparison: its operator, and a value or a set in brackets.
    fn end_of_comparison(&self) -> usize {
        let mut at = self.at + 1;
        while matches!(self.tokens.get(at), Some((Token::Word(word), _)) if word.eq_ignore_ascii_case("not"))
        {
            at += 1;
        }
        at += 1;
        if matches!(self.tokens.get(at), Some((Token::Sign(sign), _)) if sign == "(") {
            while let Some((token, _)) = self.tokens.get(at) {
                at += 1;
                if matches!(token, Token::Sign(sign) if sign == ")") {
                    break;
                }
            }
            return at;
        }
        // `t'…'` comes as a word and a text.
        let prefixed = matches!(self.tokens.get(at), Some((Token::Word(word), _)) if word.len() == 1
            && !word.starts_with(|c: char| c.is_ascii_digit()))
            && matches!(self.tokens.get(at + 1), Some((Token::Text(_), _)));
        at + 1 + usize::from(prefixed)
    }
}

/// All that must hold at once.
fn both(a: &[Alternative], b: &[Alternative]) -> Option<Vec<Alternative>> {
    if a.len() * b.len() > MOST {
        return None;
    }
    let joined = |a: &Alternative| {
        b.iter().map(|b| a.iter().chain(b).cloned().collect()).collect::<Vec<_>>()
    };
    Some(a.iter().flat_map(joined).collect())
}

/// The entity of a comparison, and whether it holds for exactly that value.
pub(super) fn observable(comparison: &Comparison) -> (Entity, bool) {
    if !is_plain(comparison) {
        let label = format!("{} {}", comparison.path, shown_operator(comparison));
        return (value::other(&label, &comparison.value), false);
    }
    (path::entity(&comparison.path, &comparison.value), true)
}

/// The operator as a person reads it.
pub(super) fn shown_operator(comparison: &Comparison) -> String {
    if comparison.negated {
        format!("NOT {}", comparison.operator)
    } else {
        comparison.operator.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern;
    use super::*;

    /// What is looked for, and why that is not the pattern.
    fn told(text: &str) -> (Vec<String>, Option<String>) {
        let (found, broken) = pattern::comparisons(text);
        assert_eq!(broken, None, "{text}");
        let carried = carried(&pattern::tokens(text).0, &found);
        let mut list: Vec<String> = found
            .iter()
            .enumerate()
            .filter(|(at, c)| is_plain(c) && matches!(carried.worth.get(at), Some(Worth::Alone(_))))
            .map(|(_, c)| c.value.clone())
            .collect();
        list.extend(
            carried.paths.iter().map(|(f, n)| format!("{}|{}", found[*f].value, found[*n].value)),
        );
        (list, carried.why)
    }

    #[test]
    fn any_of_several_is_what_a_list_says() {
        for text in [
            "[ipv4-addr:value = '192.0.2.1']",
            "[ipv4-addr:value = '192.0.2.1' OR domain-name:value IN ('a.example', 'b.example')]",
            "[ipv4-addr:value = '192.0.2.1'] OR ([file:name = 'a.aspx'])",
            "[directory:path = 'C:\\\\a']",
        ] {
            let (list, why) = told(text);
            assert!(!list.is_empty(), "{text}");
            assert_eq!(why, None, "{text}");
        }
    }

    #[test]
    fn folder_and_name_are_one_path_and_a_folder_alone_is_not_looked_for() {
        let (list, why) = told(
            "[file:name = 'e.aspx' AND file:parent_directory_ref.path = 'C:\\\\inetpub\\\\wwwroot']",
        );
        assert_eq!(list, ["e.aspx", "C:\\inetpub\\wwwroot|e.aspx"]);
        assert_eq!(why, None);
        let (list, why) =
            told("[file:hashes.MD5 = 'aa' AND file:parent_directory_ref.path = 'C:\\\\inetpub']");
        assert_eq!(list, ["aa"]);
        assert!(why.unwrap().contains("wider"));
        let (list, why) =
            told("[file:name LIKE '%.aspx' AND file:parent_directory_ref.path = 'C:\\\\inetpub']");
        assert!(list.is_empty());
        assert!(why.unwrap().starts_with("no value in it can be looked for alone: file:name LIKE"));
    }

    #[test]
    fn several_observations_are_wider_as_a_list_and_said_to_be() {
        for text in [
            "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'a.example']",
            "([ipv4-addr:value = '192.0.2.1'] AND [domain-name:value = 'a.example']) WITHIN 5 SECONDS",
            "[ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES",
            "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port != 80]",
        ] {
            let (list, why) = told(text);
            assert!(list.contains(&"192.0.2.1".to_owned()), "{text}");
            assert!(why.unwrap().contains("wider"), "{text}");
        }
        let (list, _) = told(
            "[a:b = 'x' AND (ipv4-addr:value = '1' OR network-traffic:dst_port = 443)] OR [a:b = 'y']",
        );
        assert_eq!(list, ["x", "1", "y"]);
    }

    proptest::proptest! {
        #[test]
        fn any_pattern_is_worked_out_without_a_panic(text in "[\\[\\]()a-c:.= 'ANDORWITHIN0-9]{0,60}") {
            let (found, _) = pattern::comparisons(&text);
            let carried = carried(&pattern::tokens(&text).0, &found);
            proptest::prop_assert!(carried.worth.keys().all(|at| *at < found.len()));
        }
    }
}
