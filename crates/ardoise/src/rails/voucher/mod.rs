//! Vouchers: the reader types the code of one that the operator printed, or scans it.
//!
//! A voucher pays what the reader is asked for, up to what it holds; what it holds besides stays on it
//! ([decision 11](../../../../../docs/decisions/0011-what-a-voucher-does-not-pay-stays-on-it.md)). One transaction takes the sum off the voucher and
//! writes for which charge: that is what [`look`](Rail::look) finds, however often it is asked, and the charge goes the way of every
//! other. Stopped in between, the worker finds it. Each cent of a voucher pays once, because its row is changed only where it still holds as much,
//! and one sum only is written for a charge.

mod code;
mod settings;

pub use code::Code;
pub use settings::{MOST_CENTS, VoucherSettings};

use super::VOUCHER;
use super::port::{
    Answer, Asked, Begun, Charge, Fee, Next, OPEN_HOURS, Outcome, Question, Rail, RailError,
    Receipt, Terms,
};
use crate::clock::Clock;
use crate::store::{Db, Store, StoreError, charge, voucher};
use ledger::{Currency, Money, SettlementId, Timestamp, VoucherId};
use std::collections::BTreeMap;

/// The name of what the reader is asked.
pub const CODE: &str = "code";

/// Settling by voucher.
pub struct ByVoucher {
    terms: Terms,
    store: Store,
    clock: Clock,
}

/// What became of a voucher that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// It pays this much: now, or since before.
    Pays(VoucherId, Money),
    /// It does not; the key of why.
    Not(&'static str),
}

impl ByVoucher {
    /// Vouchers of a shop in `currency`, as the store knows them. They have no smallest coin, so that every tab can be cleared.
    pub fn new(currency: Currency, store: Store, clock: Clock) -> Self {
        let unit = Money::from_micros(1, currency).expect("a micro-unit is above zero");
        let terms = Terms {
            number: VOUCHER.number,
            name: VOUCHER.name,
            currencies: &Currency::ALL,
            unit,
            minimum: unit,
            maximum: None,
            fee: Fee::none(Money::zero(currency)),
            open_hours: OPEN_HOURS,
            amount_may_differ: true,
            charges_without_reader: false,
            binds_without_charge: false,
            refunds: false,
            payouts: None,
            is_fake: false,
            leads_to: Vec::new(),
        };
        Self { terms, store, clock }
    }

    fn settled(&self, voucher: VoucherId, amount: Money) -> Outcome {
        Outcome::Settled(Receipt {
            received: amount,
            fee: self.terms.fee.fixed,
            reference: voucher.to_string(),
            mandate: None,
            email: None,
        })
    }

    async fn show(&self, charge: &Charge, code: &Code) -> Result<Shown, StoreError> {
        let (id, asked, hash, now) = (charge.id, charge.amount, code.hash(), self.clock.now());
        self.store.write(move |db| pay(db, (id, asked), &hash, now)).await
    }
}

/// Takes what is asked for off the voucher with this code, once for a charge.
fn pay(
    db: &dyn Db,
    (id, asked): (SettlementId, Money),
    hash: &voucher::CodeHash,
    now: Timestamp,
) -> Result<Shown, StoreError> {
    let currency = asked.currency();
    if let Some((voucher, amount)) = voucher::used_for(db, id, currency)? {
        return Ok(Shown::Pays(voucher, amount));
    }
    loop {
        let Some(found) = voucher::by_code(db, hash, currency)? else {
            return Ok(Shown::Not("voucher-unknown"));
        };
        if let Some(why) = unusable(&found, now) {
            return Ok(Shown::Not(why));
        }
        let amount = asked.min(found.left);
        if voucher::take(db, found.id, id, amount, now)? {
            // Whoever stops now leaves it to the worker, also where the reader's time had passed.
            charge::hasten(db, id, now)?;
            return Ok(Shown::Pays(found.id, amount));
        }
        // Another process was quicker: what it left is less than before, so that this ends.
    }
}

/// The key of why a voucher cannot be used; nothing where it can.
pub fn unusable(voucher: &voucher::Voucher, now: Timestamp) -> Option<&'static str> {
    match voucher {
        taken if taken.void_at.is_some() => Some("voucher-void"),
        over if over.ends_at <= now => Some("voucher-ended"),
        empty if empty.left.is_zero() => Some("voucher-used-up"),
        _ => None,
    }
}

fn ask(why_again: Option<&str>) -> Next {
    let question = Question::new(CODE, "voucher-ask", Answer::Word).again(why_again);
    Next::Ask { questions: vec![question] }
}

fn asks_again(why: &str) -> Outcome {
    Outcome::Asking { next: ask(Some(why)), kept: None }
}

/// A store that may have written leaves the charge in doubt until it says; any other has written nothing.
fn failed(error: &StoreError) -> RailError {
    match error {
        StoreError::Unknown(_) => RailError::Lost(error.to_string()),
        _ => RailError::NotReached(error.to_string()),
    }
}

impl Rail for ByVoucher {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn begin<'a>(&'a self, _: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(async {
            Ok(Begun { next: ask(None), reference: String::new(), kept: String::new() })
        })
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(async {
            let (id, currency) = (charge.id, charge.amount.currency());
            let used = self.store.read(|db| voucher::used_for(db, id, currency)).await;
            let used = used.map_err(|error| failed(&error))?;
            Ok(used.map_or(Outcome::WAITING, |(voucher, amount)| self.settled(voucher, amount)))
        })
    }

    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        query: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        Box::pin(async {
            let Some(typed) = query.get(CODE) else { return self.look(charge).await };
            let Some(code) = Code::read(typed) else { return Ok(asks_again("voucher-mistyped")) };
            match self.show(charge, &code).await.map_err(|error| failed(&error))? {
                Shown::Pays(voucher, amount) => Ok(self.settled(voucher, amount)),
                Shown::Not(why) => Ok(asks_again(why)),
            }
        })
    }
}
