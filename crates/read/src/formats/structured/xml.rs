//! XML that may break off: what stands before the break is kept. Document types (and with them
//! entity bombs) are refused.

use lapwing_model::{Problem, ProblemKind};
use quick_xml::events::Event;

use crate::{Input, Item};

/// Levels of nested elements that are read.
const DEEPEST: usize = 200;

/// Parses the input and hands the document to `use_it`; problems go to `out`.
pub(crate) fn parse(
    input: &Input<'_>,
    out: &mut dyn FnMut(Item),
    use_it: &mut dyn FnMut(&roxmltree::Document<'_>, &mut dyn FnMut(Item)),
) {
    let text = input.text.trim_start();
    if let Some(depth) = too_deep(text) {
        let message = format!("elements are nested more than {DEEPEST} levels deep");
        let problem = Problem::fatal(input.name, ProblemKind::Limit, message);
        out(Item::Problem(problem.at(format!("byte {depth}"))));
        return;
    }
    let error = match roxmltree::Document::parse(text) {
        Ok(document) => return use_it(&document, out),
        Err(error) => error,
    };
    let place = error.pos();
    let place = format!("line {}, column {}", place.row, place.col);
    if matches!(error, roxmltree::Error::DtdDetected) {
        let message = "this XML declares a document type; it is refused because entities can grow without bound";
        out(Item::Problem(Problem::fatal(input.name, ProblemKind::Limit, message).at(place)));
        return;
    }
    let kept = salvage(text);
    let document = kept.as_deref().and_then(|text| roxmltree::Document::parse(text).ok());
    let kind = match error {
        roxmltree::Error::UnclosedRootNode | roxmltree::Error::UnexpectedEndOfStream => {
            ProblemKind::Truncated
        }
        _ => ProblemKind::Malformed,
    };
    let words = error.to_string();
    let words = words.split(" at ").next().unwrap_or(&words);
    let problem = match &document {
        Some(_) => Problem::partial(
            input.name,
            kind,
            format!("the XML breaks: {words}; what stands before was read"),
        ),
        None => Problem::fatal(input.name, kind, format!("this is no XML: {words}")),
    };
    out(Item::Problem(problem.at(place)));
    if let Some(document) = document {
        use_it(&document, out);
    }
}

/// The byte at which elements nest deeper than is read.
fn too_deep(text: &str) -> Option<usize> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut depth = 0usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => {
                depth += 1;
                if depth > DEEPEST {
                    return usize::try_from(reader.buffer_position()).ok();
                }
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

/// Cuts a broken text behind its last whole element and closes what is open.
fn salvage(text: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    let mut safe = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                open.push(start.name().as_ref().to_owned());
                continue;
            }
            Ok(Event::End(_)) => {
                open.pop();
            }
            Ok(Event::Empty(_)) => {}
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => continue,
        }
        safe = Some((usize::try_from(reader.buffer_position()).ok()?, open.len()));
    }
    let (end, depth) = safe?;
    let mut kept = text.get(..end)?.to_owned();
    for name in open.get(..depth)?.iter().rev() {
        kept.push_str("</");
        kept.push_str(name);
        kept.push('>');
    }
    Some(kept)
}

/// The text of an element and all below it, with blanks put in order.
pub(crate) fn words(node: roxmltree::Node<'_, '_>) -> String {
    let mut words = String::new();
    for text in node.descendants().filter(roxmltree::Node::is_text).filter_map(|n| n.text()) {
        for word in text.split_whitespace() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
    words
}

/// An attribute by its local name, in whatever namespace.
pub(crate) fn attribute<'a>(node: roxmltree::Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

/// The first child element with this local name.
pub(crate) fn child<'a, 'd>(
    node: roxmltree::Node<'a, 'd>,
    name: &str,
) -> Option<roxmltree::Node<'a, 'd>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}
