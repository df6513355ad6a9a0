//! Visits of works' pages, counted in memory and written once in a while: a page view costs no flush.

use crate::app::App;
use crate::store::StoreError;
use crate::store::visit::{self, Visited};
use std::collections::HashMap;
use std::sync::Mutex;

/// Different pages, hours and channels remembered between two writings; beyond them a visit is not counted.
const REMEMBERED: usize = 10_000;

/// Visits that are not written yet.
#[derive(Default)]
pub struct Visits {
    waiting: Mutex<HashMap<Visited, i64>>,
}

impl Visits {
    /// Counts one visit.
    pub fn count(&self, visited: Visited) {
        let Ok(mut waiting) = self.waiting.lock() else { return };
        if waiting.len() < REMEMBERED || waiting.contains_key(&visited) {
            *waiting.entry(visited).or_default() += 1;
        }
    }

    fn take(&self) -> HashMap<Visited, i64> {
        self.waiting.lock().map(|mut waiting| std::mem::take(&mut *waiting)).unwrap_or_default()
    }
}

/// Writes the visits that were counted.
///
/// # Errors
/// Whatever the store says: the visits are then lost, which costs nobody anything.
pub async fn write(app: &App) -> Result<(), StoreError> {
    let waiting = app.visits.take();
    if waiting.is_empty() {
        return Ok(());
    }
    let write = move |db: &dyn crate::store::Db| {
        waiting.iter().try_for_each(|(visited, visits)| visit::add(db, visited, *visits))
    };
    app.store.write_in_time(write).await
}
