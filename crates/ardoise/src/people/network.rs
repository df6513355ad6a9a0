//! How many new tabs a network may open, so that no loop can harvest what is free or never settled.

use governor::clock::DefaultClock;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Networks above which those that have been quiet are forgotten.
const NETWORKS_REMEMBERED: usize = 100_000;

/// Counts new tabs by network: an IPv4 /24, an IPv6 /48.
pub struct NewTabs {
    limiter: RateLimiter<[u8; 6], DashMapStateStore<[u8; 6]>, DefaultClock>,
}

impl NewTabs {
    /// At most `per_hour` new tabs from one network; all of them may come at once.
    pub fn new(per_hour: u32) -> Self {
        let per_hour = NonZeroU32::new(per_hour).unwrap_or(NonZeroU32::MIN);
        Self { limiter: RateLimiter::dashmap(Quota::per_hour(per_hour)) }
    }

    /// Whether one more may be opened from `address`; counts it.
    pub fn may_open(&self, address: IpAddr) -> bool {
        if self.limiter.len() > NETWORKS_REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&network(address)).is_ok()
    }
}

/// Answers that one network may give in an hour to what rails ask, so that nobody tries codes.
const ANSWERS_PER_HOUR: NonZeroU32 = NonZeroU32::new(60).expect("above zero");

/// Counts what readers answer to rails, and codes that they show, by network.
pub struct Answers {
    limiter: RateLimiter<[u8; 6], DashMapStateStore<[u8; 6]>, DefaultClock>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { limiter: RateLimiter::dashmap(Quota::per_hour(ANSWERS_PER_HOUR)) }
    }
}

impl Answers {
    /// Whether one more may come from `address`; counts it.
    pub fn may_answer(&self, address: IpAddr) -> bool {
        if self.limiter.len() > NETWORKS_REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&network(address)).is_ok()
    }
}

fn network(address: IpAddr) -> [u8; 6] {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            [4, a, b, c, 0, 0]
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, ..] = address.octets();
            [a, b, c, d, e, f]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_their_networks_allowance() {
        let tabs = NewTabs::new(2);
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(tabs.may_open(address("192.0.2.1")));
        assert!(tabs.may_open(address("::ffff:192.0.2.9")));
        assert!(!tabs.may_open(address("192.0.2.77")));
        assert!(tabs.may_open(address("198.51.100.1")));
        assert!(tabs.may_open(address("2001:db8:1::1")));
        assert!(tabs.may_open(address("2001:db8:1:2::1")));
        assert!(!tabs.may_open(address("2001:db8:1:3::1")));
    }
}
