//! The way out, against a server on loopback that misbehaves.

use super::*;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use ledger::Timestamp;
use std::sync::atomic::{AtomicUsize, Ordering};

const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

/// A server that answers its calls by their number, from 0; answers its address and how many there were.
async fn server(
    answer: impl Fn(usize) -> (u16, Body) + Clone + Send + Sync + 'static,
) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let router = Router::new().fallback(async move |_: Request<Body>| {
        let (status, body) = answer(counted.fetch_add(1, Ordering::SeqCst));
        let away = ("location", "http://127.0.0.1:1/");
        Response::builder().status(status).header(away.0, away.1).body(body).expect("an answer")
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, calls)
}

fn wire() -> (Wire, Clock) {
    let clock = Clock::standing_at(NOW);
    (Wire::new(Reach::Private, clock.clone()), clock)
}

#[tokio::test]
async fn what_may_be_asked_twice_is_asked_again_and_anything_else_once() {
    let (url, calls) = server(|call| (if call == 0 { 503 } else { 200 }, Body::empty())).await;
    let (wire, _) = wire();
    assert_eq!(wire.ask(Call::get(&url)).await.expect("an answer").status, 200);
    assert_eq!(calls.swap(0, Ordering::SeqCst), 2);
    assert_eq!(wire.ask(Call::post(&url)).await.expect("an answer").status, 503);
    assert_eq!(calls.swap(0, Ordering::SeqCst), 1);
    assert_eq!(wire.ask(Call::post(&url).repeatable()).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (url, calls) = server(|_| (302, Body::empty())).await;
    let (wire, _) = wire();
    assert_eq!(wire.ask(Call::get(&url)).await.expect("an answer").status, 302);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let endless =
        || futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(8_192)));
    let (url, _) = server(move |_| (200, Body::from_stream(endless()))).await;
    let (wire, _) = wire();
    let asked = wire.ask(Call::post(&url)).await;
    assert_eq!(asked.expect_err("too large"), WireError::Lost("too_large"));
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_left_alone_until_the_clock_says_so() {
    let (url, calls) = server(|call| (if call < 5 { 500 } else { 200 }, Body::empty())).await;
    let (wire, clock) = wire();
    for _ in 0..5 {
        assert_eq!(wire.ask(Call::post(&url)).await.expect("an answer").status, 500);
    }
    let rested = wire.ask(Call::get(&url)).await.expect_err("it rests");
    assert_eq!(rested, WireError::NotSent("resting"));
    assert_eq!(calls.load(Ordering::SeqCst), 5);
    clock.set(NOW.plus_minutes(1));
    assert_eq!(wire.ask(Call::get(&url)).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn nobody_listening_is_told_from_an_answer_that_is_lost() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (wire, _) = wire();
    let hangs_up = tokio::spawn(async move {
        let taken = listener.accept().await;
        drop(taken);
    });
    assert!(matches!(wire.ask(Call::post(&url)).await, Err(WireError::Lost(_))));
    hangs_up.await.expect("it hung up");
    assert_eq!(wire.ask(Call::post(&url)).await.expect_err("gone"), WireError::NotSent("connect"));
}

#[tokio::test]
async fn what_was_heard_once_stays_in_doubt_though_nobody_listens_any_more() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { drop(listener.accept().await) });
    let asked = wire().0.ask(Call::post(&url).repeatable()).await;
    assert_eq!(asked.expect_err("gone"), WireError::Lost("connect"));
}

#[tokio::test]
async fn only_https_and_public_hosts_are_reached_unless_the_operator_says_so() {
    let strict = Wire::new(Reach::Public, Clock::standing_at(NOW));
    for url in ["http://127.0.0.1:9/", "https://127.0.0.1:9/", "http://pay.example/", "ftp://x/"] {
        let refused = strict.ask(Call::get(url)).await.expect_err(url);
        assert_eq!(refused, WireError::NotSent("address"), "{url}");
    }
    let named = strict.ask(Call::post("https://localhost:9/")).await.expect_err("a private name");
    assert_eq!(named, WireError::NotSent("private"));
    assert_eq!(
        Wire::read_base("http://10.0.0.7/", Reach::Private),
        None,
        "plain, and not loopback"
    );
    let base = Wire::read_base("http://localhost:9/", Reach::Private);
    assert_eq!(base.as_deref(), Some("http://localhost:9"));
}

#[tokio::test]
async fn neither_calls_nor_errors_show_a_secret() {
    let call = Call::post("http://127.0.0.1:1/hush").basic("ada", &Secret::new("hush"));
    assert!(!format!("{call:?}").contains("hush"));
    let failed = wire().0.ask(call).await.expect_err("nobody listens");
    assert!(!format!("{failed:?} {failed} {}", RailError::from(failed)).contains("hush"));
    let wrong = Call::get("http://127.0.0.1:1/").bearer("line\nbreak");
    assert_eq!(wire().0.ask(wrong).await.expect_err("unfit"), WireError::NotSent("address"));
}
