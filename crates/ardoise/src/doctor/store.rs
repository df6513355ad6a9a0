//! The clock, the store and the books.

use super::{Finding, Findings, Progress};
use crate::desk::books;
use crate::store::sqlite::{self, Readers, backup as engine};
use crate::store::{Db, StoreError, audit, migrations, shop};
use ledger::Timestamp;
use ledger::time::{MICROS_PER_MINUTE, MICROS_PER_SECOND};
use std::path::Path;

/// 1 November 2026, before this program was written: a clock that shows less is wrong.
const EARLIEST: Timestamp = Timestamp::from_micros(1_793_491_200_000_000);
/// Two clocks of one machine may differ by so much while a command starts.
const SLACK_MICROS: i64 = MICROS_PER_SECOND;
/// The store is there, and something was sold.
const NO_SHOP: &str = "there is no shop in the folder yet";

fn readers(data: &Path) -> Option<Result<Readers, StoreError>> {
    data.join(sqlite::FILE_NAME).exists().then(|| Readers::open(data))
}

/// Does the clock show a time that can be, and has it been set back since something was written?
pub(super) fn look_at_clock(data: &Path, now: Timestamp) -> Vec<Finding> {
    let mut findings = Findings::about("clock");
    let next = "set the machine's clock (timedatectl set-ntp true), before anything else is sold";
    if now < EARLIEST {
        findings.fail(format!("it shows {}, which is long ago", shown(now)), next);
    }
    let newest = readers(data).and_then(|readers| readers.ok()?.read(audit::newest).ok()?);
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
pub(super) fn look(data: &Path) -> Vec<Finding> {
    let mut findings = Findings::about("store");
    let readers = match readers(data) {
        None => return Findings::about("store").or_well(NO_SHOP),
        Some(Ok(readers)) => readers,
        Some(Err(error)) => {
            findings.fail(error.to_string(), "bring it back from a backup, into another folder");
            return findings.found;
        }
    };
    look_at_version(&mut findings, &readers);
    let faults = engine::unsound(&data.join(sqlite::FILE_NAME));
    match faults.map(|faults| faults.into_iter().next()) {
        Ok(None) => {}
        Ok(Some(fault)) => findings.fail(
            fault,
            "stop selling, keep a copy of the folder, and bring the shop back from a backup",
        ),
        Err(error) => findings.fail(error.to_string(), "look at the disk; then try again"),
    }
    let version = migrations::newest();
    findings.or_well(format!("whole, of version {version}"))
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
pub(super) fn look_at_books(data: &Path, progress: Progress) -> Vec<Finding> {
    let mut findings = Findings::about("books");
    let Some(Ok(readers)) = readers(data) else {
        return findings.or_well(NO_SHOP);
    };
    let check = |db: &dyn Db| {
        let currency = shop::currency(db)?.ok_or_else(|| StoreError::Corrupt("no shop".into()))?;
        books::check(db, currency, progress)
    };
    match readers.read(check) {
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
