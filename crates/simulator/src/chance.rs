//! [`Chance`]: every random choice of a run, from one seed that is printed and can be given again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A stream of random numbers (SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014). Good enough to choose readers and moments; never used for a secret.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream that `seed` stands for.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound - 1`; 0 when `bound` is 0. The bias is below 2⁻³² for the bounds
    /// used here.
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.bits() as u128 * bound as u128) >> 64) as u64
    }

    /// An index into a list of `length` items; 0 when it is empty.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// True `percent` times in a hundred.
    pub const fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// The wait until the next arrival of a Poisson process of `per_second` arrivals a second.
    pub fn until_next_arrival(&mut self, per_second: f64) -> Duration {
        // 53 bits make an even number in (0, 1]; its logarithm is finite.
        let even = ((self.bits() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        Duration::from_secs_f64(-even.ln() / per_second)
    }

    /// A stream of its own for one reader, so that the order in which readers run does not change
    /// their choices.
    pub const fn branch(&mut self) -> Self {
        Self::new(self.bits())
    }
}

/// A seed nobody chose, for runs that were given none.
pub fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(now.as_nanos() & u128::from(u64::MAX)).unwrap_or(0);
    Chance::new(nanos ^ u64::from(std::process::id())).bits() >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_published_numbers() {
        let mut chance = Chance::new(0);
        assert_eq!(chance.bits(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(chance.bits(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn arrivals_keep_the_asked_rate() {
        let mut chance = Chance::new(7);
        let total: Duration = (0..20_000).map(|_| chance.until_next_arrival(1_000.0)).sum();
        assert!((19.0..21.0).contains(&total.as_secs_f64()), "{total:?}");
    }
}
