//! Undoing: taking a line back, to the micro-unit.

use crate::accounts::{Account, Reason, Transfer};
use crate::buying::Line;
use crate::money::Money;
use crate::receipts::Entry;
use crate::refusal::LedgerRefusal;
use crate::tab::{Rules, Tab};
use crate::time::Timestamp;

/// Who takes a line back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoneBy {
    /// The reader, within the time for it.
    Reader,
    /// The shop, at any time: it could not supply the work.
    Shop,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// It waits to be settled.
    Open,
    /// A settlement paid it.
    Paid,
    /// Nobody expects it to be paid; it still gives access, and money that comes later pays it first.
    WrittenOff,
    /// It was taken back.
    Undone,
}

impl LineState {
    /// What became of a line to which these things happened; what came last holds.
    pub const fn of(undone: bool, paid: bool, written_off: bool) -> Self {
        match (undone, paid, written_off) {
            (true, _, _) => Self::Undone,
            (false, true, _) => Self::Paid,
            (false, false, true) => Self::WrittenOff,
            (false, false, false) => Self::Open,
        }
    }
}

/// The answer to an undo that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// The line is taken back by these transfers.
    Now(Vec<Transfer>),
    /// It was taken back before: nothing new happened.
    Before,
}

/// Takes `line` off `tab`. An open line leaves no trace on what is owed; a paid one becomes credit for what comes next; of
/// one that was written off nothing is left to be turned round.
///
/// `next_open` is when the oldest of the *other* open lines was bought.
///
/// # Errors
/// [`LedgerRefusal::NoLine`] when the line stands on another tab; for the reader also [`LedgerRefusal::UndoOver`]
/// and [`LedgerRefusal::UndoWithheld`]. The tab is as it was.
pub fn undo(
    line: &Line,
    state: LineState,
    by: UndoneBy,
    tab: &mut Tab,
    next_open: Option<Timestamp>,
    rules: &Rules,
    now: Timestamp,
) -> Result<Undone, LedgerRefusal> {
    if line.tab != tab.id {
        return Err(LedgerRefusal::NoLine);
    }
    if state == LineState::Undone {
        return Ok(Undone::Before);
    }
    if by == UndoneBy::Reader {
        check_reader_may(line, tab, rules, now)?;
    }
    tab.take(line, state, by, next_open, now)?;
    Ok(Undone::Now(line.reversal(state, now)))
}

fn check_reader_may(
    line: &Line,
    tab: &Tab,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), LedgerRefusal> {
    if now > rules.undo_until(line.bought_at) {
        return Err(LedgerRefusal::UndoOver);
    }
    if rules.withholds_undo(tab) {
        return Err(LedgerRefusal::UndoWithheld);
    }
    Ok(())
}

impl Line {
    /// The line's own transfers turned round, made `at` an instant. Once the line is paid its author's share no longer
    /// stands in pending; once it is written off they were turned round before.
    pub fn reversal(&self, state: LineState, at: Timestamp) -> Vec<Transfer> {
        if state == LineState::WrittenOff {
            return Vec::new();
        }
        let was_paid = state == LineState::Paid;
        let moved = |account| match account {
            Account::Pending(author) if was_paid => Account::Available(author),
            other => other,
        };
        let back = self.transfers().into_iter().map(|made| made.reversed(at, Reason::Undone));
        back.map(|transfer| Transfer { debit: moved(transfer.debit), ..transfer }).collect()
    }
}

impl Tab {
    fn take(
        &mut self,
        line: &Line,
        state: LineState,
        by: UndoneBy,
        next_open: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), LedgerRefusal> {
        let gross: Money = line.shares.gross;
        match state {
            LineState::Open => {
                self.open = self.open.checked_sub(gross)?;
                if !gross.is_zero() {
                    self.open_lines = self.open_lines.saturating_sub(1);
                    self.oldest_open_at = next_open;
                }
            }
            LineState::Paid => self.credit = self.credit.checked_add(gross)?,
            LineState::WrittenOff => self.written_off = self.written_off.checked_sub(gross)?,
            LineState::Undone => {}
        }
        if by == UndoneBy::Reader {
            self.undone = self.undone.saturating_add(1);
        } else {
            self.purchases = self.purchases.saturating_sub(1);
        }
        self.chain = self.chain.with(&Entry::Undone { line: line.id, at: now });
        Ok(())
    }
}
