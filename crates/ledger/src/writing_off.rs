//! Writing off: what nobody expects to be paid any more leaves the books, and comes back when it is paid after all.

use crate::accounts::{Reason, Transfer};
use crate::receipts::{Chain, Entry};
use crate::refusal::LedgerRefusal;
use crate::settling::OpenLine;
use crate::tab::{Rules, Tab};
use crate::time::Timestamp;

/// A line that was written off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// The line, as it waits from here on.
    pub line: OpenLine,
    /// The tab's chain of receipts before it.
    pub before: Chain,
}

/// What writing off did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Losses {
    /// The lines, oldest first.
    pub lines: Vec<Loss>,
    /// The transfers that say so.
    pub transfers: Vec<Transfer>,
}

/// Writes all open lines of `tab` off once its oldest has waited until the last day: their own transfers are turned round,
/// so their authors lose what was pending and nothing else. What was paid is never touched, readers keep what they have,
/// and the tab is closed until it is paid. Nothing on a tab of which nothing waits ([`Tab::waits_since`]).
///
/// `open_lines` are all lines of the tab that wait and cost something, in the order of [`OpenLine::place`].
///
/// # Errors
/// [`LedgerRefusal::TooEarly`], [`LedgerRefusal::Amount`]. The tab may then be half changed: the caller drops it.
pub fn write_off(
    tab: &mut Tab,
    open_lines: &[OpenLine],
    rules: &Rules,
    now: Timestamp,
) -> Result<Losses, LedgerRefusal> {
    let Some(since) = tab.waits_since(open_lines) else { return Ok(Losses::default()) };
    let until = since.plus_days(rules.write_off_days);
    if now < until {
        return Err(LedgerRefusal::TooEarly { until });
    }
    tab.lose_open(open_lines, now)
}

impl Tab {
    /// Writes all its open lines off, whatever the day.
    ///
    /// # Errors
    /// [`LedgerRefusal::Amount`]. The tab may then be half changed: the caller drops it.
    pub(crate) fn lose_open(
        &mut self,
        open_lines: &[OpenLine],
        now: Timestamp,
    ) -> Result<Losses, LedgerRefusal> {
        let mut losses = Losses::default();
        for line in open_lines.iter().filter(|line| !line.written_off) {
            let gross = line.shares.gross;
            self.open = self.open.checked_sub(gross)?;
            self.written_off = self.written_off.checked_add(gross)?;
            self.open_lines = self.open_lines.saturating_sub(1);
            let line = OpenLine { written_off: true, ..*line };
            losses.lines.push(Loss { line, before: self.chain });
            losses.transfers.extend(line.loss(self.id, now));
            self.chain = self.chain.with(&Entry::WrittenOff { line: line.id, at: now });
        }
        self.oldest_open_at = None;
        Ok(losses)
    }
}

impl OpenLine {
    /// The transfers that write the line off: its own, turned round, made `at` an instant.
    pub fn loss(&self, tab: crate::ids::TabId, at: Timestamp) -> Vec<Transfer> {
        let own = self.posted(tab, at, Reason::Bought).into_iter();
        own.map(|made| made.reversed(at, Reason::WrittenOff)).collect()
    }
}
