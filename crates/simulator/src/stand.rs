//! [`Stand`]: where the shop of a run stands.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::chance::Chance;
use crate::fault::Fault;
use crate::place::Place;
use crate::process::ShopProcess;

/// A folder for one run: the shop's data, and its log beside it. It goes away with the run.
#[derive(Debug)]
pub struct Stand {
    folder: TempDir,
    data: PathBuf,
}

impl Stand {
    /// A folder within another one.
    ///
    /// # Errors
    /// [`Fault::Io`] when it cannot be made.
    pub fn new(within: &Path) -> Result<Self, Fault> {
        let folder = tempfile::Builder::new().prefix("ardoise-run-").tempdir_in(within);
        let folder = folder.map_err(Fault::io(format!("a folder in {}", within.display())))?;
        let data = folder.path().join("data");
        fs::create_dir(&data).map_err(Fault::io("the data folder"))?;
        Ok(Self { folder, data })
    }

    /// The whole folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the shop's data is.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The shop at `place`: the first program serves, the second one checks its books.
    ///
    /// # Errors
    /// [`Fault::Shop`] when no port is free.
    pub fn shop(
        &self,
        programs: [PathBuf; 2],
        place: &Place,
        chance: &mut Chance,
    ) -> Result<ShopProcess, Fault> {
        let log = self.folder.path().join("shop.log");
        let shop = ShopProcess::new(programs, &["serve"], [place.data().to_owned(), log], chance)?;
        Ok(shop.with("ARDOISE_STORE", &place.setting()))
    }

    /// Leaves the folder where it is, for whoever looks into a failure.
    pub fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}
