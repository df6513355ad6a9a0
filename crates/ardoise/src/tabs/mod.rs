//! A reader's tab: buy, undo, statement, settle.

pub mod giving_back;
pub mod http;
pub mod settling;

use crate::app::App;
use crate::pages::reader::Closed;
use crate::pages::work::{consent_text, typed_consent_text};
use crate::problem::{AMOUNT_INVALID, Problem, TAB_RATE_LIMITED};
use crate::request::{Ask, Claim};
use crate::store::{StoreError, notice, statement};
use crate::till::command::{
    Answer, BuyAsk, Command, Purchase, SettleAsk, TabClaim, TabNow, UndoAsk,
};
use ledger::{
    Buy, Excess, LineId, LinkId, Money, PurchaseId, RailNumber, Settle, SettlementId, Tab, TabId,
    Timestamp, UndoneBy, WorkId,
};

/// How long before its first purchase the page that offers a new tab may have been made: a day.
const NEW_TAB_MICROS: i64 = 24 * 3_600_000_000;

/// What a reader's tap asks for.
#[derive(Debug, Clone)]
pub struct Tap {
    /// The purchase, named by the page.
    pub purchase: PurchaseId,
    /// The price seen or chosen.
    pub amount: Money,
    /// Whether the amount was typed, so that the button did not name it.
    pub typed: bool,
    /// The link's slug.
    pub slug: String,
    /// The channel; may be empty.
    pub channel: String,
    /// The tab to open if the device has none, named by the page.
    pub device: Option<Claim<TabId>>,
}

/// A tap that was not refused.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What became of it.
    pub purchase: Purchase,
    /// The line that gives access.
    pub line: LineId,
    /// The work.
    pub work: WorkId,
    /// The link.
    pub link: LinkId,
    /// The amount.
    pub amount: Money,
    /// The tab afterwards.
    pub now: TabNow,
    /// The tab that was opened, for the device to keep.
    pub opened: Option<Claim<TabId>>,
}

/// One tap: puts a work on the reader's tab, opening one if the device has none.
///
/// # Errors
/// Every [`Problem`] of a [`ledger::LedgerRefusal`], [`TAB_RATE_LIMITED`], and the store's: nothing was charged.
pub async fn buy(app: &App, ask: &Ask, tap: Tap) -> Result<Taken, Problem> {
    let (claim, opens) = match ask.tab {
        Some(claim) => (claim, false),
        None => (new_tab(app, ask, tap.device)?, true),
    };
    let words = if tap.typed { typed_consent_text } else { consent_text };
    let label = words(ask.locale, tap.amount);
    let consent = ledger::receipts::consent_number(ask.locale.code(), &label);
    let command = Command::Buy(BuyAsk {
        tab: TabClaim { id: claim.id, secret_hash: claim.hash(), opens },
        slug: tap.slug,
        channel: tap.channel,
        buy: Buy { line: app.line_names.of(tap.purchase, claim.id), amount: tap.amount, consent },
        locale: ask.locale.code(),
        label,
    });
    match app.store.till().ask(command).await?? {
        Answer::Bought { purchase, line, work, link, amount, now } => {
            let opened = opens.then_some(claim);
            Ok(Taken { purchase, line, work, link, amount, now, opened })
        }
        other => Err(unexpected(&other)),
    }
}

/// The tab that a first tap opens. The page names it, so that a button pressed twice at once opens one tab and not two;
/// a page that is too old, or a program, gets a fresh one.
fn new_tab(app: &App, ask: &Ask, device: Option<Claim<TabId>>) -> Result<Claim<TabId>, Problem> {
    if !app.new_tabs.may_open(ask.address) {
        let problem = Problem::new(&TAB_RATE_LIMITED);
        return Err(Problem { retry_after: Some(600), ..problem });
    }
    let fresh = || Claim { id: app.mint.id(), secret: app.mint.secret() };
    let recent = |claim: &Claim<TabId>| {
        let age = app.now().micros_since(crate::ids::made_at(claim.id));
        (-NEW_TAB_MICROS / 24..NEW_TAB_MICROS).contains(&age)
    };
    Ok(device.filter(recent).unwrap_or_else(fresh))
}

fn unexpected(answer: &Answer) -> Problem {
    Problem::new(&crate::problem::SHOP_FAILED).because(format!("the till answered {answer:?}"))
}

/// A line that was taken back.
#[derive(Debug, Clone)]
pub struct TakenBack {
    /// The work it had given access to.
    pub work: WorkId,
    /// When; `None` when it had been taken back before.
    pub at: Option<Timestamp>,
    /// The tab afterwards.
    pub now: TabNow,
}

/// Takes a line off the tab of whoever asks.
///
/// # Errors
/// Every [`Problem`] of a [`ledger::LedgerRefusal`], and the store's: the tab is as it was.
pub async fn undo(app: &App, ask: &Ask, line: LineId) -> Result<TakenBack, Problem> {
    let claim = ask.tab.ok_or(ledger::LedgerRefusal::NoLine)?;
    let tab = Some((claim.id, claim.hash()));
    take_back(app, UndoAsk { line, tab, by: UndoneBy::Reader }).await
}

