//! Documents to claims: indicators, entities, techniques, roles, hedges, dates.
#![deny(missing_docs)]

mod find;
mod layout;
mod refang;
mod role;

use lapwing_knowledge::Knowledge;
use lapwing_model::{Claim, Kind, Reading, Span};

use crate::layout::Layout;
use crate::refang::Plain;
use crate::role::Manner;

pub use crate::refang::refang;

/// Turns readings into claims. Make it once, share it between threads.
pub struct Extractor<'k> {
    knowledge: &'k Knowledge,
}

impl<'k> Extractor<'k> {
    /// Compiles the names of `knowledge` into tables.
    #[must_use]
    pub fn new(knowledge: &'k Knowledge) -> Self {
        Self { knowledge }
    }

    /// The claims that the text of `reading` makes beyond its declared ones, in order of span.
    #[must_use]
    pub fn extract(&self, reading: &Reading) -> Vec<Claim> {
        let layout = Layout::of(reading);
        let plain = Plain::of(&reading.document.text);
        self.values(reading, &plain, &layout)
    }

    /// Every value that stands in the text, judged in context.
    fn values(&self, reading: &Reading, plain: &Plain<'_>, layout: &Layout<'_>) -> Vec<Claim> {
        let mut found = find::find(&plain.text, self.knowledge);
        found.retain(|f| {
            let raw = plain.raw(&f.range);
            !layout.is_declared(Span::new(raw.start, raw.end))
        });
        let defanged =
            found.iter().filter(|f| is_network(f.kind) && plain.is_defanged(&f.range)).count();
        let manner = Manner::of(reading, &plain.text, &found, defanged, self.knowledge);
        let mut claims = Vec::with_capacity(found.len());
        for f in &found {
            let raw = plain.raw(&f.range);
            let span = Span::new(raw.start, raw.end);
            let place = layout.place(span);
            let (before, after) = around(&plain.text, &f.range);
            let judged = role::judge(
                f,
                plain.is_defanged(&f.range),
                before,
                after,
                &place,
                &manner,
                self.knowledge,
            );
            let mut claim = Claim::mention(judged.entity, judged.role, span)
                .by(method(f.kind), judged.precision);
            claim.why = Some(judged.why);
            claim.context = place
                .column
                .map(str::to_owned)
                .or_else(|| (!place.heading.is_empty()).then(|| place.heading.to_owned()));
            claims.push(claim);
        }
        claims
    }
}

fn is_network(kind: Kind) -> bool {
    matches!(kind, Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::DomainName | Kind::Url | Kind::EmailAddr)
}

/// The text before and after a range, within its line and 120 bytes.
fn around<'t>(text: &'t str, range: &std::ops::Range<usize>) -> (&'t str, &'t str) {
    const REACH: usize = 120;
    let mut from = range.start.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = text.len().min(range.end + REACH);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let before = &text[from..range.start];
    let after = &text[range.end..to];
    let before = before.rfind('\n').map_or(before, |i| &before[i + 1..]);
    let after = after.find('\n').map_or(after, |i| &after[..i]);
    (before, after)
}

/// The name of the detector of a kind, as claims carry it.
fn method(kind: Kind) -> &'static str {
    match kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr | Kind::MacAddr | Kind::AutonomousSystem => {
            "extract:address"
        }
        Kind::DomainName => "extract:domain",
        Kind::Url => "extract:url",
        Kind::EmailAddr => "extract:email",
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Ssdeep | Kind::Imphash => {
            "extract:hash"
        }
        Kind::FileName | Kind::FilePath | Kind::NamedPipe => "extract:file",
        Kind::WindowsRegistryKey => "extract:registry",
        Kind::CryptocurrencyWallet => "extract:wallet",
        _ => "extract:identifier",
    }
}
