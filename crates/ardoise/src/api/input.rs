//! What programs send, read strictly: what is not known is refused by its name, so that no slip of the pen passes.

use super::caller::Caller;
use super::repeats::Repeat;
use crate::app::Shared;
use crate::body::{BODY_MOST, Fields};
use crate::problem::{
    Detail, FIELD_MISSING, FIELD_MISTYPED, FIELD_UNKNOWN, Kind, Problem, REQUEST_MALFORMED,
    REQUEST_MEDIA_TYPE, REQUEST_TOO_LARGE, SALE_UNKNOWN, WEBHOOK_UNKNOWN, WORK_UNKNOWN,
};
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path};
use http::request::Parts;
use http::{HeaderMap, Request, header};
use ledger::{AuthorId, LineId, WebhookId, WorkId};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::error::Category;
use std::fmt::{self, Display, Formatter};
use std::marker::PhantomData;
use std::str::FromStr;

/// Something that a program wants done: an extractor.
#[derive(Debug)]
pub struct Act<T> {
    /// Whose program.
    pub author: AuthorId,
    /// What it sent.
    pub sent: T,
    /// How a repeat of it is known, if the program cares.
    pub repeat: Option<Repeat>,
}

/// Nothing is sent: no body, or an empty object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<T: DeserializeOwned> FromRequest<Shared> for Act<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, app: &Shared) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let Caller(author) = Caller::from_request_parts(&mut parts, app).await?;
        let bytes = axum::body::to_bytes(body, BODY_MOST).await;
        let bytes = bytes.map_err(|error| Problem::new(&REQUEST_TOO_LARGE).because(error))?;
        let json: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        if !bytes.is_empty() && !is_json(&parts.headers) {
            return Err(Problem::new(&REQUEST_MEDIA_TYPE));
        }
        let Object(sent) = read(json)?;
        let repeat = Repeat::of(&parts, author, json)?;
        Ok(Self { author, sent, repeat })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.unwrap_or("").split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads JSON.
///
/// # Errors
/// [`REQUEST_MALFORMED`], [`FIELD_UNKNOWN`], [`FIELD_MISSING`], [`FIELD_MISTYPED`].
fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| told(&error));
    let read = read?;
    let ended = deserializer.end();
    ended.map_err(|error| Problem::new(&REQUEST_MALFORMED).because(error))?;
    Ok(read)
}

fn told(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if inner.classify() != Category::Data {
        return Problem::new(&REQUEST_MALFORMED).because(inner);
    }
    let path = error.path().to_string();
    let path = if path == "." { String::new() } else { path };
    named(&path, &inner.to_string()).because(inner)
}

/// Serde says in English what is wrong; of that, only the kind and the name are told on.
fn named(path: &str, message: &str) -> Problem {
    let name_after = |start: &str| message.strip_prefix(start)?.split('`').next();
    let inside = |name: &str| {
        // Where serde stops at a name that it does not know, the path may already end with it.
        let parent = path.strip_suffix(name).map_or(path, |parent| parent.trim_end_matches('.'));
        if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
    };
    let (kind, field) = if let Some(name) = name_after("unknown field `") {
        (&FIELD_UNKNOWN, inside(name))
    } else if let Some(name) = name_after("missing field `") {
        (&FIELD_MISSING, inside(name))
    } else if let Some(name) = name_after("duplicate field `") {
        (&FIELD_MISTYPED, inside(name))
    } else {
        (&FIELD_MISTYPED, if path.is_empty() { "body".to_owned() } else { path.to_owned() })
    };
    Problem::new(kind).with("field", Detail::Word(field))
}

/// The parameters of an address: an extractor. Each is given once at most, and known.
#[derive(Debug)]
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let fields = Fields::from_form(parts.uri.query().unwrap_or("").as_bytes())?;
        let mut object = serde_json::Map::new();
        for (name, value) in fields.into_pairs() {
            if object.contains_key(&name) {
                return Err(mistyped(&name));
            }
            object.insert(name, value.into());
        }
        let read = serde_path_to_error::deserialize(serde_json::Value::Object(object));
        Ok(Self(read.map_err(|error| told(&error))?))
    }
}

