//! Whose program asks: told by an API key and by nothing else. Cookies do not count, so no page of another site can act
//! here through somebody's browser.

use crate::app::Shared;
use crate::keys;
use crate::people::SignedAuthor;
use crate::problem::{KEY_MISSING, KEY_REFUSED, Problem};
use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ledger::AuthorId;

/// The author whose program asks: an extractor that asks others for a key. Several of one request look it up once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(pub AuthorId);

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(*known);
        }
        let shown = bearer(&parts.headers).ok_or_else(|| Problem::new(&KEY_MISSING))?;
        let key = keys::open(app, shown).await?.ok_or_else(|| Problem::new(&KEY_REFUSED))?;
        app.key_uses.note(key.id, app.now());
        parts.extensions.insert(Self(key.author));
        Ok(Self(key.author))
    }
}

/// Whoever sends a file: a program with its key or, where none is shown, an author who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender(pub AuthorId);

impl FromRequestParts<Shared> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let Caller(author) = Caller::from_request_parts(parts, app).await?;
            return Ok(Self(author));
        }
        let SignedAuthor(author) = SignedAuthor::from_request_parts(parts, app).await?;
        Ok(Self(author.id))
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What every answer to a program says: it is for this program alone, and, where a key is asked for, how to show one.
pub async fn around(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if is_unauthorized {
        let challenge = HeaderValue::from_static("Bearer realm=\"ardoise\"");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    let caching = HeaderValue::from_static("private, no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(caching);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_bearer_token_and_nothing_else() {
        let shown = |line: &'static str| {
            let headers =
                HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(line))]);
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(shown("Bearer ardoise_key_1.2").as_deref(), Some("ardoise_key_1.2"));
        assert_eq!(shown("bearer  x ").as_deref(), Some("x"));
        for line in ["", "Bearer", "Basic eDp5", "ardoise_key_1.2"] {
            assert_eq!(shown(line), None, "{line}");
        }
    }
}
