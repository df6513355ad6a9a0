//! The body of a small request: a form or JSON, read into named fields.

use crate::app::Shared;
use crate::problem::{Problem, REQUEST_MALFORMED, REQUEST_TIMEOUT, REQUEST_TOO_LARGE};
use axum::body::{Body, to_bytes};
use axum::extract::FromRequest;
use http::{Request, header};
use http_body_util::LengthLimitError;
use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;
use tokio::time::timeout;
use tower_http::timeout::TimeoutError;

/// The largest form or JSON body, in bytes: an article of a hundred thousand words fits.
pub const BODY_MOST: usize = 1 << 20;
/// How long such a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The fields of a form, or the text fields of a JSON object.
#[derive(Debug, Clone, Default)]
pub struct Fields(HashMap<String, Vec<String>>);

impl Fields {
    /// The value of a field; of several, the first.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str)
    }

    /// Every value of a field.
    pub fn every(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(String::as_str)
    }

    /// An id in a field.
    ///
    /// # Errors
    /// [`REQUEST_MALFORMED`], naming the field.
    pub fn id<T: FromStr>(&self, name: &'static str) -> Result<T, Problem> {
        let wrong = || Problem::new(&REQUEST_MALFORMED).field(name);
        self.one(name).and_then(|text| text.parse().ok()).ok_or_else(wrong)
    }

    /// Reads a form: `application/x-www-form-urlencoded`, UTF-8.
    ///
    /// # Errors
    /// [`REQUEST_MALFORMED`].
    pub fn from_form(bytes: &[u8]) -> Result<Self, Problem> {
        let mut fields: HashMap<String, Vec<String>> = HashMap::new();
        for pair in bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            fields.entry(decode(name)?).or_default().push(decode(value)?);
        }
        Ok(Self(fields))
    }

    /// Reads a JSON object; of its members, those that are texts, numbers or truths.
    ///
    /// # Errors
    /// [`REQUEST_MALFORMED`].
    pub fn from_json(bytes: &[u8]) -> Result<Self, Problem> {
        let malformed = |error: serde_json::Error| Problem::new(&REQUEST_MALFORMED).because(error);
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(malformed)?;
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Number(number) => Some(number.to_string()),
            serde_json::Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        };
        let members =
            object.into_iter().filter_map(|(name, value)| Some((name, vec![text(value)?])));
        Ok(Self(members.collect()))
    }
}

fn decode(bytes: &[u8]) -> Result<String, Problem> {
    let spaced: Vec<u8> =
        bytes.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let decoded = percent_encoding::percent_decode(&spaced).decode_utf8();
    let text = decoded.map_err(|error| Problem::new(&REQUEST_MALFORMED).because(error))?;
    Ok(text.into_owned())
}

impl FromRequest<Shared> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &Shared) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        let bytes = timeout(BODY_TIME, to_bytes(request.into_body(), BODY_MOST)).await;
        let bytes = bytes.map_err(|error| Problem::new(&REQUEST_TIMEOUT).because(error))?;
        let bytes = bytes.map_err(|error| unreadable(&error))?;
        if is_json { Self::from_json(&bytes) } else { Self::from_form(&bytes) }
    }
}

/// Why a body could not be read to its end.
pub fn unreadable(error: &axum::Error) -> Problem {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut kind = &REQUEST_MALFORMED;
    while let Some(found) = cause {
        if found.is::<LengthLimitError>() {
            kind = &REQUEST_TOO_LARGE;
        } else if found.is::<TimeoutError>() {
            kind = &REQUEST_TIMEOUT;
        }
        cause = found.source();
    }
    Problem::new(kind).because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_accents() {
        let fields =
            Fields::from_form(b"title=Caf%C3%A9+de+nuit&file=a&file=b&empty").expect("a form");
        assert_eq!(fields.one("title"), Some("Café de nuit"));
        assert_eq!(fields.every("file").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(fields.one("empty"), Some(""));
        assert_eq!(fields.one("none"), None);
    }

    #[test]
    fn malformed_utf_8_is_refused() {
        let refused = Fields::from_form(b"title=%ff%fe").expect_err("not UTF-8");
        assert_eq!(refused.kind.code, "request.malformed");
        let refused = Fields::from_json(b"{\"title\": \"\xff\"}").expect_err("not UTF-8");
        assert_eq!(refused.kind.code, "request.malformed");
    }
}
