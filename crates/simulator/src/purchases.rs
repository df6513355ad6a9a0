//! The scripts of the bench: purchases of which no two are the same reader and work, the bare echo beside them, and
//! requests that are sent again and again.

use ledger::LineId;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::chance::Chance;
use crate::fault::Fault;
use crate::http::{Answer, position_of};
use crate::load::{Script, Verdict};
use crate::purchase_id::{PurchaseId, TEXT_LENGTH};
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

/// The newest purchases that a stock remembers whole: enough that asking for them again is spread over readers and works.
const RECENT: usize = 4_096;

/// A purchase that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dealt {
    /// Its id.
    pub purchase: PurchaseId,
    /// The tab, by its place in [`Seeded`].
    pub tab: usize,
    /// The work, by its place in [`Seeded`].
    pub work: usize,
}

/// Purchases from one stock of pairs, and the memory of those the shop acknowledged.
#[derive(Debug)]
pub struct Purchases {
    seeded: Rc<Seeded>,
    pairs: Pairs,
    price: String,
    chance: Chance,
    acknowledged: Vec<LineId>,
    recent: VecDeque<Dealt>,
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
            recent: VecDeque::with_capacity(RECENT),
        };
        Ok((stock(others), stock(hot)))
    }

    /// The line of every purchase the shop has answered with "bought".
    pub fn acknowledged(&self) -> &[LineId] {
        &self.acknowledged
    }

    /// The newest that were asked for, whatever came of them.
    pub fn recent(&self) -> Vec<Dealt> {
        self.recent.iter().copied().collect()
    }

    /// Forgets which were the newest: not all of them were made.
    pub fn forget_recent(&mut self) {
        self.recent.clear();
    }

    /// Replaces what is in `request` by this purchase.
    pub fn write(&self, dealt: Dealt, request: &mut Vec<u8>) {
        let tab = Some(self.seeded.tab_tokens[dealt.tab].as_str());
        let slug = &self.seeded.slugs[dealt.work];
        let (purchase, price) = (dealt.purchase, self.price.as_str());
        BuyRequest { slug, tab, purchase, price, device: None }.write(request);
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
        let dealt = Dealt { purchase: PurchaseId::mint(&mut self.chance), tab, work };
        self.write(dealt, request);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(dealt);
        Some(dealt.purchase.bits())
    }

    fn judge(&mut self, _: u128, answer: &Answer<'_>) -> Verdict {
        let line = Some(answer).filter(|answer| is_bought(answer)).and_then(line);
        self.acknowledged.extend(line);
        Verdict::right_if(line.is_some(), answer)
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

/// The same requests, round and round.
#[derive(Debug)]
pub struct Repeats {
    requests: Vec<Vec<u8>>,
    sent: usize,
    is_right: fn(&Answer<'_>) -> bool,
}

impl Repeats {
    /// These requests, and which answers are the right ones.
    pub const fn new(requests: Vec<Vec<u8>>, is_right: fn(&Answer<'_>) -> bool) -> Self {
        Self { requests, sent: 0, is_right }
    }
}

impl Script for Repeats {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<u128> {
        let place = self.sent % self.requests.len().max(1);
        request.clear();
        request.extend_from_slice(self.requests.get(place)?);
        self.sent += 1;
        Some(place as u128)
    }

    fn judge(&mut self, _: u128, answer: &Answer<'_>) -> Verdict {
        Verdict::right_if((self.is_right)(answer), answer)
    }
}

/// Whether the shop says that this purchase was made.
pub fn is_bought(answer: &Answer<'_>) -> bool {
    answer.status == 200 && position_of(answer.body, br#""status":"bought""#).is_some()
}

/// The line that an answer names.
fn line(answer: &Answer<'_>) -> Option<LineId> {
    const BEFORE: &[u8] = br#""line":""#;
    let start = position_of(answer.body, BEFORE)? + BEFORE.len();
    let text = answer.body.get(start..start + TEXT_LENGTH)?;
    std::str::from_utf8(text).ok()?.parse().ok()
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
    fn a_purchase_asked_for_again_is_the_same_request() {
        let seed = Seed { works: 40, authors: 4, tabs: 200, price_micros: 10_000 };
        let seeded = Rc::new(Seeded {
            slugs: (0..seed.works).map(|work| format!("w{work}")).collect(),
            tab_tokens: (0..seed.tabs).map(|tab| format!("t{tab}")).collect(),
        });
        let mut chance = Chance::new(5);
        let (mut stock, _) = Purchases::uniform_and_hot(&seeded, &seed, &mut chance).unwrap();
        let (mut first, mut again) = (Vec::new(), Vec::new());
        for dealt in 0..=RECENT {
            stock.next(&mut first);
            let recent = stock.recent();
            assert_eq!(recent.len(), RECENT.min(dealt + 1));
            stock.write(*recent.last().unwrap(), &mut again);
            assert_eq!(first, again);
        }
    }

    #[test]
    fn requests_are_repeated_in_their_order() {
        let mut script = Repeats::new(vec![b"one".to_vec(), b"two".to_vec()], |_| true);
        let mut request = Vec::new();
        let sent: Vec<_> = (0..3).map(|_| script.next(&mut request)).collect();
        assert_eq!((sent, &request[..]), (vec![Some(0), Some(1), Some(0)], &b"one"[..]));
        assert_eq!(Repeats::new(Vec::new(), |_| true).next(&mut request), None);
    }

    #[test]
    fn works_are_spread_over_a_short_stretch() {
        let works: BTreeSet<_> =
            Pairs::new((0..100).collect(), 1_000, 42).take(200).map(|pair| pair.1).collect();
        assert!(works.len() > 70, "{}", works.len());
    }
}
