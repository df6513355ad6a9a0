//! The books of an Ardoise shop, pure: money, accounts, transfers, the rules of a tab, the chain of receipts.
//!
//! Nothing here does I/O, waits, reads a clock or draws a random number: the same commands on the
//! same state give the same books, on every store and in the simulator.

pub mod accounts;
pub mod books;
pub mod buying;
pub mod clock;
pub mod disputing;
pub mod fees_back;
pub mod giving_back;
pub mod ids;
pub mod money;
pub mod paying_out;
pub mod receipts;
pub mod refusal;
pub mod settling;
pub mod tab;
pub mod time;
pub mod undoing;
pub mod writing_off;

#[cfg(test)]
mod histories;

pub use accounts::{Account, RailNumber, Reason, Subject, Transfer};
pub use books::Books;
pub use buying::{Before, Bought, Buy, Earlier, Line, Offer, Price, Shares, buy};
pub use clock::{Past, Step};
pub use disputing::{Dispute, DisputeEnded, Verdict, end_dispute, open_dispute, reopen};
pub use fees_back::{FeeBack, Given, share_fee_back};
pub use giving_back::{
    GivenBack, Refund, SettlementNow, Shortfall, borne_by_operator, give_back, take_again,
};
pub use ids::{
    AuthorId, BankEntryId, DeliveryId, FileId, InviteId, KeyId, LineId, LinkId, PayoutId,
    PurchaseId, RefundId, SessionId, SettlementId, ShopId, StatementId, TabId, UploadId, VoucherId,
    WebhookId, WorkId,
};
pub use money::{Currency, Money, MoneyError, Rounding};
pub use paying_out::{PayOut, PayoutEnd, PayoutNow, end_payout, pay_out};
pub use refusal::LedgerRefusal;
pub use settling::{Excess, OpenLine, Payment, Settle, Settled, settle, spend_credit};
pub use tab::{Rules, Tab};
pub use time::Timestamp;
pub use undoing::{LineState, Undone, UndoneBy, undo};
pub use writing_off::{Loss, Losses, write_off};
