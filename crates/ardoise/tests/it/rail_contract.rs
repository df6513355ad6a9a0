//! What every rail holds to. A rail brings a [`Bench`]: a shop with the rail turned on, and its provider (scripted or real),
//! which can be told what to do; [`contract!`] then asks all of this of it.

use crate::provider::{Fault, Provider, SECRET};
use crate::scripted::Scripted;
use crate::shop::{Answer, Browser, TestApp};
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{self, State, Stored};
use ardoise::store::tab;
use axum::body::Body;
use http::{Request, StatusCode};
use ledger::{Currency, Money, SettlementId, ShopId as _, TabId};

/// A message from a provider, as it is posted to the shop.
pub struct Message {
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// A rail, its provider, and a shop between them.
pub trait Bench {
    /// Whether money moves when a charge begins, so that there is nothing to agree to.
    const AT_ONCE: bool = false;
    async fn open() -> Self;
    fn shop(&self) -> &TestApp;
    /// Its name in addresses.
    fn name(&self) -> &'static str;
    /// The reader agrees at the provider, which from now on can move the money.
    async fn agree(&self, charge: &Stored);
    /// The reader's bank says no.
    async fn refuse(&self, charge: &Stored);
    /// Every answer of the provider is lost, though it does what it is asked; or none any more.
    async fn lose_answers(&self, lost: bool);
    /// The provider will say that so much came.
    async fn lie(&self, charge: &Stored, says: Money);
    /// How many orders the provider knows, and how often money has moved.
    async fn orders_and_captures(&self) -> (usize, usize);
    /// Begins a charge, as far as the reader has to say something before the provider hears of it.
    async fn begin(&self, ben: &mut Browser<'_>, id: SettlementId) -> (Answer, Option<Stored>) {
        begin(ben, self.shop(), self.name(), id).await
    }
    /// A message about `charge` (or about one that is not this shop's), genuine or forged, so many seconds old.
    async fn message(&self, charge: Option<&Stored>, genuine: bool, age_seconds: i64) -> Message;
    /// The reader agrees at the provider to be charged later, and pays nothing.
    async fn agree_to_bind(&self, _: &Stored) {
        unreachable!("this rail binds nothing without a charge");
    }
    /// How many times somebody has begun to agree to that.
    async fn bindings(&self) -> usize {
        unreachable!("this rail binds nothing without a charge");
    }
    /// An age at which a genuine message is too old: some providers send one again for days.
    fn stale_seconds(&self) -> i64 {
        24 * 3_600
    }
}

/// Ben, who owes €0.20.
pub async fn ben(shop: &TestApp) -> Browser<'_> {
    ben_again(shop, "Night bus").await
}

/// Somebody who owes €0.20 for this work.
pub async fn ben_again<'a>(shop: &'a TestApp, title: &str) -> Browser<'a> {
    let (ada, _) = shop.author(&format!("Author of {title}")).await;
    let slug = shop.article(ada, title, 20).await;
    let mut ben = shop.browser();
    assert_eq!(ben.tap(&slug).await.status, StatusCode::SEE_OTHER);
    ben
}

pub async fn owes(ben: &mut Browser<'_>) -> String {
    let html = std::mem::replace(&mut ben.html, true);
    let page = ben.get("/tab").await.text();
    ben.html = html;
    let owed = page.split("class=\"owed\"").nth(1).unwrap_or(&page).split('€').nth(1);
    owed.expect("an amount").chars().take(4).collect()
}

pub async fn begin(
    ben: &mut Browser<'_>,
    shop: &TestApp,
    rail: &str,
    id: SettlementId,
) -> (Answer, Option<Stored>) {
    let id = id.to_string();
    let path = format!("/tab/settle/{rail}");
    let answer = ben.post(&path, &[("settlement", &id), ("bind", "yes")]).await;
    (answer, stored(shop, id.parse().expect("an id")).await)
}

pub async fn stored(shop: &TestApp, id: SettlementId) -> Option<Stored> {
    shop.app.store.read(|db| charge::by_id(db, id, Currency::Eur)).await.expect("read")
}

pub async fn again(shop: &TestApp, stored_before: &Stored) -> Stored {
    stored(shop, stored_before.id).await.expect("a charge")
}

/// The reader's browser comes back from the provider.
async fn come_back(ben: &mut Browser<'_>, charge: &Stored, query: &str) -> Answer {
    ben.get(&format!("/tab/charges/{}/return{query}", charge.id)).await
}

pub async fn send(shop: &TestApp, rail: &str, message: &Message) -> Answer {
    let mut request = Request::post(format!("/rails/{rail}/webhook"));
    for (name, value) in &message.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::from(message.body.clone())).expect("a request");
    shop.program().send(request).await
}

