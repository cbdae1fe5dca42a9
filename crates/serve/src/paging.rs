//! Pages of lists: a cursor says after which row to go on. It means nothing to who gets it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::hex;
use crate::problem::Problem;

/// Rows of a page unless asked otherwise.
const USUAL: usize = 100;
/// Rows of a page at most.
const MOST: usize = 1000;

/// Where to go on, and how far.
#[derive(Clone, Debug, Default, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub cursor: Option<String>,
}

impl Paging {
    /// How many rows.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit {
            None => Ok(USUAL),
            Some(limit @ 1..=MOST) => Ok(limit),
            Some(other) => {
                Err(Problem::unreadable(format!("limit={other}: a page has 1 to {MOST} rows")))
            }
        }
    }

    /// After what.
    pub fn after<T: DeserializeOwned>(&self) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let wrong = || Problem::unreadable("cursor: not one that this list gave");
        let bytes = unhex(cursor).ok_or_else(wrong)?;
        serde_json::from_slice(&bytes).map(Some).map_err(|_| wrong())
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Ask for the rest with this as `cursor`; null at the end.
    pub next: Option<String>,
    /// How many rows there are in all, where that is known.
    pub total: Option<u64>,
}

impl<T> List<T> {
    /// A list that is whole.
    pub fn whole(items: Vec<T>) -> Self {
        let total = Some(items.len() as u64);
        Self { items, next: None, total }
    }

    /// A page of a list that is at hand: rows from a place on.
    pub fn slice(all: impl ExactSizeIterator<Item = T>, paging: &Paging) -> Result<Self, Problem> {
        let from: usize = paging.after()?.unwrap_or(0);
        let limit = paging.limit()?;
        let total = all.len();
        let items: Vec<T> = all.skip(from).take(limit).collect();
        let end = from.saturating_add(items.len());
        let next = (end < total && !items.is_empty()).then(|| cursor(&end));
        Ok(Self { items, next, total: Some(total as u64) })
    }
}

/// A cursor that goes on after `place`.
pub fn cursor<T: Serialize>(place: &T) -> String {
    hex(&serde_json::to_vec(place).unwrap_or_default())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || text.len() > 65_536 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.as_bytes()
        .chunks(2)
        .map(|pair| Some(((digit(pair[0])? << 4) | digit(pair[1])?) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let paging = Paging { limit: Some(3), cursor };
            let page = List::slice(0..8, &paging).unwrap();
            assert_eq!(page.total, Some(8));
            seen.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..8).collect::<Vec<_>>());
        for bad in ["x", "zz", "22", "5b5d5d"] {
            let paging = Paging { limit: None, cursor: Some(bad.into()) };
            assert_eq!(List::slice(0..8, &paging).unwrap_err().status, 400, "{bad}");
        }
        assert!(Paging { limit: Some(0), cursor: None }.limit().is_err());
    }
}
