//! The running server: listens, serves, and stops without losing anything.

use crate::app::{App, OpenError, Running, Shared};
use crate::clock::Clock;
use crate::connections::{self, Limits};
use crate::ids::Chance;
use crate::keys::used;
use crate::links::visits;
use crate::mail;
use crate::outbox::worker::Worker;
use crate::rails;
use crate::routes;
use crate::settings::Settings;
use crate::store::shop::{self, Served};
use crate::works::janitor;
use axum::Router;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;

/// How often visits are written.
const VISITS_EVERY: Duration = Duration::from_secs(1);
/// How long requests under way may take to end when the shop closes.
const CLOSING: Duration = Duration::from_secs(10);

/// Why a shop cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The shop cannot open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nobody can listen there.
    #[error(
        "cannot listen on {address}: {error}; another program may be using the port (see setting `serve.listen`)"
    )]
    Listen {
        /// Where.
        address: String,
        /// Why not.
        error: std::io::Error,
    },
}

/// Opens the shop in `data` and serves it until the process is asked to end.
///
/// `ready` is called once somebody listens; `more` adds addresses beside the shop's own, without what stands around those.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    mut settings: Settings,
    data: &Path,
    more: impl FnOnce(Router) -> Router,
    ready: impl AsyncFnOnce(&Shared),
) -> Result<(), ServeError> {
    let (address, connections_most) = (settings.listen.clone(), settings.connections_most);
    let listener = TcpListener::bind(&address).await;
    let listener = listener.map_err(|error| ServeError::Listen { address, error })?;
    let local = listener.local_addr();
    let local =
        local.map_err(|error| ServeError::Listen { address: settings.listen.clone(), error })?;
    settings.listens_at(local.port());
    let Running { app, till } = App::open(settings, data, Clock::System, Chance::System)?;
    app.look_for_files().await?;
    let at = Served { url: app.settings.url.clone(), listen: local.to_string() };
    let now = app.now();
    app.store.write(move |db| shop::open_at(db, &at, now)).await.map_err(OpenError::Store)?;
    let background = tokio::spawn(look_after(app.clone()));
    let telling = tokio::spawn(Worker::new(app.clone()).run());
    let asking = tokio::spawn(rails::worker::run(app.clone()));
    let writing = tokio::spawn(mail::worker::run(app.clone()));
    let tidying = tokio::spawn(janitor::go_round(app.clone()));
    ready(&app).await;
    let router = more(routes::router(app.clone()));
    let asked = {
        let closing = app.clone();
        async move {
            asked_to_end().await;
            closing.close();
        }
    };
    let served = connections::serve(listener, router, Limits::of(connections_most), asked);
    let ended = async {
        asked_to_end().await;
        tokio::time::sleep(CLOSING).await;
    };
    tokio::select! {
        () = served => {}
        () = ended => tracing::warn!("some requests did not end in time"),
    }
    for beside in [background, telling, asking, writing, tidying] {
        beside.abort();
        let _ = beside.await;
    }
    if let Err(error) = visits::write(&app).await {
        tracing::warn!(%error, "the last visits could not be counted");
    }
    if let Err(error) = used::write(&app).await {
        tracing::warn!(%error, "the last uses of keys could not be written");
    }
    drop(app);
    let _ = tokio::task::spawn_blocking(move || till.join()).await;
    Ok(())
}

/// What goes on beside the requests.
async fn look_after(app: Shared) {
    let mut tick = tokio::time::interval(VISITS_EVERY);
    loop {
        tick.tick().await;
        if let Err(error) = visits::write(&app).await {
            tracing::warn!(%error, "visits could not be counted");
        }
        if let Err(error) = used::write(&app).await {
            tracing::warn!(%error, "uses of keys could not be written");
        }
    }
}

async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupted = tokio::signal::ctrl_c();
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        let _ = interrupted.await;
        return;
    };
    tokio::select! {
        _ = interrupted => {}
        _ = terminated.recv() => {}
    }
}