pub async fn beginning_twice_is_one_charge<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let id = shop.app.mint.settlement();
    let mut other = ben.clone();
    let (first, second) = tokio::join!(bench.begin(&mut ben, id), bench.begin(&mut other, id));
    let charge = first.1.expect("a charge");
    assert_eq!(Some(&charge.id), second.1.as_ref().map(|charge| &charge.id));
    if !B::AT_ONCE {
        another_page_finds_it(&bench, &mut ben).await;
    }
    bench.agree(&charge).await;
    let back = come_back(&mut ben, &charge, "").await;
    assert_eq!(back.location(), format!("/tab/settled/{id}"));
    let settled = ben.get(&back.location()).await.text();
    assert!(settled.contains("€0.20"), "{settled}");
    for _ in 0..2 {
        come_back(&mut ben, &charge, "").await;
        bench.begin(&mut ben, id).await;
    }
    assert_eq!(bench.orders_and_captures().await, (1, 1));
    assert_eq!(owes(&mut ben).await, "0.00");
}

/// A page that was opened anew mints another id: still the same charge, while it is live.
async fn another_page_finds_it<B: Bench>(bench: &B, ben: &mut Browser<'_>) {
    let shop = bench.shop();
    let (third, none) = bench.begin(ben, shop.app.mint.settlement()).await;
    assert_eq!(third.status, StatusCode::SEE_OTHER, "{}", third.text());
    assert!(none.is_none());
    assert_eq!(bench.orders_and_captures().await, (1, 0));
}

pub async fn a_reader_who_does_not_come_back_is_asked_about<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    shop.pass_minutes(2);
    assert_eq!(work_off(&shop.app).await, Ok(1));
    assert_eq!(again(shop, &charge).await.state, State::Waiting);
    bench.agree(&charge).await;
    shop.pass_minutes(60);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(again(shop, &charge).await.state, State::Settled);
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(work_off(&shop.app).await, Ok(0), "nothing is asked about any more");
}

pub async fn an_answer_lost_at_the_beginning_is_known_later<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    bench.lose_answers(true).await;
    let (answer, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("it is written");
    assert_eq!(answer.location(), format!("/tab/charges/{}", charge.id));
    assert!(charge.in_doubt && charge.state.is_live(), "{charge:?}");
    nothing_else_is_charged(shop, &mut ben).await;
    bench.lose_answers(false).await;
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    let known = again(shop, &charge).await;
    assert!(!known.in_doubt && known.state == State::Waiting, "{known:?}");
    bench.agree(&known).await;
    come_back(&mut ben, &known, "").await;
    assert_eq!(again(shop, &charge).await.state, State::Settled);
    assert_eq!(bench.orders_and_captures().await, (1, 1));
}

async fn nothing_else_is_charged(shop: &TestApp, ben: &mut Browser<'_>) {
    let (refused, none) = begin(ben, shop, "sandbox", shop.app.mint.settlement()).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    assert!(none.is_none(), "nothing is begun while money may have moved");
}

pub async fn an_answer_lost_when_the_money_moves_is_known_later<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.agree(&charge).await;
    bench.lose_answers(true).await;
    let back = come_back(&mut ben, &charge, "").await;
    assert_eq!(back.location(), format!("/tab/charges/{}", charge.id));
    let doubtful = again(shop, &charge).await;
    assert!(doubtful.in_doubt && doubtful.state == State::Waiting, "{doubtful:?}");
    assert!(ben.get(&back.location()).await.text().contains("lost on the way"));
    nothing_else_is_charged(shop, &mut ben).await;
    for _ in 0..3 {
        shop.pass_minutes(61);
        work_off(&shop.app).await.expect("asked");
    }
    assert!(again(shop, &charge).await.in_doubt, "doubt does not pass by itself");
    bench.lose_answers(false).await;
    shop.pass_minutes(61);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(again(shop, &charge).await.state, State::Settled);
    assert_eq!(bench.orders_and_captures().await, (1, 1));
    assert_eq!(owes(&mut ben).await, "0.00");
}

pub async fn a_declined_charge_leaves_the_tab_as_it_was<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.refuse(&charge).await;
    let back = come_back(&mut ben, &charge, "").await;
    let page = ben.get(&back.location()).await.text();
    assert!(page.contains("Nothing was charged"), "{page}");
    assert_eq!(again(shop, &charge).await.state, State::Declined);
    assert_eq!(owes(&mut ben).await, "0.20");
    let (_, next) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let next = next.expect("another try");
    bench.agree(&next).await;
    come_back(&mut ben, &next, "").await;
    assert_eq!(owes(&mut ben).await, "0.00");
}

