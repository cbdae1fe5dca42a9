//! How much of one text stands in another: its wording, and its names in their order.

use crate::sketch::Sketch;
use crate::trace::Trace;

/// What shared neighbours among names and numbers count beside shared runs of three words. A
/// translation leaves few runs and most neighbours; two independent reports on one event share names,
/// and hardly any neighbours.
const NAMES: f64 = 0.6;
/// Fewer pairs of names say nothing.
const FEWEST_PAIRS: usize = 8;
/// Fewest shared runs and pairs, so that chance in a small sample is no copy.
const FEWEST_SHARED: usize = 8;
/// Runs that two texts of the same trade share whoever wrote them: in a note of fifty words they are
/// much, in a report they are nothing.
const BY_CHANCE: f64 = 8.0;
/// Likeness from which a text is a copy; see docs/confidence.md for how it was measured.
pub const COPIED: f64 = 0.17;
/// The same for two texts of one publisher, which share phrases, products and footers.
pub(crate) const COPIED_OF_ONE_SOURCE: f64 = 0.6;

/// Share of the pairs of anchors of a text in another language that must stand in the other: independent
/// reports on one event share some, but seldom side by side.
const TRANSLATED: f64 = 0.25;
/// Fewest pairs of anchors that are shared with a text in another language.
const FEWEST_ANCHORS: usize = 8;

/// How much of a text stands in another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Likeness {
    /// Share of its runs of three words.
    pub wording: f64,
    /// Share of its pairs of neighbouring names and numbers.
    pub names: f64,
    /// Of a text in another language: share of its pairs of neighbouring numbers, identifiers and names that
    /// a translation keeps.
    pub translated: f64,
    /// What both come to, less what is shared by chance: the larger, the surer a copy.
    pub score: f64,
    /// Runs and pairs that are shared.
    pub(crate) shared: usize,
}

impl Likeness {
    /// How much of `child` stands in `parent`.
    #[must_use]
    pub fn of(child: &Trace, parent: &Trace) -> Self {
        let text = child.text.overlap(&parent.text);
        let pairs = child.names.overlap(&parent.names);
        let wording = text.containment();
        let enough = |sketch: &Sketch| sketch.hashes.len() >= FEWEST_PAIRS;
        let comparable = enough(&child.names) && pairs.own >= FEWEST_PAIRS;
        let names = if comparable { pairs.containment() } else { 0.0 };
        let chance = BY_CHANCE / (child.text.seen as f64 + 1.0);
        let score = (wording + NAMES * names - chance).max(0.0);
        let translated = translated(child, parent);
        // A translation from `TRANSLATED` on is as sure as a copy from `COPIED` on.
        let (score, shared) = match translated {
            Some((share, shared)) if share * COPIED / TRANSLATED > score => {
                (share * COPIED / TRANSLATED, shared)
            }
            _ => (score, text.shared + pairs.shared),
        };
        Self { wording, names, translated: translated.map_or(0.0, |t| t.0), score, shared }
    }

    /// Whether it is by what a translation keeps that it is alike.
    pub(crate) fn is_translation(self) -> bool {
        self.translated >= TRANSLATED
    }

    /// How sure it is that one was made from the other, from the likeness that makes a copy; `None`
    /// below it.
    pub(crate) fn sureness(self, threshold: f64) -> Option<f64> {
        if self.score < threshold || self.shared < FEWEST_SHARED {
            return None;
        }
        let sure = ((self.score - COPIED) / (0.8 - COPIED)).clamp(0.0, 1.0);
        Some(0.6 + 0.38 * sure)
    }

    /// In words.
    pub(crate) fn why(self) -> String {
        if self.is_translation() {
            return format!(
                "the same facts in another language: {:.2} of its neighbouring numbers, identifiers and names stand there side by side",
                self.translated
            );
        }
        if self.wording >= COPIED || self.names < self.wording {
            return format!("near-duplicate text, {:.2} of its passages", self.wording);
        }
        format!(
            "the same facts in other words: {:.2} of its neighbouring names and numbers stand there side by side, {:.2} of its wording",
            self.names, self.wording
        )
    }
}

