//! The numbered steps that make a store what this version of the program expects.

use super::{Db, StoreError};

/// One step: what all engines run, then what only this engine runs.
pub struct Migration {
    /// Its number; steps are run in this order.
    pub version: i64,
    /// What all engines run.
    pub common: &'static str,
    /// What only SQLite runs.
    pub sqlite: &'static str,
    /// What only PostgreSQL runs.
    pub postgres: &'static str,
}

/// A step, by its number and the name of its files.
macro_rules! step {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            common: include_str!(concat!("../../../../migrations/", $name, ".sql")),
            sqlite: include_str!(concat!("../../../../migrations/", $name, ".sqlite.sql")),
            postgres: include_str!(concat!("../../../../migrations/", $name, ".postgres.sql")),
        }
    };
}

/// Every step, oldest first. A step that was released is never changed.
pub const ALL: &[Migration] = &[
    step!(1, "0001_slate"),
    step!(2, "0002_returns"),
    step!(3, "0003_charge"),
    step!(4, "0004_rail_fees"),
    step!(5, "0005_refund_order"),
    step!(6, "0006_binding"),
    step!(7, "0007_payer"),
    step!(8, "0008_bank"),
    step!(9, "0009_notice"),
    step!(10, "0010_payout_order"),
    step!(11, "0011_elsewhere"),
    step!(12, "0012_by_tab"),
];

/// The newest version that this program knows.
pub const fn newest() -> i64 {
    ALL[ALL.len() - 1].version
}

/// The version of the store behind `db`: 0 when it is empty.
///
/// # Errors
/// Whatever the engine says.
pub fn version(db: &dyn Db) -> Result<i64, StoreError> {
    db.number("select coalesce(max(version), 0) from migration", &[])
}
