//! Pages as they were last seen, for the time in which the store does not answer.
//!
//! Whoever follows a link then gets the page that the last reader got, with a quiet line in place of the button. Nothing
//! here is shown while the store answers, and nothing is ever decided by it: a price that is out of date is on no button,
//! and the till compares prices itself once it takes purchases again.
//!
//! *Works that were withdrawn.* A work that its author takes off the shelves while the store answers is seen as withdrawn
//! from its next visit on, also here. If nobody visits it before the store stops answering, or it was withdrawn through
//! another process of the shop, its page is shown once more as it was: what everybody could read before, and nothing that
//! is behind the button. What was last seen more than a day ago is not shown at all. Drafts are never kept.

use super::public::{Front, PublicWork};
use crate::store::file::Derived;
use ledger::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// How long what was seen may be shown: one day.
const SHOWN_FOR_MICROS: i64 = 24 * 3_600_000_000;

/// How much is kept of one kind; what was seen longest ago gives way.
#[derive(Debug, Clone, Copy)]
struct Limits {
    count: usize,
    bytes: usize,
}

/// Pages of works. Their size is mostly the beginning of an article, some kilobytes.
const WORKS: Limits = Limits { count: 2_000, bytes: 8 << 20 };
/// Pages of the front, each of two dozen works.
const FRONTS: Limits = Limits { count: 50, bytes: 1 << 20 };
/// What is known of pictures and samples. Their bytes are with the files.
const PREVIEWS: Limits = Limits { count: 4_000, bytes: 4 << 20 };

/// What was last seen.
pub struct LastSeen {
    /// By the slug of the link.
    pub works: Shelf<PublicWork>,
    /// By the id of the work before.
    pub fronts: Shelf<Front>,
    /// By key.
    pub previews: Shelf<Derived>,
}

impl Default for LastSeen {
    fn default() -> Self {
        Self {
            works: Shelf::new(WORKS),
            fronts: Shelf::new(FRONTS),
            previews: Shelf::new(PREVIEWS),
        }
    }
}

/// What has a size.
pub trait Weighed {
    /// Bytes that it takes, about.
    fn bytes(&self) -> usize;
}

/// What was last seen of one kind.
pub struct Shelf<V> {
    limits: Limits,
    kept: Mutex<Kept<V>>,
}

struct Kept<V> {
    by_key: HashMap<String, Seen<V>>,
    /// Keys in the order in which they were seen.
    by_turn: BTreeMap<u64, String>,
    bytes: usize,
    turn: u64,
}

struct Seen<V> {
    value: Arc<V>,
    bytes: usize,
    turn: u64,
    at: Timestamp,
}

impl<V> Kept<V> {
    fn remove(&mut self, key: &str) {
        if let Some(seen) = self.by_key.remove(key) {
            self.by_turn.remove(&seen.turn);
            self.bytes -= seen.bytes;
        }
    }
}

impl<V: Weighed> Shelf<V> {
    fn new(limits: Limits) -> Self {
        let kept = Kept { by_key: HashMap::new(), by_turn: BTreeMap::new(), bytes: 0, turn: 0 };
        Self { limits, kept: Mutex::new(kept) }
    }

    /// Keeps what was seen in place of what was seen before under `key`.
    pub fn keep(&self, key: &str, value: &Arc<V>, now: Timestamp) {
        let Ok(mut kept) = self.kept.lock() else { return };
        kept.remove(key);
        let (bytes, turn) = (key.len() + value.bytes(), kept.turn);
        let seen = Seen { value: value.clone(), bytes, turn, at: now };
        kept.by_key.insert(key.to_owned(), seen);
        kept.by_turn.insert(turn, key.to_owned());
        kept.bytes += bytes;
        kept.turn += 1;
        while kept.by_key.len() > self.limits.count || kept.bytes > self.limits.bytes {
            let Some((_, oldest)) = kept.by_turn.pop_first() else { return };
            kept.remove(&oldest);
        }
    }

    /// What was last seen under `key`, if that is not too long ago.
    pub fn last(&self, key: &str, now: Timestamp) -> Option<Arc<V>> {
        let kept = self.kept.lock().ok()?;
        let seen = kept.by_key.get(key)?;
        (now.micros_since(seen.at) < SHOWN_FOR_MICROS).then(|| seen.value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weighed for usize {
        fn bytes(&self) -> usize {
            *self
        }
    }

    const NOON: Timestamp = Timestamp::from_micros(0);

    fn shelf(of: &[(&str, usize)]) -> Shelf<usize> {
        let shelf = Shelf::new(Limits { count: 3, bytes: 100 });
        for (key, bytes) in of {
            shelf.keep(key, &Arc::new(*bytes), NOON);
        }
        shelf
    }

    fn kept<'a>(shelf: &Shelf<usize>, of: &[&'a str]) -> Vec<&'a str> {
        of.iter().copied().filter(|key| shelf.last(key, NOON).is_some()).collect()
    }

    #[test]
    fn what_was_seen_longest_ago_gives_way_by_number_and_by_bytes() {
        let many = shelf(&[("a", 1), ("b", 1), ("a", 1), ("c", 1), ("d", 1)]);
        assert_eq!(kept(&many, &["a", "b", "c", "d"]), ["a", "c", "d"]);
        let large = shelf(&[("a", 40), ("b", 40), ("c", 40)]);
        assert_eq!(kept(&large, &["a", "b", "c"]), ["b", "c"]);
        let too_large = shelf(&[("a", 1), ("b", 101)]);
        assert_eq!(kept(&too_large, &["a", "b"]), [""; 0]);
    }

    #[test]
    fn the_sum_of_what_is_kept_is_right_after_anything() {
        let keys = ["a", "b", "c", "d", "e"];
        let shelf = shelf(&[]);
        for turn in 0..1_000_usize {
            shelf.keep(keys[turn * 7 % 5], &Arc::new(turn * 31 % 60), NOON);
            let kept = shelf.kept.lock().expect("sound");
            let sum: usize = kept.by_key.values().map(|seen| seen.bytes).sum();
            assert_eq!(kept.bytes, sum);
            assert_eq!(kept.by_turn.len(), kept.by_key.len());
            assert!(sum <= 100 && kept.by_key.len() <= 3);
        }
    }

    #[test]
    fn what_was_seen_yesterday_is_not_shown() {
        let shelf = shelf(&[("a", 1)]);
        assert!(shelf.last("a", NOON.plus_minutes(23 * 60)).is_some());
        assert!(shelf.last("a", NOON.plus_days(1)).is_none());
        // Also by a clock that was set back since.
        assert!(shelf.last("a", NOON.plus_days(-2)).is_some());
    }
}
