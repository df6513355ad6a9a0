//! The journal, read once: every account's total, and which transfers nothing explains yet.

use super::{Findings, Pace};
use crate::store::{Db, StoreError, books};
use crate::till::TillNumber;
use ledger::books::Total;
use ledger::{Account, Books, Currency, LineId, Transfer};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// The journal as far as a check needs it.
pub struct Journal {
    /// Every account's total.
    pub books: Books,
    /// By what a transfer is about: the sum of what identifies the transfers that are in the journal, less those that
    /// are explained. Where both are the same transfers, nothing is left, in whatever order they come.
    unexplained: HashMap<[u8; 16], Left>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
struct Left {
    sum: u128,
    count: i64,
}

/// How far a till's journal was read.
struct Reading {
    till: TillNumber,
    expected: i64,
}

impl Reading {
    fn expect(&mut self, number: i64, findings: &mut Findings) {
        if number != self.expected {
            let (till, last) = (self.till.0, self.expected - 1);
            findings.tell(format!("after transfer {last} of till {till} comes {number}"));
        }
        self.expected = number + 1;
    }
}

impl Journal {
    /// Reads all of it, and compares the remembered totals at the place that their follower has reached.
    pub fn read(
        db: &dyn Db,
        currency: Currency,
        findings: &mut Findings,
        pace: &mut Pace,
    ) -> Result<Self, StoreError> {
        let mut journal = Self { books: Books::new(currency), unexplained: HashMap::new() };
        let tills = books::tills(db)?;
        let mut rest = Vec::new();
        for till in tills {
            let (followed, newest) = books::followed(db, till)?;
            if followed > newest {
                findings.tell(format!(
                    "the totals follow transfer {followed} of till {}; the last is {newest}",
                    till.0
                ));
            }
            let mut reading = Reading { till, expected: 1 };
            journal.post_all(db, &mut reading, followed, currency, findings, pace)?;
            rest.push(reading);
        }
        journal.compare_totals(db, findings)?;
        for mut reading in rest {
            journal.post_all(db, &mut reading, i64::MAX, currency, findings, pace)?;
        }
        findings.compare("debits less credits of all accounts", 0, journal.books.imbalance());
        Ok(journal)
    }

    /// Posts a till's transfers from where it was read to, up to number `through`.
    fn post_all(
        &mut self,
        db: &dyn Db,
        reading: &mut Reading,
        through: i64,
        currency: Currency,
        findings: &mut Findings,
        pace: &mut Pace,
    ) -> Result<(), StoreError> {
        let (till, after) = (reading.till, reading.expected - 1);
        books::each_transfer(db, till, (after, through), currency, &mut |number, transfer| {
            reading.expect(number, findings);
            self.post(till, number, &transfer, findings);
            pace.step();
            Ok(())
        })
    }

    fn post(
        &mut self,
        till: TillNumber,
        number: i64,
        transfer: &Transfer,
        findings: &mut Findings,
    ) {
        if !self.books.post(transfer) {
            findings.tell(format!("transfer {number} of till {} moves nothing", till.0));
        }
        let left = self.unexplained.entry(transfer.subject.bytes()).or_default();
        left.sum = left.sum.wrapping_add(identity(transfer));
        left.count += 1;
    }

    fn compare_totals(&self, db: &dyn Db, findings: &mut Findings) -> Result<(), StoreError> {
        // What stands on a tab is remembered with the tab, and compared there.
        let kept_here =
            self.books.totals().filter(|(account, _)| !matches!(account, Account::Tab(_)));
        let mut totals: BTreeMap<Account, Total> = kept_here.collect();
        books::each_total(db, &mut |account, kept| {
            let computed = totals.remove(&account).unwrap_or_default();
            findings.compare(&format!("the total of {account:?}"), kept, computed);
            Ok(())
        })?;
        for account in totals.keys() {
            findings.tell(format!("the total of {account:?} is not remembered"));
        }
        Ok(())
    }

    /// Says that a row explains `transfer`, which must therefore be in the journal.
    pub fn explain(&mut self, transfer: &Transfer) {
        let subject = transfer.subject.bytes();
        let left = self.unexplained.entry(subject).or_default();
        left.sum = left.sum.wrapping_sub(identity(transfer));
        left.count -= 1;
        if *left == Left::default() {
            self.unexplained.remove(&subject);
        }
    }

    /// Tells what is in the journal without a row that explains it, or is explained and not there.
    pub fn tell_unexplained(&self, findings: &mut Findings) {
        for (subject, left) in &self.unexplained {
            // Lines, settlements and payouts are all written as lines are: the operator looks for the number.
            let subject = LineId::from_bytes(*subject);
            let what = match left.count {
                1.. => "the journal has transfers that nothing explains",
                0 => "the journal has other transfers than the line, its undo and its payment say",
                _ => "the journal lacks transfers",
            };
            findings.tell(format!("{subject}: {what}"));
        }
    }
}

/// A number that two different transfers do not share.
fn identity(transfer: &Transfer) -> u128 {
    let (debit, credit) = (transfer.debit.stored(), transfer.credit.stored());
    let numbers = [
        transfer.at.micros(),
        transfer.reason.stored(),
        debit.0,
        debit.1,
        credit.0,
        credit.1,
        transfer.amount.micros(),
    ];
    let mut hasher = Sha256::new().chain_update(transfer.subject.bytes());
    for number in numbers {
        hasher.update(number.to_be_bytes());
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}
