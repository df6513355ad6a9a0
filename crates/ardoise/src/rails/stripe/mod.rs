//! Stripe: cards, wallets on phones (Google Pay, Apple Pay), SEPA direct debits, iDEAL, Bancontact.
//!
//! # One charge
//!
//! 1. [`begin`](Rail::begin) asks for a page of Stripe's (a Checkout Session) for exactly the charge, under the charge's id
//!    as key: asked twice, Stripe answers with the same page. The reader is sent there. The shop's own pages carry no
//!    script of Stripe's, see no card, and work without JavaScript.
//! 2. The reader pays there, or turns back. Coming back proves nothing: [`look`](Rail::look) reads the session and its
//!    payment (a PaymentIntent), whose amount, currency and fee are Stripe's word. Who turned back has the page closed,
//!    so that nobody pays in an old window what is being paid another way.
//! 3. A message ([`hear`](Rail::hear)) is checked and then only says about which charge to ask.
//!
//! A direct debit is under way for days: [`Outcome::UnderWay`], so that nothing is charged again meanwhile.
//!
//! # While the reader is away
//!
//! A charge that binds leaves a customer and a way to pay behind; so does a page in setup mode ([`bind`](Rail::bind)), on which
//! nothing is paid. [`charge_mandate`](Rail::charge_mandate) makes a payment
//! of them, under the charge's id as key. Stripe forgets keys after a day, so that before money moves without the
//! reader, the list of payments is looked through for one of this charge; likewise before money is sent back. A bank that
//! wants to see the reader declines with [`Reason::Proof`](super::port::Reason::Proof).
//!
//! If it stops before Stripe hears, nothing happened. If it stops after, asking again finds what was made: the session by
//! its key, the payment by its metadata.
//!
//! What the reader pays with is chosen on Stripe's page among what the account has turned on: the shop names none.

mod away;
mod binding;
mod checking;
mod client;
mod declines;
mod forms;
mod giving_back;
pub(crate) mod hearing;
mod lists;
mod mandates;
mod objects;
mod paying;
mod settings;
pub(crate) mod signature;

pub use client::VERSION;
pub use settings::StripeSettings;

use super::port::{
    Asked, Became, Begun, Binding, Charge, Dispute, Flaw, Heard, Mandate, Message, OPEN_HOURS,
    Outcome, Rail, Refund, Refunded, SentBack, Terms, Unheard,
};
use super::secret::Secret;
use super::wire::Wire;
use client::Client;
use futures_util::future::BoxFuture;
use ledger::{Currency, Money};
use objects::money;
use std::collections::BTreeMap;

/// Where Stripe shows its pages.
const PAGES: &str = "https://checkout.stripe.com";
/// Stripe.
pub struct Stripe {
    terms: Terms,
    client: Client,
    webhook_secret: Option<Secret>,
}

/// The smallest and the largest charge in `currency`, in minor units:
/// <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>.
const fn bounds(currency: Currency) -> (i64, i64) {
    let least = match currency {
        Currency::Gbp => 30,
        Currency::Eur | Currency::Usd | Currency::Chf => 50,
    };
    (least, 99_999_999)
}

fn constant(minor: i64, currency: Currency) -> Money {
    money(minor, currency.code()).expect("a few hundred millions fit")
}

impl Stripe {
    /// Stripe for a shop in `currency`, as the settings have it.
    pub fn new(settings: &StripeSettings, currency: Currency, wire: Wire) -> Self {
        let (least, most) = bounds(currency);
        // Elsewhere than at Stripe are tests, which lead to their own pages.
        let pages = if settings.is_public() { PAGES } else { &settings.base };
        let terms = Terms {
            number: super::STRIPE.number,
            name: super::STRIPE.name,
            currencies: &Currency::ALL,
            unit: constant(1, currency),
            minimum: constant(least, currency),
            maximum: Some(constant(most, currency)),
            fee: settings.fee.clone(),
            open_hours: OPEN_HOURS,
            amount_may_differ: false,
            charges_without_reader: true,
            binds_without_charge: true,
            refunds: true,
            payouts: None,
            is_fake: settings.is_test(),
            leads_to: vec![pages.to_owned()],
        };
        let (base, secret) = (settings.base.clone(), settings.secret.clone());
        let client = Client { wire, base, secret };
        Self { terms, client, webhook_secret: settings.webhook_secret.clone() }
    }
}

impl Rail for Stripe {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn tells_address(&self) -> bool {
        true
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(self.open(charge))
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(self.ask(charge))
    }

    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        query: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        Box::pin(self.come_back(charge, query))
    }

    fn hear<'a>(&'a self, message: Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        Box::pin(self.listen(message))
    }

    fn charge_mandate<'a>(
        &'a self,
        charge: &'a Charge,
        mandate: &'a Mandate,
    ) -> Asked<'a, (Begun, Outcome)> {
        Box::pin(self.charge_bound(charge, mandate))
    }

    fn bind<'a>(&'a self, binding: &'a Binding) -> Asked<'a, Begun> {
        Box::pin(self.open_to_bind(binding))
    }

    fn bound<'a>(
        &'a self,
        binding: &'a Binding,
        back: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Became> {
        Box::pin(self.ask_bound(binding, back))
    }

    fn unbind<'a>(&'a self, mandate: &'a Mandate) -> Asked<'a, ()> {
        Box::pin(self.release(mandate))
    }

    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a Refund) -> Asked<'a, Refunded> {
        Box::pin(self.send_back(charge, refund))
    }

    fn refunds_of<'a>(&'a self, charge: &'a Charge, receipt: &'a str) -> Asked<'a, Vec<SentBack>> {
        Box::pin(self.all_sent_back(charge, receipt))
    }

    fn check<'a>(&'a self, webhook: Option<&'a str>) -> Asked<'a, Option<Vec<Flaw>>> {
        Box::pin(async move { self.flaws(webhook).await.map(Some) })
    }

    fn dispute<'a>(&'a self, charge: &'a Charge, dispute: &'a str) -> Asked<'a, Dispute> {
        Box::pin(self.ask_dispute(charge, dispute))
    }
}

#[cfg(test)]
#[path = "stripe_tests.rs"]
mod tests;
