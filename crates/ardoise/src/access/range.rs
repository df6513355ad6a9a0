//! Sending a file, whole or in part, so that a player can jump and a broken download can go on.
//!
//! Ranges and conditions follow RFC 9110, sections 13 and 14. Only one range is answered: several
//! at once are what no player and no download manager needs, and a cheap way to make a server sweat.

use std::fmt::Write;
use std::ops::Range;

use axum::body::Body;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::works::archive::Archive;
use crate::works::media_type::{Disposition, Kind, content_disposition};
use crate::works::storage::{FileStore, StorageError};

/// Should a browser open the file as a page after all, that page can do nothing but show it.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; img-src 'self'; media-src 'self'; sandbox");
/// A bought file stays in the buyer's own cache, and there only as long as the access lasts: the
/// browser asks each time and is told "not modified". Nobody on the way may recompress it.
const CACHING: HeaderValue = HeaderValue::from_static("private, no-cache, no-transform");
/// Hexadecimal digits of the hash that make an ETag: 128 bits do not collide by chance.
const ETAG_DIGITS: usize = 32;

/// A finished file and how it is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct FileToServe<'a> {
    /// Where the store has it.
    pub key: &'a str,
    /// What the reader knows it as.
    pub name: &'a str,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
    /// What it is; only pictures, sound and moving pictures are ever shown in place.
    pub kind: Kind,
    /// Its `Content-Type`, as judged when it came.
    pub content_type: &'a str,
    /// Whether the reader wants to see it or to save it.
    pub disposition: Disposition,
}

/// Answers a `GET` for a file with as much of it as `request` asks for: 200, 206, 304 or 416.
///
/// # Errors
/// `Missing` when the file is gone; `Io` also when it is shorter than it should be; `BadKey`.
/// The reader has been sent nothing yet then.
pub async fn serve_file(
    store: &FileStore,
    file: &FileToServe<'_>,
    request: &HeaderMap,
) -> Result<Response<Body>, StorageError> {
    let sent = Sent {
        etag: etag(&file.sha256),
        size: file.size,
        content_type: HeaderValue::from_str(file.content_type)
            .unwrap_or(HeaderValue::from_static("application/octet-stream")),
        disposition: content_disposition(file.name, allowed_disposition(file)),
    };
    let answer = Answer::to(request, &sent);
    let body = match answer.range(sent.size) {
        Some(range) => Body::from_stream(store.open_range(file.key, range).await?),
        None => Body::empty(),
    };
    Ok(sent.respond(&answer, body))
}

/// Answers a `GET` for an archive called `name`, as [`serve_file`] does for a file.
///
/// # Errors
/// As [`serve_file`], for any file in the archive.
pub async fn serve_archive(
    store: &FileStore,
    archive: &Archive,
    name: &str,
    request: &HeaderMap,
) -> Result<Response<Body>, StorageError> {
    let sent = Sent {
        etag: etag(&archive.sha256()),
        size: archive.size(),
        content_type: HeaderValue::from_static("application/zip"),
        disposition: content_disposition(name, Disposition::Attachment),
    };
    let answer = Answer::to(request, &sent);
    let body = match answer.range(sent.size) {
        Some(range) => {
            archive.check(store).await?;
            Body::from_stream(archive.read_range(store, range))
        }
        None => Body::empty(),
    };
    Ok(sent.respond(&answer, body))
}

fn allowed_disposition(file: &FileToServe<'_>) -> Disposition {
    match file.kind {
        Kind::Image | Kind::Audio | Kind::Video => file.disposition,
        Kind::Pdf | Kind::Text | Kind::Other => Disposition::Attachment,
    }
}

/// The strong ETag of a content with this hash.
fn etag(sha256: &[u8; 32]) -> HeaderValue {
    let mut tag = String::from("\"");
    for byte in &sha256[..ETAG_DIGITS / 2] {
        write!(tag, "{byte:02x}").expect("a string takes any text");
    }
    tag.push('"');
    HeaderValue::from_str(&tag).expect("hexadecimal digits fit in a header")
}

