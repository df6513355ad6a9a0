//! One refund, from the credit of a tab back to whoever paid.
//!
//! What goes back is always credit, by the settlement that it came by. A paid line is taken back first ([`refund_line`]): its
//! shares are reversed, and what it cost is credit, which pays what waits on the tab before anything is sent.
//!
//! # Steps, and where it may stop
//! 1. **It is written** ([`refund_order::insert`]): one transaction. Its id, which the page minted, is the refund's in the books,
//!    and the rail's key of idempotency is made of it. From now on somebody comes back to it, whatever happens.
//! 2. **The books have it**: the till takes it from the credit, so that nobody spends it meanwhile; never more than the tab has, nor
//!    than is left of the settlement. One transaction, which happens once. What the books refuse ends here: nothing was moved.
//! 3. **The rail is told** ([`port::Rail::refund`]). No transaction is open.
//! 4. **What it answered is written** ([`refund_order::close`]): it is done. Or the rail declines: then the till takes it into the
//!    credit again, once, and only after that the order is closed.
//!
//! Stopped after 1, the books are asked first. Stopped after 2 or 3, the till says that it has the refund, and the rail finds what it
//! sent under the key. Stopped in 4, the till says that it took it back before. Every step may run twice, also at the same
//! time in two processes.
//!
//! # What is not known
//! A rail whose answer was lost is told again under the same key, at first after a minute and then ever less often, until it says
//! what became of it, for as long as it knows keys again; from then on it is the operator's to look. The credit is away
//! meanwhile: it is never given back twice. A rail that declines is asked what went back before that is believed.
//!
//! # What a rail takes back
//! A bank may return money that was sent days ago. When a message brings that news, a refund that was done is asked about once
//! more, and becomes a declined one. What was declined stays so: its money is credit again, and may be spent.
//!
//! A rail may decline because somebody has sent the money at the provider's own page: that is looked at before the order is closed
//! ([`elsewhere`]). What the rail gives back of its fee is booked before an order is done.

use super::manual;
use super::port::{self, Rail, RailError, Refunded, SentBack};
use super::{elsewhere, saga, schedule};
use crate::app::App;
use crate::notices;
use crate::problem::{PURCHASE_CONFLICT, Problem, REFUND_BY_HAND};
use crate::store::refund_order::{self, Ended, Order, State};
use crate::store::tab::{self, Brought};
use crate::store::{Db, StoreError, charge, refund, statement};
use crate::tabs;
use crate::till::command::{Command, FeeBackAsk, RefundAsk, RefundFailedAsk};
use ledger::{
    FeeBack, LedgerRefusal, LineId, LineState, Money, Refund, RefundId, SettlementId,
    SettlementNow, Shortfall, TabId,
};
use std::sync::Arc;

/// Days for which a rail knows a key again. PayPal, which keeps them for the shortest time, says 45:
/// <https://developer.paypal.com/docs/api/payments/v2/#captures_refund>.
const KEY_DAYS: i64 = 40;
/// Settlements of a tab among which one is chosen to send money back by; older ones are named by the operator.
pub const BROUGHT_MOST: i64 = 50;

/// Credit of a tab that is to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GiveBack {
    /// Names the refund: minted by the page.
    pub id: RefundId,
    /// Whose credit.
    pub tab: TabId,
    /// By which settlement it came.
    pub settlement: SettlementId,
    /// How much.
    pub amount: Money,
}

/// A line that is taken back, whether or not there is still time for its reader to undo it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundLine {
    /// Names the refund: minted by the page.
    pub id: RefundId,
    /// On which tab the line stands.
    pub tab: TabId,
    /// The line.
    pub line: LineId,
    /// Whether what it cost is sent back, or stays credit.
    pub send: bool,
}

