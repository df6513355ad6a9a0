//! What the operator's bank says that came, and how it comes to the tabs.
//!
//! # Steps, and where it may stop
//! 1. **A statement is kept** while the operator looks at what was understood of it ([`keep`], [`look_over`]). Nothing follows from it.
//! 2. **Its credits are written** once the operator agrees ([`take_in`]): each is new or known, on a tab or waiting, in one transaction with
//!    the news for the charge that it pays. A credit has the same name in every statement, and a settlement has one credit at most.
//! 3. **The money is received** ([`settle_placed`]). A credit that pays a charge is what the rail finds when it is asked about that charge,
//!    which goes its way by [`saga`]. Any other (a second transfer for one charge; what the operator puts on a tab) is a settlement of
//!    its own, named after the credit. Either happens once.
//! 4. **It is noted** that the settlement is in the books.
//!
//! Stopped before 2, nothing happened. Stopped within 2, the statement is brought again: what is known stays as it is. Stopped after 2 or 3,
//! the worker does the rest; so does whoever brings the next statement. All of it may run twice, also at the same time.
//!
//! # What is not guessed
//! Only the reference puts a credit on a tab by itself. One that names two charges, or looks like one that came with another kind of statement,
//! waits for the operator.

pub mod camt;
pub mod http;
pub mod reading;
pub mod sheet;
pub mod statement;

use crate::app::App;
use crate::problem::{
    Detail, ENTRY_PLACED, PAGE_MISSING, Problem, SETTLEMENT_NO_RAIL, STATEMENT_UNREADABLE,
};
use crate::rails::TRANSFER;
use crate::rails::saga::{self, Visit};
use crate::rails::transfer::reference;
use crate::store::bank::{self, Entry, Place};
use crate::store::charge::{self, State};
use crate::store::{Db, StoreError, tab};
use crate::tabs::{Received, settle};
use ledger::{BankEntryId, Currency, Excess, SettlementId, StatementId, TabId};
use sheet::{Chosen, Layout};
use statement::{LeftOut, Statement, Unreadable};

/// Credits that are written in one transaction: purchases wait meanwhile.
const AT_ONCE: usize = 50;
/// Credits of which it is made sure in one step that they are in the books.
const PLACED_AT_ONCE: i64 = 100;
/// Days for which a statement that nobody agreed to is kept.
const KEPT_DAYS: i64 = 1;

/// What becomes of a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It came with an earlier statement.
    Known,
    /// It pays this tab: a charge of it, or something besides.
    Pays(Place),
    /// It names no charge of this shop.
    Unmatched,
    /// It names several charges.
    Several,
    /// One of the same day and amount came with another kind of statement: it may be the same.
    Alike,
}

/// What was understood of a statement, and what would become of its credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedOver {
    /// The table's columns; none where it is no table.
    pub layout: Option<Layout>,
    /// The credits; none where the columns are not known yet.
    pub credits: Vec<(Entry, Verdict)>,
    /// What was left out.
    pub left_out: LeftOut,
}

/// What was done with a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Credits that are on a tab now.
    pub placed: usize,
    /// Credits that wait for the operator.
    pub waiting: usize,
    /// Credits that were known.
    pub known: usize,
}

/// The account to which readers transfer money.
fn iban(app: &App) -> Result<&str, Problem> {
    let on = app.settings.rails.transfer.as_ref();
    let on =
        on.ok_or_else(|| Problem::new(&SETTLEMENT_NO_RAIL).because("transfer.iban is not set"))?;
    Ok(&on.payee.iban)
}

/// Keeps a statement for the operator to look at.
///
/// # Errors
/// [`STATEMENT_UNREADABLE`], which says why; [`SETTLEMENT_NO_RAIL`]; the store's.
pub async fn keep(app: &App, file: Vec<u8>) -> Result<StatementId, Problem> {
    entries(app, &file, Chosen::default())?;
    let (id, now) = (app.mint.id(), app.now());
    let write = move |db: &dyn Db| {
        bank::forget_statements(db, None, now.plus_days(-KEPT_DAYS))?;
        bank::keep_statement(db, id, &file, now)
    };
    app.store.write(write).await?;
    Ok(id)
}