/// What is sent, whatever part of it.
struct Sent {
    etag: HeaderValue,
    size: u64,
    content_type: HeaderValue,
    disposition: HeaderValue,
}

impl Sent {
    fn respond(self, answer: &Answer, body: Body) -> Response<Body> {
        let size = self.size;
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        let headers = response.headers_mut();
        headers.insert(ETAG, self.etag);
        headers.insert(CACHE_CONTROL, CACHING);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        if let Some(range) = answer.range(size) {
            headers.insert(CONTENT_TYPE, self.content_type);
            headers.insert(CONTENT_DISPOSITION, self.disposition);
            headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
        }
        if let Some(range) = answer.content_range(size) {
            headers.insert(CONTENT_RANGE, range);
        }
        response
    }
}

/// What a request for a content is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    NotModified,
    Whole,
    Part(Range<u64>),
    Unsatisfiable,
}

impl Answer {
    /// Conditions come first, in the order of RFC 9110 §13.2.2.
    fn to(request: &HeaderMap, sent: &Sent) -> Self {
        if is_known_already(request, &sent.etag) {
            return Self::NotModified;
        }
        // A date in If-Range never matches: an ETag says more, and we send no date.
        if request.get(IF_RANGE).is_some_and(|condition| condition != sent.etag) {
            return Self::Whole;
        }
        let mut ranges = request.get_all(RANGE).iter();
        match (ranges.next(), ranges.next()) {
            (Some(range), None) => Self::to_range(range, sent.size),
            _ => Self::Whole,
        }
    }

    /// A range that makes no sense is ignored, as RFC 9110 §14.2 lets a server do.
    pub(crate) fn to_range(range: &HeaderValue, size: u64) -> Self {
        let parsed = range.to_str().ok().and_then(asked_range);
        match parsed {
            None => Self::Whole,
            Some(Asked::Last(0)) => Self::Unsatisfiable,
            Some(_) if size == 0 => Self::Unsatisfiable,
            Some(Asked::Last(count)) => Self::Part(size.saturating_sub(count)..size),
            Some(Asked::Between(first, _)) if first >= size => Self::Unsatisfiable,
            Some(Asked::Between(first, last)) => {
                Self::Part(first..last.map_or(size, |last| last.saturating_add(1).min(size)))
            }
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotModified => StatusCode::NOT_MODIFIED,
            Self::Whole => StatusCode::OK,
            Self::Part(_) => StatusCode::PARTIAL_CONTENT,
            Self::Unsatisfiable => StatusCode::RANGE_NOT_SATISFIABLE,
        }
    }

    /// The bytes that go into the body, if any do.
    fn range(&self, size: u64) -> Option<Range<u64>> {
        match self {
            Self::Whole => Some(0..size),
            Self::Part(range) => Some(range.clone()),
            Self::NotModified | Self::Unsatisfiable => None,
        }
    }

    fn content_range(&self, size: u64) -> Option<HeaderValue> {
        let text = match self {
            Self::Part(range) => format!("bytes {}-{}/{size}", range.start, range.end - 1),
            Self::Unsatisfiable => format!("bytes */{size}"),
            Self::Whole | Self::NotModified => return None,
        };
        Some(HeaderValue::from_str(&text).expect("digits fit in a header"))
    }
}

fn is_known_already(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let lists = request.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|known| {
        known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == etag.as_bytes()
    })
}

