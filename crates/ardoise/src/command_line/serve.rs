//! `ardoise serve`.

use super::place::Place;
use super::{Done, Failure, runtime};
use crate::app::{App, Shared};
use crate::people::door_for_operator;
use crate::settings::Settings;
use clap::Args;
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// Serve the shop until it is asked to end (Ctrl-C).
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "\
Examples:
  ardoise serve
  ardoise serve --data /srv/ardoise --listen 127.0.0.1:8080 --url https://shop.example
  ARDOISE_LOG=debug ardoise serve

Every other setting stands in ardoise.toml or in the environment: `ardoise settings` lists them.")]
pub struct Serve {
    /// The address and port to listen on (setting `serve.listen`)
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The address readers see (setting `serve.url`)
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Serve {
    /// Whether something about serving was said on the command line.
    pub const fn is_told_something(&self) -> bool {
        self.listen.is_some() || self.url.is_some()
    }

    /// The settings of `place`, with what was said on the command line.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn settings(&self, place: &Place) -> Result<Settings, Failure> {
        let mut values = place.values()?;
        if let Some(listen) = &self.listen {
            values.set("--listen", "serve.listen", listen.clone())?;
        }
        if let Some(url) = &self.url {
            values.set("--url", "serve.url", url.clone())?;
        }
        Ok(values.check()?)
    }

    /// Serves the shop until the process is asked to end.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        let settings = self.settings(place)?;
        log_to_stderr();
        let greet = async |app: &Shared| greet(app).await;
        let serving = crate::serve::serve(settings, place.data(), |routes| routes, greet);
        runtime()?.block_on(serving)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Says where the shop is, and lets the operator in until they are.
async fn greet(app: &App) {
    let (name, url) = (&app.settings.shop_name, &app.settings.url);
    say!("{name} is open at {url} (data in {})", app.data.display());
    let program = program(app);
    match door_for_operator(app).await {
        Ok(Some(link)) => {
            say!("\nSign in as the operator, once, with\n  {link}\n");
        }
        Ok(None) => say!("To sign in as the operator again: {program} invite operator"),
        Err(problem) => {
            eprintln!("no sign-in link could be made: {}", problem.cause.unwrap_or_default());
        }
    }
    say!("To let an author sell here: {program} invite author NAME");
    say!("To stop: Ctrl-C");
}

/// How the program is called for this shop, as it was called just now.
pub fn program(app: &App) -> String {
    let called = std::env::args().next().unwrap_or_else(|| "ardoise".into());
    if app.data.as_os_str() == "data" {
        return called;
    }
    format!("{called} --data {}", app.data.display())
}

/// Readable lines on the standard error; `ARDOISE_LOG` says how much (`info`, `debug`, `info,ardoise=debug`).
pub fn log_to_stderr() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let asked = std::env::var("ARDOISE_LOG").ok().and_then(|asked| asked.parse().ok());
    let targets = asked.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second call, in tests, finds the first one there.
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
}