/// What was understood of a file, and its credits as the store knows them.
fn entries(
    app: &App,
    file: &[u8],
    chosen: Chosen,
) -> Result<(Option<Layout>, Vec<Entry>, LeftOut), Problem> {
    let iban = iban(app)?;
    let (layout, read) = understood(file, iban, chosen).map_err(unreadable)?;
    let Some(read) = read else { return Ok((layout, Vec::new(), LeftOut::default())) };
    let entry = |(id, credit): (BankEntryId, &statement::Credit)| Entry {
        id,
        source: read.source.name(),
        booked_on: credit.booked_on,
        amount: credit.amount,
        reference: credit.reference.clone(),
        said: credit.said.clone(),
    };
    let entries = read.names(iban).into_iter().zip(&read.credits).map(entry).collect();
    Ok((layout, entries, read.left_out))
}

/// What a file says: XML begins with a bracket, everything else is a table. Nothing is read of a table whose columns nobody knows.
///
/// # Errors
/// [`Unreadable`].
pub fn understood(
    file: &[u8],
    iban: &str,
    chosen: Chosen,
) -> Result<(Option<Layout>, Option<Statement>), Unreadable> {
    if file.len() > statement::FILE_MOST {
        return Err(Unreadable::TooLong);
    }
    let start = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file).trim_ascii_start();
    if start.first() == Some(&b'<') {
        return Ok((None, Some(camt::read(start, iban)?)));
    }
    if file.contains(&0) {
        return Err(Unreadable::NoStatement);
    }
    let layout = Layout::of(&reading::letters(file), chosen)?;
    match layout.read() {
        Err(Unreadable::Columns) => Ok((Some(layout), None)),
        read => Ok((Some(layout), Some(read?))),
    }
}

fn unreadable(why: Unreadable) -> Problem {
    let reason = match &why {
        Unreadable::NoStatement => "statement-none",
        Unreadable::TooLong => "statement-too-long",
        Unreadable::Xml(_) => "statement-xml",
        Unreadable::OtherAccount => "statement-other-account",
        Unreadable::Booking(..) => "statement-booking",
        Unreadable::Columns => "statement-columns",
    };
    let problem = Problem { reason: Some(reason), ..Problem::new(&STATEMENT_UNREADABLE) };
    let problem = match &why {
        Unreadable::Booking(number, what) => problem
            .with("number", Detail::Count(u64::try_from(*number).unwrap_or(u64::MAX)))
            .with("what", Detail::Word((*what).to_owned())),
        _ => problem,
    };
    problem.field("file").next("bank-back", "/desk/bank").because(why)
}

/// What would become of a statement that is kept.
///
/// # Errors
/// [`PAGE_MISSING`] for one that is not there any more, and those of [`keep`].
pub async fn look_over(
    app: &App,
    statement: StatementId,
    chosen: Chosen,
) -> Result<LookedOver, Problem> {
    let file = app.store.read(|db| bank::statement(db, statement)).await?;
    look_over_file(app, &file.ok_or_else(|| Problem::new(&PAGE_MISSING))?, chosen).await
}

/// What would become of a file.
///
/// # Errors
/// Those of [`keep`].
pub async fn look_over_file(app: &App, file: &[u8], chosen: Chosen) -> Result<LookedOver, Problem> {
    let (layout, entries, left_out) = entries(app, file, chosen)?;
    let judged = app.store.read(|db| {
        let mut taken = Vec::new();
        let judged = entries.into_iter().map(|entry| {
            let verdict = judge(db, &entry, &taken)?;
            if let Verdict::Pays(place) = verdict {
                taken.push(place.settlement);
            }
            Ok((entry, verdict))
        });
        judged.collect::<Result<Vec<_>, StoreError>>()
    });
    Ok(LookedOver { layout, credits: judged.await?, left_out })
}

