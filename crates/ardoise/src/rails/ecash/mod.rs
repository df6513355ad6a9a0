//! E-cash (Cashu): satoshis that readers carry in a wallet, signed blindly by a mint.
//!
//! # One charge
//! [`begin`](Rail::begin) asks what a bitcoin costs and freezes the satoshis, and shows a payment request with the mints that are
//! trusted. The reader answers with a *token*: they paste it, or their wallet posts it to the shop ([`Rail::hear`]). Both come to
//! [`returned`](Rail::returned), which looks at the token and asks the mint nothing that moves money: one that does not fit
//! is refused, and stays whole in the reader's wallet. One that fits is kept ([`Outcome::Keep`]) before anything else happens to it;
//! then [`look`](Rail::look) swaps it at once for pieces of the shop's own ([`swap`]). Those are kept as well, and only
//! then does the rail say that the money came. Stopped anywhere, the next `look` goes on from what is kept.
//!
//! | kept | `look` |
//! |---|---|
//! | what was asked for | waits, until the time is over |
//! | and what the reader gave | swaps it, or finds that it was swapped |
//! | and what the shop has | settled |
//!
//! # Too much, too little
//! What is missing is said, and nothing is taken. What is too much is swapped into pieces of its own in the same step, and shown
//! to the reader as a token: change, as for coins. It does not become credit, which an anonymous tab could never take home. A rest that
//! costs as much to spend as it is worth stays with the shop: a satoshi or two.
//!
//! What the mint keeps of the pieces it takes back ([`keysets`]) is the rail's fee, and the shop's to bear, as every rail's is: a
//! reader who sends what was asked for has paid. There is an end to that, or a token in single satoshis could eat the sum:
//! beyond it a token has to bring what its pieces cost ([`wanted`]).
//!
//! # Trust
//! A mint can refuse to pay out, and nothing on this side can prevent it; so only mints that the operator names are taken. What a
//! mint signs is checked: its key by the id of the keyset, its signature by a proof.

mod curve;
mod kept;
mod keysets;
mod mint;
mod outputs;
pub mod purse;
pub mod request;
pub mod settings;
mod swap;
pub mod token;

use super::port::{
    Answer, Asked, Begun, Charge, Fee, Flaw, Heard, Message, Next, OPEN_HOURS, Outcome, Question,
    Rail, RailError, Reason, Receipt, Says, Terms, Unfit, Unheard, Which,
};
use super::rate::Rates;
use super::wire::Wire;
use crate::clock::Clock;
use futures_util::future::{BoxFuture, join_all};
use kept::{Given, Kept, Order};
use keysets::{Keysets, UNIT, rounded};
use ledger::{Currency, Money};
use mint::Mint;
use outputs::Seeds;
use request::Request;
use settings::EcashSettings;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use swap::Ended;
use token::{Token, Unreadable};

/// The name under which a token comes.
pub const TOKEN: &str = "token";
/// Minutes for which the satoshis of a charge hold: the rate may move meanwhile, and that is the shop's risk.
const LIFE_MINUTES: i64 = 10;
/// The smallest step, in micro-units: a tenth of a cent, which is about a satoshi.
const UNIT_MICROS: i64 = 1_000;
/// The smallest charge, in cents: what a mint keeps of two or three pieces is little beside it.
const MINIMUM_CENTS: i64 = 1;
/// Which part of the sum the shop bears of what a mint keeps: a twentieth. Wallets send the pieces that they have at hand, a dozen
/// for a few hundred satoshis; a mint of the usual price keeps a hundredth of that.
const BORNE_PART: u64 = 20;
/// The longest name of a shop in a request, in characters.
const NAME_MOST: usize = 60;

/// The rail.
pub struct Ecash {
    terms: Terms,
    mints: Vec<(Mint, AtomicBool)>,
    rates: Rates,
    seeds: Seeds,
    clock: Clock,
    webhook: Option<String>,
}

impl Ecash {
    /// E-cash as the settings say, for a shop in `currency`. Wallets post to `webhook`, if they can reach it; new pieces are made by
    /// the secret `own`.
    pub fn new(
        settings: &EcashSettings,
        currency: Currency,
        webhook: Option<String>,
        wire: &Wire,
        (clock, own): (&Clock, &[u8]),
    ) -> Self {
        let EcashSettings { mints, source, is_fake } = settings.clone();
        let mint = |url| (Mint::new(url, wire.clone(), clock.clone()), AtomicBool::new(false));
        Self {
            terms: terms(currency, is_fake),
            mints: mints.into_iter().map(mint).collect(),
            rates: Rates::new(source, currency, wire.clone(), clock.clone()),
            seeds: Seeds::new(own),
            clock: clock.clone(),
            webhook,
        }
    }

