//! `ardoise serve`.

use super::{Failure, Place, runtime};
use crate::app::App;
use crate::people::invite;
use crate::store::people::Role;
use clap::Args;

/// Serve the shop.
#[derive(Debug, Clone, Default, Args)]
pub struct Serve {
    /// The address and port to listen on (setting `serve.listen`).
    #[arg(long)]
    listen: Option<String>,
    /// The address readers see (setting `serve.url`).
    #[arg(long)]
    url: Option<String>,
}

/// Serves the shop until the process is asked to end.
///
/// # Errors
/// What is wrong, in words for the operator.
pub fn run(place: &Place, serve: &Serve) -> Result<(), Failure> {
    let mut values = place.values()?;
    if let Some(listen) = &serve.listen {
        values.set("--listen", "serve.listen", listen.clone())?;
    }
    if let Some(url) = &serve.url {
        values.set("--url", "serve.url", url.clone())?;
    }
    let settings = values.check()?;
    log_to_stderr();
    let serving = crate::serve::serve(settings, &place.data, |routes| routes, greet);
    Ok(runtime()?.block_on(serving)?)
}

/// Says where the shop is, and lets the operator in.
async fn greet(app: &App) {
    let url = &app.settings.url;
    println!("{} is open at {url}", app.settings.shop_name);
    match invite(app, Role::Operator).await {
        Ok(link) => println!("Sign in as the operator, once, with {link}"),
        Err(problem) => {
            eprintln!("no sign-in link could be made: {}", problem.cause.unwrap_or_default());
        }
    }
    println!("Invite an author with: ardoise invite author NAME");
}

/// Readable lines on the standard error; `ARDOISE_LOG` says how much (`info`, `debug`, `ardoise=debug`).
pub fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ARDOISE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call, in tests, finds the first one there.
    let _ = subscriber.try_init();
}