/// Gives credit back by the rail it came by, or finds the refund that was asked for before.
///
/// # Errors
/// [`crate::problem::REFUND_TOO_LARGE`], [`crate::problem::SETTLEMENT_UNKNOWN`], [`REFUND_BY_HAND`] where the rail cannot,
/// [`PURCHASE_CONFLICT`], and the store's: nothing was moved.
pub async fn begin(app: &App, ask: GiveBack) -> Result<Order, Problem> {
    let (settlement, credit) = looked_up(app, &ask).await?;
    let rail = sending(app, ask.settlement, &settlement).await?;
    let amount = rail.terms().movable(ask.amount).map_err(LedgerRefusal::from)?;
    let rail = settlement.rail;
    let refund = Refund { id: ask.id, settlement: ask.settlement, rail, amount };
    if let Some(known) = known(app, ask.tab, &refund).await? {
        return go_on_if_begun(app, known).await;
    }
    let most = most(app, credit, &settlement)?;
    if amount.is_zero() || amount > most {
        return Err(LedgerRefusal::RefundTooLarge { most }.into());
    }
    let order = Order {
        refund,
        tab: ask.tab,
        state: State::Begun,
        reference: String::new(),
        reason: String::new(),
        begun_at: app.now(),
        attempts: 0,
    };
    let order = write_and_go_on(app, order).await?;
    if order.state == State::Refused {
        let (settlement, credit) = looked_up(app, &ask).await?;
        let most = self::most(app, credit, &settlement)?;
        return Err(LedgerRefusal::RefundTooLarge { most }.into());
    }
    Ok(order)
}

/// Writes down that the operator sent credit back themselves, from where it came to.
///
/// # Errors
/// [`crate::problem::REFUND_TOO_LARGE`], [`crate::problem::SETTLEMENT_UNKNOWN`], [`PURCHASE_CONFLICT`], and the store's: nothing
/// was written.
pub async fn by_hand(app: &App, ask: GiveBack, note: &str) -> Result<(), Problem> {
    let (settlement, _) = looked_up(app, &ask).await?;
    let (id, currency) = (ask.id, app.currency());
    if app.store.read(|db| refund_order::by_id(db, id, currency)).await?.is_some() {
        return Err(Problem::new(&PURCHASE_CONFLICT).field("refund"));
    }
    let (rail, amount) = (settlement.rail, ask.amount);
    let refund = Refund { id, settlement: ask.settlement, rail, amount };
    let (shortfall, reference) = (Shortfall::Refused, manual::note(note));
    let ask = RefundAsk { tab: ask.tab, refund, shortfall, reference };
    tabs::ask(app, Command::Refund(ask)).await
}

/// Takes a line back and, where that is asked for, gives what it cost back by the rail it came by, as far as the tab has credit then:
/// what waits on it is paid first. Answers the refund, where there is one.
///
/// Asked again after it stopped halfway, it goes on from there.
///
/// # Errors
/// [`crate::problem::LINE_UNKNOWN`], [`REFUND_BY_HAND`], and the store's: nothing was moved.
pub async fn refund_line(app: &App, ask: RefundLine) -> Result<Option<Order>, Problem> {
    let (id, currency) = (ask.id, app.currency());
    let read = app.store.read(|db| {
        let line = statement::line(db, ask.line, currency)?;
        let brought = tab::brought(db, ask.tab, BROUGHT_MOST, currency)?;
        let known = refund_order::by_id(db, id, currency)?;
        Ok((line, statement::payer(db, ask.line)?, brought, known))
    });
    let (line, payer, brought, known) = read.await?;
    let (line, state) =
        line.filter(|(line, _)| line.tab == ask.tab).ok_or(LedgerRefusal::NoLine)?;
    if let Some(known) = known {
        let is_same = known.tab == ask.tab;
        let conflict = || Problem::new(&PURCHASE_CONFLICT).field("refund");
        let known = is_same.then_some(known).ok_or_else(conflict)?;
        return go_on_if_begun(app, known).await.map(Some);
    }
    let was_paid = state == LineState::Paid || payer.is_some();
    let source = source(&brought, payer).filter(|_| ask.send && was_paid);
    if let Some(source) = source {
        // Before anything is moved: whoever wants it sent is told that it cannot be.
        sending(app, source.id, &source.now).await?;
    }
    tabs::undo_by_shop(app, ask.line).await?;
    let Some(&Brought { id: settlement, .. }) = source else { return Ok(None) };
    let back = GiveBack { id, tab: ask.tab, settlement, amount: line.shares.gross };
    let (now, credit) = looked_up(app, &back).await?;
    let amount = back.amount.min(most(app, credit, &now)?);
    if amount.is_zero() {
        return Ok(None);
    }
    begin(app, GiveBack { amount, ..back }).await.map(Some)
}

