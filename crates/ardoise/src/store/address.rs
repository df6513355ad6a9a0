//! Where the books are kept.

use super::postgres;
use std::fmt;

/// What stands in place of a password.
pub(crate) const HIDDEN: &str = "***";
/// How the address of a server may begin.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where the books are kept. It may hold a password, which is never shown: neither to people nor in logs.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Address {
    /// In a file in the data folder.
    #[default]
    Folder,
    /// On a PostgreSQL server.
    Server(String),
}

impl Address {
    /// Reads an address; an empty one is the data folder.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Some(Self::Folder);
        }
        let is_known = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
        let is_read = is_known && postgres::read_address(text).is_ok();
        is_read.then(|| Self::Server(text.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("the data folder"),
            Self::Server(url) => f.write_str(&shown(url)),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An address without the password in it, also one that cannot be read.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return if url.trim().is_empty() { String::new() } else { HIDDEN.into() };
    };
    let (place, query) =
        rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    // A question mark in a password, or a password in the query: where it ends nobody knows.
    if query.is_some_and(|query| query.contains('@')) {
        return format!("{scheme}://{HIDDEN}");
    }
    // A password may hold any sign that somebody forgot to encode: it ends at the last @.
    let place = match place.rsplit_once('@') {
        Some((who, place)) => match who.split_once(':') {
            Some((user, _)) => format!("{user}:{HIDDEN}@{place}"),
            None => format!("{who}@{place}"),
        },
        None => place.to_owned(),
    };
    let query = query.map(|query| {
        let hide = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => format!("{name}={HIDDEN}"),
            _ => pair.to_owned(),
        };
        query.split('&').map(hide).collect::<Vec<_>>().join("&")
    });
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{scheme}://{place}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, safe) in [
            ("postgres://ada:secret@db/ardoise", "postgres://ada:***@db/ardoise"),
            ("postgres://ada:se@cr:et/secret@db:5433/a", "postgres://ada:***@db:5433/a"),
            (
                "postgresql://ada:secret@one,two/a?connect_timeout=3",
                "postgresql://ada:***@one,two/a?connect_timeout=3",
            ),
            ("postgres://db/a?user=ada&password=secret", "postgres://db/a?user=ada&password=***"),
            ("postgres://ada@db/a", "postgres://ada@db/a"),
            ("postgres://ada:secret?secret@db/a", "postgres://***"),
            ("postgres://db/a?password=secret@secret", "postgres://***"),
            ("postgres:/ada:secret@db", "***"),
            ("host=db password=secret", "***"),
        ] {
            assert_eq!(shown(url), safe);
            let address = Address::Server(url.into());
            assert!(!format!("{address} {address:?}").contains("secret"), "{url}");
        }
    }

    #[test]
    fn only_what_can_be_reached_is_an_address() {
        assert_eq!(Address::parse("  "), Some(Address::Folder));
        let url = "postgres://ada:secret@db/ardoise";
        assert_eq!(Address::parse(url), Some(Address::Server(url.into())));
        for mode in ["disable", "prefer", "require", "verify-ca", "verify-full"] {
            assert!(Address::parse(&format!("{url}?sslmode={mode}")).is_some(), "{mode}");
        }
        for wrong in [
            "postgres://db/a?sslmode=sometimes",
            "mysql://db/a",
            "data",
            "postgres://db:port/a",
            "host=db",
            "postgres://db/a?colour=red",
        ] {
            assert_eq!(Address::parse(wrong), None, "{wrong}");
        }
    }
}