pub async fn another_amount_or_currency_is_refused<B: Bench>() {
    for says in [("0.19", Currency::Eur), ("0.21", Currency::Eur), ("0.20", Currency::Usd)] {
        let bench = B::open().await;
        let shop = bench.shop();
        let mut ben = ben(shop).await;
        let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
        let charge = charge.expect("a charge");
        bench.agree(&charge).await;
        bench.lie(&charge, Money::parse(says.0, says.1).expect("an amount")).await;
        come_back(&mut ben, &charge, "").await;
        let refused = again(shop, &charge).await;
        assert_eq!(refused.state, State::Refused, "{says:?}");
        assert!(refused.reason.contains("instead of 0.20 EUR"), "{}", refused.reason);
        assert_eq!(owes(&mut ben).await, "0.20");
        let mut olu = shop.olu().await;
        let desk = olu.get("/desk").await.text();
        assert!(desk.contains(&refused.reason), "the operator is told: {desk}");
        let seen = olu.post(&format!("/desk/charges/{}/seen", charge.id), &[]).await;
        assert_eq!(seen.location(), "/desk");
        assert!(!olu.get("/desk").await.text().contains(&refused.reason));
    }
}

pub async fn what_the_reader_brings_back_proves_nothing<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    let (place, owed) = if B::AT_ONCE { ("settled", "0.00") } else { ("charges", "0.20") };
    for query in ["?status=paid&amount=0.01", "?success=true&PayerID=ZOE", "?token=x&amount=999"] {
        let back = come_back(&mut ben, &charge, query).await;
        assert_eq!(back.location(), format!("/tab/{place}/{}", charge.id), "{query}");
    }
    assert_eq!(owes(&mut ben).await, owed);
    let mut zoe = shop.browser();
    let stranger = come_back(&mut zoe, &charge, "").await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND, "it is nobody else's");
}

pub async fn a_message_only_says_whom_to_ask<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    let genuine = bench.message(Some(&charge), true, 0).await;
    // It may say that all is paid: the provider, asked, says that it is not.
    assert!(send(shop, bench.name(), &genuine).await.status.is_success());
    assert_eq!(work_off(&shop.app).await, Ok(1), "it is asked about at once");
    assert_eq!(owes(&mut ben).await, "0.20");
    bench.agree(&charge).await;
    for _ in 0..3 {
        assert!(send(shop, bench.name(), &genuine).await.status.is_success());
        work_off(&shop.app).await.expect("asked");
    }
    assert_eq!(again(shop, &charge).await.state, State::Settled);
    assert_eq!(bench.orders_and_captures().await, (1, 1));
    assert_eq!(owes(&mut ben).await, "0.00");
}

pub async fn a_forged_or_stale_message_moves_nothing<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    bench.agree(&charge).await;
    let stale = bench.stale_seconds();
    for (genuine, age) in [(false, 0), (true, stale), (true, -stale)] {
        let message = bench.message(Some(&charge), genuine, age).await;
        let answer = send(shop, bench.name(), &message).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{genuine} {age}");
        assert_eq!(answer.json()["code"], "rail.forged");
    }
    let mut tampered = bench.message(Some(&charge), true, 0).await;
    tampered.body = tampered.body.replacen(':', ": ", 1);
    let answer = send(shop, bench.name(), &tampered).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "one byte more");
    let other = bench.message(None, true, 0).await;
    assert!(send(shop, bench.name(), &other).await.status.is_success());
    assert_eq!(work_off(&shop.app).await, Ok(0), "nothing is asked about");
    assert_eq!(again(shop, &charge).await.state, State::Waiting);
    assert_eq!(bench.orders_and_captures().await, (1, 0));
}

