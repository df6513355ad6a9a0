//! The data folder, and the key in it.

use super::{Finding, Findings};
use crate::receipts::key::{FILE_NAME, ReceiptKey};
use indicatif::BinaryBytes;
use std::fs::{self, Metadata};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

/// With less room than this the next purchases may fail.
const ROOM_LEAST: u64 = 100 << 20;
/// With less room than this it is time to make some.
const ROOM_LITTLE: u64 = 1 << 30;
/// A file that is written to try whether one can be.
const TRIAL: &str = ".doctor";

/// Is the folder there, writable, roomy, and closed to others?
pub(super) fn look(data: &Path) -> Vec<Finding> {
    let mut findings = Findings::about("data folder");
    let path = data.display();
    let Ok(metadata) = fs::metadata(data) else {
        findings.fail(
            format!("there is no folder {path}"),
            "start the shop once (`ardoise serve`), or name another folder with --data",
        );
        return findings.found;
    };
    let room = room(data);
    let is_full = room.is_some_and(|room| room < ROOM_LEAST);
    if let Err(error) = try_to_write(&data.join(TRIAL))
        && !is_full
    {
        findings.fail(
            format!("nothing can be written to {path}: {error}"),
            "give it to the account that runs the shop, and look for a read-only disk",
        );
    }
    if metadata.permissions().mode() & 0o007 != 0 {
        findings.warn(
            format!("other accounts of this machine can look into {path}"),
            format!("chmod o= {path}"),
        );
    }
    look_at_owner(&mut findings, data, &metadata);
    let free = room.map_or("an unknown size".into(), |room| BinaryBytes(room).to_string());
    let next = "make room: move old backups away, or give the folder a larger disk";
    match room {
        Some(_) if is_full => findings.fail(format!("only {free} are free in {path}"), next),
        Some(room) if room < ROOM_LITTLE => findings.warn(format!("only {free} are free"), next),
        Some(_) | None => {}
    }
    findings.or_well(format!("{path} can be written to; {free} are free"))
}

fn try_to_write(path: &Path) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    let written = file.write_all(b"trial").and_then(|()| file.sync_all());
    fs::remove_file(path)?;
    written
}

/// Whoever runs commands as another account leaves files that the shop may not be able to write to.
fn look_at_owner(findings: &mut Findings, data: &Path, metadata: &Metadata) {
    let me = rustix::process::geteuid().as_raw();
    let (path, owner) = (data.display(), metadata.uid());
    if owner != me {
        findings.warn(
            format!("{path} belongs to account {owner}, and this command runs as {me}"),
            format!(
                "run commands as the shop does: sudo -u '#{owner}' ardoise doctor --data {path}"
            ),
        );
    }
}

/// Bytes that are free for this account on the folder's disk.
fn room(data: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(data).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Is the key that signs receipts there, and nobody else's to read?
pub(super) fn look_at_key(data: &Path, is_shop: bool) -> Vec<Finding> {
    let mut findings = Findings::about("receipt key");
    let path = data.join(FILE_NAME);
    let Ok(metadata) = fs::metadata(&path) else {
        if !is_shop {
            return findings.or_well("the first start makes it");
        }
        findings.fail(
            format!("there is no {}", path.display()),
            "bring it back from a backup; the next start would make another, under which no earlier receipt holds",
        );
        return findings.found;
    };
    let key = match ReceiptKey::read(data) {
        Ok(key) => key.public().kid,
        Err(error) => {
            findings.fail(error, "bring it back from a backup");
            String::new()
        }
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        let next = format!("chmod 600 {}", path.display());
        findings.fail("other accounts can read the key, and sign receipts with it", next);
    }
    let folder = fs::metadata(data).map(|folder| folder.uid());
    if folder.is_ok_and(|owner| owner != metadata.uid()) {
        findings.warn(
            format!("the key belongs to account {}, and the folder to another", metadata.uid()),
            format!("chown --reference={} {}", data.display(), path.display()),
        );
    }
    findings.or_well(format!("{key}, for its owner only"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;
    use crate::ids::Chance;

    fn levels(findings: &[Finding]) -> Vec<Level> {
        findings.iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn a_key_that_others_can_read_is_a_failure() {
        let data = tempfile::tempdir().expect("a folder");
        assert_eq!(levels(&look_at_key(data.path(), false)), [Level::Ok], "there is no shop yet");
        assert_eq!(levels(&look_at_key(data.path(), true)), [Level::Fail]);
        ReceiptKey::in_folder(data.path(), &Chance::seeded(1)).expect("made");
        assert_eq!(levels(&look_at_key(data.path(), true)), [Level::Ok]);
        let path = data.path().join(FILE_NAME);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("changed");
        assert_eq!(levels(&look_at_key(data.path(), true)), [Level::Fail]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("changed");
        fs::write(&path, b"short").expect("written");
        assert_eq!(levels(&look_at_key(data.path(), true)), [Level::Fail]);
    }

    #[test]
    fn a_folder_that_others_can_look_into_is_told() {
        let data = tempfile::tempdir().expect("a folder");
        fs::set_permissions(data.path(), fs::Permissions::from_mode(0o700)).expect("changed");
        assert_eq!(levels(&look(data.path())), [Level::Ok]);
        assert_eq!(fs::read_dir(data.path()).expect("readable").count(), 0, "the trial is gone");
        fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).expect("changed");
        assert_eq!(levels(&look(data.path())), [Level::Warn]);
        assert_eq!(levels(&look(&data.path().join("none"))), [Level::Fail]);
    }
}