/// What becomes of a credit, where others of its statement are about to become these settlements.
fn judge(db: &dyn Db, entry: &Entry, taken: &[SettlementId]) -> Result<Verdict, StoreError> {
    if bank::is_known(db, entry.id)? {
        return Ok(Verdict::Known);
    }
    if bank::alike_elsewhere(db, entry)? > 0 {
        return Ok(Verdict::Alike);
    }
    let mut named = Vec::new();
    for reference in reference::found_in(&entry.said) {
        named.extend(charge::by_reference(db, TRANSFER.number, &reference, Currency::Eur)?);
    }
    let (named, other) = match &named[..] {
        [] => return Ok(Verdict::Unmatched),
        [first, rest @ ..] => (first, rest.iter().any(|more| more.id != first.id)),
    };
    if other {
        return Ok(Verdict::Several);
    }
    let is_first = named.state != State::Settled
        && !taken.contains(&named.id)
        && !bank::is_taken(db, named.id)?;
    let settlement = if is_first { named.id } else { own_settlement(entry.id) };
    Ok(Verdict::Pays(Place { tab: named.tab, settlement }))
}

/// The settlement that a credit becomes where it pays no charge.
fn own_settlement(entry: BankEntryId) -> SettlementId {
    SettlementId::from_bytes(entry.bytes())
}

/// Takes a statement in to which the operator has agreed, and forgets it.
///
/// # Errors
/// Those of [`look_over`]. What was written until then stands, and is known when it is brought again.
pub async fn take_in(
    app: &App,
    statement: StatementId,
    chosen: Chosen,
) -> Result<TakenIn, Problem> {
    let file = app.store.read(|db| bank::statement(db, statement)).await?;
    let taken =
        take_in_file(app, &file.ok_or_else(|| Problem::new(&PAGE_MISSING))?, chosen).await?;
    let since = app.now().plus_days(-KEPT_DAYS);
    app.store.write(move |db| bank::forget_statements(db, Some(statement), since)).await?;
    Ok(taken)
}

/// Takes a file in.
///
/// # Errors
/// Those of [`keep`], also where the columns of a table are not known.
pub async fn take_in_file(app: &App, file: &[u8], chosen: Chosen) -> Result<TakenIn, Problem> {
    let (layout, entries, _) = entries(app, file, chosen)?;
    if layout.is_some_and(|layout| !layout.is_whole()) {
        return Err(unreadable(Unreadable::Columns));
    }
    let mut done = TakenIn::default();
    for entries in entries.chunks(AT_ONCE) {
        let (entries, now) = (entries.to_vec(), app.now());
        let write = move |db: &dyn Db| {
            let mut some = TakenIn::default();
            entries.iter().try_for_each(|entry| write_entry(db, entry, now, &mut some))?;
            Ok(some)
        };
        let some = app.store.write(write).await?;
        done.placed += some.placed;
        done.waiting += some.waiting;
        done.known += some.known;
    }
    settle_placed(app).await?;
    Ok(done)
}

/// Writes one credit, with the news for the charge that it pays.
fn write_entry(
    db: &dyn Db,
    entry: &Entry,
    now: ledger::Timestamp,
    done: &mut TakenIn,
) -> Result<(), StoreError> {
    let place = match judge(db, entry, &[])? {
        Verdict::Known => {
            done.known += 1;
            return Ok(());
        }
        Verdict::Pays(place) => Some(place),
        Verdict::Unmatched | Verdict::Several | Verdict::Alike => None,
    };
    if !bank::insert(db, entry, place, now)? {
        done.known += 1;
        return Ok(());
    }
    match place {
        Some(place) => {
            done.placed += 1;
            charge::hasten(db, place.settlement, now)
        }
        None => {
            done.waiting += 1;
            Ok(())
        }
    }
}

/// Puts a credit that waits on a tab.
///
/// # Errors
/// [`FIELD_INVALID`](crate::problem::FIELD_INVALID) for a tab, and [`PAGE_MISSING`] for a credit that is not there, [`ENTRY_PLACED`] where it is on another tab; the store's.
pub async fn put_on_tab(app: &App, entry: BankEntryId, tab: TabId) -> Result<(), Problem> {
    let (currency, now) = (app.currency(), app.now());
    let place = Place { tab, settlement: own_settlement(entry) };
    if app.store.read(|db| tab::by_id(db, tab, currency)).await?.is_none() {
        return Err(Problem::invalid("tab", "bank-tab-unknown").next("bank-back", "/desk/bank"));
    }
    let write = move |db: &dyn Db| {
        bank::put_on_tab(db, entry, place, now)?;
        bank::place(db, entry)
    };
    match app.store.write(write).await? {
        // By now, or by whoever pressed the button before.
        Some(found) if found.tab == tab => {
            settle_placed(app).await.map(|_| ()).map_err(Problem::from)
        }
        Some(_) => Err(Problem::new(&ENTRY_PLACED).next("bank-back", "/desk/bank")),
        None => Err(Problem::new(&PAGE_MISSING).next("bank-back", "/desk/bank")),
    }
}

