//! Documents of our own making for the tests.

use lapwing_model::{
    Claim, Document, Entity, Format, Kind, Lineage, LineageKind, Reading, Role, Span,
};

/// Builds one reading.
#[derive(Clone, Debug)]
pub(crate) struct Made(Reading);

impl Made {
    pub fn new(name: &str, text: &str) -> Self {
        let raw = format!("{name}\n{text}");
        let document = Document::new(raw.as_bytes(), name, Format::Text, text.to_owned());
        Self(Reading::new(document, Vec::new()))
    }

    pub fn format(mut self, format: Format) -> Self {
        self.0.document.format = format;
        self
    }

    pub fn source(mut self, source: &str) -> Self {
        self.0.document.source = Some(source.to_owned());
        self
    }

    pub fn title(mut self, title: &str) -> Self {
        self.0.document.title = Some(title.to_owned());
        self
    }

    pub fn url(mut self, url: &str) -> Self {
        self.0.document.url = Some(url.to_owned());
        self
    }

    pub fn container(mut self, container: &str) -> Self {
        self.0.document.container = Some(container.to_owned());
        self
    }

    pub fn published(mut self, date: &str) -> Self {
        self.0.document.published = date.parse().ok();
        self
    }

    /// An empty publisher or address is left out.
    pub fn lineage(mut self, kind: LineageKind, publisher: &str, url: &str) -> Self {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (publisher, url) = (given(publisher), given(url));
        self.0.document.lineage.push(Lineage { kind, publisher, url, span: Span::default() });
        self
    }

    /// Writes a value on a line of its own and claims it as an indicator.
    pub fn indicator(mut self, value: &str) -> Self {
        let text = &mut self.0.document.text;
        text.push('\n');
        let start = text.len();
        text.push_str(value);
        let span = Span::new(start, text.len());
        let entity = Entity::new(Kind::Ipv4Addr, value);
        self.0.claims.push(Claim::mention(entity, Role::Indicator, span));
        self
    }

    pub fn cluster(mut self, name: &str) -> Self {
        let entity = Entity::new(Kind::Cluster, name);
        self.0.claims.push(Claim::mention(entity, Role::Subject, Span::default()));
        self
    }

    pub fn reading(self) -> Reading {
        self.0
    }

    pub fn trace(self) -> crate::Trace {
        crate::Trace::of(&self.0)
    }
}

/// Words without sense, the same for the same seed.
pub(crate) fn prose(seed: u64, count: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::new();
    for _ in 0..count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push('w');
        text.push_str(&(state % 3000).to_string());
        text.push(' ');
    }
    text
}
