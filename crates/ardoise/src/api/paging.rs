//! Lists in pages: so many items, and a cursor that leads on.

use super::input::mistyped;
use crate::problem::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items on a page when nobody says how many.
const LIMIT: u8 = 50;
/// Items on a page at most.
const LIMIT_MOST: u8 = 100;

/// How many items a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u8);

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MOST).contains(limit));
        limit.map(Self).ok_or_else(|| D::Error::custom("not between 1 and 100"))
    }
}

impl Limit {
    /// Rows to read: one more than are shown, to know whether there is more.
    pub const fn rows(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Items on a page.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 50)]
    pub limit: Limit,
    /// Where to go on: what `next` said.
    pub cursor: Option<String>,
}

/// A page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// Leads to the next page, as the parameter `cursor`; null on the last one.
    #[schema(required = true)]
    pub next: Option<String>,
}

impl<T> Listed<T> {
    /// A page of `rows`, of which there is one more than the page shows when the list goes on. `cursor` leads behind a
    /// row, `show` writes it for programs.
    pub fn of<R>(
        mut rows: Vec<R>,
        limit: Limit,
        cursor: impl FnOnce(&R) -> String,
        show: impl FnMut(R) -> T,
    ) -> Self {
        let goes_on = rows.len() > usize::from(limit.0);
        rows.truncate(limit.0.into());
        let next = rows.last().filter(|_| goes_on).map(cursor);
        Self { items: rows.into_iter().map(show).collect(), next }
    }
}

/// A cursor of one list: its letter and a place, which nobody else has to understand.
pub fn cursor(list: u8, place: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode([&[list], place].concat())
}

/// The place that a cursor of this list names.
///
/// # Errors
/// `field.mistyped` for anything that no page of this list has said.
pub fn place<const N: usize>(list: u8, cursor: &str) -> Result<[u8; N], Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    let place = bytes.split_first().filter(|(letter, _)| **letter == list);
    let place = place.and_then(|(_, place)| place.try_into().ok());
    place.ok_or_else(|| mistyped("cursor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_on_in_its_own_list_only() {
        let cursor = cursor(b'w', &7_i64.to_be_bytes());
        assert_eq!(place(b'w', &cursor).map(i64::from_be_bytes).expect("its own"), 7);
        for (list, text) in [(b's', cursor.as_str()), (b'w', ""), (b'w', "!"), (b'w', "dwAA")] {
            assert!(place::<8>(list, text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_leads_on_only_when_there_is_more() {
        let page = |rows: Vec<u8>| Listed::of(rows, Limit(2), |row| row.to_string(), |row| row);
        assert_eq!(page(vec![9, 8, 7]), Listed { items: vec![9, 8], next: Some("8".into()) });
        assert_eq!(page(vec![9, 8]), Listed { items: vec![9, 8], next: None });
        assert_eq!(page(vec![]), Listed { items: vec![], next: None });
    }

    #[test]
    fn a_page_has_between_one_and_a_hundred_items() {
        let limit = |text: &str| serde_json::from_value::<Limit>(text.into()).ok();
        assert_eq!(limit("1"), Some(Limit(1)));
        assert_eq!(limit("100"), Some(Limit(100)));
        for text in ["0", "101", "-1", "", "ten", "1e1", "256"] {
            assert_eq!(limit(text), None, "{text}");
        }
    }
}
