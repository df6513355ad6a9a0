//! The commands of the one binary, one file each.

mod serve;

use crate::settings::{Settings, SettingsError, Values, manual};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Sell by link, take in one tap, settle the tab later.
#[derive(Debug, Parser)]
#[command(name = "ardoise", version, about)]
pub struct CommandLine {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where the shop is.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The data folder.
    #[arg(long, global = true, env = "ARDOISE_DATA", default_value = "data")]
    pub data: PathBuf,
    /// The file of settings; it need not be there.
    #[arg(long, global = true, env = "ARDOISE_CONFIG", default_value = "ardoise.toml")]
    pub config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the shop (what happens without a command).
    Serve(serve::Serve),
    /// Print the description of the shop for programs (OpenAPI 3.1).
    Openapi,
    /// Print every setting, its value and what it is for.
    Settings {
        /// As the page of the manual, with the defaults.
        #[arg(long)]
        markdown: bool,
    },
}

impl Place {
    /// The settings of this shop: the environment first, then the file, then the defaults.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn values(&self) -> Result<Values, SettingsError> {
        let mut values = Values::default();
        values.read_file(&self.config)?;
        values.read_environment(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))?;
        Ok(values)
    }

    /// The settings, checked.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        self.values()?.check()
    }
}

/// What a command ends with when it cannot go on: words for the operator.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that was typed.
pub fn run() -> ExitCode {
    let line = CommandLine::parse();
    let result = match line.command {
        None => serve::run(&line.place, &serve::Serve::default()),
        Some(Command::Serve(serve)) => serve::run(&line.place, &serve),
        Some(Command::Openapi) => {
            print!("{}", crate::api::description());
            Ok(())
        }
        Some(Command::Settings { markdown }) => settings(&line.place, markdown),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("ardoise: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn settings(place: &Place, markdown: bool) -> Result<(), Failure> {
    if markdown {
        print!("{}", manual());
        return Ok(());
    }
    let values = place.values()?;
    values.check()?;
    for setting in crate::settings::LIST {
        println!("# {}\n{} = {:?}\n", setting.about, setting.key, values.get(setting.key));
    }
    Ok(())
}

/// A runtime for commands that wait for the store.
///
/// # Errors
/// When no threads can be had.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
