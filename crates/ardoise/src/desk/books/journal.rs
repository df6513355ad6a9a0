//! The journal, read once: every account's total, and whether rows explain its transfers.

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
    unexplained: Unexplained,
}

/// Groups into which what transfers are about falls: a quarter of a million take 8 MB, however long the journal is.
const GROUPS: usize = 1 << 18;

/// The sum of what identifies the transfers that are in the journal, less those that are explained. Where both are the same
/// transfers, nothing is left, in whatever order they come.
///
/// It is kept by groups first. Only when something is left in one is all of it read again, and kept by what the
/// transfers of those groups are about.
enum Unexplained {
    Groups(Vec<Left>),
    Subjects { suspect: Vec<bool>, left: HashMap<[u8; 16], Left> },
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
struct Left {
    sum: u128,
    count: i64,
}

/// Whether a transfer is in the journal, or a row explains it.
#[derive(Clone, Copy)]
enum Side {
    InTheJournal,
    Explained,
}

impl Left {
    fn add(&mut self, transfer: &Transfer, side: Side) {
        let identity = identity(transfer);
        match side {
            Side::InTheJournal => {
                self.sum = self.sum.wrapping_add(identity);
                self.count += 1;
            }
            Side::Explained => {
                self.sum = self.sum.wrapping_sub(identity);
                self.count -= 1;
            }
        }
    }
}

impl Unexplained {
    fn add(&mut self, transfer: &Transfer, side: Side) {
        let subject = transfer.subject.bytes();
        match self {
            Self::Groups(groups) => groups[group(subject)].add(transfer, side),
            Self::Subjects { suspect, left } if suspect[group(subject)] => {
                left.entry(subject).or_default().add(transfer, side);
            }
            Self::Subjects { .. } => {}
        }
    }

    /// What has to be looked at closely; nothing when all is explained.
    fn suspects(&self) -> Option<Self> {
        let Self::Groups(groups) = self else { return None };
        let suspect: Vec<bool> = groups.iter().map(|left| *left != Left::default()).collect();
        let is_any = suspect.contains(&true);
        is_any.then(|| Self::Subjects { suspect, left: HashMap::new() })
    }
}

/// Ids begin with the time: what tells them apart is at their end.
fn group(subject: [u8; 16]) -> usize {
    subject.iter().rev().take(3).fold(0, |group, byte| group << 8 | usize::from(*byte)) % GROUPS
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
        let unexplained = Unexplained::Groups(vec![Left::default(); GROUPS]);
        let mut journal = Self { books: Books::new(currency), unexplained };
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
        self.unexplained.add(transfer, Side::InTheJournal);
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
        self.unexplained.add(transfer, Side::Explained);
    }

    /// Whether everything must be explained once more, so that it can be told what is wrong; see [`Self::read_again`].
    pub fn look_closer(&mut self) -> bool {
        let suspects = self.unexplained.suspects();
        let found = suspects.is_some();
        if let Some(suspects) = suspects {
            self.unexplained = suspects;
        }
        found
    }

    /// Reads the journal again for what [`Self::look_closer`] has found.
    pub fn read_again(&mut self, db: &dyn Db, currency: Currency) -> Result<(), StoreError> {
        for till in books::tills(db)? {
            books::each_transfer(db, till, (0, i64::MAX), currency, &mut |_, transfer| {
                self.unexplained.add(&transfer, Side::InTheJournal);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Tells what is in the journal without a row that explains it, or is explained and not there.
    pub fn tell_unexplained(&self, findings: &mut Findings) {
        let Unexplained::Subjects { left, .. } = &self.unexplained else { return };
        for (subject, left) in left.iter().filter(|(_, left)| **left != Left::default()) {
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
