//! What can be asked of the till, and what it answers.

use ledger::{
    Buy, LedgerRefusal, LineId, LinkId, Money, PayOut, Settle, Settled, Tab, TabId, Timestamp,
    UndoneBy, WorkId,
};

/// The SHA-256 of a secret that only its owner has.
pub type SecretHash = [u8; 32];

/// The tab somebody says is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TabClaim {
    /// The tab.
    pub id: TabId,
    /// The hash of the secret that was shown.
    pub secret_hash: SecretHash,
    /// Whether the tab is opened by this purchase, because the device has none yet.
    pub opens: bool,
}

/// A purchase through a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyAsk {
    /// On which tab.
    pub tab: TabClaim,
    /// Through which link.
    pub slug: String,
    /// The channel that the link was shared on; may be empty.
    pub channel: String,
    /// What is bought, for how much.
    pub buy: Buy,
    /// The language of the page.
    pub locale: &'static str,
    /// The words on the button.
    pub label: String,
}

/// A line to take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoAsk {
    /// The line.
    pub line: LineId,
    /// On which tab; `None` when the shop itself asks.
    pub tab: Option<(TabId, SecretHash)>,
    /// Who takes it back.
    pub by: UndoneBy,
}

/// Money that came in for a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettleAsk {
    /// The tab.
    pub tab: TabId,
    /// What came in.
    pub settle: Settle,
    /// What the operator or the rail calls it.
    pub reference: String,
}

/// Money that the operator sends to an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayOutAsk {
    /// What is sent.
    pub pay_out: PayOut,
    /// What the operator calls it.
    pub reference: String,
}

/// Everything that moves money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Put a line on a tab.
    Buy(BuyAsk),
    /// Take a line back.
    Undo(UndoAsk),
    /// Receive money for a tab.
    Settle(SettleAsk),
    /// Send money to an author.
    PayOut(PayOutAsk),
}

/// How a tab stands after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabNow {
    /// The tab.
    pub tab: Tab,
    /// What it owes.
    pub owed: Money,
    /// What it may owe.
    pub limit: Money,
}

/// What became of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purchase {
    /// A new line was written.
    Bought,
    /// The very same purchase had been made before.
    Again,
    /// It had been made before, and undone since: there is no access.
    UndoneSince,
    /// The reader had the work already.
    Owned,
}

/// The answer to a command that was not refused. It is given after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To a purchase.
    Bought {
        /// What became of it.
        purchase: Purchase,
        /// The line that gives access.
        line: LineId,
        /// The work.
        work: WorkId,
        /// The link it was bought through.
        link: LinkId,
        /// What the line cost or, when the reader had the work, what would have been asked.
        amount: Money,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To an undo.
    Undone {
        /// The line.
        line: LineId,
        /// The work it had given access to.
        work: WorkId,
        /// When it was taken back; `None` when it had been taken back before.
        at: Option<Timestamp>,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To a settlement.
    Settled {
        /// What it did; `None` when the same settlement had been received before.
        settled: Option<Settled>,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To a payout.
    PaidOut {
        /// Whether it was made before, so that nothing new happened.
        again: bool,
        /// What the author may still be paid; nothing where undone lines have taken more back.
        available: Money,
    },
}

/// What a command comes to: an answer, or a reason why not.
pub type Outcome = Result<Answer, LedgerRefusal>;
