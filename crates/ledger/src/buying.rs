//! Buying: the one decision that puts a line on a tab.

use crate::accounts::{Account, Reason, Subject, Transfer};
use crate::ids::{AuthorId, LineId, TabId, WorkId};
use crate::money::{BASIS_POINTS, Money, MoneyError, Rounding};
use crate::receipts::{Entry, Hash};
use crate::refusal::LedgerRefusal;
use crate::settling::OpenLine;
use crate::tab::{Rules, Tab};
use crate::time::Timestamp;

/// What a work costs, tax included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// Nothing.
    Free,
    /// This much.
    Fixed(Money),
    /// What the reader wants, from a minimum up.
    Chosen {
        /// The least that can be paid; may be nothing.
        minimum: Money,
        /// What the author suggests.
        suggestion: Money,
    },
}

/// A work as it is offered at the moment of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The work.
    pub work: WorkId,
    /// Who made it.
    pub author: AuthorId,
    /// Which version of it is sold now.
    pub version: u32,
    /// What that version is: see [`crate::receipts::version_digest`].
    pub version_digest: Hash,
    /// What it costs.
    pub price: Price,
    /// Whether it is for sale.
    pub for_sale: bool,
    /// The tax rate of its class, in basis points.
    pub vat_basis_points: i64,
}

/// What a reader asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buy {
    /// The line that it becomes. The same purchase on the same tab names the same line.
    pub line: LineId,
    /// The price the reader saw or chose.
    pub amount: Money,
    /// The words they agreed to: see [`crate::receipts::consent_number`].
    pub consent: i64,
}

/// A purchase on a tab. It never changes; what happens to it later is written beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub id: LineId,
    /// The tab it stands on.
    pub tab: TabId,
    /// The work.
    pub work: WorkId,
    /// Which version of the work.
    pub version: u32,
    /// What that version is.
    pub version_digest: Hash,
    /// Who made it.
    pub author: AuthorId,
    /// The price, tax included, and who gets what of it.
    pub shares: Shares,
    /// The tax rate, in basis points.
    pub vat_basis_points: i64,
    /// The words the reader agreed to.
    pub consent: i64,
    /// When it was bought.
    pub bought_at: Timestamp,
}

/// Who gets what of a price. The three parts add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares {
    /// The price, tax included.
    pub gross: Money,
    /// The tax in it.
    pub vat: Money,
    /// The operator's fee.
    pub fee: Money,
    /// The author's share.
    pub author: Money,
}

impl Shares {
    /// Splits `gross`: the tax first, rounded half up; of the rest, the operator's fee, rounded down; all else is the
    /// author's.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] when a rate is below zero or the fee is above the whole.
    pub fn of(
        gross: Money,
        vat_basis_points: i64,
        fee_basis_points: i64,
    ) -> Result<Self, MoneyError> {
        let (vat, net) = gross.tax_within(vat_basis_points)?;
        let fee = net.scale_by(fee_basis_points, BASIS_POINTS, Rounding::Down)?;
        Ok(Self { gross, vat, fee, author: net.checked_sub(fee)? })
    }
}

impl Line {
    /// The line as the chain of receipts holds it.
    pub const fn entry(&self) -> Entry {
        Entry::Bought {
            line: self.id,
            work: self.work,
            version: self.version_digest,
            gross: self.shares.gross,
            vat: self.shares.vat,
            vat_basis_points: self.vat_basis_points,
            consent: self.consent,
            at: self.bought_at,
        }
    }

    /// The line as it waits to be paid.
    pub const fn as_open(&self) -> OpenLine {
        OpenLine {
            id: self.id,
            author: self.author,
            shares: self.shares,
            bought_at: self.bought_at,
            written_off: false,
        }
    }

    /// The transfers that put the line on the tab: its tab owes the author, the operator and the state.
    pub fn transfers(&self) -> Vec<Transfer> {
        self.as_open().posted(self.tab, self.bought_at, Reason::Bought)
    }
}

impl OpenLine {
    /// The transfers that put the line on `tab`, made `at` an instant.
    pub fn posted(&self, tab: TabId, at: Timestamp, reason: Reason) -> Vec<Transfer> {
        let shares = &self.shares;
        let credits = [
            (Account::Pending(self.author), shares.author),
            (Account::OperatorFees, shares.fee),
            (Account::Vat, shares.vat),
        ];
        let owed = credits.into_iter().filter(|(_, amount)| !amount.is_zero());
        let (debit, subject) = (Account::Tab(tab), Subject::Line(self.id));
        owed.map(|(credit, amount)| Transfer { at, reason, subject, debit, credit, amount })
            .collect()
    }
}

/// A purchase that was made before under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// The tab it was made on.
    pub tab: TabId,
    /// The work it was for.
    pub work: WorkId,
    /// What was to be paid.
    pub gross: Money,
    /// Whether it was undone since.
    pub undone: bool,
}

