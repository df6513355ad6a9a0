//! `ardoise settings`.

use super::place::Place;
use super::{Done, Failure};
use crate::settings::{LIST, manual};
use clap::Args;
use std::process::ExitCode;

/// Print every setting, its value and what it is for.
///
/// What is printed can be saved as `ardoise.toml`; a password in it is not shown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise settings                             what holds now, from the environment and ardoise.toml
  ardoise settings > data/ardoise.toml         a file to start from
  ARDOISE_TAB_UNDO_MINUTES=60 ardoise settings one value from the environment")]
pub struct PrintSettings {
    /// As the page of the manual, with the defaults
    #[arg(long)]
    markdown: bool,
}

impl PrintSettings {
    /// Prints them.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub fn run(&self, place: &Place) -> Done {
        if self.markdown {
            say!("{}", manual().trim_end());
        } else {
            say!("{}", now(place)?.trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn now(place: &Place) -> Result<String, Failure> {
    let values = place.values()?;
    values.check()?;
    let mut text = match place.settings_file()? {
        Some(file) => {
            format!("# Settings, with those of {} and of the environment.\n", file.display())
        }
        None => "# Settings, with those of the environment; there is no file of settings.\n".into(),
    };
    let mut group = "";
    for setting in LIST {
        let (table, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if table != group {
            text.push_str(&format!("\n[{table}]\n"));
            group = table;
        }
        let value = toml::Value::from(values.shown(setting.key));
        text.push_str(&format!("# {}\n{name} = {value}\n", setting.about));
    }
    Ok(text)
}
