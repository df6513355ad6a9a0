//! Where new ids and secrets come from.

use crate::clock::Clock;
use aws_lc_rs::hmac;
use ledger::{LineId, PurchaseId, RefundId, SettlementId, ShopId, TabId, Timestamp};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::Mutex;

/// Milliseconds of 2025-01-01T00:00:00Z, from which the shop's ids count.
const EPOCH_MILLIS: i64 = 1_735_689_600_000;
/// Bits that tell ids of one millisecond apart.
const SEQUENCE_BITS: u32 = 21;
/// The alphabet of slugs: no letter or digit that is easily taken for another.
const SLUG_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a slug that the shop makes: 50 bits.
const SLUG_LENGTH: usize = 10;

/// Where random bytes come from: the machine, or a seed.
#[derive(Debug, Clone)]
pub enum Chance {
    /// The machine's source, fit for secrets.
    System,
    /// A repeatable stream, for tests and made-up histories: never for secrets that matter.
    Seeded(Arc<Mutex<u64>>),
}

impl Chance {
    /// A repeatable stream.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(seed)))
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            Self::System => {
                aws_lc_rs::rand::fill(bytes).expect("the machine has a source of randomness");
            }
            Self::Seeded(state) => {
                let mut state = state.lock().expect("no holder of the seed panics");
                for chunk in bytes.chunks_mut(8) {
                    chunk.copy_from_slice(&split_mix(&mut state).to_le_bytes()[..chunk.len()]);
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for what is not secret.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// When an id of the shop was made, to the millisecond.
pub fn made_at(id: impl ShopId) -> Timestamp {
    Timestamp::from_micros(((id.raw() >> SEQUENCE_BITS) + EPOCH_MILLIS) * 1_000)
}

/// RFC 9562, section 5.7: 48 bits of milliseconds, then those of `rest` around version and variant.
fn uuid_v7(millis: [u8; 6], rest: [u8; 16]) -> [u8; 16] {
    let mut bytes = rest;
    bytes[..6].copy_from_slice(&millis);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    bytes
}

/// Names the lines that purchases become.
///
/// A purchase is named by whoever asks for it, a line by the shop: after the purchase and the tab, with a key that only the
/// shop has (HMAC-SHA-256, RFC 2104). So the same tap is the same line, no tab can name a line of another one, and a line is
/// found by its tab alone, on whichever machine that is kept. It keeps the time in the purchase's name, so that the index of
/// lines grows at its end.
#[derive(Debug, Clone)]
pub struct LineNames(hmac::Key);

impl LineNames {
    /// Names with this key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The line that `purchase` becomes on `tab`.
    pub fn of(&self, purchase: PurchaseId, tab: TabId) -> LineId {
        let mut named = [0; 24];
        named[..16].copy_from_slice(&purchase.bytes());
        named[16..].copy_from_slice(&tab.raw().to_be_bytes());
        let tag = hmac::sign(&self.0, &named);
        let (mut rest, [time @ .., _, _, _, _, _, _, _, _, _, _]) = ([0; 16], purchase.bytes());
        rest.copy_from_slice(&tag.as_ref()[..16]);
        LineId::from_bytes(uuid_v7(time, rest))
    }
}

/// Makes ids, secrets and slugs.
#[derive(Debug, Clone)]
pub struct Mint {
    clock: Clock,
    chance: Chance,
    last: Arc<Mutex<i64>>,
}

impl Mint {
    /// A mint that takes its time from `clock` and its randomness from `chance`.
    pub fn new(clock: Clock, chance: Chance) -> Self {
        Self { clock, chance, last: Arc::default() }
    }

    /// A new id, later than every one made here before.
    pub fn id<T: ShopId>(&self) -> T {
        let millis = self.clock.now().micros() / 1_000 - EPOCH_MILLIS;
        // Half of the sequence is left for what follows within the millisecond.
        let start = i64::from(u32::from_le_bytes(self.chance.bytes()) >> (32 - SEQUENCE_BITS + 1));
        let fresh = (millis.max(0) << SEQUENCE_BITS) | start;
        let mut last = self.last.lock().expect("no holder of the last id panics");
        *last = fresh.max(*last + 1);
        T::from_raw(*last)
    }

    /// A new purchase, for a page to offer: a UUID of version 7.
    pub fn purchase(&self) -> PurchaseId {
        PurchaseId::from_bytes(self.uuid_v7())
    }

    /// A new settlement, for a page to offer.
    pub fn settlement(&self) -> SettlementId {
        SettlementId::from_bytes(self.uuid_v7())
    }

    /// A new refund, for a page to offer.
    pub fn refund(&self) -> RefundId {
        RefundId::from_bytes(self.uuid_v7())
    }

    /// Of this moment.
    fn uuid_v7(&self) -> [u8; 16] {
        let millis = self.clock.now().micros() / 1_000;
        let [_, _, time @ ..] = millis.to_be_bytes();
        uuid_v7(time, self.chance.bytes())
    }

    /// A new secret of 256 bits.
    pub fn secret(&self) -> Secret {
        Secret(self.chance.bytes())
    }

    /// Where it takes its randomness from.
    pub const fn chance(&self) -> &Chance {
        &self.chance
    }

    /// A slug for a link.
    pub fn slug(&self) -> String {
        let bytes: [u8; SLUG_LENGTH] = self.chance.bytes();
        bytes.iter().map(|byte| char::from(SLUG_ALPHABET[usize::from(byte & 31)])).collect()
    }
}

/// 256 random bits that only their owner keeps. The shop keeps the hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// The text that its owner shows: 43 characters.
    pub fn reveal(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads what [`Secret::reveal`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// What the shop keeps of it. The secret is uniformly random, so a plain hash is enough.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::WorkId;

    fn mint() -> Mint {
        Mint::new(
            Clock::standing_at(Timestamp::from_micros(1_795_000_000_000_000)),
            Chance::seeded(7),
        )
    }

    #[test]
    fn ids_grow_even_while_the_clock_stands() {
        let mint = mint();
        let ids: Vec<WorkId> = (0..1_000).map(|_| mint.id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_purchase_is_named_by_a_uuid_of_version_seven() {
        let bytes = mint().purchase().bytes();
        assert_eq!(bytes[6] >> 4, 7);
        assert_eq!(bytes[8] >> 6, 2);
    }

    #[test]
    fn the_same_purchase_is_the_same_line_on_one_tab_alone() {
        let [names, others] = [[1; 32], [2; 32]].map(|key| LineNames::new(&key));
        let (mint, here) = (mint(), TabId::from_raw(1));
        let [one, two] = [(); 2].map(|()| mint.purchase());
        let line = names.of(one, here);
        assert_eq!(line, names.of(one, here));
        let differ = [names.of(two, here), names.of(one, TabId::from_raw(2)), others.of(one, here)];
        assert!(!differ.contains(&line), "{differ:?}");
        // In the order of time, and a UUID as the purchase is.
        assert_eq!(line.bytes()[..6], one.bytes()[..6]);
        assert_eq!((line.bytes()[6] >> 4, line.bytes()[8] >> 6), (7, 2));
    }

    #[test]
    fn a_secret_is_read_back_and_never_shown_by_accident() {
        let secret = mint().secret();
        assert_eq!(Secret::read(&secret.reveal()), Some(secret));
        assert_eq!(secret.reveal().len(), 43);
        assert!(!format!("{secret:?}").contains(&secret.reveal()));
        assert_eq!(Secret::read("short"), None);
    }
}