/// What the reader has already, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// A purchase under the same id.
    pub same_id: Option<Earlier>,
    /// The line under which the reader has the work already.
    pub access: Option<LineId>,
    /// Since when something waits on the tab: see [`Tab::waits_since`].
    pub waits_since: Option<Timestamp>,
}

/// The answer to a purchase that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bought {
    /// A new line, which the tab now holds.
    New(Line),
    /// The same purchase was made before: nothing new happened.
    Again {
        /// Whether the line was undone since, so that it gives no access.
        undone: bool,
    },
    /// The reader has the work already, by this line: nothing to pay.
    Owned(LineId),
}

/// Decides a purchase and, when it is made, writes it onto `tab`.
///
/// The same purchase asked for again gets the same answer; a work already had is never sold twice.
///
/// # Errors
/// In this order: [`LedgerRefusal::IdConflict`], [`LedgerRefusal::NotForSale`], [`LedgerRefusal::PriceChanged`] or
/// [`LedgerRefusal::BelowMinimum`], [`LedgerRefusal::TabDisputed`], [`LedgerRefusal::TabClosed`],
/// [`LedgerRefusal::TabDue`], [`LedgerRefusal::OverLimit`], [`LedgerRefusal::Amount`]. The tab is as it was.
pub fn buy(
    ask: &Buy,
    offer: &Offer,
    tab: &mut Tab,
    before: Before,
    rules: &Rules,
    now: Timestamp,
) -> Result<Bought, LedgerRefusal> {
    if let Some(earlier) = before.same_id {
        return again(ask, offer, tab, earlier);
    }
    if let Some(line) = before.access {
        return Ok(Bought::Owned(line));
    }
    if !offer.for_sale {
        return Err(LedgerRefusal::NotForSale);
    }
    check_price(ask.amount, offer.price)?;
    check_room(ask.amount, tab, before.waits_since, rules, now)?;
    let line = Line {
        id: ask.line,
        tab: tab.id,
        work: offer.work,
        version: offer.version,
        version_digest: offer.version_digest,
        author: offer.author,
        shares: Shares::of(ask.amount, offer.vat_basis_points, rules.fee_basis_points)?,
        vat_basis_points: offer.vat_basis_points,
        consent: ask.consent,
        bought_at: now,
    };
    tab.put(&line)?;
    Ok(Bought::New(line))
}

fn again(ask: &Buy, offer: &Offer, tab: &Tab, earlier: Earlier) -> Result<Bought, LedgerRefusal> {
    let asked = (tab.id, offer.work, ask.amount);
    if (earlier.tab, earlier.work, earlier.gross) != asked {
        return Err(LedgerRefusal::IdConflict);
    }
    Ok(Bought::Again { undone: earlier.undone })
}

fn check_price(amount: Money, price: Price) -> Result<(), LedgerRefusal> {
    match price {
        Price::Free if !amount.is_zero() => {
            Err(LedgerRefusal::PriceChanged { now: Money::zero(amount.currency()) })
        }
        Price::Fixed(now) if amount != now => Err(LedgerRefusal::PriceChanged { now }),
        Price::Chosen { minimum, .. } if amount.checked_sub(minimum).is_err() => {
            Err(LedgerRefusal::BelowMinimum { minimum })
        }
        Price::Free | Price::Fixed(_) | Price::Chosen { .. } => Ok(()),
    }
}

/// Free works have room on every tab.
fn check_room(
    amount: Money,
    tab: &Tab,
    waits_since: Option<Timestamp>,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), LedgerRefusal> {
    if amount.is_zero() {
        return Ok(());
    }
    let owed = tab.owed()?;
    if tab.disputes_open > 0 {
        return Err(LedgerRefusal::TabDisputed);
    }
    if tab.is_closed() {
        return Err(LedgerRefusal::TabClosed { owed });
    }
    if rules.is_due(waits_since, now) {
        return Err(LedgerRefusal::TabDue { owed });
    }
    let limit = rules.limit(tab);
    let after = tab.open.checked_add(amount)?.saturating_sub(tab.credit)?;
    if after > limit {
        return Err(LedgerRefusal::OverLimit { owed, limit });
    }
    Ok(())
}

impl Tab {
    fn put(&mut self, line: &Line) -> Result<(), LedgerRefusal> {
        let gross = line.shares.gross;
        self.open = self.open.checked_add(gross)?;
        self.purchases = self.purchases.saturating_add(1);
        self.chain = self.chain.with(&line.entry());
        if !gross.is_zero() {
            self.open_lines = self.open_lines.saturating_add(1);
            // A clock may have been set back since the line before.
            let oldest = self.oldest_open_at.unwrap_or(line.bought_at);
            self.oldest_open_at = Some(oldest.min(line.bought_at));
        }
        Ok(())
    }
}