/// The settlement by which the price of a line goes back: the one that paid it; where its price was credit, the newest of which
/// something is left.
fn source(brought: &[Brought], payer: Option<SettlementId>) -> Option<&Brought> {
    let has_left = |one: &&Brought| one.now.left().is_ok_and(|left| !left.is_zero());
    let own = brought.iter().find(|one| Some(one.id) == payer).filter(has_left);
    own.or_else(|| brought.iter().find(has_left))
}

/// The settlement that is meant, and the credit of its tab.
async fn looked_up(app: &App, ask: &GiveBack) -> Result<(SettlementNow, Money), Problem> {
    let currency = app.currency();
    let read = app.store.read(|db| {
        Ok((tab::by_id(db, ask.tab, currency)?, tab::settlement(db, ask.settlement, currency)?))
    });
    let (tab, settlement) = read.await?;
    let tab = tab.ok_or(LedgerRefusal::NoTab)?.tab;
    let settlement = settlement.ok_or(LedgerRefusal::NoSettlement)?;
    settlement.check_is_of(ask.tab, settlement.rail)?;
    Ok((settlement, tab.credit))
}

/// The most that can go back of a settlement now: whole units of its rail.
///
/// # Errors
/// [`LedgerRefusal::Amount`].
pub fn most(app: &App, credit: Money, settlement: &SettlementNow) -> Result<Money, LedgerRefusal> {
    let most = credit.min(settlement.left()?);
    match app.rails.by_number(settlement.rail) {
        Some(rail) if rail.terms().refunds => Ok(rail.terms().movable(most)?),
        _ => Ok(most),
    }
}

/// Whether a settlement can go back by its rail, without the operator's hand.
///
/// # Errors
/// The store's.
pub async fn can_send(app: &App, came: &Brought) -> Result<bool, StoreError> {
    Ok(rail_to_send(app, came.id, &came.now).await?.is_some())
}

/// The rail that can send a settlement back: one that can refund at all, and brought it by a charge that it knows.
async fn rail_to_send(
    app: &App,
    id: SettlementId,
    settlement: &SettlementNow,
) -> Result<Option<Arc<dyn Rail>>, StoreError> {
    let currency = app.currency();
    let rail = app.rails.by_number(settlement.rail).filter(|rail| rail.terms().refunds);
    let charge = app.store.read(|db| charge::by_id(db, id, currency)).await?;
    Ok(rail.filter(|_| charge.is_some()).cloned())
}

async fn sending(
    app: &App,
    id: SettlementId,
    settlement: &SettlementNow,
) -> Result<Arc<dyn Rail>, Problem> {
    let rail = rail_to_send(app, id, settlement).await?;
    rail.ok_or_else(|| Problem::new(&REFUND_BY_HAND))
}

/// The order with this id, if it is the very same.
async fn known(app: &App, tab: TabId, refund: &Refund) -> Result<Option<Order>, Problem> {
    let (id, currency) = (refund.id, app.currency());
    let read = app
        .store
        .read(|db| Ok((refund_order::by_id(db, id, currency)?, refund::by_id(db, id, currency)?)));
    match read.await? {
        (Some(known), _) if (known.tab, known.refund) == (tab, *refund) => Ok(Some(known)),
        (None, None) => Ok(None),
        _ => Err(Problem::new(&PURCHASE_CONFLICT).field("refund")),
    }
}

/// Whoever asks again for what is over does not have the rail told again, which may have forgotten the key by then.
async fn go_on_if_begun(app: &App, known: Order) -> Result<Order, Problem> {
    if known.state == State::Begun { Ok(go_on(app, known).await?) } else { Ok(known) }
}

async fn write_and_go_on(app: &App, order: Order) -> Result<Order, StoreError> {
    let (ask_at, fresh) = (schedule::next(0, order.begun_at), order.clone());
    app.store.write(move |db| refund_order::insert(db, &fresh, ask_at)).await?;
    app.to_ask.notify_one();
    go_on(app, order).await
}

