//! Where a shop is: its data folder and its file of settings.

use super::Failure;
use crate::app::{App, Running};
use crate::clock::Clock;
use crate::ids::Chance;
use crate::problem::Problem;
use crate::settings::{FILE_NAME, Settings, Values};
use crate::store::engine::{self, Readers};
use crate::store::{Address, Db, StoreError, migrations, shop};
use clap::Args;
use std::path::{Path, PathBuf};

/// Where the shop is.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The data folder [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    #[arg(env = "ARDOISE_DATA", hide_env_values = true)]
    data: Option<PathBuf>,
    /// The file of settings [default: ardoise.toml in the data folder or here, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    #[arg(env = "ARDOISE_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

impl Place {
    /// The place with this data folder and this file of settings.
    pub fn of(data: &Path, config: Option<PathBuf>) -> Self {
        Self { data: Some(data.to_owned()), config }
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new("data"))
    }

    /// The data folder, where one was named.
    pub fn named_data(&self) -> Option<PathBuf> {
        self.data.clone()
    }

    /// The file of settings: the one that was named, which must be there; else the one in the data folder or the one in
    /// the working folder, if there is one.
    ///
    /// # Errors
    /// The named one is missing, or there are two: guessing which one counts would be wrong half of the time.
    pub fn settings_file(&self) -> Result<Option<PathBuf>, Failure> {
        if let Some(named) = &self.config {
            let found = named.exists().then(|| named.clone());
            let missing = || format!("{}: there is no such file of settings", named.display());
            return Ok(Some(found.ok_or_else(missing)?));
        }
        let kept = Some(self.data().join(FILE_NAME)).filter(|path| path.exists());
        let here = Some(PathBuf::from(FILE_NAME)).filter(|path| path.exists());
        match (kept, here) {
            (Some(kept), Some(here)) if !same(&kept, &here) => Err(format!(
                "there are two files of settings, {} and {}; keep one of them, or name the one that counts with --config",
                kept.display(),
                here.display()
            )
            .into()),
            (kept, here) => Ok(kept.or(here)),
        }
    }

    /// The settings of this shop: the environment first, then the file, then the defaults.
    ///
    /// # Errors
    /// What is wrong with the file or with a key.
    pub fn values(&self) -> Result<Values, Failure> {
        let mut values = Values::default();
        if let Some(file) = self.settings_file()? {
            values.read_file(&file)?;
        }
        values.read_environment(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))?;
        Ok(values)
    }

    /// The settings, checked.
    ///
    /// # Errors
    /// What is wrong with the file, a key or a value.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(self.values()?.check()?)
    }

    /// Where the books of the shop are kept. There must be some.
    ///
    /// # Errors
    /// What is wrong with the settings, or what to do where there is no shop.
    pub fn store(&self) -> Result<Address, Failure> {
        let store = self.settings()?.store;
        if engine::is_there(&store, self.data())? {
            return Ok(store);
        }
        let (place, other) = match &store {
            Address::Folder => {
                (format!("in the folder {}", self.data().display()), "another folder with --data")
            }
            Address::Server(_) => {
                (format!("at {store}"), "another address with the setting `store`")
            }
        };
        let next = format!("start one there with `ardoise serve`, or name {other}");
        Err(format!("there is no shop {place}; {next}").into())
    }

    /// The settings for a command beside the open shop: where neither the file nor the environment says under which
    /// address readers see it, the one under which it was last opened.
    fn settings_beside(&self) -> Result<Settings, Failure> {
        let values = self.values()?;
        let mut settings = values.check()?;
        if !values.sets("serve.url")
            && let Ok(Some(last)) = self.reading(shop::last_open)
        {
            settings.url = last.url;
        }
        Ok(settings)
    }

    /// Opens the shop beside whoever else uses it, lets `work` do its part, and closes it again.
    ///
    /// # Errors
    /// There is no shop, it cannot open, or whatever `work` says.
    pub fn with_shop<T>(
        &self,
        work: impl AsyncFnOnce(&App) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.store()?;
        let settings = self.settings_beside()?;
        super::runtime()?.block_on(async {
            let Running { app, till } =
                App::open(settings, self.data(), Clock::System, Chance::System)?;
            let done = work(&app).await;
            drop(app);
            // The till ends once it has told its followers; only then is everything written.
            let ended = tokio::task::spawn_blocking(move || till.join()).await;
            if !matches!(ended, Ok(Ok(()))) {
                return Err("the till stopped before it was done; look at the books".into());
            }
            done
        })
    }

    /// Looks into the store, beside whoever else uses it, and changes nothing.
    ///
    /// # Errors
    /// There is no shop, its store is of another version, or whatever `work` or the engine says.
    pub fn reading<T>(
        &self,
        work: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, Failure> {
        let readers = Readers::open(&self.store()?, self.data())?;
        let (found, known) = (readers.read(migrations::version)?, migrations::newest());
        if found > known {
            return Err(StoreError::TooNew { found, known }.into());
        }
        if found < known {
            let what = format!("the store is of version {found} and this program wants {known}");
            return Err(format!("{what}; start the shop once, which brings it up to date").into());
        }
        Ok(readers.study(work)?)
    }
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// A problem in words for the terminal: what the operator reads, not what a reader would.
pub fn told(problem: Problem) -> Failure {
    let words = problem.words();
    match problem.cause.filter(|_| problem.kind.status.is_server_error()) {
        Some(cause) => format!("{words} ({cause})").into(),
        None => words.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_in_the_data_folder() {
        let data = tempfile::tempdir().expect("a folder");
        assert_eq!(Place::of(data.path(), None).settings_file().expect("found"), None);
        let kept = data.path().join(FILE_NAME);
        std::fs::write(&kept, "[shop]\nname = \"Chez Ada\"\n").expect("written");
        let place = Place::of(data.path(), None);
        assert_eq!(place.settings_file().expect("found"), Some(kept));
        assert_eq!(place.settings().expect("sound").shop_name, "Chez Ada");
    }

    #[test]
    fn a_named_file_of_settings_must_be_there() {
        let data = tempfile::tempdir().expect("a folder");
        let named = data.path().join("typo.toml");
        let refused = Place::of(data.path(), Some(named)).settings().expect_err("missing");
        assert!(refused.to_string().contains("typo.toml"), "{refused}");
    }

    #[test]
    fn no_shop_is_made_by_looking_for_one() {
        let data = tempfile::tempdir().expect("a folder");
        let refused = Place::of(data.path(), None).reading(|_| Ok(())).expect_err("no shop");
        assert!(refused.to_string().contains("--data"), "{refused}");
        assert_eq!(std::fs::read_dir(data.path()).expect("readable").count(), 0);
    }
}
