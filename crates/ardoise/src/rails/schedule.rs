//! When a charge is asked about again.

use ledger::Timestamp;

/// Minutes to wait after each time that it was taken up; the last holds from then on.
const WAITS: [i64; 7] = [1, 2, 4, 8, 16, 32, 60];

/// When to ask again about a charge that was taken up `attempts` times.
pub fn next(attempts: u32, now: Timestamp) -> Timestamp {
    let place = usize::try_from(attempts).unwrap_or(usize::MAX).min(WAITS.len() - 1);
    now.plus_minutes(WAITS[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_asked_after_a_minute_and_then_ever_less_often_up_to_an_hour() {
        let now = Timestamp::from_micros(1_795_348_800_000_000);
        assert_eq!(next(0, now), now.plus_minutes(1));
        assert_eq!(next(3, now), now.plus_minutes(8));
        assert_eq!(next(u32::MAX, now), now.plus_minutes(60));
    }
}
