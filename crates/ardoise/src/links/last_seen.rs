//! What pages show to everybody, as it was last read from the store.
//!
//! *While the store answers* it need not be asked again for what was read within the last second ([`FRESH_FOR_MICROS`]), unless
//! this process has written anything but purchases since: an edit is seen at once here, and within that second through
//! another process of the shop. What depends on who asks is never kept, and nothing is ever decided by what is: the till
//! compares prices itself.
//!
//! *While the store does not answer*, whoever follows a link gets the page that the last reader got, with a quiet line in
//! place of the button.
//!
//! *Works that were withdrawn.* A work that its author takes off the shelves while the store answers is seen as withdrawn
//! from its next visit on, also here. If nobody visits it before the store stops answering, or it was withdrawn through
//! another process of the shop, its page is shown once more as it was: what everybody could read before, and nothing that
//! is behind the button. What was last seen more than a day ago is not shown at all. Drafts are never kept.

use super::public::{Front, PublicWork};
use crate::store::file::Derived;
use crate::works::Readable;
use ledger::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// How long what was seen may be shown: one day.
const SHOWN_FOR_MICROS: i64 = 24 * 3_600_000_000;

/// For how long what was read need not be read again: so long is an edit through another process not seen.
const FRESH_FOR_MICROS: i64 = 1_000_000;

/// When something was read: to be taken before the store is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// How often this process had written until then; see [`crate::till::Till::generation`].
    pub generation: u64,
}

impl Moment {
    /// Whether what was read `then` still holds now.
    fn continues(self, then: Self) -> bool {
        self.generation == then.generation
            && (0..FRESH_FOR_MICROS).contains(&self.at.micros_since(then.at))
    }
}

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

/// What those read who bought it: mostly the text of articles.
const READABLES: Limits = Limits { count: 2_000, bytes: 8 << 20 };

/// What was last seen.
pub struct LastSeen {
    /// By the slug of the link.
    pub works: Shelf<PublicWork>,
    /// By the id of the work before.
    pub fronts: Shelf<Front>,
    /// By key.
    pub previews: Shelf<Derived>,
    /// By the id of the work. It is only shown to those of whom the store says that they may read it.
    pub readables: Shelf<Readable>,
}

impl Default for LastSeen {
    fn default() -> Self {
        Self {
            works: Shelf::new(WORKS),
            fronts: Shelf::new(FRONTS),
            previews: Shelf::new(PREVIEWS),
            readables: Shelf::new(READABLES),
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
    read: Moment,
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
    pub fn keep(&self, key: &str, value: &Arc<V>, read: Moment) {
        let Ok(mut kept) = self.kept.lock() else { return };
        kept.remove(key);
        let (bytes, turn) = (key.len() + value.bytes(), kept.turn);
        let seen = Seen { value: value.clone(), bytes, turn, read };
        kept.by_key.insert(key.to_owned(), seen);
        kept.by_turn.insert(turn, key.to_owned());
        kept.bytes += bytes;
        kept.turn += 1;
        while kept.by_key.len() > self.limits.count || kept.bytes > self.limits.bytes {
            let Some((_, oldest)) = kept.by_turn.pop_first() else { return };
            kept.remove(&oldest);
        }
    }

    /// What stands under `key`, if it need not be read again.
    pub fn fresh(&self, key: &str, now: Moment) -> Option<Arc<V>> {
        let kept = self.kept.lock().ok()?;
        let seen = kept.by_key.get(key)?;
        now.continues(seen.read).then(|| seen.value.clone())
    }

    /// What was last seen under `key`, if that is not too long ago.
    pub fn last(&self, key: &str, now: Timestamp) -> Option<Arc<V>> {
        let kept = self.kept.lock().ok()?;
        let seen = kept.by_key.get(key)?;
        (now.micros_since(seen.read.at) < SHOWN_FOR_MICROS).then(|| seen.value.clone())
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
    const THEN: Moment = Moment { at: NOON, generation: 7 };

    fn shelf(of: &[(&str, usize)]) -> Shelf<usize> {
        let shelf = Shelf::new(Limits { count: 3, bytes: 100 });
        for (key, bytes) in of {
            shelf.keep(key, &Arc::new(*bytes), THEN);
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
            shelf.keep(keys[turn * 7 % 5], &Arc::new(turn * 31 % 60), THEN);
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

    #[test]
    fn what_was_read_is_asked_for_again_after_a_second_a_write_or_a_step_of_the_clock() {
        let shelf = shelf(&[("a", 1)]);
        let after = |micros, generation| {
            let now = Moment { at: Timestamp::from_micros(micros), generation };
            shelf.fresh("a", now).is_some()
        };
        assert!(after(0, 7) && after(999_999, 7));
        assert!(!after(1_000_000, 7) && !after(0, 8) && !after(-1, 7));
    }
}
