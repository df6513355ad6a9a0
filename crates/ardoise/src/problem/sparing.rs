//! What happens to many at once and is worth one line of the log, not one for each.

use ledger::Timestamp;
use std::sync::Mutex;

/// How long nothing is written after a line.
const BETWEEN_LINES_MICROS: i64 = 1_000_000;

/// Counts what happens between two lines of the log.
#[derive(Debug, Default)]
pub struct Sparing {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    last_line: Option<Timestamp>,
    times: u64,
}

impl Sparing {
    /// Counts once more. Where it is time for a line, says how many there were since the last one.
    pub fn count(&self, now: Timestamp) -> Option<u64> {
        let mut counted = self.counted.lock().ok()?;
        counted.times += 1;
        let was_just_now = |last| (0..BETWEEN_LINES_MICROS).contains(&now.micros_since(last));
        if counted.last_line.is_some_and(was_just_now) {
            return None;
        }
        counted.last_line = Some(now);
        Some(std::mem::take(&mut counted.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_once_a_second_with_their_number() {
        let sparing = Sparing::default();
        let count = |micros| sparing.count(Timestamp::from_micros(micros));
        assert_eq!(count(0), Some(1));
        assert_eq!([count(1), count(999_999)], [None, None]);
        assert_eq!(count(1_000_000), Some(3));
        // Also by a clock that was set back since.
        assert_eq!(count(0), Some(1));
    }
}
