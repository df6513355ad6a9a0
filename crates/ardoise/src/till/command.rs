//! What can be asked of the till, and what it answers.

use ledger::{
    AuthorId, Buy, Dispute, Excess, FeeBack, LedgerRefusal, LineId, LinkId, Money, PayOut,
    PayoutEnd, PayoutId, Refund, RefundId, Settle, Settled, SettlementId, Shortfall, Tab, TabId,
    Timestamp, UndoneBy, Verdict, WorkId,
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
    /// What holds for more than is owed.
    pub excess: Excess,
    /// What the operator or the rail calls it.
    pub reference: String,
}

/// Money of a tab that goes back by the rail it came by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundAsk {
    /// The tab.
    pub tab: TabId,
    /// What goes back.
    pub refund: Refund,
    /// What holds for more than the credit of the tab.
    pub shortfall: Shortfall,
    /// What the operator or the rail calls it.
    pub reference: String,
}

/// A refund that its rail did not carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundFailedAsk {
    /// The tab.
    pub tab: TabId,
    /// The refund.
    pub refund: RefundId,
    /// What the rail said.
    pub reference: String,
}

/// A settlement that whoever paid it disputes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeAsk {
    /// The tab.
    pub tab: TabId,
    /// What the rail has taken.
    pub dispute: Dispute,
    /// What the rail calls it: no two disputes of one settlement are called the same.
    pub name: String,
}

/// A dispute that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeEndedAsk {
    /// The tab.
    pub tab: TabId,
    /// The settlement.
    pub settlement: SettlementId,
    /// What the rail calls the dispute.
    pub name: String,
    /// How it has ended.
    pub verdict: Verdict,
}

/// A part of its fee that a rail gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeeBackAsk {
    /// The tab.
    pub tab: TabId,
    /// The settlement of which the rail kept it.
    pub settlement: SettlementId,
    /// What for.
    pub fee_back: FeeBack,
    /// How much.
    pub amount: Money,
}

/// Money that the operator sends to an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayOutAsk {
    /// What is sent.
    pub pay_out: PayOut,
    /// What the operator calls it.
    pub reference: String,
}

/// What a rail says of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayOutEndedAsk {
    /// The payout.
    pub payout: PayoutId,
    /// To whom it was.
    pub author: AuthorId,
    /// What became of it.
    pub end: PayoutEnd,
    /// What the rail takes for it, in all.
    pub fee: Money,
    /// What the rail said.
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
    /// Book what a rail says of a payout.
    PayOutEnded(PayOutEndedAsk),
    /// Give credit of a tab back, or write down what went back at the provider's own page.
    Refund(RefundAsk),
    /// Take a refund back that its rail did not carry out.
    RefundFailed(RefundFailedAsk),
    /// Open a dispute of a settlement.
    Dispute(DisputeAsk),
    /// End a dispute.
    DisputeEnded(DisputeEndedAsk),
    /// Receive a part of its fee back from a rail.
    FeeBack(FeeBackAsk),
    /// Open a tab again that a lost dispute has closed.
    Reopen(TabId),
    /// Write the open lines of a tab off, once their last day has come.
    WriteOff(TabId),
    /// A way to pay is bound to a tab from now on.
    Bind(TabId),
    /// No way to pay is bound to a tab any more.
    Unbind(TabId),
}

/// What a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    /// A tab.
    Tab(TabId),
    /// What an author is paid.
    Author(AuthorId),
    /// A line, of whichever tab.
    Line(LineId),
}

impl Command {
    /// What it is about.
    pub fn about(&self) -> About {
        match self {
            Self::Buy(ask) => About::Tab(ask.tab.id),
            Self::Undo(ask) => {
                ask.tab.as_ref().map_or(About::Line(ask.line), |(tab, _)| About::Tab(*tab))
            }
            Self::Settle(ask) => About::Tab(ask.tab),
            Self::PayOut(ask) => About::Author(ask.pay_out.author),
            Self::PayOutEnded(ask) => About::Author(ask.author),
            Self::Refund(ask) => About::Tab(ask.tab),
            Self::RefundFailed(ask) => About::Tab(ask.tab),
            Self::Dispute(ask) => About::Tab(ask.tab),
            Self::DisputeEnded(ask) => About::Tab(ask.tab),
            Self::FeeBack(ask) => About::Tab(ask.tab),
            Self::Reopen(tab) | Self::WriteOff(tab) | Self::Bind(tab) | Self::Unbind(tab) => {
                About::Tab(*tab)
            }
        }
    }
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
    /// To a refund.
    Refunded {
        /// Whether it was made before, so that nothing new happened.
        again: bool,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To a refund that was not carried out.
    RefundFailed {
        /// Whether it was taken back before, so that nothing new happened.
        again: bool,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To a dispute.
    Disputed {
        /// Whether it was opened before, so that nothing new happened.
        again: bool,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To the end of a dispute.
    DisputeEnded {
        /// Whether it had ended before, so that nothing new happened.
        again: bool,
        /// Lines that were written off for it.
        lost: Vec<LineId>,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To a fee that was given back.
    FeeBack {
        /// Whether it was received before, or what it was for has not happened after all: nothing new happened.
        again: bool,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To opening a tab again.
    Reopened {
        /// Whether no lost dispute closed it, so that nothing new happened.
        again: bool,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To a write-off.
    WrittenOff {
        /// The lines; none when nothing was open.
        lost: Vec<LineId>,
        /// The tab afterwards.
        now: TabNow,
    },
    /// To binding a way to pay, or to taking it away.
    Bound {
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
    /// To what a rail says of a payout.
    PayOutEnded {
        /// Whether nothing new happened.
        again: bool,
        /// What the author may be paid now.
        available: Money,
    },
}

/// What a command comes to: an answer, or a reason why not.
pub type Outcome = Result<Answer, LedgerRefusal>;
