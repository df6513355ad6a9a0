//! One payout, from what is available to an author to wherever they want it.
//!
//! # Steps, and where it may stop
//! 1. **It is written** ([`payout_order::insert`]): one transaction. Its id, which the page minted, is the payout's in the books,
//!    and the rail's key of idempotency. Where it is sent is written with it: a new address of the author holds for the
//!    next one. From now on somebody comes back to it, whatever happens.
//! 2. **The books have it**: the till takes it from what is available, so that nobody sends it meanwhile; never more than there is.
//!    One transaction, which happens once. What the books refuse ends here: nothing was moved.
//! 3. **The rail is told** ([`port::Rail::pay_out`]). No transaction is open. What the rail calls it is kept, and from then on the rail
//!    is asked by that ([`port::Rail::paid_out`]), and told no more.
//! 4. **What it answered is booked and written** ([`payout_order::close`]): it is done, and the rail's fee is a cost of the
//!    operator. Or it was not sent, or came back: then the till makes it available again, once, and only after that the order is
//!    closed. Either way the address is forgotten.
//!
//! Stopped after 1, the books are asked first. Stopped after 2 or 3, the till says that it has the payout, and the rail finds what it
//! sent under the key. Stopped in 4, the till says that it booked it before. Every step may run twice, also at the same
//! time in two processes.
//!
//! # What is not known
//! A rail whose answer was lost is told again under the same key, at first after a minute and then ever less often, for as long as it
//! knows keys again ([`port::PayoutTerms::key_days`]); from then on it is the operator's to look. The money is away meanwhile: it is
//! never sent twice. A rail that refuses the shop (a wrong key, an empty account) is told again, too: what the operator
//! mends is sent then.
//!
//! # What comes back late
//! Whoever has no account at the rail has some weeks to open one; then the money is back. What was done may come back as well:
//! when a message brings that news it is asked about once more, and is available again. What came back stays so.

use super::port::{self, PaidOut, PayoutTerms, Rail, RailError, Waits};
use super::schedule;
use crate::app::App;
use crate::problem::{
    PAYOUT_NO_ADDRESS, PAYOUT_NO_RAIL, PAYOUT_TOO_LITTLE, PAYOUT_TOO_MUCH, PURCHASE_CONFLICT,
    Problem,
};
use crate::store::payout_order::{self, Ended, Named, Order, State};
use crate::store::{Db, StoreError, books, payout, payout_address};
use crate::till::command::{Command, PayOutAsk, PayOutEndedAsk};
use ledger::{
    Account, AuthorId, LedgerRefusal, Money, PayOut, PayoutEnd, PayoutId, PayoutNow, Timestamp,
};
use std::sync::Arc;

/// What is to be sent to an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Names the payout: minted by the page.
    pub id: PayoutId,
    /// To whom.
    pub author: AuthorId,
    /// By which rail.
    pub rail: String,
    /// How much.
    pub amount: Money,
}

/// The rails that pay authors, with what they say about it.
pub fn rails(app: &App) -> impl Iterator<Item = (&Arc<dyn Rail>, &PayoutTerms)> {
    app.rails.iter().filter_map(|rail| Some((rail, rail.terms().payouts.as_ref()?)))
}

/// The rail with this name, if it pays authors.
///
/// # Errors
/// [`PAYOUT_NO_RAIL`].
pub fn rail<'a>(app: &'a App, name: &str) -> Result<(&'a Arc<dyn Rail>, &'a PayoutTerms), Problem> {
    let found = rails(app).find(|(rail, _)| rail.terms().name == name);
    found.ok_or_else(|| Problem::new(&PAYOUT_NO_RAIL))
}

/// Sends an author what is available to them, or finds the payout that was asked for before.
///
/// # Errors
/// [`PAYOUT_NO_RAIL`], [`PAYOUT_NO_ADDRESS`], [`PAYOUT_TOO_LITTLE`], [`PAYOUT_TOO_MUCH`], [`PURCHASE_CONFLICT`], and the store's:
/// nothing was moved.
pub async fn begin(app: &App, ask: &Send) -> Result<Order, Problem> {
    let order = write(app, ask, |now| schedule::next(0, now)).await?;
    // Whoever asks again for what is over does not have the rail told again, which may have forgotten the key by then.
    let order = if order.state == State::Begun { go_on(app, order).await? } else { order };
    unless_refused(app, order).await
}

/// The same, but the rail is told by the worker: for many at once.
///
/// # Errors
/// As [`begin`].
pub async fn begin_later(app: &App, ask: &Send) -> Result<Order, Problem> {
    let mut order = write(app, ask, |now| now).await?;
    if order.state == State::Begun && is_refused(app, &order).await? {
        order.state = State::Refused;
    }
    unless_refused(app, order).await
}

