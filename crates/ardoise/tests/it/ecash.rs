//! Settling a tab in e-cash, with a mint that is made up.

use crate::mint::{Fault, Mint, Piece, token_of};
use crate::rail_contract::{Bench, Message, again, begin, ben, contract, owes, send};
use crate::shop::{Answer, Browser, TestApp};
use ardoise::rails::ECASH;
use ardoise::rails::ecash::purse;
use ardoise::rails::worker::work_off;
use ardoise::store::books;
use ardoise::store::charge::{self, State, Stored};
use http::StatusCode;
use ledger::{Account, Currency, Money};
use serde_json::Value;

/// What Ben owes, at the rate below: €0.20.
pub const SATS: u64 = 400;
/// What a bitcoin costs.
const RATE: &str = "50000";

/// A shop that trusts a mint.
pub struct Ecash {
    pub shop: TestApp,
    pub mint: Mint,
}

impl Ecash {
    /// Begins a charge of Ben's, who owes €0.20.
    pub async fn charge(&self) -> (Browser<'_>, Stored) {
        let mut ben = ben(&self.shop).await;
        let id = self.shop.app.mint.settlement();
        let (_, charge) = begin(&mut ben, &self.shop, "ecash", id).await;
        (ben, charge.expect("a charge"))
    }

    /// A wallet posts pieces for a charge.
    pub async fn post(&self, charge: &str, pieces: &[Piece]) -> Answer {
        let body = self.mint.payment(charge, pieces);
        let headers = vec![("content-type", "application/json".to_owned())];
        send(&self.shop, "ecash", &Message { headers, body }).await
    }

    /// A wallet posts pieces, and the shop stops before the mint has heard of them.
    pub async fn keep(&self, charge: &Stored, pieces: &[Piece]) {
        self.mint.is(Fault::IsBusy);
        let answer = self.post(&charge.id.to_string(), pieces).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        self.mint.is(Fault::None);
    }

    /// The worker asks about everything, in its time.
    pub async fn look(&self, charge: &Stored) -> Stored {
        self.shop.pass_minutes(61);
        work_off(&self.shop.app).await.expect("asked");
        again(&self.shop, charge).await
    }
}

/// A reader pastes a token on the page of a charge.
pub async fn paste(ben: &mut Browser<'_>, charge: &Stored, token: &str) -> Answer {
    ben.post(&format!("/tab/charges/{}/return", charge.id), &[("token", token)]).await
}

/// The pieces that the shop has, as its operator takes them out; and what they are worth at the mint.
pub async fn held(ecash: &Ecash) -> (Vec<Piece>, u64) {
    let all = purse::all(&ecash.shop.app).await.expect("read");
    let pieces: Vec<Piece> =
        all.iter().flat_map(|export| export.tokens()).flat_map(pieces).collect();
    let worth = ecash.mint.worth(&pieces);
    (pieces, worth)
}

/// The pieces of a token that the shop wrote.
pub fn pieces(token: String) -> Vec<Piece> {
    let token = ardoise::rails::ecash::token::Token::read(&token).expect("a token");
    token.proofs.iter().map(|proof| serde_json::to_value(proof).expect("JSON")).collect()
}

impl Bench for Ecash {
    async fn open() -> Self {
        let mint = Mint::open().await;
        let settings = [
            ("rails.to_private", "true"),
            ("ecash.mints", mint.url.as_str()),
            ("ecash.rate", RATE),
        ];
        Self { shop: TestApp::with(&settings), mint }
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "ecash"
    }

    /// The reader's wallet has sent the pieces, and the shop has not got round to them.
    async fn agree(&self, charge: &Stored) {
        self.keep(charge, &self.mint.pieces(SATS)).await;
    }

    /// The reader spends the pieces elsewhere meanwhile.
    async fn refuse(&self, charge: &Stored) {
        let pieces = self.mint.pieces(SATS);
        self.keep(charge, &pieces).await;
        assert!(self.mint.spend(&pieces));
    }

    async fn lose_answers(&self, lost: bool) {
        self.mint.is(if lost { Fault::LosesAnswers } else { Fault::None });
    }

    /// It can only sign for sums that its keys make.
    async fn lie(&self, charge: &Stored, says: Money) {
        let is_more = says.currency() == Currency::Eur && says > charge.amount;
        self.mint.is(if is_more { Fault::SignsForMore } else { Fault::SignsForLess });
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        let all = self
            .shop
            .app
            .store
            .read(|db| charge::of_rail(db, ECASH.number, None, 10, Currency::Eur));
        (all.await.expect("read").len(), self.mint.swaps())
    }

    async fn message(&self, _: Option<&Stored>, _: bool, _: i64) -> Message {
        unreachable!("a message is money here: what becomes of it is told below")
    }
}