/// One range as it is written.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// From a first to a last position, or to the end.
    Between(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

/// The one range in a `Range` header; nothing when there are several or it is malformed.
fn asked_range(header: &str) -> Option<Asked> {
    let (unit, range) = header.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    match (first, last) {
        ("", last) => Some(Asked::Last(position(last)?)),
        (first, "") => Some(Asked::Between(position(first)?, None)),
        (first, last) => {
            let (first, last) = (position(first)?, position(last)?);
            (first <= last).then_some(Asked::Between(first, Some(last)))
        }
    }
}

/// Digits only. A number beyond all files is as good as the largest that we know.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use futures_util::stream;
    use http_body_util::BodyExt;
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::works::archive::ArchiveEntry;
    use crate::works::storage::Stored;

    const SONG: &[u8] = b"0123456789";

    async fn shop_with_song() -> (TempDir, FileStore, Stored) {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::open(dir.path(), &crate::works::storage::Location::Folder).unwrap();
        store.begin("fil_1").await.unwrap();
        let chunks = stream::iter([Ok::<_, Infallible>(Bytes::from_static(SONG))]);
        store.append("fil_1", 0, chunks, u64::MAX).await.unwrap();
        let stored = store.finish("fil_1").await.unwrap();
        (dir, store, stored)
    }

    fn song(stored: &Stored) -> FileToServe<'static> {
        FileToServe {
            key: "fil_1",
            name: "song.mp3",
            size: stored.size,
            sha256: stored.sha256,
            kind: Kind::Audio,
            content_type: "audio/mpeg",
            disposition: Disposition::Inline,
        }
    }

    fn asking(headers: &[(http::HeaderName, &str)]) -> HeaderMap {
        headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    async fn body(response: Response<Body>) -> Vec<u8> {
        response.into_body().collect().await.unwrap().to_bytes().to_vec()
    }

    fn header<'a>(response: &'a Response<Body>, name: &http::HeaderName) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn a_whole_file_says_that_it_can_be_had_in_parts() {
        let (_dir, store, stored) = shop_with_song().await;
        let response = serve_file(&store, &song(&stored), &HeaderMap::new()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        for (name, value) in [
            (ACCEPT_RANGES, "bytes"),
            (CONTENT_LENGTH, "10"),
            (CONTENT_TYPE, "audio/mpeg"),
            (CONTENT_DISPOSITION, "inline; filename=\"song.mp3\""),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CACHE_CONTROL, "private, no-cache, no-transform"),
            (ETAG, "\"84d89877f0d4041efb6bf91a16f0248f\""),
        ] {
            assert_eq!(header(&response, &name), value, "{name}");
        }
        assert!(header(&response, &CONTENT_SECURITY_POLICY).contains("sandbox"));
        assert_eq!(body(response).await, SONG);
    }

    #[tokio::test]
    async fn a_player_gets_the_part_it_asks_for() {
        let (_dir, store, stored) = shop_with_song().await;
        let cases = [
            ("bytes=0-3", "bytes 0-3/10", "0123"),
            ("bytes=7-", "bytes 7-9/10", "789"),
            ("bytes=-3", "bytes 7-9/10", "789"),
            ("bytes=-99", "bytes 0-9/10", "0123456789"),
            ("bytes=8-99", "bytes 8-9/10", "89"),
            ("Bytes=9-9", "bytes 9-9/10", "9"),
        ];
        for (asked, content_range, content) in cases {
            let request = asking(&[(RANGE, asked)]);
            let response = serve_file(&store, &song(&stored), &request).await.unwrap();
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{asked}");
            assert_eq!(header(&response, &CONTENT_RANGE), content_range);
            assert_eq!(header(&response, &CONTENT_LENGTH), content.len().to_string());
            assert_eq!(body(response).await, content.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_range_beyond_the_end_is_told_how_long_the_file_is() {
        let (_dir, store, stored) = shop_with_song().await;
        for asked in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
            let request = asking(&[(RANGE, asked)]);
            let response = serve_file(&store, &song(&stored), &request).await.unwrap();
            assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{asked}");
            assert_eq!(header(&response, &CONTENT_RANGE), "bytes */10");
            assert_eq!(body(response).await, b"");
        }
    }

    #[tokio::test]
    async fn several_or_senseless_ranges_get_the_whole_file() {
        let (_dir, store, stored) = shop_with_song().await;
        for asked in
            ["bytes=0-1,3-4", "bytes=3-1", "bytes=", "bytes=-", "bytes=a-b", "lines=1-2", "0-1"]
        {
            let request = asking(&[(RANGE, asked)]);
            let response = serve_file(&store, &song(&stored), &request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{asked}");
            assert_eq!(body(response).await, SONG);
        }
    }

    #[tokio::test]
    async fn a_download_goes_on_only_in_the_same_file() {
        let (_dir, store, stored) = shop_with_song().await;
        let tag = etag(&stored.sha256);
        let weak = format!("W/{}", tag.to_str().unwrap());
        let cases = [
            (tag.to_str().unwrap(), StatusCode::PARTIAL_CONTENT),
            ("\"another\"", StatusCode::OK),
            (weak.as_str(), StatusCode::OK),
            ("Sat, 21 Nov 2026 00:00:00 GMT", StatusCode::OK),
        ];
        for (condition, status) in cases {
            let request = asking(&[(RANGE, "bytes=2-3"), (IF_RANGE, condition)]);
            let response = serve_file(&store, &song(&stored), &request).await.unwrap();
            assert_eq!(response.status(), status, "{condition}");
        }
    }

    #[tokio::test]
    async fn a_reader_who_has_the_file_is_not_sent_it_again() {
        let (_dir, store, stored) = shop_with_song().await;
        let known = format!("\"x\", W/{}", etag(&stored.sha256).to_str().unwrap());
        for condition in [known.as_str(), "*"] {
            let request = asking(&[(IF_NONE_MATCH, condition), (RANGE, "bytes=0-1")]);
            let response = serve_file(&store, &song(&stored), &request).await.unwrap();
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(body(response).await, b"");
        }
    }

    #[tokio::test]
    async fn a_document_is_saved_even_when_asked_to_be_shown() {
        let (_dir, store, stored) = shop_with_song().await;
        let page = FileToServe { kind: Kind::Other, ..song(&stored) };
        let response = serve_file(&store, &page, &HeaderMap::new()).await.unwrap();
        assert!(header(&response, &CONTENT_DISPOSITION).starts_with("attachment;"));
    }

    #[tokio::test]
    async fn a_file_that_is_gone_or_cut_short_is_an_error_and_not_an_empty_answer() {
        let (_dir, store, stored) = shop_with_song().await;
        let gone = FileToServe { key: "fil_9", ..song(&stored) };
        let outcome = serve_file(&store, &gone, &HeaderMap::new()).await;
        assert!(matches!(outcome, Err(StorageError::Missing)));
        let longer = FileToServe { size: 11, ..song(&stored) };
        let outcome = serve_file(&store, &longer, &HeaderMap::new()).await;
        assert!(matches!(outcome, Err(StorageError::Io(_))));
    }

    #[tokio::test]
    async fn a_broken_download_of_an_archive_goes_on() {
        let (_dir, store, stored) = shop_with_song().await;
        let archive = Archive::of(&[ArchiveEntry {
            key: "fil_1".to_owned(),
            name: "song.mp3".to_owned(),
            size: stored.size,
            crc32: stored.crc32,
        }]);
        let whole = serve_archive(&store, &archive, "album.zip", &HeaderMap::new()).await.unwrap();
        assert_eq!(header(&whole, &CONTENT_LENGTH), archive.size().to_string());
        let tag = header(&whole, &ETAG).to_owned();
        let whole = body(whole).await;
        let request = asking(&[(RANGE, "bytes=40-"), (IF_RANGE, &tag)]);
        let rest = serve_archive(&store, &archive, "album.zip", &request).await.unwrap();
        assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(body(rest).await, whole[40..]);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_lies_inside_the_file(
            range in "bytes=[0-9]{0,3}-[0-9]{0,3}|\\PC{0,20}",
            size in 0_u64..1_200,
        ) {
            if let Ok(range) = HeaderValue::from_str(&range)
                && let Answer::Part(part) = Answer::to_range(&range, size)
            {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
