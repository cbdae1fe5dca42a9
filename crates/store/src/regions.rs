//! The regions of a document's text as compact bytes.

use lapwing_model::{Region, RegionKind, Span};

use crate::codec::{Reader, Writer};
use crate::error::Fault;

/// Writes regions; each start is counted from the one before, in either direction.
pub(crate) fn encode(regions: &[Region]) -> Vec<u8> {
    let mut to = Writer::default();
    let mut before = 0_i64;
    for Region { span, kind } in regions {
        let step = i64::from(span.start) - before;
        before = i64::from(span.start);
        to.number(((step << 1) ^ (step >> 63)) as u64);
        to.number(u64::from(span.end.saturating_sub(span.start)));
        match kind {
            RegionKind::Heading { level } => {
                to.number(0);
                to.number(u64::from(*level));
            }
            RegionKind::Prose => to.number(1),
            RegionKind::ListItem => to.number(2),
            RegionKind::Cell { row, column, header } => {
                to.number(3);
                to.number(u64::from(*row));
                to.number(u64::from(*column));
                to.optional_text(header.as_deref());
            }
            RegionKind::Code => to.number(4),
            RegionKind::Link { target } => {
                to.number(5);
                to.text(target);
            }
            RegionKind::Quote => to.number(6),
            RegionKind::Declared => to.number(7),
            RegionKind::Furniture => to.number(8),
            RegionKind::References => to.number(9),
        }
    }
    to.0
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<Region>, Fault> {
    let mut from = Reader(bytes);
    let mut regions = Vec::new();
    let mut before = 0_i64;
    let place = |n: i64| u32::try_from(n).map_err(|_| Fault::damaged("a region out of range"));
    while !from.is_empty() {
        let step = from.number()?;
        let step = (step >> 1) as i64 ^ -((step & 1) as i64);
        before = before.saturating_add(step);
        let end = before.saturating_add(from.small()?);
        let kind = match from.number()? {
            0 => RegionKind::Heading { level: from.small()? },
            1 => RegionKind::Prose,
            2 => RegionKind::ListItem,
            3 => RegionKind::Cell {
                row: from.small()?,
                column: from.small()?,
                header: from.optional_text()?,
            },
            4 => RegionKind::Code,
            5 => RegionKind::Link { target: from.text()? },
            6 => RegionKind::Quote,
            7 => RegionKind::Declared,
            8 => RegionKind::Furniture,
            9 => RegionKind::References,
            other => return Err(Fault::damaged(format!("a region of unknown kind {other}"))),
        };
        regions.push(Region { span: Span { start: place(before)?, end: place(end)? }, kind });
    }
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_region_comes_back() {
        let kinds = [
            RegionKind::Heading { level: 2 },
            RegionKind::Prose,
            RegionKind::ListItem,
            RegionKind::Cell { row: 70_000, column: 3, header: Some("Address".into()) },
            RegionKind::Cell { row: 0, column: 0, header: None },
            RegionKind::Code,
            RegionKind::Link { target: "https://example.test/é".into() },
            RegionKind::Quote,
            RegionKind::Declared,
            RegionKind::Furniture,
            RegionKind::References,
        ];
        let places = [(5, 9), (2, 2), (4_000_000_000, u32::MAX), (0, 1)];
        let regions: Vec<Region> = kinds
            .into_iter()
            .zip(places.into_iter().cycle())
            .map(|(kind, (start, end))| Region { span: Span { start, end }, kind })
            .collect();
        assert_eq!(decode(&encode(&regions)).unwrap(), regions);
        assert!(decode(&[1, 1, 99]).is_err());
    }
}
