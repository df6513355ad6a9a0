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

/// Every step, oldest first. A step that was released is never changed.
pub const ALL: &[Migration] = &[
    Migration {
        version: 1,
        common: include_str!("../../../../migrations/0001_slate.sql"),
        sqlite: include_str!("../../../../migrations/0001_slate.sqlite.sql"),
        postgres: include_str!("../../../../migrations/0001_slate.postgres.sql"),
    },
    Migration {
        version: 2,
        common: include_str!("../../../../migrations/0002_returns.sql"),
        sqlite: include_str!("../../../../migrations/0002_returns.sqlite.sql"),
        postgres: include_str!("../../../../migrations/0002_returns.postgres.sql"),
    },
    Migration {
        version: 3,
        common: include_str!("../../../../migrations/0003_charge.sql"),
        sqlite: include_str!("../../../../migrations/0003_charge.sqlite.sql"),
        postgres: include_str!("../../../../migrations/0003_charge.postgres.sql"),
    },
    Migration {
        version: 5,
        common: include_str!("../../../../migrations/0005_notice.sql"),
        sqlite: include_str!("../../../../migrations/0005_notice.sqlite.sql"),
        postgres: include_str!("../../../../migrations/0005_notice.postgres.sql"),
    },
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
