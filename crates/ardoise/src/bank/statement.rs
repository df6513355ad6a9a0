//! A statement of the operator's bank, as it was read: what came, and how much was left out.

use ledger::{BankEntryId, Money, Timestamp};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;

/// The largest file, in bytes: some four thousand credits in CAMT.053, more in CSV.
pub const FILE_MOST: usize = 8 << 20;
/// Credits of one statement.
pub const CREDITS_MOST: usize = 20_000;
/// Characters that are kept of who paid and what they wrote: SEPA allows 140 for each of four.
const SAID_MOST: usize = 600;
/// Characters of what a bank calls an entry: 35 in CAMT.053.
const REFERENCE_MOST: usize = 64;
/// What some banks write where they have no reference.
const NO_REFERENCE: [&str; 3] = ["NOTPROVIDED", "NONREF", "NOREF"];

/// Which kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// CAMT.053 (ISO 20022).
    Camt,
    /// A table with commas or semicolons between.
    Csv,
}

impl Source {
    /// How it is written down.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Camt => "camt",
            Self::Csv => "csv",
        }
    }
}

/// Money that came to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// The day on which the bank booked it: its midnight.
    pub booked_on: Timestamp,
    /// How much, in euros, above nothing.
    pub amount: Money,
    /// What the bank calls it; may be empty.
    pub reference: String,
    /// Who paid, and everything that they or the bank wrote.
    pub said: String,
}

impl Credit {
    /// A credit, its texts cleaned.
    pub fn new(booked_on: Timestamp, amount: Money, reference: &str, said: &[&str]) -> Self {
        let reference = cleaned(reference, REFERENCE_MOST);
        let is_none = NO_REFERENCE.contains(&reference.to_uppercase().as_str());
        let parts: Vec<String> = said
            .iter()
            .map(|part| cleaned(part, SAID_MOST))
            .filter(|part| !part.is_empty())
            .collect();
        Self {
            booked_on,
            amount,
            reference: if is_none { String::new() } else { reference },
            said: parts.join(" · ").chars().take(SAID_MOST).collect(),
        }
    }
}

/// In one line, without what no person writes.
fn cleaned(text: &str, most: usize) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    words.join(" ").chars().take(most).collect()
}

/// What was left out of a statement, and how often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Money that went.
    pub debits: usize,
    /// What is not booked yet, or was taken back.
    pub not_booked: usize,
    /// Credits in another currency.
    pub other_currency: usize,
    /// Bookings of another account.
    pub other_account: usize,
    /// Rows without a booking: sums, blank ones.
    pub no_booking: usize,
}

/// A statement, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Which kind.
    pub source: Source,
    /// What came, in the order of the file.
    pub credits: Vec<Credit>,
    /// What was left out.
    pub left_out: LeftOut,
}

impl Statement {
    /// A name for each credit to the account `iban`, which is the same in every statement that has it.
    ///
    /// It is made of what the bank calls the credit, its day and its amount; where the bank calls it nothing, of what it says. Of those
    /// that are alike, a statement has as many as came that day, so that they are counted.
    pub fn names(&self, iban: &str) -> Vec<BankEntryId> {
        let mut seen: HashMap<[u8; 32], u32> = HashMap::new();
        let mut name = |credit: &Credit| {
            let base = self.digest(iban, credit);
            let count = seen.entry(base).and_modify(|count| *count += 1).or_insert(0);
            let hash = Sha256::new().chain_update(base).chain_update(count.to_be_bytes());
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&hash.finalize()[..16]);
            BankEntryId::from_bytes(bytes)
        };
        self.credits.iter().map(&mut name).collect()
    }

    fn digest(&self, iban: &str, credit: &Credit) -> [u8; 32] {
        let called = if credit.reference.is_empty() {
            ["says", &credit.said]
        } else {
            ["calls", &credit.reference]
        };
        let mut hash = Sha256::new();
        for part in ["ardoise bank entry 1", iban, self.source.name(), called[0], called[1]] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(credit.booked_on.micros().to_be_bytes());
        hash.update(credit.amount.micros().to_be_bytes());
        hash.finalize().into()
    }
}

/// Why a statement cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is neither CAMT.053 nor a table.
    #[error("neither CAMT.053 (XML) nor CSV")]
    NoStatement,
    /// It is longer than any that is read.
    #[error("more than is read at once")]
    TooLong,
    /// Its XML is broken, or has what no statement needs.
    #[error("XML that cannot be read: {0}")]
    Xml(String),
    /// It is of other accounts only.
    #[error("a statement of another account")]
    OtherAccount,
    /// A booking lacks something, or says what cannot be: its number, from 1, and what.
    #[error("booking or row {0}: {1} cannot be read")]
    Booking(usize, &'static str),
    /// Nobody has said which columns of a table are which, and their names do not.
    #[error("which columns are the day and the amount is not known")]
    Columns,
}
