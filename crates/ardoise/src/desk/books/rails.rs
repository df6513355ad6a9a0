//! What stands at each rail: what came in by it, less its fees, what was given back, what is disputed or was lost, and what
//! was paid out by it and did not come back.

use super::Findings;
use crate::store::audit::{Kept, KeptPayout};
use ledger::{Account, Books, Money, RailNumber, Verdict};
use std::collections::BTreeMap;

/// What should stand at the rails, as far as it was counted.
#[derive(Default)]
pub struct Rails {
    at: BTreeMap<RailNumber, i128>,
    disputed: i128,
}

impl Rails {
    /// Counts what is kept about a tab.
    pub fn count(&mut self, kept: &Kept) {
        for made in &kept.settlements {
            let settle = &made.settle;
            self.add(settle.rail, micros(settle.received) - micros(settle.rail_fee));
        }
        for made in kept.refunds.iter().filter(|made| made.failed.is_none()) {
            self.add(made.refund.rail, -micros(made.refund.amount));
        }
        for given in &kept.fees_back {
            self.add(given.rail, micros(given.part.amount));
        }
        for (given, _) in kept.fees_taken_again() {
            self.add(given.rail, -micros(given.part.amount));
        }
        for one in &kept.disputes {
            let (taken, fee) = (micros(one.dispute.amount), micros(one.dispute.fee));
            self.add(one.dispute.rail, -fee);
            match one.ended.map(|(verdict, ..)| verdict) {
                Some(Verdict::Won) => {}
                Some(Verdict::Lost) => self.add(one.dispute.rail, -taken),
                None => {
                    self.add(one.dispute.rail, -taken);
                    self.disputed += taken;
                }
            }
        }
    }

    /// Counts a payout, and what its rail takes for it.
    pub fn count_payout(&mut self, kept: &KeptPayout) {
        let pay_out = &kept.payout.pay_out;
        let sent = micros(pay_out.amount) + micros(kept.payout.fee);
        let back = kept.returned.map(|(_, fee_back)| micros(pay_out.amount) + micros(fee_back));
        self.add(pay_out.rail, back.unwrap_or(0) - sent);
    }

    fn add(&mut self, rail: RailNumber, micros: i128) {
        *self.at.entry(rail).or_default() += micros;
    }

    /// Tells where the journal has something else.
    pub fn compare(&self, books: &Books, findings: &mut Findings) {
        findings.compare("the money in dispute", books.balance(Account::Disputes), self.disputed);
        for (rail, counted) in &self.at {
            let what = format!("the money at rail {}", rail.0);
            findings.compare(&what, books.balance(Account::Rail(*rail)), *counted);
        }
    }
}

fn micros(amount: Money) -> i128 {
    amount.micros().into()
}
