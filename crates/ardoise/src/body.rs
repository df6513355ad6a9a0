//! The body of a small request: a form or JSON, read into named fields.

use crate::app::Shared;
use crate::problem::{Detail, Problem, REQUEST_MALFORMED, REQUEST_TIMEOUT, REQUEST_TOO_LARGE};
use axum::body::{Body, to_bytes};
use axum::extract::FromRequest;
use http::{Request, header};
use http_body_util::LengthLimitError;
use std::str::FromStr;
use std::time::Duration;
use tokio::time::timeout;
use tower_http::timeout::TimeoutError;

/// The largest form or JSON body, in bytes: an article of a hundred thousand words fits.
pub const BODY_MOST: usize = 1 << 20;
/// How long such a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The fields of a form, or the text fields of a JSON object, in order. There are few, so that they are
/// looked through rather than indexed.
#[derive(Debug, Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of a field; of several, the first.
    pub fn one<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.every(name).next()
    }

    /// Every value of a field.
    pub fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Every name with its value.
    pub fn into_pairs(self) -> impl Iterator<Item = (String, String)> {
        self.0.into_iter()
    }

    /// Adds a value to a field.
    pub fn push(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
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
        let pairs = bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty());
        let read = pairs.map(|pair| {
            let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            Ok((decode(name)?, decode(value)?))
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    /// Reads a JSON object whose members are texts, numbers, truths or null; null is as good as left out.
    ///
    /// # Errors
    /// [`REQUEST_MALFORMED`], also for a member that is an object or an array.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Problem> {
        let malformed = |error: serde_json::Error| Problem::new(&REQUEST_MALFORMED).because(error);
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(malformed)?;
        let mut fields = Vec::with_capacity(object.len());
        for (name, value) in object {
            let text = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Number(number) => number.to_string(),
                serde_json::Value::Bool(truth) => truth.to_string(),
                serde_json::Value::Null => continue,
                serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                    let name = Detail::Word(name);
                    return Err(Problem::new(&REQUEST_MALFORMED).with("field", name));
                }
            };
            fields.push((name, text));
        }
        Ok(Self(fields))
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
    fn json_has_the_fields_of_a_form_and_no_others() {
        let fields = Fields::from_json(br#"{"price": "0.20", "typed": true, "via": null}"#);
        let fields = fields.expect("an object");
        assert_eq!((fields.one("price"), fields.one("typed")), (Some("0.20"), Some("true")));
        assert_eq!(fields.one("via"), None);
        for json in [r#"{"via": {}}"#, r#"{"via": ["a"]}"#, "[]", r#""via""#] {
            let refused = Fields::from_json(json.as_bytes()).expect_err(json);
            assert_eq!(refused.kind.code, "request.malformed");
        }
    }

    #[test]
    fn malformed_utf_8_is_refused() {
        let refused = Fields::from_form(b"title=%ff%fe").expect_err("not UTF-8");
        assert_eq!(refused.kind.code, "request.malformed");
        let refused = Fields::from_json(b"{\"title\": \"\xff\"}").expect_err("not UTF-8");
        assert_eq!(refused.kind.code, "request.malformed");
    }
}
