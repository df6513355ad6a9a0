//! [`Between`]: what a shop talks to when it talks to a provider that is played here. The provider's own descriptions stand in front
//! of it: whatever is asked and answered passes through Prism, which refuses what they forbid. And answers can be lost here.

use crate::specs;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::Request;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A description.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// The file that it is in.
    pub file: &'static str,
    /// How the paths begin that it is about.
    pub start: &'static str,
    /// What of them it leaves out, because it is a part of the server's address to it.
    pub outside: &'static str,
}

/// Stands between a shop and a provider.
pub struct Between {
    /// Where the shop finds the provider.
    pub base: String,
    passing: Arc<Mutex<Passing>>,
    prism: Option<Child>,
}

#[derive(Default)]
struct Passing {
    /// Answers that arrive, and those after them that are lost on their way.
    to_keep: usize,
    to_lose: usize,
    violations: Vec<String>,
}

impl Between {
    /// In front of `provider`, with its descriptions between if it is to be `checked` and they are there. Answers from addresses
    /// that begin with `tokens` are never lost: without a token nothing is asked, and that is another story.
    pub async fn open(
        provider: Router,
        descriptions: &'static [Description],
        (checked, tokens): (bool, &'static str),
    ) -> Self {
        let upstream = serve(provider).await;
        let prism = if checked { Prism::start(&upstream, descriptions) } else { None };
        let passing = Arc::<Mutex<Passing>>::default();
        let ports = prism.as_ref().map(|prism| prism.ports.clone()).unwrap_or_default();
        let client = reqwest::Client::new();
        let front =
            Front { passing: passing.clone(), upstream, descriptions, ports, tokens, client };
        let base = serve(Router::new().fallback(pass).with_state(front)).await;
        Self { base, passing, prism: prism.map(|prism| prism.process) }
    }

    /// After so many answers that arrive, so many are lost on their way.
    pub fn lose_after(&self, kept: usize, answers: usize) {
        let mut passing = self.passing.lock().expect("no panic");
        (passing.to_keep, passing.to_lose) = (kept, answers);
    }

    /// Whether the descriptions stand between.
    pub const fn is_checked(&self) -> bool {
        self.prism.is_some()
    }

    /// What the descriptions forbid and was said all the same, since this was last asked.
    pub fn violations(&self) -> Vec<String> {
        std::mem::take(&mut self.passing.lock().expect("no panic").violations)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        if let Some(prism) = &mut self.prism {
            prism.kill().and_then(|()| prism.wait()).expect("Prism ends");
        }
        let violations = self.violations();
        if std::thread::panicking() {
            eprintln!("the description forbids: {violations:#?}");
        } else {
            assert_eq!(violations, Vec::<String>::new(), "the description forbids this");
        }
    }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

/// Prism, in front of the server at an address, with a port for each description.
struct Prism {
    process: Child,
    ports: Vec<u16>,
}

impl Prism {
    /// Nothing where the descriptions are not there; `./test` says so.
    fn start(upstream: &str, descriptions: &[Description]) -> Option<Self> {
        let specs = specs::folder();
        if !specs.is_dir() {
            let must = std::env::var("CI").is_ok_and(|said| said == "true");
            assert!(!must, "{} is missing", specs.display());
            return None;
        }
        let folder = root().join("tests/rails");
        let how = "what checks requests is missing: `npm ci --prefix tests/rails` (Node from Debian's package `nodejs`)";
        assert!(folder.join("node_modules").exists(), "{how}");
        let mut process = Command::new("node")
            .arg(folder.join("prism.mjs"))
            .arg(upstream)
            .args(descriptions.iter().map(|description| specs.join(description.file)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{how}: {error}"));
        let mut said = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let port = |_: &Description| {
            let line = said.next().expect("a port for each").expect("a line");
            line.trim().parse().unwrap_or_else(|_| panic!("{how}: it said {line:?}"))
        };
        let ports = descriptions.iter().map(port).collect();
        Some(Self { process, ports })
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Passes everything on, and notes what Prism says about it.
#[derive(Clone)]
struct Front {
    passing: Arc<Mutex<Passing>>,
    upstream: String,
    descriptions: &'static [Description],
    ports: Vec<u16>,
    tokens: &'static str,
    client: reqwest::Client,
}

impl Front {
    fn target(&self, path: &str) -> String {
        let about =
            self.descriptions.iter().position(|description| path.starts_with(description.start));
        let port = about.and_then(|index| self.ports.get(index));
        let host =
            port.map_or_else(|| self.upstream.clone(), |port| format!("http://127.0.0.1:{port}"));
        let outside = about.map_or("", |index| self.descriptions[index].outside);
        host + path.strip_prefix(outside).expect("it begins so")
    }
}

async fn pass(State(front): State<Front>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let mut asked = front.client.request(head.method.clone(), front.target(path)).body(body);
    for (name, value) in head.headers.iter().filter(|(name, _)| *name != "host") {
        asked = asked.header(name, value);
    }
    let answer = asked.send().await.expect("an answer");
    let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
    let violations = answer.headers().get("sl-violations").cloned();
    let body = answer.bytes().await.expect("a body");
    let mut passing = front.passing.lock().expect("no panic");
    let is_prisms = String::from_utf8_lossy(&body).contains("stoplight.io/prism");
    if violations.is_some() || is_prisms {
        let said: String = String::from_utf8_lossy(&body).chars().take(1_000).collect();
        passing.violations.push(format!("{} {path}: {said} {violations:?}", head.method));
    }
    if path.starts_with(front.tokens) {
        // Never lost.
    } else if passing.to_keep > 0 {
        passing.to_keep -= 1;
    } else if passing.to_lose > 0 {
        passing.to_lose -= 1;
        let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
        return Response::new(Body::from_stream(broken));
    }
    let mut response = (status, body).into_response();
    kind.map(|kind| response.headers_mut().insert("content-type", kind));
    response
}
