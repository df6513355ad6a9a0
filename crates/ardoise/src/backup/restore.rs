//! Bringing a shop back from a backup, into an empty folder, and only if all of it is sound.

use super::save::archived;
use super::tar;
use super::{ABOUT, About, BackupError, FORMAT, Progress, Stage, about, sync_folder};
use crate::desk::books;
use crate::receipts::key::{self, ReceiptKey};
use crate::store::sqlite::{self, Readers, backup as engine};
use crate::store::{Db, StoreError, file, shop};
use crate::works::storage::is_key;
use ledger::Timestamp;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// In the data folder, while it is not sure yet that everything is sound.
const UNSURE: &str = ".restoring";
/// Everything that goes to the data folder, in this order: once the store is there, there is a shop.
const PARTS: [&str; 4] = ["files", key::FILE_NAME, crate::settings::FILE_NAME, sqlite::FILE_NAME];

/// A shop that was brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the archive says about itself.
    pub about: About,
    /// Files.
    pub files: usize,
    /// Transfers in the books, which balance.
    pub transfers: u64,
}

/// Brings the shop in `archive` back to the folder `data`, which must be empty or not there.
///
/// # Errors
/// [`BackupError`]: then nothing of it is in the folder.
pub fn restore(
    archive: &Path,
    data: &Path,
    now: Timestamp,
    progress: Progress,
) -> Result<Restored, BackupError> {
    let file = File::open(archive).map_err(about(archive))?;
    let length = file.metadata().map_err(about(archive))?.len();
    let mut folder = Folder::prepare(data)?;
    let unsure = folder.unsure();
    let mut unpacked = Unpacked { folder: &unsure, sizes: HashMap::new(), read: 0 };
    let each: tar::EachMember<Stopped> = &mut |name, size, content| {
        (progress)(Stage::Reading, unpacked.read, length);
        Ok(unpacked.put(name, size, content)?)
    };
    tar::read(BufReader::new(file), each).map_err(|stopped| stopped.0)?;
    let sizes = unpacked.sizes;
    let restored = judge(&unsure, &sizes, now, progress)?;
    folder.keep()?;
    Ok(restored)
}

/// Why unpacking stopped: the archive, or the disk that it is unpacked to.
struct Stopped(BackupError);

impl From<tar::Broken> for Stopped {
    fn from(broken: tar::Broken) -> Self {
        Self(BackupError::Refused(broken.to_string()))
    }
}

impl From<BackupError> for Stopped {
    fn from(error: BackupError) -> Self {
        Self(error)
    }
}

/// The folder that a shop is brought back to. Unless it is kept, what was put there goes away again.
struct Folder {
    data: PathBuf,
    was_there: bool,
    moved: Vec<PathBuf>,
    kept: bool,
}

impl Folder {
    fn prepare(data: &Path) -> Result<Self, BackupError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let was_there = data.exists();
        if was_there {
            must_be_empty(data)?;
        }
        let folder = Self { data: data.to_owned(), was_there, moved: Vec::new(), kept: false };
        let unsure = folder.unsure();
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&unsure);
        made.map_err(about(&unsure))?;
        Ok(folder)
    }

    fn unsure(&self) -> PathBuf {
        self.data.join(UNSURE)
    }

    /// Moves everything to its place, flushed.
    fn keep(&mut self) -> Result<(), BackupError> {
        let unsure = self.unsure();
        for part in PARTS {
            let (from, to) = (unsure.join(part), self.data.join(part));
            if from.exists() {
                self.moved.push(to.clone());
                fs::rename(&from, &to).map_err(about(&to))?;
                sync_folder(&self.data)?;
            }
        }
        fs::remove_dir_all(&unsure).map_err(about(&unsure))?;
        sync_folder(&self.data)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // The store goes first: without it there is no shop, whatever else cannot be removed.
        for path in self.moved.iter().rev() {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
        let _ = fs::remove_dir_all(self.unsure());
        if !self.was_there {
            let _ = fs::remove_dir(&self.data);
        }
    }
}

fn must_be_empty(data: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(data).map_err(about(data))? {
        let path = entry.map_err(about(data))?.path();
        if path.file_name().is_some_and(|name| name == UNSURE) {
            // A restore that was cut short has left it.
            fs::remove_dir_all(&path).map_err(about(&path))?;
        } else {
            let what =
                "is not empty; a shop is only brought back to a new or empty folder (--data)";
            return Err(BackupError::Occupied { path: data.to_owned(), what });
        }
    }
    Ok(())
}

/// What was unpacked, with the length and the SHA-256 of each file.
struct Unpacked<'a> {
    folder: &'a Path,
    sizes: HashMap<String, (u64, [u8; 32])>,
    read: u64,
}

