//! What ways of paying cost, and which payments went wrong: for the operator's desk.

use crate::app::App;
use crate::pages::desk::{RailRow, SIZES, TroublingCharge};
use crate::rails::SANDBOX;
use crate::rails::port::Rail;
use crate::store::charge::Stored;
use ledger::money::MICROS_PER_MAJOR;
use ledger::{Currency, Money};

/// The sizes of tabs for which costs are shown.
pub fn sizes(currency: Currency) -> Vec<Money> {
    let size = |units: i64| Money::from_micros(units * MICROS_PER_MAJOR, currency);
    SIZES.into_iter().filter_map(|units| size(units).ok()).collect()
}

/// What every rail keeps of tabs of these sizes, the cheapest for the largest first. The sandbox keeps nothing of nothing.
pub fn rows(app: &App) -> Vec<RailRow> {
    let sizes = sizes(app.currency());
    let largest = sizes.last().copied().unwrap_or(app.nothing());
    let rails = app.rails.cheapest_first(largest).into_iter();
    let ask_somebody = rails.filter(|rail| rail.terms().number != SANDBOX.number);
    ask_somebody.map(|rail| row(&**rail, &sizes)).collect()
}

fn row(rail: &dyn Rail, sizes: &[Money]) -> RailRow {
    let terms = rail.terms();
    let keeps = |size: &Money| {
        let too_much = terms.maximum.is_some_and(|most| *size > most);
        let moves = *size >= terms.minimum && !too_much;
        moves.then(|| terms.fee_on(*size).ok()).flatten()
    };
    RailRow {
        words: format!("rail-{}", terms.name),
        keeps: sizes.iter().map(keeps).collect(),
        as_of: terms.fee.as_of.clone(),
        source: terms.fee.source.clone(),
        hint: rail.hint(),
    }
}

/// A payment at which the operator has to look.
pub fn troubling(app: &App, stored: &Stored) -> TroublingCharge {
    let name = app.rails.by_number(stored.rail).map_or("unknown", |rail| rail.terms().name);
    TroublingCharge {
        charge: stored.id.to_string(),
        words: format!("rail-{name}"),
        reference: stored.reference.clone(),
        tab: stored.tab.to_string(),
        amount: stored.amount,
        reason: Some(stored.reason.clone()).filter(|_| !stored.in_doubt),
    }
}
