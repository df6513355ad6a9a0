//! Connections: how many there may be, and how long a silent one is kept, so that nobody can hold the
//! shop's doors shut by opening them and saying nothing.
//!
//! An answer may take as long as it needs (a large file, a page that follows the gains): what is
//! limited is how long *whoever asks* may be silent, or take nothing of what they are sent.

mod taken;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use taken::Taken;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tower::Service as _;
use tower_http::timeout::TimeoutBody;

/// The largest head of a request, in bytes: eight cookies of the largest size that browsers keep.
const HEAD_MOST: usize = 32 * 1024;
/// How long to wait after no connection could be had, as when too many files are open.
const PAUSE: Duration = Duration::from_millis(200);

/// What a connection may do.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time; more wait until one ends.
    pub connections: usize,
    /// How long the head of a request may take to arrive, counted from the answer before it: so long
    /// is a connection kept that asks for nothing.
    pub head: Duration,
    /// How long the body of a request may pause.
    pub body: Duration,
    /// How long nothing of an answer may be taken while there is something to take. A file is read as it is taken, so that
    /// whoever takes little holds little: a piece of it, and this connection.
    pub answer: Duration,
}

impl Limits {
    /// So many connections, each kept as long as people on bad networks need.
    pub const fn of(connections: usize) -> Self {
        let (head, body) = (Duration::from_secs(30), Duration::from_secs(60));
        Self { connections, head, body, answer: Duration::from_secs(60) }
    }
}

/// Serves `router` to whoever comes to `listener`, until `asked_to_end`; then waits for the requests
/// under way. Whoever stops waiting for this cuts them off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    asked_to_end: impl Future<Output = ()>,
) {
    let seats = Arc::new(Semaphore::new(limits.connections));
    let open = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let mut asked_to_end = pin!(asked_to_end);
    loop {
        let come = async {
            let seat = seats.clone().acquire_owned().await.ok()?;
            Some((seat, accept(&listener).await))
        };
        let (seat, (stream, peer)) = tokio::select! {
            come = come => match come { Some(come) => come, None => break },
            () = &mut asked_to_end => break,
        };
        let connection = open.watch(connection(stream, peer, router.clone(), limits));
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(seat);
        });
    }
    drop(listener);
    open.shutdown().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and awaited: they must not wait to be joined with others.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(error.kind()) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whoever came has gone again; the next one may be luckier.
const fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(TimeoutBody::new(limits.body, body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_header_size(HEAD_MOST)
        .serve_connection(TokioIo::new(Taken::within(limits.answer, stream)), answer)
}
