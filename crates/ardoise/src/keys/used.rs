//! When keys were last used, remembered in memory and written once in a while: a request costs no flush.

use crate::app::App;
use crate::store::{Db, StoreError, key};
use ledger::time::MICROS_PER_MINUTE;
use ledger::{KeyId, Timestamp};
use std::collections::HashMap;
use std::sync::Mutex;

/// Keys remembered at once; beyond them a use is not noted.
const REMEMBERED: usize = 10_000;

/// Uses of keys.
#[derive(Default)]
pub struct Uses {
    keys: Mutex<HashMap<KeyId, Use>>,
}

#[derive(Clone, Copy)]
struct Use {
    at: Timestamp,
    is_written: bool,
}

impl Uses {
    /// Notes that a key is used. Within a minute, only the first use counts.
    pub fn note(&self, key: KeyId, now: Timestamp) {
        let Ok(mut keys) = self.keys.lock() else { return };
        let is_recent = |known: &Use| now.micros_since(known.at) < MICROS_PER_MINUTE;
        if keys.len() >= REMEMBERED {
            keys.retain(|_, known| !known.is_written || is_recent(known));
        }
        let known = keys.get(&key).is_some_and(is_recent);
        if !known && (keys.len() < REMEMBERED || keys.contains_key(&key)) {
            keys.insert(key, Use { at: now, is_written: false });
        }
    }

    fn take(&self) -> Vec<(KeyId, Timestamp)> {
        let Ok(mut keys) = self.keys.lock() else { return Vec::new() };
        let waiting = keys.iter_mut().filter(|(_, known)| !known.is_written);
        waiting
            .map(|(key, known)| {
                known.is_written = true;
                (*key, known.at)
            })
            .collect()
    }
}

/// Writes the uses that were noted.
///
/// # Errors
/// Whatever the store says: they are then lost, which costs nobody anything.
pub async fn write(app: &App) -> Result<(), StoreError> {
    let waiting = app.key_uses.take();
    if waiting.is_empty() {
        return Ok(());
    }
    let write =
        move |db: &dyn Db| waiting.iter().try_for_each(|(key, at)| key::used(db, *key, *at));
    app.store.write(write).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::ShopId as _;

    const NOON: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

    #[test]
    fn a_key_in_constant_use_is_written_once_a_minute() {
        let uses = Uses::default();
        let key = KeyId::from_raw(1);
        uses.note(key, NOON);
        uses.note(key, Timestamp::from_micros(NOON.micros() + 59_000_000));
        assert_eq!(uses.take(), [(key, NOON)]);
        uses.note(key, Timestamp::from_micros(NOON.micros() + 59_999_999));
        assert_eq!(uses.take(), []);
        uses.note(key, NOON.plus_minutes(1));
        assert_eq!(uses.take(), [(key, NOON.plus_minutes(1))]);
    }

    #[test]
    fn what_is_remembered_is_bounded_and_old_uses_make_room() {
        let uses = Uses::default();
        for raw in 0..REMEMBERED as i64 + 5 {
            uses.note(KeyId::from_raw(raw), NOON);
        }
        assert_eq!(uses.take().len(), REMEMBERED);
        uses.note(KeyId::from_raw(-1), NOON.plus_minutes(2));
        assert_eq!(uses.take(), [(KeyId::from_raw(-1), NOON.plus_minutes(2))]);
    }
}
