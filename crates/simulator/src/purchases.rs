//! The scripts of the bench: purchases of which no two are the same reader and work, and the bare
//! echo beside them.

use std::rc::Rc;

use crate::chance::Chance;
use crate::fault::Fault;
use crate::http::{Answer, position_of};
use crate::load::{Script, Verdict};
use crate::purchase_id::PurchaseId;
use crate::shop::{Seed, Seeded};
use crate::wire::{self, BuyRequest};

/// Deals out (tab, work) pairs, each at most once: every tab in turn takes one work, then every tab
/// the next one. The order of the tabs and the work that each begins with are chance, so that any
/// stretch of purchases is spread over tabs, works and authors, as readers are.
#[derive(Debug)]
pub struct Pairs {
    works: Vec<usize>,
    tabs: Vec<usize>,
    seed: u64,
    dealt: usize,
}

impl Pairs {
    /// The pairs of `tabs` tabs and these works.
    pub fn new(works: Vec<usize>, tabs: usize, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut tabs: Vec<usize> = (0..tabs).collect();
        for end in (1..tabs.len()).rev() {
            tabs.swap(end, chance.index(end + 1));
        }
        Self { works, tabs, seed, dealt: 0 }
    }

    /// How many pairs are left.
    pub fn left(&self) -> usize {
        self.works.len() * self.tabs.len() - self.dealt
    }
}

impl Iterator for Pairs {
    /// A tab and a work, by their place in [`Seeded`].
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        if self.left() == 0 {
            return None;
        }
        let (pass, tab) = (self.dealt / self.tabs.len(), self.dealt % self.tabs.len());
        let tab = self.tabs[tab];
        self.dealt += 1;
        let first = Chance::new(self.seed ^ tab as u64).index(self.works.len());
        Some((tab, self.works[(first + pass) % self.works.len()]))
    }
}

/// Purchases from one stock of pairs, and the memory of those the shop acknowledged.
#[derive(Debug)]
pub struct Purchases {
    seeded: Rc<Seeded>,
    pairs: Pairs,
    price: String,
    chance: Chance,
    acknowledged: Vec<PurchaseId>,
}

impl Purchases {
    /// One stock of every author's works but the first's, and one of the first author's alone: a
    /// hot author is a stock of its own so that no pair is ever dealt twice.
    ///
    /// # Errors
    /// [`Fault::Run`] when the price is below zero.
    pub fn uniform_and_hot(
        seeded: &Rc<Seeded>,
        seed: &Seed,
        chance: &mut Chance,
    ) -> Result<(Self, Self), Fault> {
        let works = 0..seeded.slugs.len();
        let (hot, others) = works.partition(|&work| seed.author_of(work) == 0);
        let price = wire::decimal(seed.price_micros)?;
        let mut stock = |works| Self {
            seeded: Rc::clone(seeded),
            pairs: Pairs::new(works, seeded.tab_tokens.len(), chance.bits()),
            price: price.clone(),
            chance: chance.branch(),
            acknowledged: Vec::new(),
        };
        Ok((stock(others), stock(hot)))
    }

    /// Every purchase the shop has answered with "bought".
    pub fn acknowledged(&self) -> &[PurchaseId] {
        &self.acknowledged
    }

    /// Makes room for a phase's acknowledgements, so that remembering them does not allocate while
    /// time is measured.
    pub fn make_room(&mut self, acknowledgements: usize) {
        self.acknowledged.reserve(acknowledgements);
    }
}

impl Script for Purchases {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<u128> {
        let (tab, work) = self.pairs.next()?;
        let purchase = PurchaseId::mint(&mut self.chance);
        let tab = Some(self.seeded.tab_tokens[tab].as_str());
        let slug = &self.seeded.slugs[work];
        let price = &self.price;
        BuyRequest { slug, tab, purchase, price, device: None }.write(request);
        Some(purchase.bits())
    }

    fn judge(&mut self, number: u128, answer: &Answer<'_>) -> Verdict {
        let bought = is_bought(answer);
        if bought {
            self.acknowledged.push(PurchaseId::from_bits(number));
        }
        Verdict::right_if(bought, answer)
    }
}

/// The same JSON to a route that parses it, writes it back and does nothing else.
#[derive(Debug)]
pub struct Echoes {
    price: String,
    chance: Chance,
}

impl Echoes {
    /// Echoes of purchases at `price`, in decimals.
    pub const fn new(price: String, chance: Chance) -> Self {
        Self { price, chance }
    }
}

impl Script for Echoes {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<u128> {
        let purchase = PurchaseId::mint(&mut self.chance);
        wire::write_echo(request, purchase, &self.price);
        Some(purchase.bits())
    }

    fn judge(&mut self, number: u128, answer: &Answer<'_>) -> Verdict {
        let purchase = PurchaseId::from_bits(number).text();
        let echoed = answer.status == 200 && position_of(answer.body, &purchase).is_some();
        Verdict::right_if(echoed, answer)
    }
}

fn is_bought(answer: &Answer<'_>) -> bool {
    answer.status == 200 && position_of(answer.body, br#""status":"bought""#).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_pair_is_dealt_twice_and_none_is_left_out() {
        let pairs: Vec<_> = Pairs::new(vec![3, 5, 8], 7, 42).collect();
        assert_eq!(pairs.len(), 21);
        assert_eq!(pairs.iter().collect::<BTreeSet<_>>().len(), 21);
    }

    #[test]
    fn works_are_spread_over_a_short_stretch() {
        let works: BTreeSet<_> =
            Pairs::new((0..100).collect(), 1_000, 42).take(200).map(|pair| pair.1).collect();
        assert!(works.len() > 70, "{}", works.len());
    }
}
