//! Leaves a provider alone that fails again and again, so that nobody waits for it in vain.

use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;
use std::collections::HashMap;
use std::sync::Mutex;

/// Failures in a row after which a provider is left alone.
const FAILURES_MOST: u32 = 5;
/// Seconds for which it is.
const REST_SECONDS: i64 = 30;

#[derive(Debug, Clone, Copy, Default)]
struct Breaker {
    failures: u32,
    rests_until: Option<Timestamp>,
}

/// What is known of each provider, by the origin of its addresses.
#[derive(Debug, Default)]
pub struct Breakers(Mutex<HashMap<String, Breaker>>);

impl Breakers {
    /// Whether a call to `origin` may be made at `now`. After a rest one is let through; the next rest begins when that one
    /// fails too.
    pub fn lets_through(&self, origin: &str, now: Timestamp) -> bool {
        let Ok(mut known) = self.0.lock() else { return true };
        let Some(breaker) = known.get_mut(origin) else { return true };
        let rests = |until: Timestamp| {
            (1..=REST_SECONDS * MICROS_PER_SECOND).contains(&until.micros_since(now))
        };
        if breaker.rests_until.is_some_and(rests) {
            return false;
        }
        if breaker.rests_until.is_some() {
            // Those who come while that one is under way wait as well.
            breaker.rests_until = Some(rest(now));
        }
        true
    }

    /// Notes what came of a call; answers whether a rest begins that was not there before.
    pub fn note(&self, origin: &str, failed: bool, now: Timestamp) -> bool {
        let Ok(mut known) = self.0.lock() else { return false };
        if !failed {
            known.remove(origin);
            return false;
        }
        let breaker = known.entry(origin.to_owned()).or_default();
        breaker.failures = breaker.failures.saturating_add(1);
        if breaker.failures >= FAILURES_MOST {
            breaker.rests_until = Some(rest(now));
        }
        breaker.failures == FAILURES_MOST
    }
}

fn rest(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(REST_SECONDS * MICROS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

    fn later(seconds: i64) -> Timestamp {
        Timestamp::from_micros(NOW.micros() + seconds * MICROS_PER_SECOND)
    }

    fn fail(breakers: &Breakers, times: usize) {
        for _ in 0..times {
            breakers.note("a", true, NOW);
        }
    }

    #[test]
    fn after_five_failures_in_a_row_a_provider_is_left_alone_for_half_a_minute() {
        let breakers = Breakers::default();
        let begins: Vec<bool> = (0..6).map(|_| breakers.note("a", true, NOW)).collect();
        assert_eq!(begins, [false, false, false, false, true, false]);
        assert!(!breakers.lets_through("a", later(29)));
        assert!(breakers.lets_through("b", NOW), "others are no worse for it");
        assert!(breakers.lets_through("a", later(30)), "one tries");
        assert!(!breakers.lets_through("a", later(30)), "and only one");
        breakers.note("a", false, later(30));
        assert!(breakers.lets_through("a", later(30)));
    }

    #[test]
    fn one_success_forgets_the_failures_before() {
        let breakers = Breakers::default();
        for _ in 0..3 {
            fail(&breakers, 4);
            breakers.note("a", false, NOW);
        }
        assert!(breakers.lets_through("a", NOW));
    }

    #[test]
    fn a_clock_that_is_set_back_ends_a_rest() {
        let breakers = Breakers::default();
        fail(&breakers, 5);
        assert!(breakers.lets_through("a", later(-3_600)));
    }
}