    async fn begun(&self, charge: &Charge) -> Result<Begun, RailError> {
        let mints = self.usable().await?;
        let rate = self.rates.now().await?;
        let ends_at = self.clock.now().plus_minutes(LIFE_MINUTES).min(charge.ends_at);
        let order = Order::of(charge, rate, ends_at)?;
        let next = self.asking(charge, &order, &mints);
        let kept = Kept { order, given: None, held: None };
        Ok(Begun { next, reference: String::new(), kept: kept.to_keep() })
    }

    /// The mints that answer now and can do what the shop needs of them.
    async fn usable(&self) -> Result<Vec<String>, RailError> {
        let (mut usable, mut trouble) = (Vec::new(), None);
        let asked = self.mints.iter().map(|(mint, is_checked)| usable_now(mint, is_checked));
        for (asked, (mint, _)) in join_all(asked).await.into_iter().zip(&self.mints) {
            match asked {
                Ok(()) => usable.push(mint.url.clone()),
                Err(error) => {
                    tracing::warn!(mint = mint.url, %error, "a mint cannot be used now");
                    trouble = Some(error);
                }
            }
        }
        match trouble.filter(|_| usable.is_empty()) {
            Some(error) => Err(nothing_asked(error)),
            None => Ok(usable),
        }
    }

    /// What the reader is shown and asked.
    fn asking(&self, charge: &Charge, order: &Order, mints: &[String]) -> Next {
        let shop: String =
            charge.shop.chars().filter(|c| !c.is_control()).take(NAME_MOST).collect();
        let request = Request {
            id: &charge.id.to_string(),
            sats: order.sats(),
            mints,
            about: &format!("{shop} · {}", charge.amount),
            post_to: self.webhook.as_deref(),
        };
        let code = request.write();
        let question = Question::new(TOKEN, "ecash-token", Answer::Text);
        let link = Some(format!("cashu:{code}"));
        let with = [("sats", order.sats().to_string()), ("mints", mints.join(", "))];
        let says = Says::new("ecash-ask", with);
        Next::ScanOrAnswer { says, code, link, questions: vec![question] }
    }

    fn mint(&self, url: &str) -> Option<&Mint> {
        self.mints.iter().map(|(mint, _)| mint).find(|mint| mint.url == url)
    }

    async fn outcome(&self, charge: &Charge) -> Result<Outcome, RailError> {
        let kept = Kept::read(charge)?;
        let Some(given) = &kept.given else { return Ok(self.unpaid(&kept.order)) };
        if let Some(held) = &kept.held {
            let (received, fee) = kept::received(&self.terms, charge, &kept, (given, held))?;
            let reference = given.mint.clone();
            return Ok(Outcome::Settled(Receipt {
                received,
                fee,
                reference,
                mandate: None,
                email: None,
            }));
        }
        // A mint that is not trusted any more has the reader's money all the same: whoever names it again has it asked.
        let mint = self.mint(&given.mint);
        let mint = mint.ok_or_else(|| RailError::Lost("its mint is not in ecash.mints".into()))?;
        match swap::swap(mint, given).await? {
            Ended::Not(outcome) => Ok(outcome),
            Ended::Held(held) => {
                let next = change(given, &held.change);
                let kept = Kept { held: Some(held), ..kept.clone() };
                Ok(Outcome::Keep { kept: kept.to_keep(), next })
            }
        }
    }

    fn unpaid(&self, order: &Order) -> Outcome {
        if self.clock.now() >= order.ends_at() {
            return Outcome::Declined(Reason::Late);
        }
        Outcome::WAITING
    }

