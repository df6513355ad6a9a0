//! Resumable uploads over HTTP: tus 1.0.0 (<https://tus.io/protocols/resumable-upload>) with the extensions creation,
//! creation-with-upload, expiration and termination.
//!
//! Files are sent from an author's browser or, with an API key, by a program. Whoever asks for an upload of somebody else
//! is told that there is none.

use super::{Announced, append, begin, discard, offset, own};
use crate::api::caller::Sender;
use crate::app::Shared;
use crate::problem::{
    PAGE_METHOD, Problem, REQUEST_MALFORMED, UPLOAD_CONTENT_TYPE, UPLOAD_UNKNOWN, UPLOAD_VERSION,
};
use crate::store::upload::Upload;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use ledger::{Timestamp, UploadId};
use time::OffsetDateTime;
use time::macros::format_description;

type Asked = Result<Response, Problem>;

/// The one version that is spoken here.
const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,expiration,termination";
/// The `Content-Type` of a piece of a file.
const PIECE: &str = "application/offset+octet-stream";
/// The longest `Upload-Metadata`, in bytes: a name and a type fit many times.
const METADATA_MOST: usize = 4_096;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");

/// A request that speaks the version that is spoken here.
pub struct Spoken;

impl FromRequestParts<Shared> for Spoken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Problem> {
        let spoken = parts.headers.get(RESUMABLE).is_some_and(|version| version == VERSION);
        if spoken { Ok(Self) } else { Err(Problem::new(&UPLOAD_VERSION).field("Tus-Resumable")) }
    }
}

/// Says the version in every answer, as the protocol wants it.
pub async fn say_version(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(VERSIONS, HeaderValue::from_static(VERSION));
    response
}