/// Puts a credit aside that is for no tab, or lets it wait again.
///
/// # Errors
/// [`PAGE_MISSING`] for a credit that is not there, [`ENTRY_PLACED`] where it is on a tab; the store's.
pub async fn put_aside(app: &App, entry: BankEntryId, aside: bool) -> Result<(), Problem> {
    let at = aside.then(|| app.now());
    let write = move |db: &dyn Db| {
        let done = bank::put_aside(db, entry, at)?;
        Ok((done, bank::place(db, entry)?.is_some()))
    };
    match app.store.write(write).await? {
        (true, _) => Ok(()),
        (false, true) => Err(Problem::new(&ENTRY_PLACED).next("bank-back", "/desk/bank")),
        (false, false) => Err(Problem::new(&PAGE_MISSING)),
    }
}

/// Makes sure that every credit on a tab is in the books; answers how many were found there.
///
/// # Errors
/// The store's. What could not be received is logged, and tried again later.
pub async fn settle_placed(app: &App) -> Result<usize, StoreError> {
    let mut done = 0;
    loop {
        let waiting = app.store.read(|db| bank::unsettled(db, PLACED_AT_ONCE)).await?;
        let before = done;
        for entry in &waiting {
            done += usize::from(receive(app, entry).await?);
        }
        if done == before {
            return Ok(done);
        }
    }
}

/// Receives a credit that is on a tab; answers whether it is in the books.
async fn receive(app: &App, entry: &Entry) -> Result<bool, StoreError> {
    let (id, currency) = (entry.id, app.currency());
    let Some(place) = app.store.read(|db| bank::place(db, id)).await? else { return Ok(false) };
    let paid = app.store.read(|db| charge::by_id(db, place.settlement, currency)).await?;
    let is_received = match paid {
        Some(paid) => saga::go_on(app, paid, Visit::Again).await?.state == State::Settled,
        None => receive_alone(app, entry, place).await,
    };
    if is_received {
        let now = app.now();
        app.store.write(move |db| bank::settled(db, id, now)).await?;
    } else {
        tracing::error!(entry = %id, "a credit of the bank is not in the books");
    }
    Ok(is_received)
}

async fn receive_alone(app: &App, entry: &Entry, place: Place) -> bool {
    let received = Received {
        id: place.settlement,
        rail: TRANSFER.number,
        amount: entry.amount,
        rail_fee: app.nothing(),
        reference: entry.reference.clone(),
        excess: Excess::Credited,
    };
    match settle(app, place.tab, received).await {
        Ok(_) => true,
        Err(problem) => {
            let (code, cause) = (problem.kind.code, problem.cause.unwrap_or_default());
            tracing::error!(problem.code = code, cause, "money that came is not in the books");
            false
        }
    }
}

/// The tab that a person or a bank names: banks like capitals, drop what is neither letter nor digit, and put spaces in.
pub fn tab_named(text: &str) -> Option<TabId> {
    let kept: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("tab_{}", kept.to_lowercase().strip_prefix("tab")?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_is_known_by_what_a_bank_makes_of_it() {
        let tab: TabId = "tab_03fh1ar8t9a6y".parse().expect("a tab");
        for text in
            ["tab_03fh1ar8t9a6y", " TAB_03FH1AR8T9A6Y\n", "TAB03FH1 AR8T 9A6Y", "tab-03fh1ar8t9a6y"]
        {
            assert_eq!(tab_named(text), Some(tab), "{text}");
        }
        for text in
            ["", "03fh1ar8t9a6y", "wrk_03fh1ar8t9a6y", "tab_03fh1ar8t9a6", "tab_03fh1ar8t9a6yy"]
        {
            assert_eq!(tab_named(text), None, "{text}");
        }
    }
}
