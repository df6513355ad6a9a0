//! The sandbox: fake money, to try the shop. It talks to nobody, and everything settles at once.

use super::port::{
    Asked, Became, Begun, Binding, Charge, Fee, Mandate, Next, OPEN_HOURS, Outcome, PaidOut,
    Payout, PayoutTerms, Rail, Receipt, Recipient, Refund, Refunded, Terms,
};
use crate::mail::ADDRESS_MOST;
use ledger::{Currency, Money, TabId};
use std::collections::BTreeMap;

/// Days for which a key is known: what was sent is a word and nothing else, so for as long as anybody asks.
const KEY_DAYS: i64 = 36_500;

/// The sandbox.
pub struct Sandbox {
    terms: Terms,
}

impl Sandbox {
    /// A sandbox for a shop in `currency`. Fake money has no smallest coin, so that every tab can be cleared.
    pub fn new(currency: Currency) -> Self {
        let unit = Money::from_micros(1, currency).expect("a micro-unit is above zero");
        let terms = Terms {
            number: super::SANDBOX.number,
            name: super::SANDBOX.name,
            currencies: &Currency::ALL,
            unit,
            minimum: unit,
            maximum: None,
            fee: Fee::none(Money::zero(currency)),
            open_hours: OPEN_HOURS,
            amount_may_differ: false,
            charges_without_reader: true,
            binds_without_charge: true,
            refunds: true,
            payouts: Some(PayoutTerms {
                fee: Fee::none(Money::zero(currency)),
                fee_most: None,
                minimum: unit,
                maximum: None,
                recipient: Recipient::Email { most: ADDRESS_MOST },
                key_days: KEY_DAYS,
            }),
            is_fake: true,
            leads_to: Vec::new(),
        };
        Self { terms }
    }

    fn settled(&self, charge: &Charge) -> Outcome {
        let mandate = charge.binds.then(|| mandate(charge.tab));
        Outcome::Settled(Receipt {
            received: charge.amount,
            fee: self.terms.fee.fixed,
            reference: String::new(),
            mandate,
            email: None,
        })
    }
}

fn mandate(tab: TabId) -> Mandate {
    Mandate { reference: format!("sandbox-{tab}"), label: "•••• 0000".into() }
}

fn begun() -> Begun {
    Begun { next: Next::Nothing, reference: String::new(), kept: String::new() }
}

impl Rail for Sandbox {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn begin<'a>(&'a self, _: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(async { Ok(begun()) })
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(async { Ok(self.settled(charge)) })
    }

    fn charge_mandate<'a>(
        &'a self,
        charge: &'a Charge,
        _: &'a Mandate,
    ) -> Asked<'a, (Begun, Outcome)> {
        Box::pin(async { Ok((begun(), self.settled(charge))) })
    }

    fn bind<'a>(&'a self, _: &'a Binding) -> Asked<'a, Begun> {
        Box::pin(async { Ok(begun()) })
    }

    fn bound<'a>(
        &'a self,
        binding: &'a Binding,
        _: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Became> {
        Box::pin(async { Ok(Became::Bound(mandate(binding.tab))) })
    }

    fn unbind<'a>(&'a self, _: &'a Mandate) -> Asked<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a Refund) -> Asked<'a, Refunded> {
        let nothing = Money::zero(charge.amount.currency());
        let reference = refund.key.clone();
        Box::pin(async move { Ok(Refunded::Done { reference, fee_back: nothing }) })
    }

    fn pay_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        let (reference, fee) = (payout.key.clone(), self.terms.fee.fixed);
        Box::pin(async move { Ok(PaidOut::Done { reference, fee }) })
    }

    fn paid_out<'a>(&'a self, payout: &'a Payout) -> Asked<'a, PaidOut> {
        self.pay_out(payout)
    }
}
