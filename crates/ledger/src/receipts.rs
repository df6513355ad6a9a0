//! The chain of receipts of a tab: every line, undo and settlement is hashed onto what was there before, so that no
//! entry can be changed, dropped or moved without the head of the chain giving it away.

use crate::ids::{LineId, SettlementId, ShopId, TabId, WorkId};
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
        }
    }
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

    fn bought(bytes: [u8; 16], micros: i64, at: i64) -> Entry {
        let gross = Money::from_micros(micros, Currency::Eur).expect("not negative");
        Entry::Bought {
            line: LineId::from_bytes(bytes),
            work: WorkId::from_raw(9),
            version: [3; 32],
            gross,
            vat: Money::zero(Currency::Eur),
            vat_basis_points: 2_000,
            consent: 4,
            at: Timestamp::from_micros(at),
        }
    }

    fn head(entries: &[Entry]) -> Chain {
        entries.iter().fold(Chain::of(TabId::from_raw(1)), |chain, entry| chain.with(entry))
    }

    proptest! {
        #[test]
        fn any_changed_bit_is_found(
            lines in prop::collection::vec((any::<[u8; 16]>(), 0i64..1_000_000, 0i64..1_000_000), 1..20),
            which: prop::sample::Index,
            bit in 0usize..128,
        ) {
            let entries: Vec<Entry> = lines.iter().map(|&(id, micros, at)| bought(id, micros, at)).collect();
            let mut changed = lines.clone();
            let victim = which.index(changed.len());
            changed[victim].0[bit / 8] ^= 1 << (bit % 8);
            let forged: Vec<Entry> = changed.iter().map(|&(id, micros, at)| bought(id, micros, at)).collect();
            prop_assert_ne!(head(&entries).head, head(&forged).head);
            let mut priced = lines.clone();
            priced[victim].1 ^= 1 << (bit % 40);
            let forged: Vec<Entry> = priced.iter().map(|&(id, micros, at)| bought(id, micros, at)).collect();
            prop_assert_ne!(head(&entries).head, head(&forged).head);
            prop_assert_ne!(head(&entries).head, head(&entries[..entries.len() - 1]).head);
        }
    }

    #[test]
    fn order_counts() {
        let (first, second) = (bought([1; 16], 1, 1), bought([2; 16], 1, 1));
        assert_ne!(head(&[first, second]).head, head(&[second, first]).head);
    }
}
