//! Making a backup, while the shop sells.

use super::tar::{self, SUMS, Writer};
use super::{ABOUT, About, BackupError, FORMAT, Progress, Stage, about, sync_folder};
use crate::api::wire::instant;
use crate::desk::books;
use crate::receipts::key;
use crate::store::file::{self, Bytes};
use crate::store::sqlite::{self, Readers, backup as engine};
use crate::store::{Db, StoreError, shop, upload};
use crate::works::storage::{FileReader, FileStore, StorageError, place};
use ledger::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// What a backup is made of, and where it goes.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The files.
    pub files: &'a FileStore,
    /// The file of settings, if there is one.
    pub settings: Option<&'a Path>,
    /// Where the archive goes.
    pub to: &'a Path,
    /// What time it is.
    pub now: Timestamp,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Files in it.
    pub files: usize,
    /// The archive's length in bytes.
    pub bytes: u64,
    /// Files that the store names and that are missing or damaged on the disk: they are so in the backup, too.
    pub lost: Vec<String>,
    /// What is wrong with the books in it; none when they are sound.
    pub findings: Vec<String>,
}

/// Makes the archive under another name, reads it back, and only then gives it its own.
///
/// # Errors
/// [`BackupError`]: then there is no archive, and nothing is left behind.
pub fn save(order: &Order, progress: Progress) -> Result<Saved, BackupError> {
    if order.to.exists() {
        let what = "is there already; a backup never replaces another: choose a new name";
        return Err(BackupError::Occupied { path: order.to.to_owned(), what });
    }
    let scrap = Scrap::beside(order.to)?;
    let made = scrap.path.join("archive.tar");
    let mut copying = Copying {
        order,
        scrap: &scrap.path,
        writer: Writer::new(BufWriter::new(create_private(&made)?)),
        archive: made.clone(),
        copied: BTreeMap::new(),
        progress,
    };
    let lost = copying.store_and_files()?;
    copying.rest(&lost)?;
    let (files, progress) = (copying.copied.len(), copying.progress);
    let file = copying.writer.finish().map_err(about(&made))?;
    let file = file.into_inner().map_err(|error| about(&made)(error.into_error()))?;
    file.sync_all().map_err(about(&made))?;
    let bytes = file.metadata().map_err(about(&made))?.len();
    read_back(&made, bytes, progress)?;
    let findings = check_books(&scrap.path, progress)?;
    fs::rename(&made, order.to).map_err(about(order.to))?;
    sync_folder(parent(order.to))?;
    Ok(Saved { files, bytes, lost, findings })
}

