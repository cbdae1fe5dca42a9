//! Which lines of a text log a rule can hold for, told by their bytes: the others are not even parsed.
//!
//! Every rule whose records may be such lines has a witness, a literal that must stand in some field, and the fields
//! of a line are parts of it, as they stand there or in another form. Lines of Linux' audit, and those that carry a
//! whole event, are left to their readers: their records are put together from several values.

use memchr::memmem::Finder;

use super::mapping::{Class, Told};
use super::rules::Compiled;
use super::witness::{Witness, witness_from};
use crate::line;
use crate::matcher::Literals;
use crate::other_forms::{AUDIT, Forms};

/// The gate before the rules for lines of text.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    literals: Literals,
    /// Literals of two bytes, none of them a letter, of rules that have no better.
    tiny: Vec<Finder<'static>>,
    /// Whether a literal has signs that some logs escape.
    escapes: bool,
    /// Bytes of the longest literal.
    longest: usize,
    /// Forms of lines for which a rule has no witness.
    open: Vec<&'static str>,
    /// What opens lines that are put together from several values.
    joined: [Finder<'static>; 2],
}

impl Gate {
    /// Makes the gate of rules with their witnesses.
    pub(super) fn new(
        rules: &[Compiled],
        witnesses: &[Option<Witness>],
        classes: &[Class],
    ) -> Self {
        let forms = || line::FORMS.iter().filter(|form| **form != "auditd");
        let fits = |form: &str| {
            let told = Told { log: form, line: "x", ..Told::default() };
            classes.iter().filter(|class| class.fits(&told)).collect::<Vec<_>>()
        };
        let by_form: Vec<(&'static str, Vec<&Class>)> =
            forms().map(|form| (*form, fits(form))).collect();
        let mut literals: Vec<Vec<u8>> = Vec::new();
        let (mut open, mut tiny) = (Vec::new(), Vec::new());
        for (compiled, witness) in rules.iter().zip(witnesses) {
            let serving = by_form.iter().filter(|(_, classes)| {
                classes.iter().any(|class| class.serves(&compiled.rule.source))
            });
            let serving: Vec<&'static str> = serving.map(|(form, _)| *form).collect();
            if serving.is_empty() {
                continue;
            }
            let plain = witness.as_ref().filter(|w| w.literals.iter().all(|l| l.text.is_ascii()));
            match plain {
                Some(witness) => {
                    literals.extend(witness.literals.iter().map(|l| l.text.clone().into_bytes()));
                }
                None => match tiny_literals(compiled) {
                    Some(found) => {
                        let (long, short): (Vec<_>, Vec<_>) =
                            found.into_iter().partition(|text| text.len() > 2);
                        literals.extend(long.into_iter().map(String::into_bytes));
                        tiny.extend(short);
                    }
                    None => open.extend(serving),
                },
            }
        }
        literals.sort_unstable();
        literals.dedup();
        open.sort_unstable();
        open.dedup();
        let escapes =
            literals.iter().flatten().any(|b| matches!(b, b'\\' | b'"' | b'|' | b'=' | b'\''));
        tiny.sort_unstable();
        tiny.dedup();
        let escapes = escapes || tiny.iter().any(|t| t.contains(['\\', '"', '|', '=', '\'']));
        let tiny = tiny.iter().map(|text| Finder::new(text.as_bytes()).into_owned()).collect();
        let joined = ["audit(", "<Event>"].map(|sign| Finder::new(sign).into_owned());
        let longest = literals.iter().map(Vec::len).max().unwrap_or(0).max(2);
        Self { literals: Literals::new(literals), tiny, escapes, longest, open, joined }
    }

    /// Whether every line must be parsed.
    pub(crate) fn is_open(&self) -> bool {
        self.open.iter().any(|form| ANY.contains(form))
    }

    /// Tells a place in each line that must be parsed, in no order, some lines more than once.
    pub(crate) fn places(&self, text: &[u8], forms: &mut Forms, places: &mut Vec<usize>) {
        let signs = forms.begin();
        self.literals.places_and_signs(text, |at, _, _| places.push(at), |at| signs.push(at));
        let audits: Vec<usize> = memchr::memmem::find_iter(text, AUDIT).collect();
        forms.read(text, &audits, self.escapes, self.longest);
        let plain = forms.plain();
        self.literals.places(plain, |at, _, _| places.push(forms.line_of(at)));
        for tiny in &self.tiny {
            places.extend(tiny.find_iter(plain).map(|at| forms.line_of(at)));
        }
        for sign in self.joined.iter().chain(&self.tiny) {
            places.extend(sign.find_iter(text));
        }
        // Case is folded for all of Unicode in a record; here for ASCII alone.
        if !text.is_ascii() {
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|t| t.iter().position(|b| !b.is_ascii()))
            {
                places.push(from + at);
                from += at;
                from +=
                    memchr::memchr(b'\n', &text[from..]).map_or(text.len() - from, |end| end + 1);
            }
        }
        if !self.open.is_empty() {
            let lines = memchr::memchr_iter(b'\n', text).map(|at| at + 1);
            let starts = std::iter::once(0).chain(lines).filter(|start| *start < text.len());
            for start in starts {
                let rest = &text[start..];
                let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
                if self.open.iter().any(|form| may_be(form, line)) {
                    places.push(start);
                }
            }
        }
    }
}

