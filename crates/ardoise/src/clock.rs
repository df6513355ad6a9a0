//! The shop's clock, passed to whoever needs to know what time it is.

use ledger::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What time it is: the machine's, or one that is moved by hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that stands still until it is moved, for tests and made-up histories.
    Hand(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn standing_at(now: Timestamp) -> Self {
        Self::Hand(Arc::new(AtomicI64::new(now.micros())))
    }

    /// The instant it shows.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Hand(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a clock that is moved by hand; the machine's is left alone.
    pub fn set(&self, now: Timestamp) {
        if let Self::Hand(micros) = self {
            micros.store(now.micros(), Ordering::SeqCst);
        }
    }
}
