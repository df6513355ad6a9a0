//! Bitcoin over Lightning, through a wallet of the operator that speaks the API of LNbits.
//!
//! # One charge
//!
//! [`begin`](Rail::begin) asks what a bitcoin costs, makes the amount satoshis (rounded up, less than a tenth of a cent), and
//! has the wallet write an invoice for exactly that. The satoshis, the rate and its instant are frozen in an [`Order`], which
//! is kept with the charge and stands in the invoice's `extra` at the wallet. The invoice is read before a reader sees it:
//! amount, hash, network and end have to be those of the order. [`look`](Rail::look) asks the wallet about the invoice by its
//! hash. When its satoshis have come, the amount of the charge has come, whatever a bitcoin costs by then. An invoice lives ten
//! minutes; that is how long the shop bears what the rate does.
//!
//! # Twice is once
//!
//! The wallet has no key of idempotency, so that asking for an invoice twice makes two. Before it asks, `begin` takes what was
//! kept, or else what the wallet has for this charge already (`external_id`, and an `extra` that only the shop can have
//! signed). In one process those who begin the same charge wait for each other. After it has asked it looks again: of several,
//! everybody takes the one that was made first.
//!
//! Two processes can still cross so that each sees only its own. Then one of the two invoices is kept and the other was perhaps
//! shown, for a moment. Nothing is lost by it: `look` asks about every invoice of the charge, and the charge is settled when
//! one of them is paid, whichever. Were both paid, by a reader who pays two codes for one tab, the second is a settlement of its own
//! ([`besides`](Rail::besides)): credit of the tab, which pays what comes next or is sent back.
//!
//! If the process dies between asking and keeping, nothing was shown, and the next `begin` finds the invoice. If the answer is
//! lost, the same. A charge of which the wallet has no invoice a few minutes after it was begun was never offered to anybody.
//!
//! # Too late
//!
//! An invoice that ended is not declined at once: the wallet may hear of the last payment a moment later than it came.
//! What is paid is paid, also when it is asked about long afterwards.
//!
//! # News
//!
//! The wallet's message ([`hear`](Rail::hear)) is signed by nobody. It repeats the `extra`, whose key shows that the shop
//! wrote it; and it only says whom to ask. LNbits sends some twice, and as JSON within a JSON text.

pub mod bolt11;
mod lnbits;
mod order;
pub mod settings;

use super::port::{
    Asked, Begun, Charge, Fee, Flaw, Heard, Message, Next, OPEN_HOURS, Outcome, Rail, RailError,
    Reason, Receipt, Terms, Unheard, Which,
};
use super::rate::Rates;
use super::wire::Wire;
use crate::clock::Clock;
use bolt11::Network;
use futures_util::future::BoxFuture;
use ledger::time::MICROS_PER_SECOND;
use ledger::{Currency, Money, Timestamp};
use lnbits::{Payment, Said, Wallet};
use order::{Invoice, LIFE_MINUTES, Order, Signer};
use settings::LightningSettings;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;

/// Minutes after its end in which the wallet may still hear that it was paid.
const GRACE_MINUTES: i64 = 2;
/// Minutes after which an invoice that was asked for and is not there will not come any more.
const MAKING_MINUTES: i64 = 2;
/// The smallest step, in micro-units: a tenth of a cent, which is about a satoshi.
const UNIT_MICROS: i64 = 1_000;
/// The smallest charge, in cents. Below it some wallets find no way through the network.
const MINIMUM_CENTS: i64 = 1;
/// Queues of those who begin a charge: charges that share one wait for each other, and no longer than an invoice takes.
const TURNS: usize = 64;
/// The longest name of a shop in an invoice, in characters: an invoice has room for 639 bytes.
const NAME_MOST: usize = 100;

/// The rail.
pub struct Lightning {
    terms: Terms,
    network: Network,
    wallet: Wallet,
    rates: Rates,
    signer: Signer,
    clock: Clock,
    /// Whether the key was seen to be one that cannot send money.
    key_is_fit: AtomicBool,
    turns: [Mutex<()>; TURNS],
}

impl Lightning {
    /// Lightning as the settings say, for a shop in `currency`. The wallet tells `webhook`, if it can reach it.
    pub fn new(
        settings: &LightningSettings,
        currency: Currency,
        webhook: Option<String>,
        wire: Wire,
        clock: Clock,
    ) -> Self {
        let LightningSettings { base, invoice_key, source, network, is_fake, fee } =
            settings.clone();
        Self {
            terms: terms(currency, fee, is_fake),
            network,
            signer: Signer::new(&invoice_key),
            wallet: Wallet::new(wire.clone(), base, invoice_key, webhook),
            rates: Rates::new(source, currency, wire, clock.clone()),
            clock,
            key_is_fit: AtomicBool::new(false),
            turns: std::array::from_fn(|_| Mutex::default()),
        }
    }

