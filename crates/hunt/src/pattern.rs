//! Regular expressions of checks, compiled when a record first asks for one: most hunts need few of them, and all
//! together take longer to compile than a small log takes to read.

use std::sync::OnceLock;

use regex::{Captures, Regex, RegexBuilder};

/// A compiled expression may take so many bytes.
const LARGEST: usize = 8 << 20;

/// A regular expression that is well formed, in any case of letters or as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    any_case: bool,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Takes an expression whose form is right; what it would compile to, [`Self::compile`] tells.
    pub(crate) fn new(text: &str, any_case: bool) -> Result<Self, String> {
        regex_syntax::ast::parse::Parser::new().parse(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), any_case, compiled: OnceLock::new() })
    }

    fn build(&self) -> Result<Regex, String> {
        let mut builder = RegexBuilder::new(&self.text);
        let built = builder.case_insensitive(self.any_case).size_limit(LARGEST).build();
        built.map_err(|error| error.to_string())
    }

    /// Compiles at once, so that a fault is told before anything is read.
    pub(crate) fn compile(&self) -> Result<(), String> {
        let regex = self.build()?;
        self.compiled.get_or_init(|| Some(regex));
        Ok(())
    }

    fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| self.build().ok()).as_ref()
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.get().is_some_and(|regex| regex.is_match(text))
    }

    pub(crate) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.get()?.captures(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_malformed_is_refused_and_the_rest_is_compiled_when_it_is_asked() {
        assert!(Pattern::new("(", true).is_err());
        let pattern = Pattern::new(r"net1?\s+user", true).unwrap();
        assert!(pattern.compiled.get().is_none());
        assert!(pattern.is_match("NET  USER") && !pattern.is_match("net"));
        assert!(!Pattern::new("net", false).unwrap().is_match("NET"));
        // Well formed, but there is no such class.
        let unknown = Pattern::new(r"\p{NoSuchScript}", true).unwrap();
        assert!(unknown.compile().is_err() && !unknown.is_match("x"));
    }
}