/// A [`FIELD_MISTYPED`] about a field whose name came with the request.
pub fn mistyped(field: &str) -> Problem {
    Problem::new(&FIELD_MISTYPED).with("field", Detail::Word(field.to_owned()))
}

/// A JSON object. Serde would take an array for a struct as well, its members in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut Formatter) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

/// A member that may be left out, but is not null when it is there.
pub fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A member that may be left out, or null to take away what is there.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A noun that has ids, and what is said when there is none under an id.
pub trait Noun: FromStr {
    /// The problem.
    const UNKNOWN: &'static Kind;
}

impl Noun for WorkId {
    const UNKNOWN: &'static Kind = &WORK_UNKNOWN;
}

impl Noun for LineId {
    const UNKNOWN: &'static Kind = &SALE_UNKNOWN;
}

impl Noun for WebhookId {
    const UNKNOWN: &'static Kind = &WEBHOOK_UNKNOWN;
}

/// The id in a path: an extractor. What cannot be an id is not there, and whoever shows no key is told nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id<T>(pub T);

impl<T: Noun> FromRequestParts<Shared> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, app).await?;
        let text = Path::<String>::from_request_parts(parts, app).await;
        let id = text.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(|| Problem::new(T::UNKNOWN))
    }
}

/// An id, or whatever else is read from a text and written as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<T>(pub T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

impl<T: Display> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused matters here")]
    struct Outer {
        title: String,
        inner: Option<Object<Inner>>,
        list: Option<Vec<u8>>,
        kind: Option<Object<Kind>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused matters here")]
    struct Inner {
        amount: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", deny_unknown_fields, rename_all = "lowercase")]
    #[expect(dead_code, reason = "only what is refused matters here")]
    enum Kind {
        Free {},
        Fixed { amount: Object<Inner> },
    }

    fn refused(json: &str) -> (&'static str, String) {
        let problem = read::<Object<Outer>>(json.as_bytes()).expect_err(json);
        let field = problem.details.iter().find_map(|(name, detail)| match detail {
            Detail::Word(word) if *name == "field" => Some(word.clone()),
            _ => None,
        });
        (problem.kind.code, field.unwrap_or_default())
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, code, field) in [
            (r#"{"title": "x", "titel": "x"}"#, "field.unknown", "titel"),
            (
                r#"{"title": "x", "inner": {"amount": "1", "unit": 1}}"#,
                "field.unknown",
                "inner.unit",
            ),
            (r#"{}"#, "field.missing", "title"),
            (r#"{"title": "x", "inner": {}}"#, "field.missing", "inner.amount"),
            (r#"{"title": 5}"#, "field.mistyped", "title"),
            (r#"{"title": "x", "inner": {"amount": 0.2}}"#, "field.mistyped", "inner.amount"),
            (r#"{"title": "x", "list": [1, "a"]}"#, "field.mistyped", "list[1]"),
            (r#"{"title": "x", "kind": {"kind": "fixed"}}"#, "field.missing", "kind.amount"),
            (r#"{"title": "x", "kind": {"kind": "free", "x": 1}}"#, "field.unknown", "kind.x"),
            (r#"{"title": "x", "kind": {"kind": "dear"}}"#, "field.mistyped", "kind.kind"),
            (r#"{"title": "x", "title": "y"}"#, "field.mistyped", "title"),
            (r#"[]"#, "field.mistyped", "body"),
            (r#"["x"]"#, "field.mistyped", "body"),
            (r#"{"title": "x", "inner": ["1"]}"#, "field.mistyped", "inner"),
            (r#"{"title": "x", "kind": ["free"]}"#, "field.mistyped", "kind"),
            (
                r#"{"title": "x", "kind": {"kind": "fixed", "amount": ["1"]}}"#,
                "field.mistyped",
                "kind",
            ),
            (r#""#, "request.malformed", ""),
            (r#"{"title": "x"} x"#, "request.malformed", ""),
            (r#"{"title": "x""#, "request.malformed", ""),
        ] {
            assert_eq!(refused(json), (code, field.to_owned()), "{json}");
        }
        assert_eq!(refused(&"[".repeat(10_000)), ("field.mistyped", "body".to_owned()));
    }
}
