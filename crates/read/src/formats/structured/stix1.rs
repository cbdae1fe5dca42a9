//! STIX 1.0 to 1.2 in XML, with CybOX observables; the samples of a MAEC package too.

#[allow(clippy::match_same_arms, reason = "one line a property reads as a table")]
mod cybox;
#[allow(clippy::match_same_arms, reason = "one line a pair reads as a table")]
mod package;

use lapwing_model::{Problem, ProblemKind};

use super::xml;
use crate::{Input, Item};

const NAMESPACES: &[&str] = &[
    "http://stix.mitre.org/",
    "http://cybox.mitre.org/",
    "http://maec.mitre.org/",
    "docs.oasis-open.org/cti/ns/stix",
    "docs.oasis-open.org/cti/ns/cybox",
];

/// Whether the text is XML of STIX 1 or CybOX 2.
pub(crate) fn recognises(_name: &str, head: &str) -> bool {
    let text = head.trim_start();
    if !text.starts_with('<')
        || text
            .get(..9)
            .is_some_and(|h| h.eq_ignore_ascii_case("<!doctype") && !text.contains("STIX_Package"))
    {
        return false;
    }
    let root = ["STIX_Package", "Observables", "Observable ", "Report", "Indicator", "MAEC_"];
    NAMESPACES.iter().any(|namespace| text.contains(namespace))
        && root.iter().any(|name| text.contains(name))
        || text.contains("STIX_Package")
}

/// Reads the package as one document.
pub(crate) fn read(input: &Input<'_>, out: &mut dyn FnMut(Item)) {
    xml::parse(input, out, &mut |document, out| {
        let root = document.root_element();
        if root.tag_name().name() == "schema" {
            let message = "this is a schema of STIX's, not a package";
            out(Item::Problem(Problem::fatal(input.name, ProblemKind::Unsupported, message)));
            return;
        }
        out(Item::Reading(Box::new(package::reading(input, root))));
    });
}
