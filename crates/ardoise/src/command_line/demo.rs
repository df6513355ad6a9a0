//! `ardoise demo`.

use super::place::{Place, told};
use super::serve::{Serve, log_to_stderr, program};
use super::{Done, Failure, progress, runtime};
use crate::app::{App, Running, Shared};
use crate::clock::Clock;
use crate::demo::{self, Made};
use crate::ids::Chance;
use crate::people::{door_for_operator, invite};
use crate::settings::{FILE_NAME, Settings};
use crate::store::Address;
use crate::store::people::Role;
use clap::Args;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The data folder where none is named.
const FOLDER: &str = "demo-data";

/// Fill a new folder with a made-up shop, serve it, and let made-up readers buy.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise demo
  ardoise demo --data /tmp/fabrique --listen 127.0.0.1:9000

Ten works by six authors in French and English, text, picture, sound and PDF, all made by the program, and thirty days
of readers. Then it is served, and readers go on coming, so that gains move on screen. The folder is demo-data unless
--data names another; afterwards it is a shop like any other: ardoise serve --data demo-data.")]
pub struct Demo {
    /// How many days of readers are made up
    #[arg(long, value_name = "DAYS", default_value_t = demo::DAYS, value_parser = clap::value_parser!(i64).range(1..=demo::DAYS))]
    days: i64,
    #[command(flatten)]
    serve: Serve,
}

impl Demo {
    /// Fills the folder, and serves it until the process is asked to end.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        let data = place.named_data().unwrap_or_else(|| FOLDER.into());
        must_be_new(&data)?;
        let filling = with_ending(&data, ".filling");
        let settings = self.prepare(&filling)?;
        // Before thirty days are made up, not after.
        drop(std::net::TcpListener::bind(&settings.listen).map_err(|error| {
            format!("cannot listen on {}: {error}; choose another with --listen", settings.listen)
        })?);
        let runtime = runtime()?;
        let made = runtime.block_on(fill(settings.clone(), &filling, self.days))?;
        fs::rename(&filling, &data).map_err(|error| format!("{}: {error}", data.display()))?;
        log_to_stderr();
        let ready = async |app: &Shared| {
            greet(app, &made).await;
            tokio::spawn(demo::go_on(app.clone(), made));
        };
        runtime.block_on(crate::serve::serve(settings, &data, |routes| routes, ready))?;
        Ok(ExitCode::SUCCESS)
    }

    /// A folder with the settings of the made-up shop in it, and nothing else.
    fn prepare(&self, folder: &Path) -> Result<Settings, Failure> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        // What a demonstration that was stopped while it was filled has left.
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error).into()),
            _ => {}
        }
        App::make_folder(folder).map_err(failed)?;
        let file = folder.join(FILE_NAME);
        fs::write(&file, demo::SETTINGS).map_err(failed)?;
        let mut settings = self.serve.settings(&Place::of(folder, Some(file)))?;
        // Whatever the environment says: a made-up shop never goes where a real one may be.
        settings.store = Address::Folder;
        Ok(settings)
    }
}

fn must_be_new(data: &Path) -> Result<(), Failure> {
    let is_empty = fs::read_dir(data).map_or_else(
        |error| error.kind() == ErrorKind::NotFound,
        |mut entries| entries.next().is_none(),
    );
    if is_empty {
        return Ok(());
    }
    let data = data.display();
    Err(format!(
        "the folder {data} is not empty. To look at what is in it: ardoise serve --data {data}. \
         For a new demonstration, name another folder with --data"
    )
    .into())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

async fn fill(settings: Settings, folder: &Path, days: i64) -> Result<Made, Failure> {
    let until = Clock::System.now();
    let clock = Clock::standing_at(until.plus_days(-days));
    let Running { app, till } = App::open(settings, folder, clock.clone(), Chance::System)?;
    let bar = progress::bar("making up days of readers");
    let mut show = |done, total| progress::show(&bar, done, total);
    let made = demo::fill(&app, &clock, until, days, &mut show).await.map_err(told);
    bar.finish_and_clear();
    drop(app);
    let _ = tokio::task::spawn_blocking(move || till.join()).await;
    made
}

/// Says what there is to see, and lets people in.
async fn greet(app: &App, made: &Made) {
    let (name, url) = (&app.settings.shop_name, &app.settings.url);
    say!("{name}, a made-up shop, is open at {url} (data in {})\n", app.data.display());
    say!("  the front page            {url}/");
    say!("  a work                    {url}/l/{}?via=newsletter", made.slug());
    if let Ok(link) = invite(app, Role::Author(made.author)).await {
        say!("  sell as {:<17} {link}", made.author_name);
        say!("  ... and see the gains     {url}/gains");
    }
    if let Ok(Some(link)) = door_for_operator(app).await {
        say!("  keep the shop             {link}");
    }
    say!("\nA browser is one of them at a time: open the second link in a private window.");
    say!("Readers come every few seconds. To come back later: {} serve", program(app));
    say!("To stop: Ctrl-C");
}