    async fn begun(&self, charge: &Charge) -> Result<Begun, RailError> {
        if let Some(kept) = Invoice::kept(charge)? {
            return Ok(shown(&kept));
        }
        let _turn = self.turn(charge).lock().await;
        if !self.key_is_fit.load(Ordering::Relaxed) {
            self.wallet.check_key().await.map_err(nothing_asked)?;
            self.key_is_fit.store(true, Ordering::Relaxed);
        }
        if let Some(found) = first(self.found(charge).await.map_err(nothing_asked)?) {
            return Ok(shown(&found));
        }
        let made = self.made(charge).await?;
        // Another process may have asked as well. What was made stands, also where the wallet cannot be asked again.
        let mut all = self.found(charge).await.unwrap_or_default();
        all.push(made);
        let stands = first(all).expect("one was made");
        Ok(shown(&stands))
    }

    /// Whoever begins a charge waits for those of this process who begin the same.
    fn turn(&self, charge: &Charge) -> &Mutex<()> {
        let [.., last] = charge.id.bytes();
        &self.turns[usize::from(last) % TURNS]
    }

    /// Has the wallet make an invoice, and looks at it.
    async fn made(&self, charge: &Charge) -> Result<Invoice, RailError> {
        let rate = self.rates.now().await?;
        let now = self.clock.now();
        let ends_at = now.plus_minutes(LIFE_MINUTES).min(charge.ends_at);
        let seconds = ends_at.micros_since(now) / MICROS_PER_SECOND;
        if seconds <= 0 {
            return Err(RailError::Declined(Reason::Late));
        }
        let order = Order::of(charge, rate, ends_at, &self.signer)?;
        let payment = self.wallet.make(&order, &memo(charge), seconds).await?;
        self.checked(payment, order)
    }

    fn checked(&self, payment: Payment, order: Order) -> Result<Invoice, RailError> {
        let text = payment.invoice();
        order.check(&text, &payment.hash, self.network)?;
        Ok(Invoice { hash: payment.hash, text, order })
    }

    /// Every invoice that the wallet has of a charge. One that asks for something else was never shown to anybody.
    async fn found(&self, charge: &Charge) -> Result<Vec<Invoice>, RailError> {
        let payments = self.wallet.find(&charge.id.to_string()).await?;
        let of_charge = payments.into_iter().filter_map(|payment| {
            let order = Order::read(&payment.extra, &self.signer)?;
            if order.is_for(charge) { self.checked(payment, order).ok() } else { None }
        });
        Ok(of_charge.collect())
    }

    /// What is kept of a charge first, then whatever else the wallet has of it.
    async fn known(&self, charge: &Charge) -> Result<Vec<Invoice>, RailError> {
        let Some(kept) = Invoice::kept(charge)? else { return self.found(charge).await };
        let mut others = self.found(charge).await.unwrap_or_default();
        others.retain(|other| other.hash != kept.hash);
        others.insert(0, kept);
        Ok(others)
    }

