//! The readable rendering of a structured input, in which every value stands with its span.

use lapwing_model::{
    Claim, Confidence, Document, Entity, Format, Gap, Object, Reading, Region, RegionKind,
    Relation, Role, Span,
};

use crate::Input;

/// How often a claim that a format declares in a field of its own is right.
pub(crate) const DECLARED: u8 = 99;

/// Text, regions, claims and gaps of one document while it is written.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) text: String,
    pub(crate) regions: Vec<Region>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) gaps: Vec<Gap>,
}

impl Sheet {
    /// Writes a heading on a line of its own; returns the span of its words.
    pub(crate) fn heading(&mut self, level: u8, words: &str) -> Span {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        for _ in 0..level {
            self.text.push('#');
        }
        self.text.push(' ');
        let span = self.put(words.trim());
        self.text.push('\n');
        self.regions.push(Region { span, kind: RegionKind::Heading { level } });
        self.regions.push(Region { span, kind: RegionKind::Declared });
        span
    }

    /// Writes `name: value` as a line; returns the span of the value.
    pub(crate) fn field(&mut self, name: &str, value: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(name);
        self.text.push_str(": ");
        let span = self.put(value);
        self.text.push('\n');
        self.declare(start);
        span
    }

    /// Writes `name: value — comment` as a line; the comment is prose. Returns the value's span.
    pub(crate) fn commented(&mut self, name: &str, value: &str, comment: &str) -> Span {
        let comment = comment.trim();
        if comment.is_empty() {
            return self.field(name, value);
        }
        let start = self.text.len();
        self.text.push_str(name);
        self.text.push_str(": ");
        let span = self.put(value);
        self.text.push_str(" — ");
        self.declare(start);
        let comment = self.put(comment);
        self.regions.push(Region { span: comment, kind: RegionKind::Prose });
        self.text.push('\n');
        span
    }

    /// Writes `name: value`, where the value is running text for `extract`; returns its span.
    pub(crate) fn prose(&mut self, name: &str, value: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(name);
        self.text.push_str(": ");
        self.declare(start);
        let span = self.put(value.trim());
        self.text.push('\n');
        self.regions.push(Region { span, kind: RegionKind::Prose });
        span
    }

    /// Writes `name: address` of a cited page; returns the address's span.
    pub(crate) fn reference(&mut self, name: &str, value: &str) -> Span {
        let span = self.field(name, value);
        self.regions.push(Region { span, kind: RegionKind::References });
        span
    }

    /// Adds a claim.
    pub(crate) fn claim(&mut self, claim: Claim) {
        self.claims.push(claim);
    }

    /// Adds a claim made by `method` with the precision of declared fields.
    pub(crate) fn tell(
        &mut self,
        method: &str,
        subject: Entity,
        relation: Relation,
        object: impl Into<Object>,
        span: Span,
    ) {
        let claim = Claim::new(subject, relation, object, span);
        self.claims.push(claim.by(method, Confidence::percent(DECLARED)));
    }

    /// Adds the claim that an entity stands at `span` in a role.
    pub(crate) fn mention(&mut self, method: &str, subject: Entity, role: Role, span: Span) {
        let claim = Claim::mention(subject, role, span);
        self.claims.push(claim.by(method, Confidence::percent(DECLARED)));
    }

    /// Notes how sure the source says it is of the claims from number `from` on, where they do not say
    /// so themselves.
    pub(crate) fn state(&mut self, from: usize, stated: Confidence, word: &str) {
        for claim in self.claims.iter_mut().skip(from) {
            if claim.stated.is_none() && claim.role() == Some(Role::Indicator) {
                claim.stated = Some(stated);
                claim.stated_word = Some(word.to_owned());
            }
        }
    }

    /// Makes the reading; `raw` are the bytes that identify the document.
    pub(crate) fn finish(mut self, input: &Input<'_>, raw: &[u8], format: Format) -> Reading {
        let text = std::mem::take(&mut self.text);
        let document = Document::new(raw, input.name, format, text);
        self.regions.sort_by_key(|region| (region.span.start, region.span.end));
        Reading {
            document,
            raw: raw.to_vec(),
            regions: self.regions,
            claims: self.claims,
            gaps: self.gaps,
        }
    }

    fn put(&mut self, words: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(words);
        Span::new(start, self.text.len())
    }

    /// Marks the text from `start` on as declared; neighbouring lines become one region.
    fn declare(&mut self, start: usize) {
        let span = Span::new(start, self.text.len());
        if let Some(last) = self.regions.last_mut()
            && last.kind == RegionKind::Declared
            && last.span.end == span.start
        {
            last.span.end = span.end;
            return;
        }
        self.regions.push(Region { span, kind: RegionKind::Declared });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_at_their_spans_and_comments_are_prose() {
        let mut sheet = Sheet::default();
        sheet.heading(1, "Title");
        let plain = sheet.field("ip-dst", "192.0.2.1");
        let noted = sheet.commented("domain", "example.org", "first stage");
        assert_eq!(plain.slice(&sheet.text), Some("192.0.2.1"));
        assert_eq!(noted.slice(&sheet.text), Some("example.org"));
        let prose: Vec<_> = sheet
            .regions
            .iter()
            .filter(|r| r.kind == RegionKind::Prose)
            .map(|r| r.span.slice(&sheet.text))
            .collect();
        assert_eq!(prose, [Some("first stage")]);
    }
}
