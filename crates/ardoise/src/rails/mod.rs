//! Ways to settle. Each rail has a number under which the books know it; the flow never asks which one it is.
//!
//! *Manual* is money that the operator saw arrive: nobody is asked about it. Every other rail fills the [port](port::Rail)
//! and stands in the one list that [`Rails::of`] and [`Rails::and_own`] build at start: those that the settings turn on. How to add one:
//! `docs/adding-a-rail.md`.

pub mod answering;
pub mod asking;
pub mod binding;
pub mod breaker;
pub mod check;
pub mod clock;
pub mod consent;
pub mod crockford;
pub mod disputes;
pub mod ecash;
pub mod elsewhere;
pub mod fee;
pub mod http;
pub mod keeping;
pub mod lightning;
pub mod mandates;
pub mod manual;
pub mod messages;
pub mod news;
pub mod next;
pub mod payouts;
pub mod paypal;
pub mod phone;
pub mod port;
pub mod rate;
pub mod reason;
pub mod receiving;
pub mod refunds;
pub mod saga;
pub mod sandbox;
pub mod schedule;
pub mod secret;
pub mod sending;
pub mod settings;
pub mod stripe;
pub mod token;
pub mod transfer;
pub mod voucher;
pub mod wire;
pub mod worker;

use crate::clock::Clock;
use crate::outbox::address::Reach;
use crate::settings::{Sandbox as FakeMoney, Settings};
use crate::store::Store;
use ledger::{Currency, Money, RailNumber};
use port::Rail;
use secret::Secret;
use std::sync::Arc;
use wire::Wire;

/// By which the books know a rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Its number; never changed.
    pub number: RailNumber,
    /// Its name in commands and exports.
    pub name: &'static str,
}

const fn named(number: u16, name: &'static str) -> Named {
    Named { number: RailNumber(number), name }
}

/// The credit of the tab itself.
pub const CREDIT: Named = Named { number: RailNumber::CREDIT, name: "credit" };
/// Money that the operator saw arrive: a bank transfer, cash.
pub const MANUAL: Named = named(1, "manual");
/// Fake money.
pub const SANDBOX: Named = named(2, "sandbox");
/// PayPal.
pub const PAYPAL: Named = named(3, "paypal");
/// Cards and wallets on phones, through Stripe.
pub const STRIPE: Named = named(4, "stripe");
/// Bitcoin over Lightning.
pub const LIGHTNING: Named = named(5, "lightning");
/// E-cash.
pub const ECASH: Named = named(6, "ecash");
/// The reader's mobile phone bill.
pub const PHONE: Named = named(7, "phone");
/// Open Payments, between wallets.
pub const OPEN_PAYMENTS: Named = named(8, "open-payments");
/// Stablecoins, by x402.
pub const X402: Named = named(9, "x402");
/// Google Pay, without a processor between.
pub const GOOGLE_PAY: Named = named(10, "google-pay");
/// SEPA credit transfers, matched with the bank's statement.
pub const TRANSFER: Named = named(11, "transfer");
/// Vouchers that the operator printed.
pub const VOUCHER: Named = named(12, "voucher");
/// The provider that tests make up.
pub const SCRIPTED: Named = named(99, "scripted");

/// Everything by which lines are paid. A number is given once and for ever.
pub const ALL: &[Named] = &[
    CREDIT,
    MANUAL,
    SANDBOX,
    PAYPAL,
    STRIPE,
    LIGHTNING,
    ECASH,
    PHONE,
    OPEN_PAYMENTS,
    X402,
    GOOGLE_PAY,
    TRANSFER,
    VOUCHER,
    SCRIPTED,
];

/// The name of a rail in commands and exports; of one that nobody knows, its number.
pub fn name_of(number: RailNumber) -> String {
    let known = ALL.iter().find(|rail| rail.number == number);
    known.map_or_else(|| format!("rail {}", number.0), |rail| rail.name.to_owned())
}

/// The rails that this shop has turned on.
#[derive(Clone, Default)]
pub struct Rails(Vec<Arc<dyn Rail>>);

impl Rails {
    /// Builds every rail that the settings turn on: the one list. Those that make secrets up make them by `own`, a secret of this
    /// shop.
    pub fn of(settings: &Settings, clock: &Clock, own: &Secret) -> Self {
        let currency = settings.tariff.currency;
        let wire = Wire::new(Reach::of(settings.rails.to_private), clock.clone());
        let mut rails = Self::default();
        if settings.sandbox == FakeMoney::On {
            rails.add(Arc::new(sandbox::Sandbox::new(currency)));
        }
        if let Some(paypal) = settings.rails.paypal.clone() {
            let paypal = paypal::PayPal::new(paypal, wire.clone(), clock.clone(), currency);
            rails.add(Arc::new(paypal));
        }
        if let Some(settings) = &settings.rails.stripe {
            rails.add(Arc::new(stripe::Stripe::new(settings, currency, wire.clone())));
        }
        if let Some(on) = &settings.rails.lightning {
            let webhook = settings.webhook_of(LIGHTNING);
            let (wire, clock) = (wire.clone(), clock.clone());
            let rail = lightning::Lightning::new(on, currency, webhook, wire, clock);
            rails.add(Arc::new(rail));
        }
        if let Some(on) = &settings.rails.ecash {
            let (webhook, own) = (settings.webhook_of(ECASH), own.reveal().as_bytes());
            rails.add(Arc::new(ecash::Ecash::new(on, currency, webhook, &wire, (clock, own))));
        }
        if let Some(on) = &settings.rails.phone {
            let webhook = settings.webhook_of(PHONE);
            let rail = phone::Phone::new(on, currency, webhook, wire, clock.clone());
            rails.add(Arc::new(rail));
        }
        rails.of_currency(currency)
    }

    /// Those besides that ask no provider: what became of their charges stands in the shop's own store.
    #[must_use]
    pub fn and_own(mut self, settings: &Settings, store: &Store, clock: &Clock) -> Self {
        if let Some(on) = &settings.rails.transfer {
            self.add(Arc::new(transfer::Transfer::new(on, store.clone())));
        }
        if settings.rails.voucher.is_some() {
            let voucher =
                voucher::ByVoucher::new(settings.tariff.currency, store.clone(), clock.clone());
            self.add(Arc::new(voucher));
        }
        self
    }

    fn of_currency(mut self, currency: Currency) -> Self {
        self.0.retain(|rail| rail.terms().currencies.contains(&currency));
        self
    }

    /// Adds a rail, in place of one with the same number.
    pub fn add(&mut self, rail: Arc<dyn Rail>) {
        self.0.retain(|known| known.terms().number != rail.terms().number);
        self.0.push(rail);
    }

    /// The rail with this name.
    pub fn by_name(&self, name: &str) -> Option<&Arc<dyn Rail>> {
        self.0.iter().find(|rail| rail.terms().name == name)
    }

    /// The rail with this number.
    pub fn by_number(&self, number: RailNumber) -> Option<&Arc<dyn Rail>> {
        self.0.iter().find(|rail| rail.terms().number == number)
    }

    /// Every rail, in no order that means something.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Rail>> {
        self.0.iter()
    }

    /// Every rail, those first that keep least of `amount`; of equals, the one with the lower number.
    pub fn cheapest_first(&self, amount: Money) -> Vec<&Arc<dyn Rail>> {
        let mut rails: Vec<&Arc<dyn Rail>> = self.0.iter().collect();
        rails.sort_by_key(|rail| {
            let terms = rail.terms();
            (terms.fee_on(amount).map_or(i64::MAX, Money::micros), terms.number.0)
        });
        rails
    }
}