/// What share of the anchors of a text in another language stand side by side in the other, and how many.
fn translated(child: &Trace, parent: &Trace) -> Option<(f64, usize)> {
    let (own, other) = (child.head.language.as_deref()?, parent.head.language.as_deref()?);
    let anchors = child.anchors.overlap(&parent.anchors);
    (own != other && anchors.shared >= FEWEST_ANCHORS)
        .then(|| (anchors.containment(), anchors.shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Made;

    const REPORT: &str = "Analysts of Example Labs traced the intrusion to Night Heron in March 2021. \
        The group exploited CVE-2021-26855 on Exchange Server 2016 and dropped a shell named \
        discover.aspx. From there Heron used PowerShell and ProcDump against LSASS. Victims in \
        Austria, Chile and Ghana lost 41 mailboxes. Example Labs counted 17 servers in 9 networks. \
        A second wave on 28 March reached 240 hosts of Contoso and Fabrikam within 3 days.";
    /// As a translator there and back would have it.
    const BACK: &str = "In Example Labs they followed a break-in of March 2021 back to Night Heron. \
        CVE-2021-26855 at Exchange Server 2016 has been abused through this gang and it left behind \
        the web page discover.aspx. With PowerShell plus ProcDump, Heron then went for LSASS. \
        Sufferers of Austria, Chile, Ghana gave away 41 boxes of mail. It were 17 machines and 9 nets, \
        Example Labs says. The next surge came 28 March with 240 computers at Contoso or Fabrikam \
        during only 3 days.";
    /// Another observer of the same campaign.
    const OTHER: &str = "We at Sample Security respond to attacks by Night Heron since early spring. \
        Our sensors saw CVE-2021-26855 used in Peru before the patch. Operators prefer Cobalt Strike \
        and a loader that we call Reed. In 12 cases the first access came by Citrix, not Exchange. \
        LSASS was read with Mimikatz. Sample Security tells clients in Austria to look for task names \
        such as Updater7 and for logins from Tor. PowerShell logs hold most of the traces.";

    /// The same report in German and Japanese, and another observer's in German.
    const GERMAN: &str = "Analysten von Example Labs haben den Einbruch vom März 2021 auf Night Heron \
        zurückgeführt. Die Gruppe nutzte CVE-2021-26855 im Exchange Server 2016 und legte eine Webshell mit dem \
        Namen discover.aspx ab. Von dort aus griff Heron mit PowerShell und ProcDump auf den LSASS-Prozess zu. Opfer \
        in Österreich, Chile und Ghana verloren 41 Postfächer. Example Labs zählte 17 Server in 9 Netzen. Eine zweite \
        Welle erreichte am 28. März innerhalb von 3 Tagen 240 Rechner von Contoso und Fabrikam.";
    const JAPANESE: &str = "Example Labsのアナリストは、2021年3月の侵入をNight Heronによるものと特定した。\
        同グループはExchange Server 2016のCVE-2021-26855を悪用し、discover.aspxというWebシェルを設置した。\
        その後、HeronはPowerShellとProcDumpを用いてLSASSを読み取った。オーストリア、チリ、ガーナの被害者は41の\
        メールボックスを失った。Example Labsは9つのネットワークで17台のサーバーを確認した。3月28日の第2波は、\
        3日間でContosoとFabrikamの240台に達した。";
    const OTHER_IN_GERMAN: &str = "Wir bei Sample Security bearbeiten seit dem Frühjahr Angriffe von Night Heron. \
        Unsere Sensoren sahen die Ausnutzung von CVE-2021-26855 in Peru schon vor dem Update. Die Täter setzen auf \
        Cobalt Strike und einen Loader, den wir Reed nennen. In 12 Fällen kam der erste Zugriff über Citrix und nicht \
        über Exchange Server 2016. LSASS wurde mit Mimikatz gelesen. PowerShell-Protokolle enthalten die meisten Spuren, \
        und 240 Kunden in Österreich suchen nach Aufgaben wie Updater7.";

    fn likeness(child: &str, parent: &str) -> Likeness {
        Likeness::of(&Made::new("c", child).trace(), &Made::new("p", parent).trace())
    }

    #[test]
    fn a_translation_is_a_copy_and_another_report_in_that_language_is_not() {
        for text in [GERMAN, JAPANESE] {
            let found = likeness(text, REPORT);
            assert!(found.sureness(COPIED).is_some(), "{found:?}");
            assert!(found.why().starts_with("the same facts in another language"), "{found:?}");
        }
        let other = likeness(OTHER_IN_GERMAN, REPORT);
        assert!(other.sureness(COPIED).is_none(), "{other:?}");
        // In one language the words must show it.
        assert!(likeness(OTHER_IN_GERMAN, GERMAN).sureness(COPIED).is_none());
    }

    #[test]
    fn a_text_translated_and_back_is_told_by_its_names_and_an_independent_one_is_not() {
        let back = likeness(BACK, REPORT);
        assert!(back.wording < COPIED, "{back:?}");
        assert!(back.sureness(COPIED).is_some(), "{back:?}");
        assert!(back.why().starts_with("the same facts in other words"));
        let other = likeness(OTHER, REPORT);
        assert!(other.sureness(COPIED).is_none(), "{other:?}");
        assert!(likeness(REPORT, REPORT).sureness(COPIED_OF_ONE_SOURCE).is_some());
        assert!(likeness("", REPORT).score < 1e-9);
    }
}