impl Unpacked<'_> {
    fn put(&mut self, name: &str, size: u64, content: &mut dyn Read) -> Result<(), BackupError> {
        if !belongs(name) {
            return Err(BackupError::Refused(format!("{name} is not a part of a backup")));
        }
        let path = self.folder.join(name);
        let parent = path.parent().unwrap_or(self.folder);
        fs::create_dir_all(parent).map_err(about(parent))?;
        let sha256 = write_durably(&path, content).map_err(about(&path))?;
        sync_folder(parent)?;
        self.read += size;
        self.sizes.insert(name.to_owned(), (size, sha256));
        Ok(())
    }
}

fn write_durably(path: &Path, content: &mut dyn Read) -> io::Result<[u8; 32]> {
    use sha2::{Digest as _, Sha256};
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let (mut sha256, mut buffer) = (Sha256::new(), vec![0; 256 * 1024]);
    loop {
        let read = content.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        sha256.update(&buffer[..read]);
        file.write_all(&buffer[..read])?;
    }
    file.sync_all()?;
    Ok(sha256.finalize().into())
}

/// Whether a member has a place in a data folder. Nothing else is written anywhere.
fn belongs(name: &str) -> bool {
    let known = [ABOUT, key::FILE_NAME, crate::settings::FILE_NAME, sqlite::FILE_NAME];
    let whole = || {
        let key = name.rsplit('/').next().unwrap_or_default();
        is_key(key) && name == archived(key)
    };
    let partial = || name.strip_prefix("files/partial/").is_some_and(is_key);
    known.contains(&name) || whole() || partial()
}

/// Looks at everything that was unpacked.
fn judge(
    folder: &Path,
    sizes: &HashMap<String, (u64, [u8; 32])>,
    now: Timestamp,
    progress: Progress,
) -> Result<Restored, BackupError> {
    let refused = |what: &str| BackupError::Refused(what.into());
    let said = fs::read(folder.join(ABOUT)).map_err(|_| refused("it says nothing about itself"))?;
    let said: About = serde_json::from_slice(&said).map_err(|error| refused(&error.to_string()))?;
    if said.format != FORMAT {
        return Err(refused(&format!("its format is {:?}", said.format)));
    }
    if !sizes.contains_key(sqlite::FILE_NAME) {
        return Err(refused("there is no store in it"));
    }
    ReceiptKey::read(folder).map_err(|error| refused(&error))?;
    // An older store is brought up to date, as at a start.
    drop(sqlite::open_writer(folder, now)?);
    let faults = engine::unsound(&folder.join(sqlite::FILE_NAME))?;
    if let Some(fault) = faults.first() {
        return Err(refused(&format!("its store is not sound: {fault}")));
    }
    let transfers = Readers::open(folder)?.read(|db| {
        check_files(db, sizes, &said.lost)?;
        check_books(db, progress)
    })?;
    let transfers = transfers.map_err(|findings| refused(&findings))?;
    let folders = ["", "files", "files/content", "files/partial"];
    for part in folders.iter().map(|part| folder.join(part)) {
        if part.exists() {
            sync_folder(&part)?;
        }
    }
    let files = sizes.keys().filter(|name| name.starts_with("files/content/")).count();
    Ok(Restored { about: said, files, transfers })
}

/// Every file that the store names must be there, to the last bit, unless it was lost before.
fn check_files(
    db: &dyn Db,
    sizes: &HashMap<String, (u64, [u8; 32])>,
    lost: &[String],
) -> Result<(), StoreError> {
    file::each_bytes(db, &mut |key, bytes| {
        let found = sizes.get(&archived(&key));
        if found == Some(&(bytes.size, bytes.sha256)) || lost.contains(&key) {
            return Ok(());
        }
        Err(StoreError::Corrupt(format!("it names the file {key}, which is not in the archive")))
    })
}

/// The transfers of sound books; or, in words, what is wrong with them.
fn check_books(db: &dyn Db, progress: Progress) -> Result<Result<u64, String>, StoreError> {
    let currency = shop::currency(db)?.ok_or_else(|| StoreError::Corrupt("no shop".into()))?;
    let mut each = |done, total| (progress)(Stage::Books, done, total);
    let report = books::check(db, currency, &mut each)?;
    let count = report.findings.len();
    Ok(match report.findings.first() {
        None => Ok(report.transfers),
        Some(first) => Err(format!(
            "it is whole, but its books do not balance ({count} findings, such as: {first}). \
             To look at it all the same, unpack it with `tar -xf` into a new folder"
        )),
    })
}