/// Takes a line back because the shop cannot supply the work.
///
/// # Errors
/// The store's.
pub async fn undo_by_shop(app: &App, line: LineId) -> Result<TakenBack, Problem> {
    take_back(app, UndoAsk { line, tab: None, by: UndoneBy::Shop }).await
}

async fn take_back(app: &App, ask: UndoAsk) -> Result<TakenBack, Problem> {
    match app.store.till().ask(Command::Undo(ask)).await?? {
        Answer::Undone { work, at, now, .. } => Ok(TakenBack { work, at, now }),
        other => Err(unexpected(&other)),
    }
}

/// Money that came in for a tab.
#[derive(Debug, Clone)]
pub struct Received {
    /// The settlement, named by whoever asks.
    pub id: SettlementId,
    /// The rail.
    pub rail: RailNumber,
    /// How much.
    pub amount: Money,
    /// What the rail keeps.
    pub rail_fee: Money,
    /// What the operator or the rail calls it; may be empty.
    pub reference: String,
    /// What holds for more than is owed: an amount that was typed is guarded, what a rail took in is credited.
    pub excess: Excess,
}

/// Receives money for a tab and pays its oldest lines.
///
/// Answers how many lines were paid, and the tab afterwards.
///
/// # Errors
/// Every [`Problem`] of a [`ledger::LedgerRefusal`], and the store's: nothing was received.
pub async fn settle(app: &App, tab: TabId, money: Received) -> Result<(usize, TabNow), Problem> {
    let settle =
        Settle { id: money.id, rail: money.rail, received: money.amount, rail_fee: money.rail_fee };
    let (excess, reference) = (money.excess, money.reference);
    let command = Command::Settle(SettleAsk { tab, settle, excess, reference });
    let answer = app.store.till().ask(command).await??;
    app.to_mail.notify_one();
    match answer {
        Answer::Settled { settled, now } => {
            Ok((settled.map_or(0, |settled| settled.payments.len()), now))
        }
        other => Err(unexpected(&other)),
    }
}

/// Has a command decided of which nobody needs more than that it was not refused.
///
/// # Errors
/// Every [`Problem`] of a [`ledger::LedgerRefusal`], and the store's: nothing was moved.
pub async fn ask(app: &App, command: Command) -> Result<(), Problem> {
    app.store.till().ask(command).await??;
    Ok(())
}

/// Writes the open lines of a tab off whose last day has come; answers how many those were.
///
/// # Errors
/// [`crate::problem::WRITE_OFF_TOO_EARLY`], and the store's: the tab is as it was.
pub async fn write_off(app: &App, tab: TabId) -> Result<usize, Problem> {
    match app.store.till().ask(Command::WriteOff(tab)).await?? {
        Answer::WrittenOff { lost, .. } => Ok(lost.len()),
        other => Err(unexpected(&other)),
    }
}

/// Opens a tab again that a lost dispute has closed; answers how it stands then, and whether that was new. What was written off still
/// keeps it closed until it is paid.
///
/// # Errors
/// [`crate::problem::TAB_UNKNOWN`], and the store's: the tab is as it was.
pub async fn reopen(app: &App, tab: TabId) -> Result<(TabNow, bool), Problem> {
    let (again, now) = match app.store.till().ask(Command::Reopen(tab)).await?? {
        Answer::Reopened { again, now } => (again, now),
        other => return Err(unexpected(&other)),
    };
    if !now.tab.is_closed() {
        let at = app.now();
        app.store.write(move |db| notice::opened_again(db, tab, at)).await?;
    }
    Ok((now, !again))
}

/// Since when something waits on `tab`: see [`Tab::waits_since`].
///
/// # Errors
/// The store's.
pub async fn waits_since(app: &App, tab: &Tab) -> Result<Option<Timestamp>, StoreError> {
    if tab.credit.is_zero() {
        return Ok(tab.oldest_open_at);
    }
    let (id, currency) = (tab.id, app.currency());
    let open = app.store.read(|db| statement::open_lines(db, id, currency)).await?;
    Ok(tab.waits_since(&open))
}

/// Why `tab` takes no new lines, on which something has waited `since` an instant; nothing while it does.
pub fn closed(app: &App, tab: &Tab, since: Option<Timestamp>) -> Option<Closed> {
    if tab.disputes_open > 0 {
        return Some(Closed::Disputed);
    }
    match (tab.is_closed(), app.settings.tariff.rules.is_due(since, app.now())) {
        (true, _) if tab.written_off.is_zero() => Some(Closed::ForGood),
        (true, _) => Some(Closed::WrittenOff),
        (false, true) => Some(Closed::Due),
        (false, false) => None,
    }
}

/// Reads an amount that somebody typed.
///
/// # Errors
/// [`AMOUNT_INVALID`], naming `field`.
pub fn amount(app: &App, text: &str, field: &'static str) -> Result<Money, Problem> {
    Money::parse(text, app.currency())
        .map_err(|error| Problem::new(&AMOUNT_INVALID).field(field).because(error))
}
