//! Values that the width of a table's cell broke over its lines.
//!
//! A SHA-256 on two lines of 32 digits reads like two MD5. What it is, only the head of the column tells: the parts of
//! a cell are put together when they fill, one after the other, hashes of the length that the head names.
//!
//! A path of Windows goes on in the next line of its cell when that begins in the middle of one (`C:\Progra`,
//! `mData\Marsh\a.exe`), or when it ends in a backslash.

use lapwing_model::{Kind, Span};

use crate::find::{Found, Label, Shape, label_of};
use crate::layout::Layout;
use crate::refang::Plain;

/// Most that stands between two parts, in bytes.
const GAP: usize = 24;

/// Puts the parts of broken hashes and paths together; `found` stays in order.
pub(crate) fn join(found: &mut Vec<Found>, plain: &Plain<'_>, layout: &Layout<'_>) {
    join_hashes(found, plain, layout);
    join_paths(found, plain, layout);
}

fn join_paths(found: &mut Vec<Found>, plain: &Plain<'_>, layout: &Layout<'_>) {
    let goes_on = |one: &Found, next: &Found| {
        let gap = plain.text.get(one.range.end..next.range.start).unwrap_or("-");
        let (head, tail) = (one.value.as_bytes(), next.value.as_bytes());
        let absolute = |path: &[u8]| {
            matches!(path, [b'\\' | b'/' | b'%' | b'$', ..])
                || matches!(path, [drive, b':', ..] if drive.is_ascii_alphabetic())
        };
        one.kind == Kind::FilePath
            && matches!(next.kind, Kind::FilePath | Kind::FileName)
            && gap.len() <= GAP
            && gap.contains('\n')
            && gap.trim().is_empty()
            && absolute(head)
            && head.contains(&b'\\')
            && !absolute(tail)
            && (head.ends_with(b"\\") || tail.contains(&b'\\') && !ends_in_file(&one.value))
    };
    if !found.windows(2).any(|pair| goes_on(&pair[0], &pair[1])) {
        return;
    }
    let mut joined: Vec<Found> = Vec::with_capacity(found.len());
    for next in found.drain(..) {
        let before = joined.last_mut().filter(|one| {
            goes_on(one, &next) && {
                let both = Span::new(plain.raw(&one.range).start, plain.raw(&next.range).end);
                layout.row_cells(both).any(|(cell, _)| cell.contains(both))
            }
        });
        match before {
            Some(one) => {
                one.value.push_str(&next.value);
                one.range.end = next.range.end;
                one.shape = Shape::Wrapped;
            }
            None => joined.push(next),
        }
    }
    *found = joined;
}

/// Whether the last part of a path has the ending of a file.
fn ends_in_file(path: &str) -> bool {
    let name = path.rsplit('\\').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty()
            && (2..=4).contains(&ending.len())
            && ending.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn join_hashes(found: &mut Vec<Found>, plain: &Plain<'_>, layout: &Layout<'_>) {
    let is_part = |f: &Found| f.kind.is_file_hash() && f.shape == Shape::Plain;
    let follows = |pair: &[Found]| {
        let gap = pair[0].range.end..pair[1].range.start;
        is_part(&pair[0])
            && is_part(&pair[1])
            && gap.len() <= GAP
            && plain.text.get(gap).is_some_and(|gap| gap.bytes().all(|b| b.is_ascii_whitespace()))
    };
    if !found.windows(2).any(follows) {
        return;
    }
    let raw = |f: &Found| {
        let raw = plain.raw(&f.range);
        Span::new(raw.start, raw.end)
    };
    let cell_of = |f: &Found| {
        let span = raw(f);
        layout.row_cells(span).find(|(cell, _)| cell.contains(span))
    };
    let mut joined = Vec::with_capacity(found.len());
    let mut at = 0;
    while let Some(first) = found.get(at) {
        let mut end = at + 1;
        while found.get(end - 1..=end).is_some_and(follows) {
            end += 1;
        }
        let whole = (end > at + 1)
            .then(|| {
                let (cell, head) = cell_of(first)?;
                // The line may go on in the next cell.
                end = at + found[at..end].iter().take_while(|f| cell.contains(raw(f))).count();
                let kind = label_of(head?)?;
                whole(&found[at..end], kind)
            })
            .flatten();
        match whole {
            Some(whole) => joined.extend(whole),
            None => joined.extend_from_slice(&found[at..end]),
        }
        at = end;
    }
    *found = joined;
}

/// The hashes of this label that the parts fill exactly, when each takes several of them.
fn whole(parts: &[Found], label: Label) -> Option<Vec<Found>> {
    let Label::Hash(kind) = label else { return None };
    let length = match kind {
        Kind::Sha1 => 40,
        Kind::Sha256 => 64,
        Kind::Sha512 => 128,
        _ => return None,
    };
    let mut hashes = Vec::new();
    let mut open: Option<Found> = None;
    for part in parts.iter().filter(|_| parts.len() > 1) {
        let mut hash = match open.take() {
            None => Found { kind, shape: Shape::Wrapped, ..part.clone() },
            Some(mut hash) => {
                hash.value.push_str(&part.value);
                hash.range.end = part.range.end;
                hash
            }
        };
        match hash.value.len() {
            n if n == length => {
                // It was whole before.
                if hash.range == part.range {
                    hash.shape = Shape::Plain;
                }
                hashes.push(hash);
            }
            n if n < length => open = Some(hash),
            _ => return None,
        }
    }
    (open.is_none() && !hashes.is_empty()).then_some(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(lengths: &[usize]) -> Vec<Found> {
        let mut at = 0;
        let digits = |n: usize| "0a1b2c3d".chars().cycle().take(n).collect::<String>();
        lengths
            .iter()
            .map(|n| {
                let range = at..at + n;
                at += n + 1;
                let kind = if *n == 32 { Kind::Md5 } else { Kind::Sha256 };
                Found { kind, value: digits(*n), range, shape: Shape::Plain }
            })
            .collect()
    }

    #[test]
    fn parts_that_fill_what_the_head_names_are_one() {
        let sha256 = Label::Hash(Kind::Sha256);
        let one = whole(&parts(&[32, 32]), sha256).unwrap();
        assert_eq!((one.len(), one[0].range.clone(), one[0].value.len()), (1, 0..65, 64));
        assert_eq!((one[0].kind, one[0].shape), (Kind::Sha256, Shape::Wrapped));
        let some = whole(&parts(&[64, 32, 32]), sha256).unwrap();
        assert_eq!(
            some.iter().map(|f| f.shape).collect::<Vec<_>>(),
            [Shape::Plain, Shape::Wrapped]
        );
    }

    #[test]
    fn parts_that_do_not_fill_it_stay() {
        assert_eq!(whole(&parts(&[32, 32]), Label::Hash(Kind::Md5)), None);
        assert_eq!(whole(&parts(&[32, 32, 32]), Label::Hash(Kind::Sha256)), None);
        assert_eq!(whole(&parts(&[32, 64]), Label::Hash(Kind::Sha256)), None);
        assert_eq!(whole(&parts(&[32]), Label::Hash(Kind::Sha256)), None);
    }
}
