//! Finished files in a bucket of a server that speaks S3: Amazon's, or one of many others.
//!
//! Five requests are all that is needed: `PUT` (whole, or in parts of a fixed size where a file is large), `GET` of a range,
//! `HEAD`, `DELETE`. Each may run twice, so each is repeated when the server stumbles. What an answer to a missing object
//! means is looked at closely: a missing file costs a sale, and a missing bucket or a refused key must not look like one.

use super::location::BucketLocation;
use super::signing::{UNSIGNED, query, sign};
use super::{ByteStream, StorageError, Stored, Sums, Whole, blocking, no_such_range, place};
use crate::clock::Clock;
use crate::receipts::document::{hex, unhex};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, StatusCode, header};
use reqwest::{Client, Method, Response, Url, redirect};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// What is sent at once, in bytes: a smaller file whole, a larger one in parts of at least this size (S3 wants 5 MiB).
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Parts that a file may have. Source: Amazon S3 multipart upload limits.
const PARTS_MOST: u64 = 10_000;
/// Parts that are in memory at the same time, of all files together.
const SENDING_MOST: usize = 4;
/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long the head of an answer may take.
const ANSWERING: Duration = Duration::from_secs(20);
/// How long sending a part, or putting parts together, may take.
const SENDING: Duration = Duration::from_secs(300);
/// How long an answer may pause in its middle.
const PAUSING: Duration = Duration::from_secs(30);
/// How often a request is made before it is given up, and how long it waits before it is repeated, for each time.
const REPEATED_AFTER: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];
/// How much of an answer in words is read, in bytes.
const WORDS_MOST: usize = 64 * 1024;

/// The name and the content of an object that is written to try whether one can be.
const TRIAL: &str = "ardoise-doctor";
/// Headers that hold the sums of a file, so that nobody has to read it to know them.
const SHA256: &str = "x-amz-meta-sha256";
/// See [`SHA256`].
const CRC32: &str = "x-amz-meta-crc32";

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    place: Arc<BucketLocation>,
    sending: Arc<Semaphore>,
}

/// One request: what for, and how long it may take.
struct Asking<'a> {
    method: Method,
    name: &'a str,
    query: String,
    headers: Vec<(&'static str, String)>,
    content: Bytes,
    patience: Duration,
}

impl<'a> Asking<'a> {
    fn new(method: Method, name: &'a str) -> Self {
        let (query, headers, content) = (String::new(), Vec::new(), Bytes::new());
        Self { method, name, query, headers, content, patience: ANSWERING }
    }
}