/// Brings a refund as far forward as it goes now; answers how it stands then.
///
/// # Errors
/// The store's. What a rail fails with is written down, and asked about again.
pub async fn go_on(app: &App, order: Order) -> Result<Order, StoreError> {
    let (id, currency) = (order.refund.id, app.currency());
    step(app, order).await?;
    let now = app.store.read(|db| refund_order::by_id(db, id, currency)).await?;
    now.ok_or_else(|| StoreError::Corrupt("a refund is gone".into()))
}

async fn step(app: &App, order: Order) -> Result<(), StoreError> {
    let id = order.refund.id;
    if matches!(order.state, State::Declined | State::Refused) {
        return app.store.write(move |db| refund_order::rest(db, id)).await;
    }
    if let Err(refusal) = book(app, &order).await? {
        tracing::warn!(refund = %id, %refusal, "a refund is refused by the books");
        let why = refusal.to_string();
        return close(app, &order, State::Refused, "", &why).await;
    }
    let currency = app.currency();
    let booked = app.store.read(|db| refund::by_id(db, id, currency)).await?;
    if booked.is_some_and(|booked| booked.has_failed) {
        // It was stopped after the money became credit again: the rail is not told any more.
        return close_declined(app, &order, &order.reason).await;
    }
    if order.state == State::Begun && app.now() > order.begun_at.plus_days(KEY_DAYS) {
        // Told again, the rail might send it twice.
        return put_off(app, &order, "the rail has forgotten the key: see its own page").await;
    }
    match app.rails.by_number(order.refund.rail).cloned() {
        Some(rail) => tell(app, &*rail, &order).await,
        // It was turned off since: whoever turns it on again has it told.
        None => put_off(app, &order, "the rail is turned off").await,
    }
}

/// Has the books take it from the credit; they say so again when they did before.
async fn book(app: &App, order: &Order) -> Result<Result<(), LedgerRefusal>, StoreError> {
    let (tab, refund, reference) = (order.tab, order.refund, String::new());
    let shortfall = Shortfall::Refused;
    let ask = RefundAsk { tab, refund, shortfall, reference };
    Ok(app.store.till().ask(Command::Refund(ask)).await?.map(drop))
}

/// Tells the rail, and writes down what it answered.
async fn tell(app: &App, rail: &dyn Rail, order: &Order) -> Result<(), StoreError> {
    let (settlement, currency) = (order.refund.settlement, app.currency());
    let read = app
        .store
        .read(|db| Ok((charge::by_id(db, settlement, currency)?, tab::reference(db, settlement)?)));
    let (Some(charge), Some(reference)) = read.await? else {
        return Err(StoreError::Corrupt("a refund of no charge".into()));
    };
    let key = key(order.refund.id);
    let told = port::Refund { key, amount: order.refund.amount, reference };
    let of = saga::told(app, &charge);
    match rail.refund(&of, &told).await {
        Ok(Refunded::Done { reference, fee_back }) => done(app, order, &reference, fee_back).await,
        Ok(Refunded::Waiting) => put_off(app, order, "").await,
        Ok(Refunded::Declined(reason)) | Err(RailError::Declined(reason)) => {
            unless_sent(app, order, rail.refunds_of(&of, &told.reference).await, reason.code())
                .await
        }
        Err(error @ RailError::NotOffered) => decline(app, order, &error.to_string()).await,
        Err(error) => {
            tracing::warn!(refund = %order.refund.id, %error, "a rail does not say what became of a refund");
            put_off(app, order, &error.to_string()).await
        }
    }
}

/// The rail's key of idempotency: no charge has the same.
pub(super) fn key(refund: RefundId) -> String {
    format!("refund-{refund}")
}

async fn done(app: &App, order: &Order, reference: &str, fee: Money) -> Result<(), StoreError> {
    fee_back(app, (order.tab, order.refund.settlement), order.refund.id, fee).await?;
    close(app, order, State::Done, reference, "").await
}