/// `OPTIONS /uploads`: what is spoken here.
pub async fn describe(State(app): State<Shared>) -> Response {
    let most = HeaderValue::from(app.settings.upload_max_bytes);
    let headers = [
        (HeaderName::from_static("tus-extension"), HeaderValue::from_static(EXTENSIONS)),
        (HeaderName::from_static("tus-max-size"), most),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// `POST /uploads`: announces a file; its first piece may come along.
pub async fn create(
    State(app): State<Shared>,
    Sender(author): Sender,
    _: Spoken,
    headers: HeaderMap,
    body: Body,
) -> Asked {
    let metadata = metadata(&headers)?;
    let file = Announced {
        name: name(&metadata)?,
        size: count(&headers, LENGTH, "Upload-Length")?,
        metadata,
    };
    let upload = begin(&app, author, file).await?;
    let mut response = StatusCode::CREATED.into_response();
    if is_piece(&headers) && upload.size > 0 {
        let length = append(&app, &upload, 0, body.into_data_stream()).await?;
        response.headers_mut().insert(OFFSET, HeaderValue::from(length));
    }
    let place = HeaderValue::from_str(&format!("/uploads/{}", upload.id));
    let place = place.map_err(|error| Problem::new(&UPLOAD_UNKNOWN).because(error))?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(expiring(&upload, response))
}

/// `HEAD /uploads/{upload}`: how much is here.
pub async fn show(
    State(app): State<Shared>,
    Sender(author): Sender,
    _: Spoken,
    Path(id): Path<String>,
) -> Asked {
    let upload = own(&app, author, read(&id)?).await?;
    let length = offset(&app, &upload).await?;
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    headers.insert(OFFSET, HeaderValue::from(length));
    headers.insert(LENGTH, HeaderValue::from(upload.size));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(metadata) = HeaderValue::from_str(&upload.metadata)
        && !upload.metadata.is_empty()
    {
        headers.insert(METADATA, metadata);
    }
    Ok(expiring(&upload, response))
}

/// `PATCH /uploads/{upload}`: the next piece.
pub async fn go_on(
    State(app): State<Shared>,
    Sender(author): Sender,
    _: Spoken,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Asked {
    if !is_piece(&headers) {
        return Err(Problem::new(&UPLOAD_CONTENT_TYPE).field("Content-Type"));
    }
    let at = count(&headers, OFFSET, "Upload-Offset")?;
    let upload = own(&app, author, read(&id)?).await?;
    let length = append(&app, &upload, at, body.into_data_stream()).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(OFFSET, HeaderValue::from(length));
    Ok(expiring(&upload, response))
}

/// `DELETE /uploads/{upload}`: the author has thought better of it.
pub async fn remove(
    State(app): State<Shared>,
    Sender(author): Sender,
    _: Spoken,
    Path(id): Path<String>,
) -> Asked {
    let upload = own(&app, author, read(&id)?).await?;
    discard(&app, &upload).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /uploads/{upload}`: `PATCH` or `DELETE` for clients that cannot send them, named in `X-HTTP-Method-Override`.
pub async fn instead(
    app: State<Shared>,
    author: Sender,
    spoken: Spoken,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Asked {
    let meant = headers.get("x-http-method-override").map(HeaderValue::as_bytes);
    match meant.and_then(|meant| Method::from_bytes(meant).ok()) {
        Some(Method::PATCH) => go_on(app, author, spoken, id, headers, body).await,
        Some(Method::DELETE) => remove(app, author, spoken, id).await,
        _ => Err(Problem::new(&PAGE_METHOD)),
    }
}

fn read(id: &str) -> Result<UploadId, Problem> {
    id.parse().map_err(|_| Problem::new(&UPLOAD_UNKNOWN))
}

fn is_piece(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == PIECE)
}

fn malformed(field: &'static str) -> Problem {
    Problem::new(&REQUEST_MALFORMED).field(field)
}

fn count(headers: &HeaderMap, name: HeaderName, field: &'static str) -> Result<u64, Problem> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| malformed(field))
}

fn metadata(headers: &HeaderMap) -> Result<String, Problem> {
    let Some(value) = headers.get(METADATA) else { return Ok(String::new()) };
    let text = value.to_str().ok().filter(|text| text.len() <= METADATA_MOST);
    text.map(str::to_owned).ok_or_else(|| malformed("Upload-Metadata"))
}

/// The name among the metadata: pairs with commas between, each a key and, after a space, a value in Base64.
pub(crate) fn name(metadata: &str) -> Result<String, Problem> {
    let pairs = metadata.split(',').map(|pair| pair.trim().split_once(' ').unwrap_or((pair, "")));
    let Some((_, value)) = pairs.into_iter().find(|(key, _)| *key == "filename") else {
        return Ok(String::new());
    };
    let bytes = STANDARD.decode(value.trim()).map_err(|_| malformed("Upload-Metadata"))?;
    String::from_utf8(bytes).map_err(|_| malformed("Upload-Metadata"))
}

fn expiring(upload: &Upload, mut response: Response) -> Response {
    if let Some(until) = http_date(upload.expires_at) {
        response.headers_mut().insert(EXPIRES, until);
    }
    response
}

/// An instant as HTTP writes it (RFC 9110 §5.6.7).
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let seconds = at.micros().div_euclid(ledger::time::MICROS_PER_SECOND);
    let text = OffsetDateTime::from_unix_timestamp(seconds).ok()?.format(form).ok()?;
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_found_among_the_metadata() {
        let read = |text: &str| name(text).map_err(|problem| problem.field);
        assert_eq!(read("filename w6l0w6kudHh0,filetype dGV4dC9wbGFpbg=="), Ok("été.txt".into()));
        assert_eq!(read("filetype dGV4dA==, filename YQ=="), Ok("a".into()));
        assert_eq!(read("filename"), Ok(String::new()));
        assert_eq!(read(""), Ok(String::new()));
        assert_eq!(read("filename ???"), Err(Some("Upload-Metadata")));
        assert_eq!(read("filename /w=="), Err(Some("Upload-Metadata")));
    }

    #[test]
    fn an_instant_is_written_as_http_has_it() {
        let noon = http_date(Timestamp::from_micros(1_795_348_800_000_000));
        assert_eq!(noon.expect("a date"), "Sun, 22 Nov 2026 12:00:00 GMT");
    }
}