// A mint is told nothing when a charge begins, so that no answer can be lost then; and its money comes with the message itself, which is
// told below in the rail's own way.
contract! { contract: crate::ecash::Ecash;
    beginning_twice_is_one_charge
    a_reader_who_does_not_come_back_is_asked_about
    an_answer_lost_when_the_money_moves_is_known_later
    a_declined_charge_leaves_the_tab_as_it_was
    another_amount_or_currency_is_refused
    what_the_reader_brings_back_proves_nothing
}

#[tokio::test]
async fn a_reader_sees_a_request_for_exactly_the_satoshis_of_the_tab_and_a_field_for_a_token() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let page = ben.get(&format!("/tab/charges/{}", charge.id)).await.text();
    for part in [
        "Pay 400 sat",
        &ecash.mint.url,
        "cashu:creqA",
        "value=\"creqA",
        "<svg",
        "<textarea id=\"token\" name=\"token\"",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("http-equiv=\"refresh\""), "what is typed is not taken away");
    assert!(page.contains("charge.js"));
    ben.html = false;
    let told = ben.get(&format!("/tab/charges/{}", charge.id)).await.json();
    assert_eq!(told["next"]["next"], "scan_or_answer");
    assert_eq!(told["next"]["says"]["with"]["sats"], "400");
    assert_eq!(ecash.mint.swaps(), 0);
}

#[tokio::test]
async fn a_token_that_is_pasted_becomes_the_shops_own_and_the_tab_is_settled() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let pieces = ecash.mint.pieces(SATS);
    let answer = paste(&mut ben, &charge, &ecash.mint.token(&pieces)).await;
    assert_eq!(answer.location(), format!("/tab/settled/{}", charge.id));
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(ecash.mint.worth(&pieces), 0, "nobody else can spend them");
    assert_eq!(ecash.mint.swaps(), 1);
    let (held, worth) = held(&ecash).await;
    assert_eq!(worth, SATS - 1, "three pieces cost a satoshi");
    assert!(held.iter().all(|piece| !pieces.contains(piece)));
    let page = ben.get(&answer.location()).await.text();
    assert!(page.contains("€0.20") && !page.contains("cashuB"), "{page}");
}

#[tokio::test]
async fn what_the_mint_keeps_is_the_rails_fee() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    paste(&mut ben, &charge, &ecash.mint.token(&ecash.mint.pieces(SATS))).await;
    // A satoshi is half of a tenth of a cent: the books take a whole one.
    let account = Account::Rail(ECASH.number);
    let at_rail = ecash.shop.app.store.read(|db| books::balance(db, account));
    assert_eq!(at_rail.await.expect("read"), 199_000);
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn what_is_too_much_comes_back_as_change() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let answer = paste(&mut ben, &charge, &ecash.mint.token(&ecash.mint.pieces(512))).await;
    let page = ben.get(&answer.location()).await.text();
    assert!(page.contains("Your change is 111 sat"), "{page}");
    let token = page.split("cashuB").nth(1).and_then(|rest| rest.split('<').next());
    let change = pieces(format!("cashuB{}", token.expect("a token")));
    assert_eq!(ecash.mint.worth(&change), 111);
    let (held, worth) = held(&ecash).await;
    assert_eq!(worth, SATS, "the mint's satoshi came out of what was too much");
    assert!(held.iter().all(|piece| !change.contains(piece)));
    assert!(ecash.mint.spend(&change), "it is the reader's");
    let mut zoe = ecash.shop.browser();
    let stranger = zoe.get(&answer.location()).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND, "and nobody else's");
}