/// The rail declines. Perhaps it has carried it out when it was told before, and does not know the key again: what went back
/// under it is done, whatever it answers now.
async fn unless_sent(
    app: &App,
    order: &Order,
    sent: Result<Vec<SentBack>, RailError>,
    why: &str,
) -> Result<(), StoreError> {
    let key = key(order.refund.id);
    let is_this = |one: &&SentBack| !one.has_failed && one.key.as_ref() == Some(&key);
    match sent {
        Ok(sent) => match sent.iter().find(is_this) {
            Some(this) => done(app, order, &this.reference, this.fee_back).await,
            None => decline(app, order, why).await,
        },
        Err(RailError::NotOffered) => decline(app, order, why).await,
        Err(error) => {
            tracing::warn!(refund = %order.refund.id, %error, "a rail does not say what went back");
            put_off(app, order, why).await
        }
    }
}

/// The rail does not send it: it is credit of the tab again, and only then over.
async fn decline(app: &App, order: &Order, why: &str) -> Result<(), StoreError> {
    let id = order.refund.id;
    tracing::error!(refund = %id, reason = why, "a rail does not carry a refund out: it is credit again");
    let ask = RefundFailedAsk { tab: order.tab, refund: id, reference: why.to_owned() };
    let taken = app.store.till().ask(Command::RefundFailed(ask)).await?;
    // The books have it, and refuse nothing of what a rail has said.
    taken.map_err(|refusal| StoreError::Corrupt(refusal.to_string()))?;
    close_declined(app, order, why).await
}

/// Its money is credit again. Perhaps the rail declined because it was sent at the provider's own page: as long as that is not known
/// the order stays.
async fn close_declined(app: &App, order: &Order, why: &str) -> Result<(), StoreError> {
    if let Err(problem) = look_elsewhere(app, order).await {
        let cause = problem.cause.unwrap_or_default();
        tracing::warn!(refund = %order.refund.id, cause, "a rail does not say what went back besides");
        return put_off(app, order, why).await;
    }
    close(app, order, State::Declined, "", why).await
}

async fn look_elsewhere(app: &App, order: &Order) -> Result<(), Problem> {
    let (settlement, currency) = (order.refund.settlement, app.currency());
    let charge = app.store.read(|db| charge::by_id(db, settlement, currency)).await?;
    match (app.rails.by_number(order.refund.rail).cloned(), charge) {
        (Some(rail), Some(charge)) => elsewhere::look(app, &*rail, &charge).await,
        _ => Ok(()),
    }
}

/// Books what a rail gives back of the fee that it kept of a settlement, because so much of it went back: once.
///
/// # Errors
/// The store's.
pub(super) async fn fee_back(
    app: &App,
    (tab, settlement): (TabId, SettlementId),
    refund: RefundId,
    amount: Money,
) -> Result<(), StoreError> {
    if amount.is_zero() {
        return Ok(());
    }
    let fee_back = FeeBack::Refund(refund);
    let ask = FeeBackAsk { tab, settlement, fee_back, amount };
    if let Err(refusal) = app.store.till().ask(Command::FeeBack(ask)).await? {
        // It was another part before: what was booked first stays.
        tracing::error!(%refund, %refusal, "what a rail gives back of its fee is not booked");
    }
    Ok(())
}

async fn put_off(app: &App, order: &Order, why: &str) -> Result<(), StoreError> {
    let (id, why) = (order.refund.id, why.to_owned());
    let then = schedule::next(order.attempts, app.now());
    app.store.write(move |db| refund_order::put_off(db, id, then, &why)).await
}

async fn close(
    app: &App,
    order: &Order,
    state: State,
    reference: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let (id, amount, tab, now) = (order.refund.id, order.refund.amount, order.tab, app.now());
    let (reference, reason) = (reference.to_owned(), reason.to_owned());
    let write = move |db: &dyn Db| {
        let ended = Ended { state, reference: &reference, reason: &reason };
        refund_order::close(db, id, ended, now)?;
        if state == State::Done {
            notices::refunded(db, (tab, id), amount, now)?;
        }
        // What was done before is not asked about any more.
        refund_order::rest(db, id)
    };
    app.store.write(write).await
}

/// A genuine message says that there is news of money that was sent back of a charge: the worker asks.
///
/// # Errors
/// The store's.
pub async fn news(app: &App, settlement: SettlementId) -> Result<(), StoreError> {
    let now = app.now();
    app.store.write(move |db| refund_order::hasten(db, settlement, now)).await?;
    app.to_ask.notify_one();
    Ok(())
}
