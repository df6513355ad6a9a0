//! Vouchers: printed by the operator, used by readers. How one pays a charge stands in `rails/voucher/`.

pub mod http;
pub mod using;

use crate::app::App;
use crate::links::qr;
use crate::pages::vouchers::{Card, PrintPage};
use crate::pages::{Locale, format};
use crate::problem::{AMOUNT_INVALID, PAGE_MISSING, Problem, SETTLEMENT_NO_RAIL, VOUCHERS_PRINTED};
use crate::rails::voucher::Code;
use crate::store::voucher::{self, CodeHash, Voucher};
use crate::store::{Db, StoreError};
use ledger::{Money, Timestamp, VoucherId};

/// Vouchers that are printed at once: ten sheets.
pub const PRINTED_MOST: u32 = 100;

/// What the operator asks for.
#[derive(Debug, Clone, Copy)]
pub struct Print {
    /// Names it: minted by the page. The same again prints nothing.
    pub id: VoucherId,
    /// How many.
    pub count: u32,
    /// What each is for.
    pub amount: Money,
    /// The language of the cards.
    pub locale: Locale,
}

/// Makes vouchers, and the page to print. Nobody can make that page again.
///
/// # Errors
/// [`SETTLEMENT_NO_RAIL`] where there are none, [`AMOUNT_INVALID`], `field.invalid` for the count, [`VOUCHERS_PRINTED`]; the store's.
pub async fn print(app: &App, ask: Print) -> Result<PrintPage, Problem> {
    let settings = app.settings.rails.voucher.as_ref();
    let settings = settings
        .ok_or_else(|| Problem::new(&SETTLEMENT_NO_RAIL).because("voucher.most is not set"))?;
    if !(1..=PRINTED_MOST).contains(&ask.count) {
        return Err(Problem::invalid("count", "voucher-count-wrong"));
    }
    if ask.amount.is_zero()
        || ask.amount > settings.most
        || ask.amount.round_down_to_minor() != ask.amount
    {
        let reason = Some("voucher-amount-wrong");
        let problem = Problem { reason, ..Problem::new(&AMOUNT_INVALID).field("amount") };
        return Err(problem.with_money("most", settings.most));
    }
    let (now, print) = (app.now(), ask.id);
    let ends_at = now.plus_days(settings.days);
    let fresh: Vec<(Voucher, Code)> = (0..ask.count)
        .map(|_| {
            let (amount, printed_at) = (ask.amount, now);
            let id = app.mint.id();
            let voucher = Voucher { id, amount, left: amount, printed_at, ends_at, void_at: None };
            (voucher, Code::draw(app.mint.chance()))
        })
        .collect();
    let kept: Vec<(Voucher, CodeHash)> =
        fresh.iter().map(|(voucher, code)| (voucher.clone(), code.hash())).collect();
    let write = move |db: &dyn Db| {
        if voucher::was_printed(db, print)? {
            return Ok(false);
        }
        voucher::insert(db, print, &kept)?;
        Ok(true)
    };
    if !app.store.write(write).await? {
        return Err(Problem::new(&VOUCHERS_PRINTED).next("vouchers-back", "/desk/vouchers"));
    }
    Ok(sheets(app, &fresh, ask.locale, now))
}

fn sheets(app: &App, fresh: &[(Voucher, Code)], locale: Locale, now: Timestamp) -> PrintPage {
    let card = |(voucher, code): &(Voucher, Code)| {
        let address = format!("{}/voucher/{}", app.settings.url, code.grouped());
        Card {
            number: voucher.id.to_string(),
            amount: format::money(locale, voucher.amount),
            code: code.grouped(),
            picture: qr::svg_named(&address, "").unwrap_or_default(),
            until: format::date(locale, voucher.ends_at, now),
        }
    };
    PrintPage {
        locale,
        shop_name: app.settings.shop_name.clone(),
        cards: fresh.iter().map(card).collect(),
        is_file: false,
    }
}

/// Takes a voucher back: it pays nothing any more.
///
/// # Errors
/// [`PAGE_MISSING`] where there is no such one; the store's.
pub async fn void(app: &App, id: VoucherId) -> Result<(), Problem> {
    let now = app.now();
    if app.store.write(move |db| voucher::void(db, id, now)).await? {
        return Ok(());
    }
    Err(Problem::new(&PAGE_MISSING))
}

/// The voucher with a code.
///
/// # Errors
/// The store's.
pub async fn with_code(app: &App, code: &Code) -> Result<Option<Voucher>, StoreError> {
    let (hash, currency) = (code.hash(), app.currency());
    app.store.read(|db| voucher::by_code(db, &hash, currency)).await
}