async fn unless_refused(app: &App, order: Order) -> Result<Order, Problem> {
    if order.state != State::Refused {
        return Ok(order);
    }
    let (author, currency) = (order.pay_out.author, app.currency());
    let balance = app.store.read(|db| books::balance(db, Account::Available(author))).await?;
    let micros = i64::try_from(balance.max(0)).unwrap_or(i64::MAX);
    let available = Money::from_micros(micros, currency).map_err(LedgerRefusal::from)?;
    Err(LedgerRefusal::MoreThanAvailable { available }.into())
}

/// Step 1: the order with this id, which is written unless it is there.
async fn write(
    app: &App,
    ask: &Send,
    ask_at: impl FnOnce(Timestamp) -> Timestamp,
) -> Result<Order, Problem> {
    let (rail, terms) = rail(app, &ask.rail)?;
    let amount = rail.terms().movable(ask.amount).map_err(LedgerRefusal::from)?;
    let pay_out = PayOut { id: ask.id, author: ask.author, rail: rail.terms().number, amount };
    if let Some(known) = known(app, &pay_out).await? {
        return Ok(known);
    }
    check_amount(amount, terms)?;
    let (author, number) = (ask.author, rail.terms().number);
    let address = app.store.read(|db| payout_address::by_rail(db, author, number)).await?;
    let address = address.ok_or_else(|| Problem::new(&PAYOUT_NO_ADDRESS))?;
    let order = Order {
        pay_out,
        address: Some(address),
        state: State::Begun,
        reference: String::new(),
        reason: String::new(),
        begun_at: app.now(),
        attempts: 0,
    };
    let (fresh, ask_at) = (order.clone(), ask_at(order.begun_at));
    let is_new = app.store.write(move |db| payout_order::insert(db, &fresh, ask_at)).await?;
    app.to_ask.notify_one();
    if is_new {
        return Ok(order);
    }
    // Somebody was quicker.
    known(app, &pay_out).await?.ok_or_else(|| StoreError::Corrupt("a payout is gone".into()).into())
}

fn check_amount(amount: Money, terms: &PayoutTerms) -> Result<(), Problem> {
    if amount.is_zero() || amount < terms.minimum {
        let problem = Problem::new(&PAYOUT_TOO_LITTLE).field("amount");
        return Err(problem.with_money("minimum", terms.minimum));
    }
    match terms.maximum.filter(|most| amount > *most) {
        Some(most) => {
            Err(Problem::new(&PAYOUT_TOO_MUCH).field("amount").with_money("available", most))
        }
        None => Ok(()),
    }
}

/// The order with this id, if it is the very same.
async fn known(app: &App, pay_out: &PayOut) -> Result<Option<Order>, Problem> {
    let (id, currency) = (pay_out.id, app.currency());
    let read = app
        .store
        .read(|db| Ok((payout_order::by_id(db, id, currency)?, payout::by_id(db, id, currency)?)));
    match read.await? {
        (Some(known), _) if known.pay_out == *pay_out => Ok(Some(known)),
        (None, None) => Ok(None),
        _ => Err(Problem::new(&PURCHASE_CONFLICT).field("payout")),
    }
}

/// Brings a payout as far forward as it goes now; answers how it stands then.
///
/// # Errors
/// The store's. What a rail fails with is written down, and asked about again.
pub async fn go_on(app: &App, order: Order) -> Result<Order, StoreError> {
    let (id, currency) = (order.pay_out.id, app.currency());
    step(app, order).await?;
    let now = app.store.read(|db| payout_order::by_id(db, id, currency)).await?;
    now.ok_or_else(|| StoreError::Corrupt("a payout is gone".into()))
}

async fn step(app: &App, order: Order) -> Result<(), StoreError> {
    let (id, currency) = (order.pay_out.id, app.currency());
    if matches!(order.state, State::Returned | State::Refused) {
        return app.store.write(move |db| payout_order::rest(db, id)).await;
    }
    if is_refused(app, &order).await? {
        return Ok(());
    }
    let booked = app.store.read(|db| payout::by_id(db, id, currency)).await?;
    if booked.is_some_and(|booked: PayoutNow| booked.has_returned) {
        // It was stopped after the money became available again: the rail is not told any more.
        let ended = Ended { state: State::Returned, reference: "", reason: &order.reason };
        return close(app, &order, ended).await;
    }
    match app.rails.by_number(order.pay_out.rail).cloned() {
        Some(rail) => tell(app, &*rail, &order).await,
        // It was turned off since: whoever turns it on again has it told.
        None => put_off(app, &order, "", "the rail is turned off").await,
    }
}

/// Step 2: whether the books refuse it; they say so again when they took it before.
async fn is_refused(app: &App, order: &Order) -> Result<bool, StoreError> {
    let (pay_out, reference) = (order.pay_out, String::new());
    let answer = app.store.till().ask(Command::PayOut(PayOutAsk { pay_out, reference })).await?;
    let Err(refusal) = answer else { return Ok(false) };
    tracing::warn!(payout = %pay_out.id, %refusal, "a payout is refused by the books");
    let why = refusal.to_string();
    let ended = Ended { state: State::Refused, reference: "", reason: &why };
    close(app, order, ended).await?;
    Ok(true)
}

