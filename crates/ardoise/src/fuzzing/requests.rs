//! Whole requests to a whole shop: every form, cookie, query, JSON and piece of a file, through every layer.

use crate::app::{App, Running, Shared};
use crate::clock::Clock;
use crate::ids::Chance;
use crate::pages::author::{Draft as Typed, Pricing};
use crate::people::{accept_invite, invite_author};
use crate::settings::Values;
use crate::works::draft::Draft;
use crate::works::parts::Parts;
use crate::works::publishing::{New, create};
use crate::works::uploads::{Announced, begin};
use crate::{keys, routes};
use axum::Router;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use ledger::Timestamp;
use std::cell::OnceCell;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// 22 November 2026, noon.
const NOON: i64 = 1_795_348_800_000_000;
/// Answers that go on for ever: what they begin with is looked at, and no more.
const ENDLESS: &str = "text/event-stream";

thread_local! {
    static SHOP: OnceCell<Shop> = const { OnceCell::new() };
}

/// A shop with an author, an article on sale and an upload that has begun.
struct Shop {
    runtime: Runtime,
    router: Router,
    /// What stands in a request for what only this shop knows.
    known: Vec<(&'static str, String)>,
    _app: Shared,
    _folder: tempfile::TempDir,
}

/// Whatever is asked, the shop is not at fault, and no answer goes without its guards.
pub(super) fn request(bytes: &[u8]) {
    SHOP.with(|shop| shop.get_or_init(Shop::open).answer(bytes));
}

impl Shop {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let mut values = Values::default();
        for (key, value) in [("tab.new_per_hour", "4000000000"), ("upload.max_bytes", "65536")] {
            values.set("here", key, value.to_owned()).expect("a setting");
        }
        let settings = values.check().expect("sound");
        let clock = Clock::standing_at(Timestamp::from_micros(NOON));
        let opened = App::open(settings, folder.path(), clock, Chance::seeded(7));
        let Running { app, .. } = opened.expect("a shop");
        let known = runtime.block_on(stocked(&app));
        let router = routes::router(app.clone());
        Self { runtime, router, known, _app: app, _folder: folder }
    }

    fn answer(&self, bytes: &[u8]) {
        let Some(request) = read(&self.filled_in(bytes)) else { return };
        let asked = format!("{} {}", request.method(), request.uri());
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.expect("infallible");
            let (head, body) = response.into_parts();
            let at_fault = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_IMPLEMENTED];
            let is_endless =
                head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == ENDLESS);
            let body = if is_endless { None } else { Some(body.collect().await.expect("a body")) };
            let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned());
            assert!(!at_fault.contains(&head.status), "{asked}: {} {body:?}", head.status);
            let policy = head.headers.get(header::CONTENT_SECURITY_POLICY);
            assert!(policy.is_some_and(|policy| !policy.as_bytes().is_empty()), "{asked}");
            assert_eq!(head.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{asked}");
        });
    }

    /// The request with what only this shop knows: `{session}`, `{work}` and so on.
    fn filled_in(&self, bytes: &[u8]) -> Vec<u8> {
        let mut filled = bytes.to_vec();
        for (name, value) in &self.known {
            while let Some(at) =
                filled.windows(name.len()).position(|window| window == name.as_bytes())
            {
                filled.splice(at..at + name.len(), value.bytes());
            }
        }
        filled
    }
}

async fn stocked(app: &App) -> Vec<(&'static str, String)> {
    let (author, link) = invite_author(app, "Ada").await.expect("invited");
    let invite = link.rsplit('/').next().expect("a claim");
    let (_, session) = accept_invite(app, invite, None).await.expect("accepted");
    let typed = Typed {
        title: "Notes".into(),
        pricing: Pricing::from_value("fixed"),
        price: "0.20".into(),
        article: "Some *words*.".into(),
        vat_class: "standard".into(),
        ..Typed::default()
    };
    let draft = Draft::read(&typed, &app.settings).expect("a draft");
    let new = New { id: app.mint.id(), draft, parts: Parts::default(), publish: true };
    let made = create(app, author, new).await.expect("made");
    let announced = Announced { name: "a.txt".into(), size: 60_000, metadata: String::new() };
    let upload = begin(app, author, announced).await.expect("begun");
    let key = keys::make(app, author, "Key").await.expect("a key");
    vec![
        ("{session}", session.reveal()),
        ("{work}", made.work.id.to_string()),
        ("{slug}", made.link.slug),
        ("{upload}", upload.id.to_string()),
        ("{key}", key),
    ]
}

/// A request as it stands in a file of the corpus: its line, its headers, an empty line, its body.
fn read(bytes: &[u8]) -> Option<Request<Body>> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    let (head, body) = (&bytes[..end], bytes.get(end + 2..).unwrap_or_default());
    let mut lines = head.split(|&byte| byte == b'\n');
    let line = std::str::from_utf8(lines.next()?).ok()?;
    let (method, uri) = line.trim().split_once(' ')?;
    let mut request = Request::builder().method(method).uri(uri);
    for line in lines {
        let at = line.iter().position(|&byte| byte == b':')?;
        let name = HeaderName::from_bytes(line[..at].trim_ascii()).ok()?;
        request = request.header(name, HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?);
    }
    let request = request.body(Body::from(body.to_vec())).ok()?;
    // What hyper reads from a connection begins with a slash, or is a whole address.
    request.uri().path().starts_with('/').then_some(request)
}
