//! The place of the files: can they be kept there and read, and are they those of the books?

use super::store::Opened;
use super::{Finding, Findings};
use crate::app::LOOKED_FOR;
use crate::works::storage::{FileStore, Location};
use std::path::Path;

/// Can a file be kept, read and removed there, and is one of the newest there?
pub(super) async fn look(data: &Path, location: &Location, store: &Opened<'_>) -> Vec<Finding> {
    let mut findings = Findings::about("files");
    if !data.is_dir() {
        return findings.or_well("there is no shop yet");
    }
    let tried = match FileStore::open(data.join("files"), location) {
        Ok(files) => files.try_out().await.map(|()| files),
        Err(error) => Err(error),
    };
    let files = match tried {
        Ok(files) => files,
        Err(error) => {
            let next = "look at that server, and at the settings `files` and `s3.…`: nothing can be downloaded or published now";
            findings.fail(format!("{location}: {error}"), next);
            return findings.found;
        }
    };
    match files.has_any(&store.newest_files(LOOKED_FOR)).await {
        Ok(true) => {}
        Ok(false) => findings.fail(
            format!("none of the newest files that the books name is in {location}"),
            "look at the setting `files`, or bring the files back from a backup, before anybody asks for one: \
             whoever does gets their line back",
        ),
        Err(error) => findings.fail(format!("{location}: {error}"), "look at that server"),
    }
    findings.or_well(format!("in {location}, where they can be kept and read"))
}
