//! A receipt as it is given away: a JSON document.
//!
//! It holds texts and whole numbers only. Hashes are 64 hexadecimal digits, instants are RFC 3339 in UTC, keys and
//! signatures are base64url without padding. The signature is over the [`canonical`] text of the whole document without
//! its member `signature`.
//!
//! [`canonical`]: super::canonical

use super::canonical::canonical;
use super::key::PublicKey;
use crate::api::wire::{Amount, SaleState};
use serde::{Deserialize, Serialize};

/// Names the layout of a document; a receipt of another layout is another format.
pub const FORMAT: &str = "ardoise/receipt/1";

/// What a receipt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum About {
    /// One line, with what became of it.
    Line,
    /// Everything that ever happened to a tab.
    Tab,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// [`FORMAT`].
    pub format: String,
    /// What it is about.
    pub about: About,
    /// The shop that gave it.
    pub shop: Shop,
    /// The tab.
    pub tab: String,
    /// The currency of every amount in it.
    pub currency: String,
    /// When it was made.
    pub made_at: String,
    /// What happened, oldest first: of a tab all of it, of a line what concerns it.
    pub entries: Vec<Entry>,
    /// The end of the tab's chain when the receipt was made.
    pub head: Head,
    /// What all entries come to; only of a whole tab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sums: Option<Sums>,
    /// The key that signed it.
    pub key: PublicKey,
    /// The Ed25519 signature of everything above.
    pub signature: String,
}

impl Document {
    /// The title of its first line.
    pub fn title(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match &entry.what {
            What::Bought(bought) => Some(bought.title.as_str()),
            _ => None,
        })
    }

    /// What is signed: the canonical text without the signature.
    pub fn signed_text(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            members.remove("signature");
        }
        canonical(&value)
    }
}

/// The shop that gave a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// The legal seller.
    pub seller: String,
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// How many entries there are.
    pub length: u64,
    /// The hash of the last; of a tab without one, its origin.
    pub hash: String,
}

/// What the entries of a tab come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// All lines, undone ones too.
    pub bought: Amount,
    /// Lines taken back.
    pub undone: Amount,
    /// Money received.
    pub received: Amount,
    /// Money given back; only where some was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_back: Option<Amount>,
    /// What of that went back beyond the credit there was: the shop bears it. Only where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub borne: Option<Amount>,
    /// What is owed.
    pub owed: Amount,
    /// What was received beyond what is owed.
    pub credit: Amount,
}

/// Something that happened to a tab: `hash` is the SHA-256 of `before`, the number and what happened, as
/// [`ledger::receipts`] lays them out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the tab's chain, from 0.
    pub number: u64,
    /// When.
    pub at: String,
    /// What happened.
    pub what: What,
    /// The hash of the entry before it.
    pub before: String,
    /// The hash of this entry.
    pub hash: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A work was bought.
    Bought(Box<Bought>),
    /// A line was taken back.
    Undone(Undone),
    /// Money came in.
    Settled(Settled),
    /// Money was given back.
    Refunded(Refunded),
    /// The rail did not carry a refund out: the money is credit again.
    Returned(Returned),
    /// Whoever paid a settlement disputes it.
    Disputed(Disputed),
    /// A dispute has ended.
    DisputeEnded(DisputeEnded),
    /// A line was written off: the tab is closed until it is paid.
    WrittenOff(WrittenOff),
    /// Money was given back at the provider's own page, whether or not the tab had credit.
    RefundedElsewhere(Refunded),
    /// The shop has opened a tab again that a lost dispute had closed.
    Reopened {},
}

/// A line of a tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bought {
    /// The line.
    pub line: String,
    /// The work.
    pub work: String,
    /// Its title then.
    pub title: String,
    /// Who made it.
    pub author: String,
    /// What exactly was bought: the digest of the title and of the parts below.
    pub version: String,
    /// The SHA-256 of each part of the work then: of an article's text, of each file.
    pub parts: Vec<String>,
    /// What is to be paid, tax included.
    pub price: Amount,
    /// The tax in it.
    pub tax: Amount,
    /// Its rate, in hundredths of a percent.
    pub tax_rate_basis_points: i64,
    /// What the reader agreed to.
    pub consent: Consent,
    /// How the line stands now.
    pub state: SaleState,
    /// The settlement that paid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_by: Option<String>,
}

/// The words on the button that was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Their language.
    pub locale: String,
    /// The words.
    pub label: String,
}

/// A line taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// The line.
    pub line: String,
    /// By whom: `reader` or `shop`.
    pub by: String,
    /// What is owed less for it.
    pub amount: Amount,
}

/// Money that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The settlement.
    pub settlement: String,
    /// How much.
    pub received: Amount,
    /// By which rail.
    pub rail: String,
}

/// Money given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunded {
    /// The refund.
    pub refund: String,
    /// How much.
    pub amount: Amount,
    /// By which rail.
    pub rail: String,
}

/// A refund that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The refund.
    pub refund: String,
    /// How much.
    pub amount: Amount,
}

/// A settlement that is disputed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disputed {
    /// The settlement.
    pub settlement: String,
    /// How much of it.
    pub amount: Amount,
}

/// A dispute that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeEnded {
    /// The settlement.
    pub settlement: String,
    /// How much of it was disputed.
    pub amount: Amount,
    /// Whether the shop has it again.
    pub won: bool,
}

/// A line that was written off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenOff {
    /// The line.
    pub line: String,
    /// Its price, which is still owed.
    pub amount: Amount,
}

/// 64 hexadecimal digits.
pub fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads what [`hex`] wrote, and nothing else.
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != hash.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    (hex(&hash) == text).then_some(hash)
}
