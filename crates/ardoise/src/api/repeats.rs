//! A request that is repeated is done once.
//!
//! # One request with an `Idempotency-Key`, and where it may stop
//! The answer is kept under the author and the key in the very transaction that does what was asked. So either both are
//! there or neither is, wherever the process stops; and of two that come at once, the second finds the answer of the
//! first. A program that never heard the answer asks again with the same key, and is told what it would have been told.
//!
//! Only what was done is kept. A refusal changed nothing: the same request may be tried again under the same key.

use crate::app::App;
use crate::problem::{IDEMPOTENCY_CONFLICT, Problem, REQUEST_MALFORMED, SHOP_FAILED};
use crate::store::idempotency::{self, Given};
use crate::store::{Db, StoreError};
use crate::works::deciding::{Refusal, write};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use ledger::AuthorId;
use ledger::receipts::Hash;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The header that names a request.
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const KEY_MOST: usize = 200;
/// Days for which answers are kept.
const KEPT_DAYS: i64 = 1;

/// How a repeat of a request is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    author: AuthorId,
    key: String,
    digest: Hash,
}

impl Repeat {
    /// Reads the key of a request with this JSON; nothing when it has none.
    ///
    /// # Errors
    /// A problem of the field `Idempotency-Key`: it is 1 to 200 visible letters.
    pub fn of(parts: &Parts, author: AuthorId, json: &[u8]) -> Result<Option<Self>, Problem> {
        let mut lines = parts.headers.get_all(HEADER).into_iter();
        let (Some(line), more) = (lines.next(), lines.next()) else { return Ok(None) };
        let key = line.to_str().ok().filter(|key| (1..=KEY_MOST).contains(&key.len()));
        let key =
            key.filter(|key| more.is_none() && key.bytes().all(|byte| byte.is_ascii_graphic()));
        let wrong = || Problem::new(&REQUEST_MALFORMED).field("Idempotency-Key");
        let key = key.ok_or_else(wrong)?.to_owned();
        let value: serde_json::Value = serde_json::from_slice(json)
            .map_err(|error| Problem::new(&REQUEST_MALFORMED).because(error))?;
        let request = format!("{} {}\n{value}", parts.method, parts.uri.path());
        Ok(Some(Self { author, key, digest: Sha256::digest(request).into() }))
    }

    /// The answer that is kept under the key, if it answers this request.
    fn fitting(&self, given: Option<Given>) -> Result<Option<Given>, Problem> {
        match given {
            Some(given) if given.digest != self.digest => {
                Err(Problem::new(&IDEMPOTENCY_CONFLICT).field("Idempotency-Key"))
            }
            given => Ok(given),
        }
    }

    fn given(&self, db: &dyn Db) -> Result<Option<Given>, StoreError> {
        idempotency::given(db, self.author, &self.key)
    }
}

/// An answer to a request that did something, now or before.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    is_repeated: bool,
    location: Option<HeaderValue>,
}

impl Answer {
    fn new(status: StatusCode, body: Vec<u8>, is_repeated: bool) -> Self {
        Self { status, body, is_repeated, location: None }
    }

    fn again(given: Given) -> Result<Self, Problem> {
        let status = StatusCode::from_u16(given.status);
        let status = status.map_err(|error| Problem::new(&SHOP_FAILED).because(error))?;
        Ok(Self::new(status, given.body, true))
    }

    /// Says where what was made is found: below `collection`, under its id.
    #[must_use]
    pub fn located(mut self, collection: &str) -> Self {
        let made = serde_json::from_slice::<serde_json::Value>(&self.body).unwrap_or_default();
        let address = made["id"].as_str().map(|id| format!("{collection}/{id}"));
        self.location = address.and_then(|address| HeaderValue::from_str(&address).ok());
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        let mut response = (self.status, [(header::CONTENT_TYPE, kind)], self.body).into_response();
        let headers = response.headers_mut();
        if self.is_repeated {
            let repeated = HeaderName::from_static("idempotency-replayed");
            headers.insert(repeated, HeaderValue::from_static("true"));
        }
        if let Some(location) = self.location {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// Does something once, and answers what came of it with `status`. What has to be made ready for it outside of the
/// transaction, `prepare` does; it is not asked when the answer is there already.
///
/// # Errors
/// [`IDEMPOTENCY_CONFLICT`]; whatever is refused by `prepare` or by what it has prepared; the store's.
pub async fn once<T, D>(
    app: &App,
    repeat: Option<Repeat>,
    status: StatusCode,
    prepare: impl Future<Output = Result<D, Problem>>,
) -> Result<Answer, Problem>
where
    T: Serialize,
    D: Fn(&dyn Db) -> Result<T, Refusal> + Send + 'static,
{
    if let Some(answer) = before(app, repeat.as_ref()).await? {
        return Ok(answer);
    }
    let deed = match prepare.await {
        Ok(deed) => deed,
        // What was to be taken may have been taken by the very same request, a moment ago.
        Err(problem) => return before(app, repeat.as_ref()).await?.ok_or(problem),
    };
    let now = app.now();
    let done = write(app, move |db| {
        if let Some(repeat) = &repeat
            && let Some(given) = repeat.fitting(repeat.given(db)?)?
        {
            return Ok((given, true));
        }
        let body = serde_json::to_vec(&deed(db)?);
        let body = body.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let digest = repeat.as_ref().map(|repeat| repeat.digest).unwrap_or_default();
        let given = Given { digest, status: status.as_u16(), body };
        if let Some(repeat) = &repeat {
            idempotency::keep(db, repeat.author, &repeat.key, &given, now)?;
        }
        Ok((given, false))
    });
    match done.await? {
        (given, true) => Answer::again(given),
        (given, false) => Ok(Answer::new(status, given.body, false)),
    }
}

async fn before(app: &App, repeat: Option<&Repeat>) -> Result<Option<Answer>, Problem> {
    let Some(repeat) = repeat else { return Ok(None) };
    let given = app.store.read(|db| repeat.given(db)).await?;
    repeat.fitting(given)?.map(Answer::again).transpose()
}

/// Clears answers away that are old enough.
///
/// # Errors
/// Whatever the store says.
pub async fn clear(app: &App) -> Result<(), StoreError> {
    let before = app.now().plus_days(-KEPT_DAYS);
    while app.store.read(|db| idempotency::any_before(db, before)).await? {
        app.store.write(move |db| idempotency::clear(db, before)).await?;
    }
    Ok(())
}
