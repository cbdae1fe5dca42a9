//! JSON that may break off or break its rules: what stands before the break is kept.

use lapwing_model::{Problem, ProblemKind};
use serde_json::Value;
use serde_json::error::Category;

use crate::{Input, Item};

/// How often a repaired text may break again before it is given up.
const REPAIRS: usize = 4;

/// Parses the input. A break is reported as a problem that names line and byte; what could be kept
/// of the text before it is returned.
pub(crate) fn parse(input: &Input<'_>, out: &mut dyn FnMut(Item)) -> Option<Value> {
    let error = match serde_json::from_str(input.text) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let offset = offset_of(input.text, &error);
    let kept = salvage(input.text.get(..offset).unwrap_or(input.text));
    let kind = match error.classify() {
        Category::Eof => ProblemKind::Truncated,
        _ if is_depth(&error) => ProblemKind::Limit,
        _ => ProblemKind::Malformed,
    };
    let what = match kind {
        ProblemKind::Truncated => "the JSON breaks off".to_owned(),
        ProblemKind::Limit => "the JSON is nested more than 128 levels deep".to_owned(),
        _ => format!("this is no JSON: {}", words(&error)),
    };
    let problem = if kept.is_some() {
        Problem::partial(input.name, kind, format!("{what}; what stands before was read"))
    } else {
        Problem::fatal(input.name, kind, what)
    };
    out(Item::Problem(problem.at(format!("line {}, byte {offset}", error.line()))));
    kept
}

/// serde_json's message without its own place.
fn words(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or(&message).to_owned()
}

fn is_depth(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit exceeded")
}

/// The byte at which the parser stopped.
fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let start = match error.line() {
        0 | 1 => 0,
        line => memchr::memchr_iter(b'\n', text.as_bytes()).nth(line - 2).map_or(0, |at| at + 1),
    };
    // The column counts the byte on which the parser stopped, which may lie inside a character.
    text.floor_char_boundary((start + error.column()).min(text.len()))
}

/// Closes what is open after the last whole value of a broken text.
fn salvage(text: &str) -> Option<Value> {
    let mut text = text;
    for _ in 0..REPAIRS {
        let (end, closers) = last_whole(text)?;
        let mut repaired = String::with_capacity(end + closers.len());
        repaired.push_str(text.get(..end)?);
        repaired.push_str(&closers);
        match serde_json::from_str(&repaired) {
            Ok(value) => return Some(value),
            Err(error) => {
                let offset = offset_of(&repaired, &error).min(end).checked_sub(1)?;
                text = text.get(..text.floor_char_boundary(offset))?;
            }
        }
    }
    None
}

/// The end of the last whole value inside an open list or object, and what closes the rest.
fn last_whole(text: &str) -> Option<(usize, String)> {
    let mut open: Vec<u8> = Vec::new();
    let mut safe: Option<(usize, usize)> = None;
    let (mut quoted, mut escaped) = (false, false);
    let mut last = b' ';
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                if open.pop() != Some(byte) {
                    break;
                }
                safe = Some((at + 1, open.len()));
            }
            b',' if !matches!(last, b',' | b'{' | b'[' | b':') => safe = Some((at, open.len())),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
        // Deeper than the parser goes; a repaired text would be refused as well.
        if open.len() > 130 {
            break;
        }
    }
    let (end, depth) = safe?;
    // Brackets that were opened after the safe place are dropped with their content; those below
    // were open there too, because closing one makes a new safe place.
    let closers = open.get(..depth.min(open.len()))?;
    Some((end, closers.iter().rev().map(|b| char::from(*b)).collect()))
}

/// The text of a field: a string as it is, numbers and booleans as JSON writes them.
pub(crate) fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A string field, empty when it is missing or of another type.
pub(crate) fn str_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// The elements of a list field; a single object counts as a list of one.
pub(crate) fn list_of<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    match value.get(key) {
        Some(Value::Array(items)) => items,
        Some(single @ Value::Object(_)) => std::slice::from_ref(single),
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<String>, Vec<Problem>) {
        let mut problems = Vec::new();
        let input = Input { name: "x.json", raw: text.as_bytes(), text };
        let value = parse(&input, &mut |item| {
            if let Item::Problem(problem) = item {
                problems.push(problem);
            }
        });
        (value.map(|v| v.to_string()), problems)
    }

    #[test]
    fn what_stands_before_a_break_is_kept_and_the_break_is_named() {
        let (value, problems) = parsed("{\"a\":[{\"b\":1},\n{\"c\":\"tr");
        assert_eq!(value.as_deref(), Some(r#"{"a":[{"b":1}]}"#));
        assert_eq!(problems[0].kind, ProblemKind::Truncated);
        assert_eq!(problems[0].place.as_deref(), Some("line 2, byte 23"));
        let (value, problems) = parsed(r#"{"a":1,"b":[1,2,,3],"c":4}"#);
        assert_eq!(value.as_deref(), Some(r#"{"a":1,"b":[1,2]}"#));
        assert_eq!(problems[0].kind, ProblemKind::Malformed);
    }

    #[test]
    fn nothing_to_keep_is_a_fatal_problem() {
        let (value, problems) = parsed("{nothing");
        assert_eq!(value, None);
        assert!(problems[0].fatal);
        let (_, problems) = parsed(&"[".repeat(5000));
        assert_eq!(problems[0].kind, ProblemKind::Limit);
    }
}