    async fn outcome(&self, charge: &Charge) -> Result<Outcome, RailError> {
        let known = self.known(charge).await?;
        let (mut paid, mut is_unknown) = (Vec::new(), false);
        for invoice in &known {
            match self.wallet.look(&invoice.hash).await {
                Ok(Said::Paid(millisats)) => paid.push((invoice, millisats)),
                Ok(Said::Unpaid) => {}
                Ok(Said::Unknown) => is_unknown = true,
                // One that is paid is enough.
                Err(_) if !paid.is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        if let Some((invoice, millisats)) = paid.first() {
            return Ok(Outcome::Settled(self.receipt(charge, invoice, *millisats)?));
        }
        if is_unknown {
            return Ok(Outcome::Unknown);
        }
        Ok(unpaid(charge, known, self.clock.now()))
    }

    /// Every invoice of a charge that was paid: nothing keeps a reader from paying one that another process made.
    async fn receipts(&self, charge: &Charge) -> Result<Vec<Receipt>, RailError> {
        let mut receipts = Vec::new();
        for invoice in &self.known(charge).await? {
            if let Said::Paid(millisats) = self.wallet.look(&invoice.hash).await? {
                receipts.push(self.receipt(charge, invoice, millisats)?);
            }
        }
        Ok(receipts)
    }

    fn receipt(
        &self,
        charge: &Charge,
        invoice: &Invoice,
        millisats: u64,
    ) -> Result<Receipt, RailError> {
        let received = invoice.order.received(charge, millisats)?;
        let (fee, reference) = (self.terms.fee_on(received)?, invoice.hash.clone());
        Ok(Receipt { received, fee, reference, mandate: None, email: None })
    }

    async fn tried(&self) -> Result<Vec<Flaw>, RailError> {
        self.wallet.check_key().await?;
        self.rates.now().await?;
        Ok(Vec::new())
    }

    /// Whom a message speaks of.
    fn heard(&self, body: &[u8]) -> Result<Heard, Unheard> {
        let malformed = Unheard::Forged("malformed");
        let mut said: serde_json::Value =
            serde_json::from_slice(body).map_err(|_| malformed.clone())?;
        if let Some(inner) = said.as_str() {
            said = serde_json::from_str(inner).map_err(|_| malformed.clone())?;
        }
        let order = Order::read(&said["extra"], &self.signer);
        let order = order.ok_or(Unheard::Forged("signature"))?;
        Ok(Heard::Charge(Which::Id(order.charge().ok_or(malformed)?)))
    }
}

/// Reading moves nothing: where only that failed, no invoice was asked for.
fn nothing_asked(error: RailError) -> RailError {
    match error {
        RailError::Lost(why) | RailError::Nonsense(why) => RailError::NotReached(why),
        surely => surely,
    }
}

fn terms(currency: Currency, fee: Fee, is_fake: bool) -> Terms {
    let expected = "a constant above zero";
    Terms {
        number: super::LIGHTNING.number,
        name: super::LIGHTNING.name,
        currencies: &Currency::ALL,
        unit: Money::from_micros(UNIT_MICROS, currency).expect(expected),
        minimum: Money::from_cents(MINIMUM_CENTS, currency).expect(expected),
        maximum: None,
        fee,
        open_hours: OPEN_HOURS,
        amount_may_differ: false,
        charges_without_reader: false,
        binds_without_charge: false,
        refunds: false,
        payouts: None,
        is_fake,
        leads_to: Vec::new(),
    }
}

/// What the reader's wallet shows: who asks, and for how much.
fn memo(charge: &Charge) -> String {
    let shop: String = charge.shop.chars().filter(|c| !c.is_control()).take(NAME_MOST).collect();
    format!("{shop} · {}", charge.amount)
}

fn shown(invoice: &Invoice) -> Begun {
    let next = Next::Scan {
        code: invoice.text.clone(),
        // Of capitals alone: the picture of it is a fourth smaller, and wallets read both.
        link: Some(format!("lightning:{}", invoice.text).to_ascii_uppercase()),
    };
    Begun { next, reference: invoice.hash.clone(), kept: invoice.to_keep() }
}

fn first(invoices: Vec<Invoice>) -> Option<Invoice> {
    invoices.into_iter().min_by(|one, other| one.precedence().cmp(&other.precedence()))
}

/// What an unpaid charge comes to.
fn unpaid(charge: &Charge, known: Vec<Invoice>, now: Timestamp) -> Outcome {
    let Some(ends_at) = known.iter().map(Invoice::ends_at).max() else {
        let is_coming = now < charge.begun_at.plus_minutes(MAKING_MINUTES);
        return if is_coming { Outcome::Unknown } else { Outcome::Declined(Reason::Unreached) };
    };
    if now >= ends_at.plus_minutes(GRACE_MINUTES) {
        return Outcome::Declined(Reason::Late);
    }
    let kept = first(known).filter(|_| charge.kept.is_empty());
    Outcome::Waiting { kept: kept.map(|invoice| invoice.to_keep()) }
}

impl Rail for Lightning {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(self.begun(charge))
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(self.outcome(charge))
    }

    fn check<'a>(&'a self, _: Option<&'a str>) -> Asked<'a, Option<Vec<Flaw>>> {
        Box::pin(async { self.tried().await.map(Some) })
    }

    fn is_paid_once(&self) -> bool {
        false
    }

    fn besides<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Vec<Receipt>> {
        Box::pin(self.receipts(charge))
    }

    fn hear<'a>(&'a self, message: Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        Box::pin(async move { self.heard(message.body) })
    }
}

#[cfg(test)]
#[path = "lightning_tests.rs"]
mod tests;