#[tokio::test]
async fn change_that_costs_what_it_is_worth_is_none() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    // Wallets that pay the mint's satoshi for the shop send one more: none is left over; another one would not be worth its fee.
    let answer = paste(&mut ben, &charge, &ecash.mint.token(&ecash.mint.pieces(SATS + 2))).await;
    let page = ben.get(&answer.location()).await.text();
    assert!(!page.contains("cashuB"), "{page}");
    assert_eq!(held(&ecash).await.1, SATS + 1);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_the_mint_hears_of_it_and_another_token_pays() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let mint = &ecash.mint;
    let enough = mint.pieces(SATS);
    let mut locked = enough.clone();
    locked[0]["secret"] = r#"["P2PK",{"nonce":"n","data":"02aa","tags":[]}]"#.into();
    let mut unknown = enough.clone();
    unknown[0]["id"] = "00ffffffffffffff".into();
    let unfit = [
        (mint.token(&mint.pieces(SATS - 1)), "worth 399 sat, and 400 sat are needed"),
        (mint.token(&mint.issue(&[4; 101])), "too many pieces"),
        (token_of("https://mint.example", "sat", &enough), "only takes e-cash of these mints"),
        (token_of(&mint.url, "usd", &enough), "not in sat"),
        (mint.token(&locked), "locked"),
        (mint.token(&unknown), "does not know the keys"),
        (mint.token(&enough)[..90].to_owned(), "not a whole token"),
        ("lnbc400".to_owned(), "not a whole token"),
        ("x".repeat(100_000), "too many pieces"),
    ];
    mint.asked();
    for (token, words) in &unfit {
        let answer = paste(&mut ben, &charge, token).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        let page = answer.text();
        assert!(page.contains(words) && page.contains("charge.unfit"), "{words} in {page}");
        assert!(page.contains(&format!("/tab/charges/{}", charge.id)), "the way back");
    }
    assert!(mint.asked().iter().all(|asked| asked != "swap"));
    assert_eq!(again(&ecash.shop, &charge).await.kept, charge.kept, "nothing of them is kept");
    assert_eq!(mint.worth(&enough), SATS);
    paste(&mut ben, &charge, &mint.token(&enough)).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    ben.html = false;
    let late = paste(&mut ben, &charge, &mint.token(&mint.pieces(SATS))).await;
    assert_eq!(late.json()["code"], "charge.unfit");
    assert_eq!(late.json()["field"], "token");
    assert_eq!(mint.swaps(), 1);
}

#[tokio::test]
async fn a_wallet_that_posts_what_was_asked_for_settles_the_tab_and_is_answered_then() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let (id, pieces) = (charge.id.to_string(), ecash.mint.pieces(SATS));
    for _ in 0..2 {
        let answer = ecash.post(&id, &pieces).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(again(&ecash.shop, &charge).await.state, State::Settled);
    }
    assert_eq!(ecash.mint.swaps(), 1);
    assert_eq!(owes(&mut ben).await, "0.00");
    let other = ecash.mint.pieces(SATS);
    let second = ecash.post(&id, &other).await;
    assert_eq!(second.json()["code"], "charge.unfit", "{}", second.text());
    assert_eq!(ecash.mint.worth(&other), SATS, "it stays in the wallet");
}

#[tokio::test]
async fn a_wallet_is_told_what_is_not_taken() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let id = charge.id.to_string();
    let short = ecash.post(&id, &ecash.mint.pieces(SATS - 1)).await;
    assert_eq!(short.json()["code"], "charge.unfit");
    let nobodys = ecash.shop.app.mint.settlement().to_string();
    let unknown = ecash.post(&nobodys, &ecash.mint.pieces(SATS)).await;
    assert_eq!(unknown.json()["code"], "charge.unknown");
    for body in ["", "{}", "paid=true", r#"{"id":"x","mint":"m","unit":"sat","proofs":[]}"#] {
        let message = Message { headers: vec![], body: body.into() };
        assert_eq!(send(&ecash.shop, "ecash", &message).await.json()["code"], "rail.forged");
    }
    let spent = ecash.mint.pieces(SATS);
    assert!(ecash.mint.spend(&spent));
    for _ in 0..2 {
        let answer = ecash.post(&id, &spent).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
        assert_eq!(answer.json()["code"], "charge.over");
        let detail = answer.json()["detail"].as_str().expect("words").to_owned();
        assert!(detail.contains("was spent before"), "{detail}");
    }
    let late = ecash.post(&id, &ecash.mint.pieces(SATS)).await;
    assert_ne!(late.status, StatusCode::OK, "a charge that is over takes nothing: {}", late.text());
    assert_eq!(ecash.mint.swaps(), 0);
    assert_eq!(owes(&mut ben).await, "0.20");
}

#[tokio::test]
async fn e_cash_leaves_the_shop_once_and_can_be_shown_again() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    paste(&mut ben, &charge, &ecash.mint.token(&ecash.mint.pieces(SATS))).await;
    let app = &ecash.shop.app;
    let export = purse::take_out(app, "first".into()).await.expect("taken out");
    assert_eq!((export.sats(), export.tokens().len()), (SATS - 1, 1));
    let nothing = purse::take_out(app, "second".into()).await.expect("taken out");
    assert_eq!((nothing.sats(), nothing.tokens().len()), (0, 0));
    let all = purse::all(app).await.expect("read");
    let told: Vec<(&str, u64)> = all.iter().map(|export| (&*export.name, export.sats())).collect();
    assert_eq!(told, [("", 0), ("first", SATS - 1)]);
    assert_eq!(all[1].tokens(), export.tokens());
    let taken: Vec<Value> = export.tokens().into_iter().flat_map(pieces).collect();
    assert!(ecash.mint.spend(&taken), "the operator's wallet redeems it");
}