    /// The reader hands a token over.
    async fn given(&self, charge: &Charge, text: &str) -> Result<Outcome, RailError> {
        let kept = Kept::read(charge)?;
        let token = match Token::read(text) {
            Ok(token) => token,
            Err(unreadable) => return Ok(unfit(words_of(unreadable))),
        };
        let Some(mint) = self.mint(&token.mint) else { return Ok(self.elsewhere()) };
        if token.unit.as_deref().is_some_and(|unit| unit != UNIT) {
            return Ok(unfit("ecash-unit"));
        }
        if let Some(given) = &kept.given {
            return if given.is_of(&token) {
                self.outcome(charge).await
            } else {
                Ok(unfit("ecash-another"))
            };
        }
        if self.clock.now() >= kept.order.ends_at() {
            return Ok(unfit("ecash-late"));
        }
        match self.planned(charge, &kept.order, mint, token).await {
            Ok(Ok(given)) => {
                let kept = Kept { given: Some(given), ..kept };
                Ok(Outcome::Keep { kept: kept.to_keep(), next: Some(Next::Wait) })
            }
            Ok(Err(unfit)) => Ok(Outcome::Unfit(unfit)),
            // Nothing was kept, and nothing asked that moves money.
            Err(error) => {
                tracing::warn!(charge.id = %charge.id, %error, "a token cannot be looked at");
                Ok(unfit("ecash-unreached"))
            }
        }
    }

    fn elsewhere(&self) -> Outcome {
        let mints: Vec<&str> = self.mints.iter().map(|(mint, _)| mint.url.as_str()).collect();
        Outcome::Unfit(Unfit::new(TOKEN, "ecash-elsewhere").word("mints", mints.join(", ")))
    }

    /// What the shop would make of a token, where it is enough.
    async fn planned(
        &self,
        charge: &Charge,
        order: &Order,
        mint: &Mint,
        token: Token,
    ) -> Result<Result<Given, Unfit>, RailError> {
        let keysets = mint.keysets().await?;
        let active = keysets.active().ok_or_else(|| RailError::Nonsense("no keyset".into()))?;
        let keys = mint.keys(active).await?;
        let (sum, mint) = (token.sum(), token.mint);
        let Some(proofs) = keysets.resolved(token.proofs) else {
            return Ok(Err(Unfit::new(TOKEN, "ecash-unknown")));
        };
        let fee = keysets.fee(&proofs);
        let wanted = wanted(order.sats(), &keysets, fee, &proofs);
        let Some(left) = sum.checked_sub(fee).filter(|left| sum >= wanted && *left > 0) else {
            let words = Unfit::new(TOKEN, "ecash-too-little");
            return Ok(Err(words
                .word("given", sum.to_string())
                .word("wanted", wanted.to_string())));
        };
        let (ours, change) = divided(left, order.sats(), active.fee());
        let split = |sum| keys.split(sum);
        let (Some(ours), Some(change)) = (split(ours), split(change)) else {
            return Err(RailError::Nonsense("a mint without amounts".into()));
        };
        let seed = self.seeds.seed(charge.id, &proofs);
        Ok(Ok(Given { mint, proofs, seed, ours, change }))
    }

    /// What a wallet sent.
    fn heard(&self, body: &[u8]) -> Result<Heard, Unheard> {
        let malformed = || Unheard::Forged("malformed");
        let (id, token) = request::payment(body).ok_or_else(malformed)?;
        let id = id.parse().map_err(|_| malformed())?;
        let token = token.map_err(|_| malformed())?;
        let answers = BTreeMap::from([(TOKEN.to_owned(), token.write())]);
        Ok(Heard::Given { charge: Which::Id(id), answers })
    }
}

/// Asks a mint whether it is there and, once, whether it can do what is needed.
async fn usable_now(mint: &Mint, is_checked: &AtomicBool) -> Result<(), RailError> {
    if !is_checked.load(Ordering::Relaxed) {
        mint.check().await?;
        is_checked.store(true, Ordering::Relaxed);
    }
    let keysets = mint.keysets().await?;
    let active = keysets.active().ok_or_else(|| RailError::Nonsense("no keyset".into()))?;
    mint.keys(active).await.map(|_| ())
}

/// Reading moves nothing: where only that failed, nothing happened.
fn nothing_asked(error: RailError) -> RailError {
    match error {
        RailError::Lost(why) | RailError::Nonsense(why) => RailError::NotReached(why),
        surely => surely,
    }
}

/// How much a token has to be worth: the satoshis of the charge, and what its pieces cost beyond what the shop bears: a part of the
/// sum, and always what as many pieces cost as it needs.
fn wanted(sats: u64, keysets: &Keysets, fee: u64, proofs: &[token::Proof]) -> u64 {
    let needed = u64::BITS - sats.leading_zeros();
    let borne = keysets.fee_of(needed, proofs).max(sats / BORNE_PART);
    sats.saturating_add(fee.saturating_sub(borne))
}

