//! The chain of receipts of a tab: everything that happens to its lines and its money is hashed onto what was there before, so that no
//! entry can be changed, dropped or moved without the head of the chain giving it away.

use crate::ids::{LineId, RefundId, SettlementId, ShopId, TabId, WorkId};
use crate::money::Money;
use crate::time::Timestamp;
use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// The start of every hashed entry: what it is, and the version of this layout.
const DOMAIN: &[u8] = b"ardoise/receipt/1";
/// The start of the first link of every chain.
const ORIGIN: &[u8] = b"ardoise/chain/1";
/// The start of the digest of a version of a work.
const VERSION: &[u8] = b"ardoise/version/1";

/// The head of a tab's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// How many entries there are.
    pub length: u64,
    /// The hash of the last entry; of the tab's id when there is none.
    pub head: Hash,
}

/// What happened to a tab, as it is hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A line was put on the tab.
    Bought {
        /// The line.
        line: LineId,
        /// The work.
        work: WorkId,
        /// What the work was at that time: see [`version_digest`].
        version: Hash,
        /// The price, tax included.
        gross: Money,
        /// The tax in it.
        vat: Money,
        /// The rate of the tax, in basis points.
        vat_basis_points: i64,
        /// The consent under which it was supplied at once.
        consent: i64,
        /// When.
        at: Timestamp,
    },
    /// A line was taken back.
    Undone {
        /// The line.
        line: LineId,
        /// When.
        at: Timestamp,
    },
    /// Money came in.
    Settled {
        /// The settlement.
        settlement: SettlementId,
        /// How much.
        received: Money,
        /// When.
        at: Timestamp,
    },
    /// Money was given back.
    GivenBack {
        /// The refund.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// The rail did not carry a refund out: the money is credit again.
    Returned {
        /// The refund.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// A settlement is disputed.
    Disputed {
        /// The settlement.
        settlement: SettlementId,
        /// How much of it the rail has taken back.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// A dispute has ended.
    DisputeEnded {
        /// The settlement.
        settlement: SettlementId,
        /// How much of it was disputed.
        amount: Money,
        /// Whether the shop has it again.
        won: bool,
        /// When.
        at: Timestamp,
    },
    /// A line was written off.
    WrittenOff {
        /// The line.
        line: LineId,
        /// When.
        at: Timestamp,
    },
    /// Money was given back at the provider's own page, whether or not the tab had credit.
    GivenElsewhere {
        /// The refund.
        refund: RefundId,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// The operator has opened the tab again.
    Reopened {
        /// When.
        at: Timestamp,
    },
}

impl Chain {
    /// The empty chain of `tab`.
    pub fn of(tab: TabId) -> Self {
        let head = Sha256::new().chain_update(ORIGIN).chain_update(tab.raw().to_be_bytes());
        Self { length: 0, head: head.finalize().into() }
    }

    /// The chain with `entry` at its end: `head' = SHA-256(head ‖ number ‖ entry)`.
    pub fn with(self, entry: &Entry) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.head);
        hasher.update(self.length.to_be_bytes());
        entry.feed(&mut hasher);
        Self { length: self.length + 1, head: hasher.finalize().into() }
    }
}

impl Entry {
    /// Every field has a fixed width, so no two entries have the same bytes.
    fn feed(&self, hasher: &mut Sha256) {
        hasher.update(DOMAIN);
        match *self {
            Self::Bought { line, work, version, gross, vat, vat_basis_points, consent, at } => {
                hasher.update([1]);
                hasher.update(line.bytes());
                hasher.update(work.raw().to_be_bytes());
                hasher.update(version);
                feed_money(hasher, gross);
                feed_money(hasher, vat);
                hasher.update(vat_basis_points.to_be_bytes());
                hasher.update(consent.to_be_bytes());
                hasher.update(at.micros().to_be_bytes());
            }
            Self::Undone { line, at } => {
                hasher.update([2]);
                hasher.update(line.bytes());
                hasher.update(at.micros().to_be_bytes());
            }
            Self::Settled { settlement, received, at } => {
                hasher.update([3]);
                hasher.update(settlement.bytes());
                feed_money(hasher, received);
                hasher.update(at.micros().to_be_bytes());
            }
            Self::GivenBack { refund, amount, at } => {
                feed_money_about(hasher, 4, refund.bytes(), amount, at);
            }
            Self::Returned { refund, amount, at } => {
                feed_money_about(hasher, 5, refund.bytes(), amount, at);
            }
            Self::Disputed { settlement, amount, at } => {
                feed_money_about(hasher, 6, settlement.bytes(), amount, at);
            }
            Self::DisputeEnded { settlement, amount, won, at } => {
                let tag = if won { 7 } else { 8 };
                feed_money_about(hasher, tag, settlement.bytes(), amount, at);
            }
            Self::WrittenOff { line, at } => {
                hasher.update([9]);
                hasher.update(line.bytes());
                hasher.update(at.micros().to_be_bytes());
            }
            Self::GivenElsewhere { refund, amount, at } => {
                feed_money_about(hasher, 10, refund.bytes(), amount, at);
            }
            Self::Reopened { at } => {
                hasher.update([11]);
                hasher.update(at.micros().to_be_bytes());
            }
        }
    }
}

fn feed_money_about(hasher: &mut Sha256, tag: u8, id: [u8; 16], amount: Money, at: Timestamp) {
    hasher.update([tag]);
    hasher.update(id);
    feed_money(hasher, amount);
    hasher.update(at.micros().to_be_bytes());
}

fn feed_money(hasher: &mut Sha256, money: Money) {
    hasher.update(money.currency().code().as_bytes());
    hasher.update(money.micros().to_be_bytes());
}

/// The digest of what a work is: its title and the SHA-256 of each of its parts, in order.
pub fn version_digest(title: &str, parts: &[Hash]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(VERSION);
    hasher.update((title.len() as u64).to_be_bytes());
    hasher.update(title.as_bytes());
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The number under which the words of a button are kept: the first 63 bits of the SHA-256 of language and label.
pub fn consent_number(locale: &str, label: &str) -> i64 {
    let digest =
        Sha256::new().chain_update(locale).chain_update([0]).chain_update(label).finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first) & i64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    const CURRENCIES: [Currency; 4] = [Currency::Eur, Currency::Usd, Currency::Gbp, Currency::Chf];

    fn money() -> impl Strategy<Value = Money> {
        (0..=i64::MAX, prop::sample::select(CURRENCIES.to_vec()))
            .prop_map(|(micros, currency)| Money::from_micros(micros, currency).expect("sound"))
    }

    fn time() -> impl Strategy<Value = Timestamp> {
        any::<i64>().prop_map(Timestamp::from_micros)
    }

    fn line() -> impl Strategy<Value = LineId> {
        any::<[u8; 16]>().prop_map(LineId::from_bytes)
    }

    fn bought() -> impl Strategy<Value = Entry> {
        let work = any::<i64>().prop_map(WorkId::from_raw);
        (line(), work, any::<[u8; 32]>(), money(), money(), any::<i64>(), any::<i64>(), time())
            .prop_map(|(line, work, version, gross, vat, vat_basis_points, consent, at)| {
                Entry::Bought { line, work, version, gross, vat, vat_basis_points, consent, at }
            })
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let settlement = any::<[u8; 16]>().prop_map(SettlementId::from_bytes);
        prop_oneof![
            bought(),
            (line(), time()).prop_map(|(line, at)| Entry::Undone { line, at }),
            (line(), time()).prop_map(|(line, at)| Entry::WrittenOff { line, at }),
            (settlement, money(), time()).prop_map(|(settlement, received, at)| Entry::Settled {
                settlement,
                received,
                at
            }),
            time().prop_map(|at| Entry::Reopened { at }),
            (0usize..6, any::<[u8; 16]>(), money(), time())
                .prop_map(|(kind, id, amount, at)| about_money(kind, id, amount, at)),
        ]
    }

    /// What has an id, an amount and an instant, by its place among them.
    fn about_money(kind: usize, id: [u8; 16], amount: Money, at: Timestamp) -> Entry {
        let (refund, settlement) = (RefundId::from_bytes(id), SettlementId::from_bytes(id));
        match kind {
            0 => Entry::GivenBack { refund, amount, at },
            1 => Entry::Returned { refund, amount, at },
            2 => Entry::Disputed { settlement, amount, at },
            3 => Entry::DisputeEnded { settlement, amount, won: true, at },
            4 => Entry::DisputeEnded { settlement, amount, won: false, at },
            _ => Entry::GivenElsewhere { refund, amount, at },
        }
    }

    /// One of them with one bit of one field turned, and all the others with the same fields.
    fn forged_money(
        kind: usize,
        id: [u8; 16],
        amount: Money,
        at: Timestamp,
        bit: usize,
    ) -> Vec<Entry> {
        let mut forged = vec![
            about_money(kind, flipped(id, bit), amount, at),
            about_money(kind, id, flipped_money(amount, bit), at),
            about_money(kind, id, amount, flipped_time(at, bit)),
        ];
        let others = (0..6).filter(|other| *other != kind);
        forged.extend(others.map(|other| about_money(other, id, amount, at)));
        let settlement = SettlementId::from_bytes(id);
        forged.push(Entry::Settled { settlement, received: amount, at });
        forged
    }

    fn chain(entries: &[Entry]) -> Chain {
        entries.iter().fold(Chain::of(TabId::from_raw(1)), |chain, entry| chain.with(entry))
    }

    fn flipped<const N: usize>(mut bytes: [u8; N], bit: usize) -> [u8; N] {
        let bit = bit % (8 * N);
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }

    fn flipped_number(number: i64, bit: usize) -> i64 {
        number ^ (1 << (bit % 64))
    }

    fn flipped_time(time: Timestamp, bit: usize) -> Timestamp {
        Timestamp::from_micros(flipped_number(time.micros(), bit))
    }

    /// The same micro-units in the next currency, or a bit of them turned; an amount has 63 of them.
    fn flipped_money(money: Money, bit: usize) -> Money {
        let at = CURRENCIES.iter().position(|known| *known == money.currency());
        let next = CURRENCIES[(at.expect("known") + 1) % CURRENCIES.len()];
        let (micros, currency) = match bit % 64 {
            63 => (money.micros(), next),
            bit => (money.micros() ^ (1 << bit), money.currency()),
        };
        Money::from_micros(micros, currency).expect("the sign was not turned")
    }

    /// The fields of a bought line, in the order in which they are declared.
    type BoughtFields = (LineId, WorkId, Hash, Money, Money, i64, i64, Timestamp);

    /// Every entry that differs from this one by one turned bit of one field.
    fn forgeries(entry: Entry, bit: usize) -> Vec<Entry> {
        match entry {
            Entry::Bought { line, work, version, gross, vat, vat_basis_points, consent, at } => {
                let with = |forge: &dyn Fn(&mut BoughtFields)| {
                    let mut fields =
                        (line, work, version, gross, vat, vat_basis_points, consent, at);
                    forge(&mut fields);
                    let (line, work, version, gross, vat, vat_basis_points, consent, at) = fields;
                    Entry::Bought { line, work, version, gross, vat, vat_basis_points, consent, at }
                };
                vec![
                    with(&|it| it.0 = LineId::from_bytes(flipped(line.bytes(), bit))),
                    with(&|it| it.1 = WorkId::from_raw(flipped_number(work.raw(), bit))),
                    with(&|it| it.2 = flipped(version, bit)),
                    with(&|it| it.3 = flipped_money(gross, bit)),
                    with(&|it| it.4 = flipped_money(vat, bit)),
                    with(&|it| it.5 = flipped_number(vat_basis_points, bit)),
                    with(&|it| it.6 = flipped_number(consent, bit)),
                    with(&|it| it.7 = flipped_time(at, bit)),
                    Entry::Undone { line, at },
                ]
            }
            Entry::Undone { line, at } => vec![
                Entry::Undone { line: LineId::from_bytes(flipped(line.bytes(), bit)), at },
                Entry::Undone { line, at: flipped_time(at, bit) },
            ],
            Entry::Settled { settlement, received, at } => {
                let other = SettlementId::from_bytes(flipped(settlement.bytes(), bit));
                vec![
                    Entry::Settled { settlement: other, received, at },
                    Entry::Settled { settlement, received: flipped_money(received, bit), at },
                    Entry::Settled { settlement, received, at: flipped_time(at, bit) },
                    Entry::Undone { line: LineId::from_bytes(settlement.bytes()), at },
                ]
            }
            Entry::WrittenOff { line, at } => vec![
                Entry::WrittenOff { line: LineId::from_bytes(flipped(line.bytes(), bit)), at },
                Entry::WrittenOff { line, at: flipped_time(at, bit) },
                Entry::Undone { line, at },
            ],
            Entry::GivenBack { refund, amount, at } => {
                forged_money(0, refund.bytes(), amount, at, bit)
            }
            Entry::Returned { refund, amount, at } => {
                forged_money(1, refund.bytes(), amount, at, bit)
            }
            Entry::Disputed { settlement, amount, at } => {
                forged_money(2, settlement.bytes(), amount, at, bit)
            }
            Entry::DisputeEnded { settlement, amount, won, at } => {
                forged_money(if won { 3 } else { 4 }, settlement.bytes(), amount, at, bit)
            }
            Entry::GivenElsewhere { refund, amount, at } => {
                forged_money(5, refund.bytes(), amount, at, bit)
            }
            Entry::Reopened { at } => vec![
                Entry::Reopened { at: flipped_time(at, bit) },
                Entry::Undone { line: LineId::from_bytes([0; 16]), at },
            ],
        }
    }

    proptest! {
        #[test]
        fn any_changed_bit_of_any_field_is_found(
            entries in prop::collection::vec(entry(), 1..12),
            victim: prop::sample::Index,
            bit in 0usize..256,
        ) {
            let head = chain(&entries).head;
            let victim = victim.index(entries.len());
            for forgery in forgeries(entries[victim], bit) {
                let mut forged = entries.clone();
                forged[victim] = forgery;
                prop_assert_ne!(chain(&forged).head, head, "{:?}", forgery);
            }
        }

        #[test]
        fn a_dropped_moved_or_repeated_entry_is_found(
            entries in prop::collection::vec(entry(), 2..12),
            victim: prop::sample::Index,
        ) {
            let head = chain(&entries).head;
            let victim = victim.index(entries.len());
            let mut dropped = entries.clone();
            let taken = dropped.remove(victim);
            prop_assert_ne!(chain(&dropped).head, head);
            let mut moved = dropped;
            moved.insert((victim + 1) % entries.len(), taken);
            prop_assert_ne!(chain(&moved).head, head);
            let mut repeated = entries.clone();
            repeated.insert(victim, taken);
            prop_assert_ne!(chain(&repeated).head, head);
        }

        #[test]
        fn a_tabs_chain_fits_no_other_tab(entry in entry(), tab: i64, other: i64) {
            prop_assume!(tab != other);
            let of = |raw| Chain::of(TabId::from_raw(raw)).with(&entry).head;
            prop_assert_ne!(of(tab), of(other));
        }
    }
}
