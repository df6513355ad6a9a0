//! [`Receiver`]: a real HTTP server, to which webhooks lead.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Request};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};

/// What arrived.
#[derive(Debug)]
pub struct Heard {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// How a request is answered.
pub enum Reply {
    /// With this status and these headers.
    Status(u16, &'static [(&'static str, &'static str)]),
    /// With 200 and a body that never ends.
    Flood,
    /// Not before it is told to.
    After(Arc<Notify>),
}

#[derive(Clone)]
struct Desk {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    heard: mpsc::UnboundedSender<Heard>,
}

/// A server on this machine that notes what it hears, and answers as it was told: 204 when nothing was said.
pub struct Receiver {
    pub url: String,
    pub port: u16,
    desk: Desk,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl Receiver {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, heard) = mpsc::unbounded_channel();
        let desk = Desk { replies: Arc::default(), heard: sender };
        let router = Router::new().fallback(answer).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url: format!("http://127.0.0.1:{port}/heard"), port, desk, heard }
    }

    /// Answers the next request that has no answer yet with `reply`.
    pub fn will(&self, reply: Reply) {
        self.desk.replies.lock().expect("no panic").push_back(reply);
    }

    /// What arrives next.
    pub async fn next(&mut self) -> Heard {
        self.heard.recv().await.expect("the server runs")
    }

    /// What has arrived, if anything.
    pub fn heard(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }
}

async fn answer(State(desk): State<Desk>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let path = head.uri.path().to_owned();
    let reply = desk.replies.lock().expect("no panic").pop_front();
    let _ = desk.heard.send(Heard { path, headers: head.headers, body });
    let plain = |status: u16| Response::builder().status(status);
    let response = match reply {
        None => plain(204).body(Body::empty()),
        Some(Reply::Status(status, headers)) => {
            let start = plain(status);
            let with =
                headers.iter().fold(start, |start, (name, value)| start.header(*name, *value));
            with.body(Body::empty())
        }
        Some(Reply::Flood) => {
            let endless =
                futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(8_192)));
            plain(200).body(Body::from_stream(endless))
        }
        Some(Reply::After(told)) => {
            told.notified().await;
            plain(204).body(Body::empty())
        }
    };
    response.expect("a response")
}