/// What of `left` satoshis is the shop's, which asked for `sats`, and what goes back to the reader. `fee` is what the mint keeps
/// of each piece, in thousandths: change that would cost all it is worth is none.
fn divided(left: u64, sats: u64, fee: u64) -> (u64, u64) {
    let change = left.saturating_sub(sats);
    if change <= rounded(fee.saturating_mul(change.count_ones().into())) {
        return (left, 0);
    }
    (sats, change)
}

/// What the reader gets back, to be shown to them.
fn change(given: &Given, change: &[token::Proof]) -> Option<Next> {
    if change.is_empty() {
        return None;
    }
    let unit = Some(UNIT.to_owned());
    let token = Token { mint: given.mint.clone(), unit, proofs: change.to_vec() };
    let says = Says::new("ecash-change", [("sats", token.sum().to_string())]);
    Some(Next::Take { says, code: token.write() })
}

fn unfit(words: &'static str) -> Outcome {
    Outcome::Unfit(Unfit::new(TOKEN, words))
}

const fn words_of(unreadable: Unreadable) -> &'static str {
    match unreadable {
        Unreadable::NoToken => "ecash-unreadable",
        Unreadable::TooMany => "ecash-many",
        Unreadable::ManyMints => "ecash-many-mints",
        Unreadable::Locked => "ecash-locked",
    }
}

fn terms(currency: Currency, is_fake: bool) -> Terms {
    let expected = "a constant above zero";
    Terms {
        number: super::ECASH.number,
        name: super::ECASH.name,
        currencies: &Currency::ALL,
        unit: Money::from_micros(UNIT_MICROS, currency).expect(expected),
        minimum: Money::from_cents(MINIMUM_CENTS, currency).expect(expected),
        maximum: None,
        // What the mint keeps depends on the pieces of each token: it is told when the money came.
        fee: Fee::none(Money::zero(currency)),
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

impl Rail for Ecash {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(self.begun(charge))
    }

    fn check<'a>(&'a self, _: Option<&'a str>) -> Asked<'a, Option<Vec<Flaw>>> {
        Box::pin(async {
            for (mint, _) in &self.mints {
                mint.check().await?;
            }
            self.rates.now().await.map(|_| Some(Vec::new()))
        })
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(self.outcome(charge))
    }

    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        answers: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        Box::pin(async move {
            match answers.get(TOKEN) {
                Some(text) => self.given(charge, text).await,
                None => self.outcome(charge).await,
            }
        })
    }

    fn hint(&self) -> Option<&'static str> {
        Some("ecash-hint")
    }

    fn hear<'a>(&'a self, message: Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        Box::pin(async move { self.heard(message.body) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use keysets::About;
    use proptest::prelude::*;
    use token::Proof;

    const ID: &str = "00456a94ab4e1c46";

    fn keysets(parts: u64) -> Keysets {
        let about = About {
            id: ID.into(),
            unit: UNIT.into(),
            active: true,
            input_fee_ppk: Some(parts),
            final_expiry: None,
        };
        Keysets::of(vec![about]).expect("fit")
    }

    fn needed(sats: u64, parts: u64, pieces: usize) -> u64 {
        let piece = |place: usize| Proof {
            amount: 1,
            id: ID.into(),
            secret: place.to_string(),
            signature: String::new(),
        };
        let pieces: Vec<Proof> = (0..pieces).map(piece).collect();
        let keysets = keysets(parts);
        wanted(sats, &keysets, keysets.fee(&pieces), &pieces)
    }

    #[test]
    fn what_was_asked_for_is_enough_unless_its_pieces_eat_it() {
        assert_eq!(needed(400, 100, 100), 400, "ten satoshis of four hundred");
        assert_eq!(needed(400, 1_000, 20), 400, "a twentieth");
        assert_eq!(needed(400, 1_000, 30), 410, "the rest is the reader's");
        assert_eq!(needed(10, 1_000, 4), 10, "as few as can be, whatever they cost");
        assert_eq!(needed(10, 1_000, 10), 16);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_between_the_shop_and_the_change(
            left in 1..100_000u64, sats in 1..100_000u64, parts in 0..1_000u64,
        ) {
            let (ours, change) = divided(left, sats, parts);
            prop_assert_eq!(ours + change, left);
            prop_assert!(ours >= sats.min(left));
            prop_assert!(change == 0 || (ours == sats && change > rounded(parts * u64::from(change.count_ones()))));
        }
    }
}
