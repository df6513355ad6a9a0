//! [`Histogram`]: how long answers took, in fixed memory, exact to 1 in 128.

use std::time::Duration;

/// Each power of two is cut into this many equal slots, so a quantile is at most 1/128 too high.
const SLOTS_PER_POWER: u64 = 128;
/// log2 of [`SLOTS_PER_POWER`].
const SLOT_BITS: u32 = SLOTS_PER_POWER.ilog2();
/// Slots for every duration a 64-bit count of nanoseconds can hold.
const SLOTS: usize = ((64 - SLOT_BITS as usize) + 1) * SLOTS_PER_POWER as usize;

/// A log-linear histogram of durations: recording is a few instructions and never allocates.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    recorded: u64,
    longest: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; SLOTS], recorded: 0, longest: Duration::ZERO }
    }
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[slot_of(nanos)] += 1;
        self.recorded += 1;
        self.longest = self.longest.max(duration);
    }

    /// How many durations were counted.
    pub const fn recorded(&self) -> u64 {
        self.recorded
    }

    /// The longest duration, exactly.
    pub const fn longest(&self) -> Duration {
        self.longest
    }

    /// How many durations were at most this long, as exactly as the slots are.
    pub fn recorded_within(&self, limit: Duration) -> u64 {
        let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
        self.counts[..=slot_of(nanos)].iter().sum()
    }

    /// The duration that `per_mille` of a thousand stay within (500 is the median), rounded up to
    /// the end of its slot; zero when nothing was counted.
    pub fn within(&self, per_mille: u64) -> Duration {
        let wanted = (self.recorded * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        for (slot, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(end_of(slot)).min(self.longest);
            }
        }
        self.longest
    }
}

/// Below 128 ns a slot is one nanosecond; above, the leading eight bits choose it.
fn slot_of(nanos: u64) -> usize {
    let power = nanos.max(1).ilog2().saturating_sub(SLOT_BITS);
    power as usize * SLOTS_PER_POWER as usize + (nanos >> power) as usize
}

/// The longest whole number of nanoseconds that falls into `slot`.
fn end_of(slot: usize) -> u64 {
    let per_power = SLOTS_PER_POWER as usize;
    let power = (slot / per_power).saturating_sub(1);
    let lead = (slot - power * per_power) as u64;
    (lead << power) + ((1 << power) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_at_most_one_in_128_too_high() {
        let mut histogram = Histogram::default();
        for micros in 1..=10_000 {
            histogram.record(Duration::from_micros(micros));
        }
        for per_mille in [1, 10, 500, 990, 999] {
            let exact = Duration::from_micros(per_mille * 10);
            let found = histogram.within(per_mille);
            assert!(found >= exact && found <= exact + exact / 128, "{per_mille}: {found:?}");
        }
        assert_eq!(histogram.within(1_000), Duration::from_millis(10));
        assert_eq!(histogram.recorded(), 10_000);
        let within = histogram.recorded_within(Duration::from_micros(5_000));
        assert!((5_000..=5_040).contains(&within), "{within}");
    }

    #[test]
    fn every_duration_has_a_slot_that_ends_at_or_after_it() {
        for nanos in (0..63).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]) {
            assert!(end_of(slot_of(nanos)) >= nanos, "{nanos}");
        }
        assert!(slot_of(u64::MAX) < SLOTS);
    }

    #[test]
    fn nothing_counted_is_nothing_waited() {
        assert_eq!(Histogram::default().within(500), Duration::ZERO);
    }
}
