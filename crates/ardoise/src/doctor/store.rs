//! The clock, the store and the books.

use super::{Finding, Findings, Progress};
use crate::desk::books;
use crate::store::engine::{self, Readers};
use crate::store::shop::Served;
use crate::store::sqlite::{self, backup};
use crate::store::{Address, Db, StoreError, audit, file, migrations, postgres, shop};
use ledger::Timestamp;
use ledger::time::{MICROS_PER_MINUTE, MICROS_PER_SECOND};
use std::path::Path;

/// 1 November 2026, before this program was written: a clock that shows less is wrong.
const EARLIEST: Timestamp = Timestamp::from_micros(1_793_491_200_000_000);
/// Two clocks of one machine may differ by so much while a command starts.
const SLACK_MICROS: i64 = MICROS_PER_SECOND;
/// The store is there, and something was sold.
const NO_SHOP: &str = "there is no shop yet";

/// The store, if there is one and it can be opened.
pub(super) struct Opened<'a> {
    address: &'a Address,
    readers: Result<Option<Readers>, StoreError>,
}

impl<'a> Opened<'a> {
    /// The store at `address`; nothing is made there.
    pub(super) fn at(address: &'a Address, data: &Path) -> Self {
        let open = || {
            let is_there = engine::is_there(address, data)?;
            is_there.then(|| Readers::open(address, data)).transpose()
        };
        Self { address, readers: open() }
    }

    /// Whether there is a store, sound or not.
    pub(super) const fn is_there(&self) -> bool {
        !matches!(self.readers, Ok(None))
    }

    /// Where the shop was last opened.
    pub(super) fn last_open(&self) -> Option<Served> {
        self.sound()?.read(shop::last_open).ok()?
    }

    /// The keys of the newest files that the books name; none when they cannot be read.
    pub(super) fn newest_files(&self, most: i64) -> Vec<String> {
        let newest = |readers: &Readers| readers.read(|db| file::newest_keys(db, most)).ok();
        self.sound().and_then(newest).unwrap_or_default()
    }

    fn sound(&self) -> Option<&Readers> {
        self.readers.as_ref().ok()?.as_ref()
    }
}

/// Does the clock show a time that can be, and has it been set back since something was written?
pub(super) fn look_at_clock(store: &Opened<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = Findings::about("clock");
    let next = "set the machine's clock (timedatectl set-ntp true), before anything else is sold";
    if now < EARLIEST {
        findings.fail(format!("it shows {}, which is long ago", shown(now)), next);
    }
    let newest = store.sound().and_then(|readers| readers.read(audit::newest).ok()?);
    if let Some(newest) = newest
        && newest.micros_since(now) > SLACK_MICROS
    {
        let behind = (newest.micros_since(now) + MICROS_PER_MINUTE / 2) / MICROS_PER_MINUTE;
        let what = format!(
            "it shows {}, and the store holds something of {}: it was set back by {behind} minutes",
            shown(now),
            shown(newest)
        );
        findings.fail(what, next);
    }
    findings.or_well(shown(now))
}

fn shown(at: Timestamp) -> String {
    let text = crate::api::wire::instant(at);
    format!(
        "{} UTC",
        text.split('.').next().unwrap_or_default().trim_end_matches('Z').replace('T', " ")
    )
}

/// Is the store of this version, and does the engine find it whole?
pub(super) fn look(store: &Opened<'_>, data: &Path) -> Vec<Finding> {
    let mut findings = Findings::about("store");
    let readers = match (&store.readers, store.address) {
        (Ok(None), _) => return findings.or_well(NO_SHOP),
        (Ok(Some(readers)), _) => readers,
        (Err(error), Address::Folder) => {
            findings.fail(error.to_string(), "bring it back from a backup, into another folder");
            return findings.found;
        }
        (Err(error), Address::Server(_)) => {
            let next =
                "look at the server, and at the setting `store`: the shop does not start before";
            findings.fail(format!("{}: {error}", store.address), next);
            return findings.found;
        }
    };
    look_at_version(&mut findings, readers);
    let version = migrations::newest();
    match store.address {
        Address::Folder => {
            look_at_file(&mut findings, data);
            findings.or_well(format!("whole, of version {version}"))
        }
        Address::Server(_) => {
            look_at_server(&mut findings, readers);
            findings
                .or_well(format!("{} answers; the store is of version {version}", store.address))
        }
    }
}

/// Does the engine find its file whole?
fn look_at_file(findings: &mut Findings, data: &Path) {
    let faults = backup::unsound(&data.join(sqlite::FILE_NAME));
    match faults.map(|faults| faults.into_iter().next()) {
        Ok(None) => {}
        Ok(Some(fault)) => findings.fail(
            fault,
            "stop selling, keep a copy of the folder, and bring the shop back from a backup",
        ),
        Err(error) => findings.fail(error.to_string(), "look at the disk; then try again"),
    }
}

/// Is the server new enough?
fn look_at_server(findings: &mut Findings, readers: &Readers) {
    match readers.read(postgres::version) {
        Ok(version) if version < postgres::OLDEST => findings.warn(
            format!("the server is PostgreSQL {version}"),
            format!(
                "use PostgreSQL {} or later: nobody tried this program on an older one",
                postgres::OLDEST
            ),
        ),
        Ok(_) => {}
        Err(error) => findings.fail(error.to_string(), "look at the server; then try again"),
    }
}

fn look_at_version(findings: &mut Findings, readers: &Readers) {
    let known = migrations::newest();
    match readers.read(migrations::version) {
        Ok(found) if found > known => findings.fail(
            format!("it is of version {found}, and this program knows {known}"),
            "use the newer program that wrote it",
        ),
        Ok(found) if found < known => findings.warn(
            format!("it is of version {found}, and this program wants {known}"),
            "make a backup, then start the shop: it brings the store up to date",
        ),
        Ok(_) => {}
        Err(error) => findings.fail(error.to_string(), "look at the disk; then try again"),
    }
}

/// Do the books balance?
pub(super) fn look_at_books(store: &Opened<'_>, progress: Progress) -> Vec<Finding> {
    let mut findings = Findings::about("books");
    let Some(readers) = store.sound() else {
        return findings.or_well(NO_SHOP);
    };
    let check = |db: &dyn Db| {
        let currency = shop::currency(db)?.ok_or_else(|| StoreError::Corrupt("no shop".into()))?;
        books::check(db, currency, progress)
    };
    match readers.study(check) {
        Ok(report) if report.findings.is_empty() => {
            return findings.or_well(format!("they balance: {report}"));
        }
        Ok(report) => findings.fail(
            format!("{} findings, such as: {}", report.findings.len(), report.findings[0]),
            "`ardoise check-books` lists them; keep a copy of the folder, and pay nobody before you know why",
        ),
        Err(error) => findings.fail(error.to_string(), "look at the disk; then try again"),
    }
    findings.found
}