pub async fn a_charge_that_the_reader_left_ends_and_its_money_counts_all_the_same<B: Bench>() {
    let bench = B::open().await;
    let shop = bench.shop();
    let mut ben = ben(shop).await;
    let (_, charge) = bench.begin(&mut ben, shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    shop.pass_minutes(24 * 60 + 1);
    work_off(&shop.app).await.expect("asked");
    assert_eq!(again(shop, &charge).await.state, State::Abandoned);
    shop.pass_days(1);
    assert_eq!(work_off(&shop.app).await, Ok(0), "it is left alone");
    bench.agree(&charge).await;
    let message = bench.message(Some(&charge), true, 0).await;
    send(shop, bench.name(), &message).await;
    work_off(&shop.app).await.expect("asked");
    assert_eq!(again(shop, &charge).await.state, State::Settled);
    assert_eq!(owes(&mut ben).await, "0.00");
}

/// Asks the contract of a rail, in a module of its own.
macro_rules! contract {
    ($name:ident: $bench:ty; $($claim:ident)*) => {
        mod $name {
            $(
                #[tokio::test]
                async fn $claim() {
                    $crate::rail_contract::$claim::<$bench>().await;
                }
            )*
        }
    };
    ($name:ident: $bench:ty) => {
        $crate::rail_contract::contract! { $name: $bench;
            beginning_twice_is_one_charge
            a_reader_who_does_not_come_back_is_asked_about
            an_answer_lost_at_the_beginning_is_known_later
            an_answer_lost_when_the_money_moves_is_known_later
            a_declined_charge_leaves_the_tab_as_it_was
            another_amount_or_currency_is_refused
            what_the_reader_brings_back_proves_nothing
            a_message_only_says_whom_to_ask
            a_forged_or_stale_message_moves_nothing
            a_charge_that_the_reader_left_ends_and_its_money_counts_all_the_same
        }
    };
}
pub(crate) use contract;

/// The made-up provider.
pub struct ScriptedBench {
    pub shop: TestApp,
    pub provider: Provider,
}

impl ScriptedBench {
    /// A shop with some settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let provider = Provider::open().await;
        let shop = TestApp::with(settings);
        let rail = Scripted::at(&provider, &shop.clock);
        Self { shop: shop.with_rail(rail), provider }
    }
}

impl Bench for ScriptedBench {
    async fn open() -> Self {
        Self::with(&[]).await
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn agree(&self, charge: &Stored) {
        self.provider.change(&charge.reference, |order| order.agreed = true);
    }

    async fn refuse(&self, charge: &Stored) {
        self.provider.change(&charge.reference, |order| order.declined = true);
    }

    async fn agree_to_bind(&self, binding: &Stored) {
        self.provider.agree_to_bind(&binding.reference);
    }

    async fn bindings(&self) -> usize {
        self.provider.bindings()
    }

    async fn lose_answers(&self, lost: bool) {
        self.provider.is(if lost { Fault::LosesAnswers } else { Fault::None });
    }

    async fn lie(&self, charge: &Stored, says: Money) {
        let says = (says.micros(), says.currency().code().to_owned());
        self.provider.change(&charge.reference, |order| order.says = Some(says));
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        (self.provider.orders().len(), self.provider.captured())
    }

    async fn message(&self, charge: Option<&Stored>, genuine: bool, age_seconds: i64) -> Message {
        let reference = charge.map_or("ORDER-OF-ANOTHER-SHOP", |charge| &charge.reference);
        let seconds = self.shop.app.now().micros() / 1_000_000 - age_seconds;
        let secret = if genuine { SECRET } else { "another secret" };
        let (body, signature) = Provider::message(reference, seconds, secret);
        Message { headers: vec![("signature", signature)], body }
    }
}

contract! { scripted: crate::rail_contract::ScriptedBench }

/// Fake money: there is no provider, and it settles at once.
pub struct SandboxBench(TestApp);

impl Bench for SandboxBench {
    const AT_ONCE: bool = true;

    async fn open() -> Self {
        Self(TestApp::open())
    }

    fn shop(&self) -> &TestApp {
        &self.0
    }

    fn name(&self) -> &'static str {
        "sandbox"
    }

    async fn agree(&self, _: &Stored) {}

    async fn agree_to_bind(&self, _: &Stored) {}

    async fn bindings(&self) -> usize {
        1
    }

    async fn refuse(&self, _: &Stored) {
        unreachable!("fake money is never refused");
    }

    async fn lose_answers(&self, _: bool) {
        unreachable!("nobody answers");
    }

    async fn lie(&self, _: &Stored, _: Money) {
        unreachable!("nobody lies");
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        let tabs = self.0.app.store.read(|db| tab::page(db, TabId::from_raw(0), 10, Currency::Eur));
        let settled = tabs.await.expect("read").iter().map(|tab| tab.settlements).sum::<u32>();
        (settled as usize, settled as usize)
    }

    async fn message(&self, _: Option<&Stored>, _: bool, _: i64) -> Message {
        Message { headers: Vec::new(), body: "paid".into() }
    }
}

contract! { sandbox: crate::rail_contract::SandboxBench;
    beginning_twice_is_one_charge
    what_the_reader_brings_back_proves_nothing
}

#[tokio::test]
async fn nobody_tells_the_sandbox_anything() {
    let bench = SandboxBench::open().await;
    let message = bench.message(None, true, 0).await;
    let answer = send(bench.shop(), bench.name(), &message).await;
    assert_eq!(answer.json()["code"], "rail.forged", "{}", answer.text());
}
