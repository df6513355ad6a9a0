//! The check of the books: everything that is remembered is computed again from the journal and from the rows that only
//! grow, and every transfer of the journal must be explained by one of those rows.
//!
//! The check reads one moment of the store and refuses to guess: what does not agree is told, nothing is mended.
//! It holds two numbers for each account in memory, a few megabytes for the journal, and the rows of one tab at a time.
//! Where something is wrong, journal and tabs are read once more to say what.

mod journal;
mod one_tab;
mod rails;

use crate::rails::{TRANSFER, VOUCHER};
use crate::store::{Db, StoreError, audit, bank, shop, tab, voucher};
use journal::Journal;
use ledger::receipts::consent_number;
use ledger::{Currency, ShopId as _, TabId};
use rails::Rails;

/// Findings that are told at most: books that are so broken need another look than a list.
const MOST: usize = 1_000;
/// Findings of one kind that a question about all lines looks for.
const OF_A_KIND: i64 = 100;
/// Tabs that are read at once.
const TABS_AT_ONCE: i64 = 500;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What is wrong, in words for the operator; none in sound books.
    pub findings: Vec<String>,
    /// Transfers in the journal.
    pub transfers: u64,
    /// Tabs that were looked at.
    pub tabs: u64,
}

impl std::fmt::Display for Report {
    /// What was looked at.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ending = |count: u64| if count == 1 { "" } else { "s" };
        let (transfers, tabs) = (self.transfers, self.tabs);
        write!(f, "{transfers} transfer{}, {tabs} tab{}", ending(transfers), ending(tabs))
    }
}

/// Told now and then: how many rows were looked at, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Checks everything; see [`Report`].
///
/// # Errors
/// Whatever the engine says. A row that cannot be read back is a finding.
pub fn check(db: &dyn Db, currency: Currency, progress: Progress) -> Result<Report, StoreError> {
    let (transfers, tabs) = audit::size(db)?;
    let pace = Pace { done: 0, total: transfers + tabs, progress };
    let mut check = Check { db, currency, findings: Findings::default(), pace };
    match check.all() {
        Err(StoreError::Corrupt(what)) => check.findings.tell(what),
        other => other?,
    }
    Ok(Report { findings: check.findings.0, transfers, tabs })
}

/// What is wrong, in words.
#[derive(Debug, Default)]
struct Findings(Vec<String>);

impl Findings {
    fn tell(&mut self, finding: impl Into<String>) {
        if self.0.len() < MOST {
            self.0.push(finding.into());
        }
    }

    /// Tells it when what is remembered is not what was computed again.
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, kept: T, computed: T) {
        if kept != computed {
            self.tell(format!("{what}: {kept:?} is remembered, the rows say {computed:?}"));
        }
    }
}

struct Pace<'a> {
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl Pace<'_> {
    fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(1_024) || self.done == self.total {
            (self.progress)(self.done, self.total);
        }
    }
}

struct Check<'a> {
    db: &'a dyn Db,
    currency: Currency,
    findings: Findings,
    pace: Pace<'a>,
}

impl Check<'_> {
    fn all(&mut self) -> Result<(), StoreError> {
        let books = shop::currency(self.db)?;
        self.findings.compare("the currency of the books", books, Some(self.currency));
        let mut journal =
            Journal::read(self.db, self.currency, &mut self.findings, &mut self.pace)?;
        let before = self.pace.done;
        let rails = self.explain(&mut journal)?;
        rails.compare(&journal.books, &mut self.findings);
        if journal.look_closer() {
            journal.read_again(self.db, self.currency)?;
            self.pace.done = before;
            // What is wrong in the tabs themselves has been told.
            let told = std::mem::take(&mut self.findings);
            self.explain(&mut journal)?;
            self.findings = told;
        }
        journal.tell_unexplained(&mut self.findings);
        for (line, what) in audit::strays(self.db, OF_A_KIND)? {
            self.findings.tell(format!("line {line} {what}"));
        }
        self.gains()?;
        self.sources()?;
        for payout in audit::contradicted_payouts(self.db, OF_A_KIND)? {
            let what = "its order at a rail says something else than the books";
            self.findings.tell(format!("{payout}: {what}"));
        }
        self.consents()
    }

    /// What was received by rails whose money the shop's own rows say: each of its settlements is explained by one of them.
    fn sources(&mut self) -> Result<(), StoreError> {
        let number = |rail: crate::rails::Named| i64::from(rail.number.0);
        for settlement in bank::unexplained(self.db, number(TRANSFER), OF_A_KIND)? {
            self.findings.tell(format!("settlement {settlement}: no credit of the bank says so"));
        }
        for settlement in voucher::unexplained(self.db, number(VOUCHER), OF_A_KIND)? {
            self.findings.tell(format!("settlement {settlement}: no voucher has paid so much"));
        }
        for voucher in voucher::miscounted(self.db, OF_A_KIND)? {
            self.findings.tell(format!("{voucher} holds something else than its uses leave"));
        }
        Ok(())
    }

    /// Says to the journal what every row explains; answers what must stand at each rail.
    fn explain(&mut self, journal: &mut Journal) -> Result<Rails, StoreError> {
        let mut rails = Rails::default();
        self.tabs(journal, &mut rails)?;
        audit::each_payout(self.db, self.currency, &mut |kept| {
            rails.count_payout(&kept);
            kept.transfers().iter().for_each(|transfer| journal.explain(transfer));
            Ok(())
        })?;
        Ok(rails)
    }

    fn tabs(&mut self, journal: &mut Journal, rails: &mut Rails) -> Result<(), StoreError> {
        let mut after = TabId::from_raw(i64::MIN);
        loop {
            let tabs = tab::page(self.db, after, TABS_AT_ONCE, self.currency)?;
            let Some(last) = tabs.last() else { return Ok(()) };
            after = last.id;
            for tab in &tabs {
                match audit::kept(self.db, tab.id, self.currency) {
                    Ok(kept) => {
                        rails.count(&kept);
                        one_tab::check(tab, &kept, journal, &mut self.findings);
                    }
                    Err(StoreError::Corrupt(what)) => {
                        self.findings.tell(format!("tab {}: {what}", tab.id));
                    }
                    Err(other) => return Err(other),
                }
                self.pace.step();
            }
        }
    }

    fn gains(&mut self) -> Result<(), StoreError> {
        for (author, hour) in audit::miscounted_hours(self.db, OF_A_KIND)? {
            self.findings.tell(format!(
                "the sales of {author} in hour {hour} since 1970 are not what the lines say"
            ));
        }
        for author in audit::miscounted_rail_fees(self.db, OF_A_KIND)? {
            self.findings.tell(format!(
                "what rails kept of the lines of {author} is not what the payments say"
            ));
        }
        Ok(())
    }

    fn consents(&mut self) -> Result<(), StoreError> {
        let findings = &mut self.findings;
        audit::each_consent(self.db, &mut |id, locale, label| {
            if consent_number(locale, label) != id {
                findings.tell(format!("the words agreed to as {id} were changed: {label:?}"));
            }
            Ok(())
        })
    }
}
