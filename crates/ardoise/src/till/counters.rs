//! What the till has done.

use std::sync::atomic::AtomicU64;

/// Figures since the start, for the metrics page.
#[derive(Debug, Default)]
pub struct Counters {
    /// New lines written.
    pub purchases: AtomicU64,
    /// Commits of batches.
    pub commits: AtomicU64,
    /// Commands decided.
    pub commands: AtomicU64,
    /// Commands turned away because the queue was full.
    pub turned_away: AtomicU64,
}