fn stored(error: StorageError) -> BackupError {
    match error {
        StorageError::Io(error) => about(Path::new("the file store"))(error),
        other => about(Path::new("the file store"))(io::Error::other(other)),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder beside the archive for what is not ready yet; gone with whoever holds it.
struct Scrap {
    path: PathBuf,
    _lock: File,
}

impl Scrap {
    fn beside(to: &Path) -> Result<Self, BackupError> {
        let mut name = to.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.map_err(about(&path))?,
        }
        let lock = File::create(path.join("lock")).map_err(about(&path))?;
        if lock.try_lock().is_err() {
            let what =
                "belongs to a backup that is being made; wait for it, or choose another name";
            return Err(BackupError::Occupied { path, what });
        }
        // Whatever else is in it, a backup that was cut short has left it.
        for name in ["archive.tar", sqlite::FILE_NAME] {
            let _ = fs::remove_file(path.join(name));
        }
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Scrap {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn create_private(path: &Path) -> Result<File, BackupError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path).map_err(about(path))
}

/// What the copied store names.
#[derive(Default)]
struct Named {
    /// Whole files, by key.
    whole: BTreeMap<String, Bytes>,
    /// Keys of files on their way in.
    partial: BTreeSet<String>,
}

impl Named {
    fn read(db: &dyn Db) -> Result<Self, StoreError> {
        let mut named = Self::default();
        file::each_bytes(db, &mut |key, bytes| {
            named.whole.insert(key, bytes);
            Ok(())
        })?;
        named.partial = upload::on_their_way(db)?.into_iter().collect();
        Ok(named)
    }
}

struct Copying<'a, 'p> {
    order: &'a Order<'a>,
    scrap: &'a Path,
    writer: Writer<BufWriter<File>>,
    archive: PathBuf,
    /// Files in the archive, with the SHA-256 that they had.
    copied: BTreeMap<String, [u8; 32]>,
    progress: Progress<'p>,
}

impl Copying<'_, '_> {
    /// Copies the store, then the files that the copy names; again until none is gone that the newest copy still needs.
    /// Answers which files were lost before.
    fn store_and_files(&mut self) -> Result<Vec<String>, BackupError> {
        let mut gone: BTreeSet<String> = BTreeSet::new();
        loop {
            let named = self.copy_store()?;
            let missing = self.copy_files(&named)?;
            // What was gone before this copy of the store was made, and is named by it, was lost.
            if missing.is_subset(&gone) {
                let damaged = self.damaged(&named);
                return Ok(missing.into_iter().chain(damaged).collect());
            }
            gone.extend(missing);
        }
    }

    fn copy_store(&mut self) -> Result<Named, BackupError> {
        let to = self.scrap.join(sqlite::FILE_NAME);
        let mut step = |done, total| (self.progress)(Stage::Store, done, total);
        engine::copy(self.order.data, &to, &mut step)?;
        Ok(Readers::open(self.scrap)?.read(Named::read)?)
    }

    /// Copies what is not in the archive yet; answers which keys have no file.
    fn copy_files(&mut self, named: &Named) -> Result<BTreeSet<String>, BackupError> {
        let todo = |key: &&String| !self.copied.contains_key(&archived(key));
        let whole: Vec<String> = named.whole.keys().filter(todo).cloned().collect();
        let size = |key: &String| named.whole.get(key).map_or(0, |bytes| bytes.size);
        let (mut done, total) = (0, whole.iter().map(size).sum::<u64>().max(1));
        let mut missing = BTreeSet::new();
        for key in whole {
            let file = self.order.files.reader(&key);
            if !self.add_file(&archived(&key), file)? {
                missing.insert(key.clone());
            }
            done += size(&key);
            (self.progress)(Stage::Files, done, total);
        }
        for key in &named.partial {
            let name = format!("files/partial/{key}");
            if !self.copied.contains_key(&name) {
                self.add_partial(&name, key)?;
            }
        }
        Ok(missing)
    }

    /// A file on its way in may have arrived since, or been given up; what has arrived can be gone on with.
    fn add_partial(&mut self, name: &str, key: &str) -> Result<(), BackupError> {
        if !self.add_file(name, self.order.files.partial_reader(key))? {
            self.add_file(name, self.order.files.reader(key))?;
        }
        Ok(())
    }

    /// Adds a file as long as it is now; answers whether it is there.
    fn add_file(
        &mut self,
        name: &str,
        file: Result<FileReader, StorageError>,
    ) -> Result<bool, BackupError> {
        let file = match file {
            Err(StorageError::Missing) => return Ok(false),
            opened => opened.map_err(stored)?,
        };
        let written = self.writer.add(name, file.size(), file).map_err(about(&self.archive))?;
        self.copied.insert(name.to_owned(), written.sha256);
        Ok(true)
    }

    /// Files whose bytes are not those that the store says.
    fn damaged(&self, named: &Named) -> Vec<String> {
        let is_other = |(key, bytes): &(&String, &Bytes)| {
            self.copied.get(&archived(key)).is_some_and(|sha256| *sha256 != bytes.sha256)
        };
        named.whole.iter().filter(is_other).map(|(key, _)| key.clone()).collect()
    }

    /// Adds the key, the settings, the store and what the archive says about itself.
    fn rest(&mut self, lost: &[String]) -> Result<(), BackupError> {
        let key = self.order.data.join(key::FILE_NAME);
        let store = self.scrap.join(sqlite::FILE_NAME);
        let settings = self.order.settings.map(|path| (crate::settings::FILE_NAME, path));
        let files = [(key::FILE_NAME, key.as_path())];
        let files = files.into_iter().chain(settings).chain([(sqlite::FILE_NAME, store.as_path())]);
        for (name, path) in files {
            let file = File::open(path).map_err(about(path))?;
            let size = file.metadata().map_err(about(path))?.len();
            self.writer.add(name, size, file).map_err(about(&self.archive))?;
        }
        let said = About {
            format: FORMAT.into(),
            made_at: instant(self.order.now),
            software: concat!("ardoise ", env!("CARGO_PKG_VERSION")).into(),
            lost: lost.to_vec(),
        };
        let text = serde_json::to_string_pretty(&said).unwrap_or_default();
        self.writer.add(ABOUT, text.len() as u64, text.as_bytes()).map_err(about(&self.archive))?;
        Ok(())
    }
}

/// The name in the archive of the whole file with this key: its place in the data folder.
pub(super) fn archived(key: &str) -> String {
    format!("files/{}", place(key))
}

fn read_back(archive: &Path, bytes: u64, progress: Progress) -> Result<(), BackupError> {
    let file = File::open(archive).map_err(about(archive))?;
    let mut read = 0;
    let each: tar::EachMember<tar::Broken> = &mut |_, size, _| {
        (progress)(Stage::Reading, read, bytes);
        read += size;
        Ok(())
    };
    let whole = tar::read(io::BufReader::new(file), each);
    whole
        .map_err(|broken| BackupError::Refused(format!("what was just written: {broken} ({SUMS})")))
}

fn check_books(folder: &Path, progress: Progress) -> Result<Vec<String>, BackupError> {
    let mut findings = engine::unsound(&folder.join(sqlite::FILE_NAME))?;
    let report = Readers::open(folder)?.read(|db| {
        let currency = shop::currency(db)?.ok_or_else(|| StoreError::Corrupt("no shop".into()))?;
        books::check(db, currency, &mut |done, total| (progress)(Stage::Books, done, total))
    })?;
    findings.extend(report.findings);
    Ok(findings)
}