/// Step 3: tells the rail, or asks it, and writes down what it answered.
async fn tell(app: &App, rail: &dyn Rail, order: &Order) -> Result<(), StoreError> {
    let told = port::Payout {
        key: order.pay_out.id.to_string(),
        amount: order.pay_out.amount,
        to: order.address.clone().unwrap_or_default(),
        reference: order.reference.clone(),
        shop: app.settings.shop_name.clone(),
    };
    let answer = if !told.reference.is_empty() {
        rail.paid_out(&told).await
    } else if knows_key(app, rail, order) {
        rail.pay_out(&told).await
    } else {
        // Told again, the rail might send it twice.
        let why = "the rail has forgotten the key: see its own page";
        return put_off(app, order, "", why).await;
    };
    match answer {
        Ok(PaidOut::Done { reference, fee }) => {
            end(app, order, PayoutEnd::Sent, (fee, "")).await?;
            let ended = Ended { state: State::Done, reference: &reference, reason: "" };
            close(app, order, ended).await
        }
        Ok(PaidOut::UnderWay { reference, waits }) => wait(app, order, &reference, waits).await,
        Ok(PaidOut::Returned { reference, reason, fee }) => {
            take_again(app, order, (&reference, reason.code()), fee).await
        }
        Err(RailError::Declined(reason)) => {
            take_again(app, order, ("", reason.code()), app.nothing()).await
        }
        Err(error) => {
            let id = order.pay_out.id;
            tracing::warn!(payout = %id, %error, "a rail does not say what became of a payout");
            put_off(app, order, "", &error.to_string()).await
        }
    }
}

/// Whether the rail surely knows the key again, should it have heard it before.
fn knows_key(app: &App, rail: &dyn Rail, order: &Order) -> bool {
    let days = rail.terms().payouts.as_ref().map_or(0, |terms| terms.key_days);
    order.state == State::Begun && app.now() <= order.begun_at.plus_days(days)
}

async fn wait(app: &App, order: &Order, reference: &str, waits: Waits) -> Result<(), StoreError> {
    put_off(app, order, reference, waits.code()).await
}

/// Has the books say what became of it; they do so once.
async fn end(
    app: &App,
    order: &Order,
    end: PayoutEnd,
    (fee, why): (Money, &str),
) -> Result<(), StoreError> {
    let PayOut { id: payout, author, .. } = order.pay_out;
    let ask = PayOutEndedAsk { payout, author, end, fee, reference: why.to_owned() };
    let answer = app.store.till().ask(Command::PayOutEnded(ask)).await?;
    // The books have it, and refuse nothing of what a rail has said.
    answer.map(drop).map_err(|refusal| StoreError::Corrupt(refusal.to_string()))
}

/// The author does not have it: it is available again, and only then over.
async fn take_again(
    app: &App,
    order: &Order,
    (reference, why): (&str, &str),
    fee: Money,
) -> Result<(), StoreError> {
    let id = order.pay_out.id;
    tracing::error!(payout = %id, reason = why, "a payout came back: it is available again");
    end(app, order, PayoutEnd::Returned, (fee, why)).await?;
    close(app, order, Ended { state: State::Returned, reference, reason: why }).await
}

async fn put_off(app: &App, order: &Order, reference: &str, why: &str) -> Result<(), StoreError> {
    let (id, reference, why) = (order.pay_out.id, reference.to_owned(), why.to_owned());
    let then = schedule::next(order.attempts, app.now());
    app.store.write(move |db| payout_order::put_off(db, id, then, (&reference, &why))).await
}

async fn close(app: &App, order: &Order, ended: Ended<'_>) -> Result<(), StoreError> {
    let (id, now, state) = (order.pay_out.id, app.now(), ended.state);
    let (reference, reason) = (ended.reference.to_owned(), ended.reason.to_owned());
    let write = move |db: &dyn Db| {
        let ended = Ended { state, reference: &reference, reason: &reason };
        payout_order::close(db, id, ended, now)?;
        // What was done before is not asked about any more.
        payout_order::rest(db, id)
    };
    app.store.write(write).await
}

/// A genuine message says that there is news of a payout: the worker asks.
///
/// # Errors
/// The store's.
pub async fn news(app: &App, named: Named<'_>) -> Result<(), StoreError> {
    let (rail, payout, reference) = (named.rail, named.payout, named.reference.to_owned());
    let now = app.now();
    let write = move |db: &dyn Db| {
        payout_order::hasten(db, Named { rail, payout, reference: &reference }, now)
    };
    if app.store.write(write).await? {
        app.to_ask.notify_one();
    } else {
        tracing::info!("a message speaks of no payout of this shop that goes on");
    }
    Ok(())
}
