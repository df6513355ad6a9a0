//! The sandbox: fake money, to try the shop. It talks to nobody, and everything settles at once.

use super::port::{
    Asked, Became, Begun, Binding, Charge, Fee, Mandate, Next, OPEN_HOURS, Outcome, Rail, Receipt,
    Refund, Refunded, Terms,
};
use ledger::{Currency, Money, TabId};
use std::collections::BTreeMap;

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
}
