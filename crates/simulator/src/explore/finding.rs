//! What a check found wrong, and where a history came to it.

use super::faults::{Fault, Trouble};
use super::stand::Ended;
use ardoise::store::StoreError;
use std::fmt;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which check has found it.
    pub check: &'static str,
    /// What it is.
    pub what: String,
}

impl Wrong {
    /// Something that the named check has found.
    pub fn new(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, what: what.into() }
    }

    /// The store failed though nothing was in its way.
    pub fn store(error: StoreError) -> Self {
        Self::new("store", error.to_string())
    }

    /// Somebody was not told what they should be.
    pub fn outbox(what: impl Into<String>) -> Self {
        Self::new("outbox", what)
    }

    /// Compares what a check has read with what the second ledger says.
    ///
    /// # Errors
    /// [`Wrong`] when they differ.
    pub fn unless_same<T: PartialEq + fmt::Debug>(
        check: &'static str,
        whose: &dyn fmt::Display,
        found: &T,
        expected: &T,
    ) -> Result<(), Self> {
        if found == expected {
            return Ok(());
        }
        let what =
            format!("{whose}: the shop says {found:#?}\nthe second ledger says {expected:#?}");
        Err(Self::new(check, what))
    }
}

impl Trouble {
    /// Whether a transaction ended as it was made to: a failure that nobody has planned is wrong.
    ///
    /// # Errors
    /// [`Wrong`] when the store failed by itself.
    pub fn explains<T>(self, ended: Ended<T>) -> Result<Ended<T>, Wrong> {
        match ended {
            Ended::Failed(error) if self.fault == Fault::None || self.fault == Fault::Answer => {
                Err(Wrong::store(error))
            }
            other => Ok(other),
        }
    }
}

/// What was found wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The history.
    pub seed: u64,
    /// The batch after which it was found.
    pub batch: u64,
    /// Commands that had been answered, or failed, by then.
    pub operations: u64,
    /// What it is.
    pub wrong: Wrong,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, batch, operations, wrong } = self;
        writeln!(
            f,
            "seed {seed}, batch {batch}, operation {operations}: {}: {}",
            wrong.check, wrong.what
        )?;
        write!(f, "`simulator explore --seed {seed}` comes to the same batch again")
    }
}