impl Bucket {
    /// The bucket at `place`. Nothing is asked yet.
    ///
    /// # Errors
    /// `Unavailable` when no connections can be made at all.
    pub fn open(place: &BucketLocation) -> Result<Self, StorageError> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECTING)
            .build()
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        let sending = Arc::new(Semaphore::new(SENDING_MOST));
        Ok(Self { client, place: Arc::new(place.clone()), sending })
    }

    fn name(&self, key: &str) -> String {
        format!("{}{}", self.place.prefix, place(key))
    }

    pub(super) async fn has(&self, key: &str) -> Result<bool, StorageError> {
        match self.head(key).await {
            Ok(_) => Ok(true),
            Err(StorageError::Missing) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn size(&self, key: &str) -> Result<u64, StorageError> {
        length(&self.head(key).await?)
    }

    /// The sums that were written beside the file; of one that came another way, by reading it.
    pub(super) async fn stored(&self, key: &str) -> Result<Stored, StorageError> {
        let head = self.head(key).await?;
        let size = length(&head)?;
        let text = |name| head.get(name)?.to_str().ok();
        let told = || {
            let crc32 = u32::from_str_radix(text(CRC32)?, 16).ok()?;
            Some(Stored { size, sha256: unhex(text(SHA256)?)?, crc32 })
        };
        match told() {
            Some(stored) => Ok(stored),
            None => Sums::of(self.open_range(key, 0..size).await?).await,
        }
    }

    pub(super) async fn open_range(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<ByteStream, StorageError> {
        if range.is_empty() {
            let is_inside = range.end <= self.size(key).await?;
            return if is_inside { Ok(Box::pin(stream::empty())) } else { Err(no_such_range()) };
        }
        let response = self.get(key, &range).await?;
        if length(response.headers())? != range.end - range.start {
            return Err(no_such_range());
        }
        Ok(Box::pin(content(response)))
    }

    /// Everything in a range that is short enough for the memory.
    pub(super) async fn read(&self, key: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let mut pieces = self.open_range(key, range).await?;
        let mut all = Vec::new();
        while let Some(piece) = pieces.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all.into())
    }

    pub(super) async fn read_head(&self, key: &str, most: usize) -> Result<Vec<u8>, StorageError> {
        let end = self.size(key).await?.min(most as u64);
        Ok(self.read(key, 0..end).await?.into())
    }

    pub(super) async fn remove(&self, key: &str) -> Result<(), StorageError> {
        let name = self.name(key);
        match self.ask(Asking::new(Method::DELETE, &name)).await {
            Ok(_) | Err(StorageError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn put(&self, key: &str, whole: &Whole) -> Result<(), StorageError> {
        let (name, size) = (self.name(key), whole.stored.size);
        let sums = vec![
            (SHA256, hex(&whole.stored.sha256)),
            (CRC32, format!("{:08x}", whole.stored.crc32)),
        ];
        if size > PART_BYTES {
            return self.put_in_parts(&name, whole, sums).await;
        }
        let _turn = self.turn().await?;
        let content = piece_of(whole, 0..size).await?;
        let (headers, patience) = (sums, SENDING);
        let asking = Asking { headers, content, patience, ..Asking::new(Method::PUT, &name) };
        self.ask(asking).await.map(drop)
    }

    /// Keeps, reads and removes an object that nobody needs.
    pub(super) async fn try_out(&self) -> Result<(), StorageError> {
        let name = format!("{}{TRIAL}", self.place.prefix);
        let content = Bytes::from_static(TRIAL.as_bytes());
        self.ask(Asking { content, ..Asking::new(Method::PUT, &name) }).await?;
        let read = words_of(self.ask(Asking::new(Method::GET, &name)).await?).await;
        self.ask(Asking::new(Method::DELETE, &name)).await?;
        if read == TRIAL { Ok(()) } else { Err(strange("it gives back something else")) }
    }

    /// Nothing stands under the name until every part is there. Parts of a file that is given up are given up with it.
    async fn put_in_parts(
        &self,
        name: &str,
        whole: &Whole,
        sums: Vec<(&'static str, String)>,
    ) -> Result<(), StorageError> {
        let query = query(&[("uploads", "")]);
        let asking = Asking { query, headers: sums, ..Asking::new(Method::POST, name) };
        let begun = self.ask(asking).await?;
        let id =
            element(&words_of(begun).await, "UploadId").ok_or_else(|| strange("no UploadId"))?;
        let sent = async {
            let parts = self.send_parts(name, &id, whole).await?;
            self.put_together(name, &id, &parts).await
        };
        let outcome = sent.await;
        if outcome.is_err() {
            let query = self::query(&[("uploadId", &id)]);
            let given_up = self.ask(Asking { query, ..Asking::new(Method::DELETE, name) }).await;
            if let Err(error) = given_up {
                tracing::warn!(name, %error, "parts of a file may be left over in the bucket");
            }
        }
        outcome
    }

    /// Sends every part; answers their tags.
    async fn send_parts(
        &self,
        name: &str,
        id: &str,
        whole: &Whole,
    ) -> Result<Vec<String>, StorageError> {
        let size = whole.stored.size;
        let length = PART_BYTES.max(size.div_ceil(PARTS_MOST));
        let mut tags = Vec::new();
        for number in 0..size.div_ceil(length) {
            let _turn = self.turn().await?;
            let start = number * length;
            let content = piece_of(whole, start..size.min(start + length)).await?;
            let query = query(&[("partNumber", &(number + 1).to_string()), ("uploadId", id)]);
            let asking =
                Asking { query, content, patience: SENDING, ..Asking::new(Method::PUT, name) };
            let sent = self.ask(asking).await?;
            let tag = sent.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
            tags.push(tag.ok_or_else(|| strange("a part without ETag"))?.to_owned());
        }
        Ok(tags)
    }

    async fn put_together(
        &self,
        name: &str,
        id: &str,
        tags: &[String],
    ) -> Result<(), StorageError> {
        let part = |(tag, number): (&String, usize)| {
            let tag = tag.replace('&', "&amp;").replace('<', "&lt;");
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>")
        };
        let parts: String = tags.iter().zip(1..).map(part).collect();
        let content = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>").into();
        let query = query(&[("uploadId", id)]);
        let asking =
            Asking { query, content, patience: SENDING, ..Asking::new(Method::POST, name) };
        // It may take minutes, so the answer begins before it is known how it ends.
        let said = words_of(self.ask(asking).await?).await;
        match element(&said, "Code") {
            None => Ok(()),
            Some(code) => Err(strange(&code)),
        }
    }

    async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, StorageError> {
        self.sending.acquire().await.map_err(|error| StorageError::Io(io::Error::other(error)))
    }

    async fn head(&self, key: &str) -> Result<HeaderMap, StorageError> {
        let name = self.name(key);
        match self.ask(Asking::new(Method::HEAD, &name)).await {
            Ok(response) => Ok(response.headers().clone()),
            // There is no text that says what is missing, so the bucket is asked for.
            Err(StorageError::Missing) => match self.ask(Asking::new(Method::HEAD, "")).await {
                Err(StorageError::Missing) => Err(strange("there is no such bucket")),
                Ok(_) | Err(_) => Err(StorageError::Missing),
            },
            Err(error) => Err(error),
        }
    }

    async fn get(&self, key: &str, range: &Range<u64>) -> Result<Response, StorageError> {
        let name = self.name(key);
        let headers = vec![("range", format!("bytes={}-{}", range.start, range.end - 1))];
        self.ask(Asking { headers, ..Asking::new(Method::GET, &name) }).await
    }

    /// Asks, and asks again when the server stumbles.
    async fn ask(&self, asking: Asking<'_>) -> Result<Response, StorageError> {
        for pause in REPEATED_AFTER {
            match self.ask_once(&asking).await {
                Err(Stumbled::Again(what)) => tracing::debug!(what, "the bucket is asked again"),
                outcome => return outcome.map_err(StorageError::from),
            }
            tokio::time::sleep(pause).await;
        }
        Ok(self.ask_once(&asking).await?)
    }

    async fn ask_once(&self, asking: &Asking<'_>) -> Result<Response, Stumbled> {
        let slash = if asking.name.is_empty() { "" } else { "/" };
        let mark = if asking.query.is_empty() { "" } else { "?" };
        let url = format!("{}{slash}{}{mark}{}", self.place.base, asking.name, asking.query);
        let url: Url = url.parse().map_err(|_| Stumbled::Over(strange("its address")))?;
        let mut headers = asking.headers.clone();
        // Signatures want the real time, whatever clock the shop goes by.
        let now = Clock::System.now();
        sign(&self.place, (&asking.method, &url), &mut headers, UNSIGNED, now);
        let mut request = self.client.request(asking.method.clone(), url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if matches!(asking.method, Method::PUT | Method::POST) {
            request = request.body(asking.content.clone());
        }
        match timeout(asking.patience, request.send()).await {
            Err(_) => Err(Stumbled::Over(strange("it does not answer in time"))),
            Ok(Err(error)) if error.is_timeout() => Err(Stumbled::Over(strange("no connection"))),
            Ok(Err(error)) => Err(Stumbled::Again(said(&error))),
            Ok(Ok(response)) if response.status().is_success() => Ok(response),
            Ok(Ok(response)) => Err(refused(response, asking.method == Method::HEAD).await),
        }
    }
}

/// Why a request was not answered as it should be.
enum Stumbled {
    /// It may go better the next time.
    Again(String),
    /// It will not.
    Over(StorageError),
}

impl From<Stumbled> for StorageError {
    fn from(stumbled: Stumbled) -> Self {
        match stumbled {
            Stumbled::Again(what) => Self::Unavailable(what),
            Stumbled::Over(error) => error,
        }
    }
}

fn strange(what: &str) -> StorageError {
    StorageError::Unavailable(what.to_owned())
}

/// An error of a connection with its causes, without the address that was asked.
fn said(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let words: Vec<String> = causes.map(ToString::to_string).collect();
    if words.is_empty() { "the connection broke".into() } else { words.join(": ") }
}

/// What a refusal means. That an object is missing is believed only in the words of S3: whatever else stands at a wrong
/// address says 404, too. An answer to `HEAD` has no words.
async fn refused(response: Response, is_head: bool) -> Stumbled {
    let status = response.status();
    let text = words_of(response).await;
    let code = element(&text, "Code");
    let what = format!("{status} {}", code.as_deref().unwrap_or_default());
    match (status, code.as_deref()) {
        (StatusCode::NOT_FOUND, Some("NoSuchKey")) => Stumbled::Over(StorageError::Missing),
        (StatusCode::NOT_FOUND, None) if is_head => Stumbled::Over(StorageError::Missing),
        (StatusCode::RANGE_NOT_SATISFIABLE, _) => Stumbled::Over(no_such_range()),
        (StatusCode::INSUFFICIENT_STORAGE, _) => Stumbled::Over(StorageError::Full),
        (status, _) if status.is_server_error() => Stumbled::Again(what),
        _ => Stumbled::Over(StorageError::Unavailable(what)),
    }
}

/// The words of a short answer, as far as they come.
async fn words_of(mut response: Response) -> String {
    let mut text = Vec::new();
    while text.len() < WORDS_MOST
        && let Ok(Ok(Some(piece))) = timeout(SENDING, response.chunk()).await
    {
        text.extend_from_slice(&piece);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The text of the first element of this name. Answers are flat, and none of those that are read here holds markup.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once('<')?;
    Some(
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&"),
    )
}

fn length(headers: &HeaderMap) -> Result<u64, StorageError> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).ok_or_else(|| strange("an answer without length"))
}

/// What comes of an answer; it ends with an error when nothing more comes for too long.
fn content(response: Response) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold(Some(response), async |response| {
        let mut response = response?;
        let piece = match timeout(PAUSING, response.chunk()).await {
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
            Ok(Err(error)) => Err(io::Error::other(said(&error))),
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(piece))) => return Some((Ok(piece), Some(response))),
        };
        Some((piece, None))
    })
}

/// A piece of a file, in memory.
async fn piece_of(whole: &Whole, range: Range<u64>) -> Result<Bytes, StorageError> {
    let file = whole.file.try_clone()?;
    blocking(move || {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut piece = vec![0; length];
        file.read_exact_at(&mut piece, range.start)?;
        Ok(piece.into())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_an_answer_are_found() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Key>a&amp;b</Key></Error>";
        assert_eq!(element(xml, "Code").as_deref(), Some("NoSuchKey"));
        assert_eq!(element(xml, "Key").as_deref(), Some("a&b"));
        assert_eq!(element(xml, "UploadId"), None);
        assert_eq!(element("<Code>", "Code"), None);
    }
}
