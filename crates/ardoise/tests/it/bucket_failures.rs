//! A bucket that fails: nothing that is only out of reach may look like something that is gone.

use crate::bucket::{self, BUCKET, KEY, location};
use ardoise::works::storage::{FileStore, StorageError};
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, StatusCode, header};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

fn store(endpoint: &str, bucket: &str, secret: &str) -> (FileStore, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = FileStore::open(folder.path(), &location(endpoint, bucket, secret));
    (store.expect("opens"), folder)
}

/// Keeps a file of `size` bytes.
async fn keep(store: &FileStore, key: &str, size: usize) -> Result<(), StorageError> {
    store.begin(key).await?;
    let all = stream::iter([Ok::<_, Infallible>(Bytes::from(vec![7; size]))]);
    store.append(key, 0, all, u64::MAX).await?;
    store.finish(key).await.map(drop)
}

#[tokio::test]
async fn a_wrong_secret_is_not_a_missing_file() {
    let (store, _folder) = store(&bucket::endpoint(), BUCKET, "wrong");
    assert!(matches!(store.has("fil_1").await, Err(StorageError::Unavailable(_))));
    let refused = store.open_range("fil_1", 0..5).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))));
}

#[tokio::test]
async fn a_missing_bucket_is_not_a_missing_file() {
    let (store, _folder) = store(&bucket::endpoint(), "other", KEY);
    assert!(matches!(store.has("fil_1").await, Err(StorageError::Unavailable(_))));
    let refused = store.open_range("fil_1", 0..5).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))));
}

/// A server with one answer, which is told how often it was asked before.
async fn server(
    answer: impl Fn(usize, &Request) -> Response + Clone + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let router = Router::new().fallback(any(async move |request: Request| {
        answer(count.fetch_add(1, Ordering::SeqCst), &request)
    }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, asked)
}

#[tokio::test]
async fn something_else_at_the_address_does_not_make_files_missing() {
    let (endpoint, _) = server(|_, _| (StatusCode::NOT_FOUND, "no page").into_response()).await;
    let (store, _folder) = store(&endpoint, BUCKET, KEY);
    assert!(matches!(store.has("fil_1").await, Err(StorageError::Unavailable(_))));
    let refused = store.open_range("fil_1", 0..5).await;
    assert!(matches!(refused, Err(StorageError::Unavailable(_))));
}

#[tokio::test]
async fn a_server_that_stumbles_is_asked_again() {
    let stumbling = |before, _: &Request| match before {
        0 | 1 => (StatusCode::SERVICE_UNAVAILABLE, "<Code>SlowDown</Code>").into_response(),
        _ => StatusCode::OK.into_response(),
    };
    let (endpoint, asked) = server(stumbling).await;
    let (there, _folder) = store(&endpoint, BUCKET, KEY);
    assert!(there.has("fil_1").await.expect("in the end"));
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    let (endpoint, asked) =
        server(|_, _| (StatusCode::SERVICE_UNAVAILABLE, "<Code>SlowDown</Code>").into_response())
            .await;
    let (never, _folder) = store(&endpoint, BUCKET, KEY);
    let refused = never.has("fil_1").await.expect_err("never");
    assert!(refused.to_string().contains("503"), "{refused}");
    assert_eq!(asked.load(Ordering::SeqCst), 3, "and then it is left alone");
}

#[tokio::test]
async fn an_answer_of_another_length_is_not_the_file() {
    let (endpoint, _) = server(|_, _| "short".into_response()).await;
    let (store, _folder) = store(&endpoint, BUCKET, KEY);
    assert!(matches!(store.open_range("fil_1", 0..9).await, Err(StorageError::Io(_))));
}

#[tokio::test]
async fn parts_of_a_file_that_cannot_be_put_together_are_given_up() {
    let given_up = Arc::new(AtomicUsize::new(0));
    let count = given_up.clone();
    let answer = move |_, request: &Request| {
        match *request.method() {
        Method::HEAD if request.uri().path() == "/shop" => StatusCode::OK.into_response(),
        Method::HEAD => StatusCode::NOT_FOUND.into_response(),
        Method::POST if request.uri().query() == Some("uploads=") => {
            "<InitiateMultipartUploadResult><UploadId>a&amp;b</UploadId></InitiateMultipartUploadResult>"
                .into_response()
        }
        Method::PUT => [(header::ETAG, "\"part\"")].into_response(),
        // The answer had begun before it was known how it ends.
        Method::POST => "<Error><Code>InternalError</Code></Error>".into_response(),
        _ => {
            assert_eq!(request.uri().query(), Some("uploadId=a%26b"));
            count.fetch_add(1, Ordering::SeqCst);
            StatusCode::NO_CONTENT.into_response()
        }
    }
    };
    let (endpoint, _) = server(answer).await;
    let (store, _folder) = store(&endpoint, BUCKET, KEY);
    let refused = keep(&store, "fil_1", 9 << 20).await.expect_err("not put together");
    assert!(refused.to_string().contains("InternalError"), "{refused}");
    assert_eq!(given_up.load(Ordering::SeqCst), 1);
    assert_eq!(store.partial_len("fil_1").await.expect("kept for the next try"), 9 << 20);
}