/// The shortest literals that still tell something, where a rule has no longer ones.
fn tiny_literals(compiled: &Compiled) -> Option<Vec<String>> {
    let found = witness_from(&compiled.rule.test, &[], 2)?;
    let texts: Vec<String> = found.literals.into_iter().map(|l| l.text).collect();
    let plain = |text: &String| text.is_ascii() && !text.bytes().any(|b| b.is_ascii_alphanumeric());
    // A number of two digits stands everywhere.
    texts.iter().all(|text| text.len() > 2 && text.is_ascii() || plain(text)).then_some(texts)
}

/// Whether a line may be of a form, by a sign that all of that form have.
fn may_be(form: &str, line: &[u8]) -> bool {
    let has = |sign: &str| memchr::memmem::find(line, sign.as_bytes()).is_some();
    match form {
        // A request stands in quotes; a proxy's connection has none.
        "access-log" => has("\"") || has("] ") || has("Connect from"),
        "alert" => has("[**]"),
        "cef" => has("CEF:"),
        "device" => has("%") || has("-PPE-") || has("=\"") || has("AAA user") || has("Group <"),
        "dns" => has(" PACKET "),
        "error-log" => has("[") || has("/"),
        "filterlog" => has("filterlog"),
        "fortinet" => has("devname") || has("devid") || has("logid"),
        "iis" => has("/") && has(":"),
        "iptables" => has(" SRC="),
        "leef" => has("LEEF:"),
        "pairs" => {
            memchr::memchr_iter(b'=', line).nth(3).is_some()
                || has(":\"")
                || has("eni-")
                || has("\",\"")
        }
        "paloalto" => {
            has("TRAFFIC")
                || has("THREAT")
                || has("CONFIG")
                || has("SYSTEM")
                || has("GLOBALPROTECT")
        }
        "squid" => has("/"),
        _ => true,
    }
}

/// Forms that have no sign of their own: a rule for them without a literal needs every line.
const ANY: [&str; 2] = ["syslog", "text"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigma::Rules;

    fn gate(literal: &str) -> Gate {
        let literals = Literals::new(vec![literal.to_ascii_lowercase().into_bytes()]);
        let joined = ["audit(", "<Event>"].map(|sign| Finder::new(sign).into_owned());
        Gate { literals, tiny: Vec::new(), escapes: true, longest: 40, open: Vec::new(), joined }
    }

    fn passes(gate: &Gate, line: &str) -> bool {
        let mut places = Vec::new();
        gate.places(line.as_bytes(), &mut Forms::default(), &mut places);
        !places.is_empty()
    }

    #[test]
    fn no_field_of_any_form_holds_what_its_line_does_not_show() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let mut fields = 0;
        for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
            if entry.path().extension().is_none_or(|e| e != "log") {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            for line in text.lines() {
                for (name, value) in line::read(line).fields {
                    if value.len() < 3 || value == "-" || !value.is_ascii() {
                        continue;
                    }
                    fields += 1;
                    assert!(passes(&gate(&value), line), "{name} {value:?}: {line}");
                }
            }
        }
        assert!(fields > 200, "{fields}");
    }

    #[test]
    fn every_line_of_a_form_has_its_sign() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let mut forms = std::collections::BTreeSet::new();
        for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            for line in text.lines() {
                let form = line::read(line).form;
                assert!(may_be(form, line.as_bytes()), "{form}: {line}");
                forms.insert(form);
            }
        }
        assert!(forms.len() > 10, "{forms:?}");
    }

    /// `LAPWING_SIGMA=DIR cargo test -- --ignored which_rules`: rules of a checkout that open lines of text.
    #[test]
    #[ignore = "needs a checkout of SigmaHQ"]
    fn which_rules_open_the_gate() {
        let Some(folder) = std::env::var_os("LAPWING_SIGMA") else { return };
        for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
            if entry.path().extension().is_none_or(|e| e != "yml") {
                continue;
            }
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let rules = Rules::from_text("t.yml", &text).unwrap();
            let open = rules.gate().map_or(vec!["all"], |gate| gate.open.clone());
            if !open.is_empty() {
                println!("{}: {open:?}", entry.path().display());
            }
        }
    }

    #[test]
    fn a_rule_without_a_literal_opens_the_lines_that_it_may_be_for() {
        let rule = |source: &str, selection: &str| {
            let text = format!(
                "title: t\nid: t\nlogsource:\n  {source}\ndetection:\n  s:\n    {selection}\n  condition: s\n"
            );
            let rules = Rules::from_text("t.yml", &text).unwrap();
            assert!(rules.problems().is_empty(), "{:?}", rules.problems());
            rules
        };
        let syslog = rule("product: linux", "message|contains: 'evil thing'");
        let gate = syslog.gate().unwrap();
        let line = "Mar  3 01:02:03 host sshd[1]: an Evil%20thing";
        assert!(passes(gate, line) && !passes(gate, "Mar  3 01:02:03 host sshd[1]: nothing"));
        assert!(rule("product: linux", "message|re: '^..$'").gate().is_none());
        let short = rule("product: linux", "USER: '#-*'");
        let gate = short.gate().unwrap();
        assert!(passes(gate, "Mar  3 01:02:03 h sudo: ann : USER=#-1 ; COMMAND=/bin/x"));
        assert!(!passes(gate, line));
        let web = rule("category: webserver", "sc-status: 5");
        let gate = web.gate().unwrap();
        assert!(passes(gate, "192.0.2.1 - - [03/Mar/2021:01:02:03 +0000] \"GET / HTTP/1.1\" 5 5"));
        assert!(!passes(gate, line));
    }
}
