//! When a message that was not heard is sent again.

use crate::ids::Chance;
use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;

/// Seconds to wait after each failure. From the schedule of the Standard Webhooks specification 1.0.0: ten attempts
/// within 76 hours.
const WAITS: [i64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3_600, 5 * 3_600, 10 * 3_600, 14 * 3_600, 20 * 3_600, 24 * 3_600];
/// The longest wait that a receiver can ask for, in seconds.
const ASKED_MOST: i64 = 24 * 3_600;
/// Of a wait, the share that chance may add, so that receivers that failed together are not all tried together.
const SPREAD: i64 = 10;

/// When to send again after `attempts` of them; nothing when that was the last. `asked` is how many seconds the
/// receiver wants to be left alone.
pub fn next(
    attempts: u32,
    asked: Option<i64>,
    now: Timestamp,
    chance: &Chance,
) -> Option<Timestamp> {
    let place = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let wait = WAITS.get(place)?.max(&asked.unwrap_or(0).min(ASKED_MOST)) * MICROS_PER_SECOND;
    let share = i64::from(u16::from_le_bytes(chance.bytes()));
    let added = wait / SPREAD / i64::from(u16::MAX) * share;
    Some(Timestamp::from_micros(now.micros().saturating_add(wait).saturating_add(added)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

    fn wait_seconds(attempts: u32, asked: Option<i64>) -> Option<i64> {
        let then = next(attempts, asked, NOW, &Chance::seeded(7))?;
        Some(then.micros_since(NOW) / MICROS_PER_SECOND)
    }

    #[test]
    fn each_wait_is_the_specifications_and_at_most_a_tenth_longer() {
        for (place, least) in WAITS.into_iter().enumerate() {
            let wait = wait_seconds(place as u32 + 1, None).expect("another attempt");
            assert!((least..=least + least / SPREAD).contains(&wait), "{place}: {wait}");
        }
    }

    #[test]
    fn the_tenth_failure_is_the_last() {
        assert!(wait_seconds(9, None).is_some());
        assert_eq!(wait_seconds(10, Some(5)), None);
        let days = WAITS.iter().sum::<i64>() / 3_600;
        assert_eq!(days, 75);
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_ever() {
        assert!((3_600..=3_960).contains(&wait_seconds(1, Some(3_600)).expect("another attempt")));
        let longest = wait_seconds(1, Some(i64::MAX)).expect("another attempt");
        assert!((ASKED_MOST..=ASKED_MOST + ASKED_MOST / SPREAD).contains(&longest));
        assert!(wait_seconds(3, Some(-5)).expect("another attempt") >= 1_800);
    }
}
