//! Olu prints vouchers; readers settle with them, each cent once.

use crate::program::Program;
use crate::rail_contract::{Bench, Message, begin, owes, stored};
use crate::saga::{stopped_after, tab};
use crate::shop::{Browser, TestApp};
use crate::transfer::ben;
use ardoise::ids::Chance;
use ardoise::rails::saga::{self, Begin, Visit};
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{State, Stored};
use ardoise::store::{tab as tabs, voucher};
use http::StatusCode;
use ledger::{Currency, Money, ShopId as _, TabId, VoucherId};
use std::collections::BTreeMap;

const SETTINGS: &[(&str, &str)] = &[("voucher.most", "20.00")];

fn shop() -> TestApp {
    TestApp::with(SETTINGS)
}

/// Codes of so many vouchers of this amount, as they are printed.
async fn printed(olu: &mut Browser<'_>, count: u32, amount: &str) -> Vec<String> {
    let html = std::mem::replace(&mut olu.html, true);
    let print = olu.get("/desk/vouchers").await.hidden("print");
    olu.html = false;
    let count = count.to_string();
    let fields = [("print", print.as_str()), ("count", &count), ("amount", amount)];
    let made = olu.post("/desk/vouchers", &fields).await;
    olu.html = html;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let made = made.json();
    let codes = made["vouchers"].as_array().expect("vouchers").iter();
    codes.map(|card| card["code"].as_str().expect("a code").to_owned()).collect()
}

async fn a_code(shop: &TestApp, amount: &str) -> String {
    printed(&mut shop.olu().await, 1, amount).await.remove(0)
}

/// What all vouchers still pay, and what tabs have received by them.
async fn left_and_paid(shop: &TestApp) -> (String, i64) {
    let now = shop.app.now();
    let read = shop.app.store.read(|db| {
        let left = voucher::outstanding(db, now, Currency::Eur)?;
        let vouchers = voucher::page(db, VoucherId::from_raw(i64::MAX), 100, Currency::Eur)?;
        let used = vouchers.iter().map(|one| one.amount.micros() - one.left.micros()).sum::<i64>();
        Ok((left, used))
    });
    let (left, used) = read.await.expect("read");
    (left.to_decimal(), used / 10_000)
}

async fn answer(ben: &mut Browser<'_>, charge: &Stored, code: &str) -> String {
    ben.post(&format!("/tab/charges/{}/return", charge.id), &[("code", code)]).await.location()
}

#[tokio::test]
async fn a_voucher_pays_what_is_owed_and_keeps_the_rest() {
    let shop = shop();
    let code = a_code(&shop, "5.00").await;
    let mut ben = ben(&shop, 150).await;
    assert!(ben.get("/tab/settle").await.text().contains("Voucher"));
    let (begun, charge) = begin(&mut ben, &shop, "voucher", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    let page = ben.get(&begun.location()).await.text();
    assert!(page.contains("The code on your voucher"), "{page}");
    let typed = code.to_lowercase().replace('-', " ");
    assert_eq!(answer(&mut ben, &charge, &typed).await, format!("/tab/settled/{}", charge.id));
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(left_and_paid(&shop).await, ("3.500000".into(), 150));
    // Sent again, it is the same payment.
    assert_eq!(answer(&mut ben, &charge, &typed).await, format!("/tab/settled/{}", charge.id));
    assert_eq!(left_and_paid(&shop).await, ("3.500000".into(), 150));
    let mut olu = shop.olu().await;
    let desk = olu.get("/desk/vouchers").await.text();
    assert!(desk.contains("€3.50") && desk.contains("partly used"), "{desk}");
    assert!(!desk.contains(&code[..9]), "codes are shown once");
}

#[tokio::test]
async fn the_code_on_the_paper_leads_to_one_button() {
    let shop = shop();
    let code = a_code(&shop, "5.00").await;
    let mut ben = ben(&shop, 150).await;
    for language in ["en", "fr"] {
        ben.language = language;
        let page = ben.get(&format!("/voucher/{code}")).await;
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        let (left, button) = match language {
            "en" => ("€5.00", "Pay €1.50"),
            _ => ("5,00\u{a0}€", "Payer 1,50\u{a0}€"),
        };
        assert!(page.text().contains(left) && page.text().contains(button), "{}", page.text());
    }
    assert_eq!(left_and_paid(&shop).await, ("5.000000".into(), 0), "looking uses nothing up");
    let page = ben.get(&format!("/voucher/{}", code.to_lowercase())).await;
    let (code, settlement) = (page.hidden("code"), page.hidden("settlement"));
    let fields = [("code", code.as_str()), ("settlement", &settlement)];
    let (mut one, mut two) = (ben.clone(), ben.clone());
    let (first, second) =
        tokio::join!(one.post("/voucher", &fields), two.post("/voucher", &fields));
    assert_eq!(
        (first.location(), second.status),
        (format!("/tab/settled/{settlement}"), StatusCode::SEE_OTHER)
    );
    ben.language = "en";
    assert_eq!(
        (owes(&mut ben).await.as_str(), left_and_paid(&shop).await),
        ("0.00", ("3.500000".into(), 150))
    );
    let page = ben.get(&format!("/voucher/{code}")).await.text();
    assert!(
        page.contains("€3.50") && !page.contains("action=\"/voucher\""),
        "nothing is owed: {page}"
    );
    let mut stranger = shop.browser();
    let page = stranger.get(&format!("/voucher/{code}")).await.text();
    assert!(page.contains("€3.50"), "somebody without a tab sees what is left: {page}");
}

#[tokio::test]
async fn what_cannot_be_used_says_why_and_the_charge_goes_on() {
    let shop = shop();
    let mut olu = shop.olu().await;
    let [small, void, ended]: [String; 3] =
        printed(&mut olu, 3, "1.00").await.try_into().expect("three");
    let number = olu.get("/desk/vouchers").await.text();
    // The newest stands first: the second of the three in either order.
    let number =
        number.split("action=\"/desk/vouchers/vch_").nth(2).expect("a button").split('/').next();
    let path = format!("/desk/vouchers/vch_{}/void", number.expect("a number"));
    for _ in 0..2 {
        assert_eq!(olu.post(&path, &[]).await.location(), "/desk/vouchers");
    }
    let mut ben = ben(&shop, 150).await;
    let (_, charge) = begin(&mut ben, &shop, "voucher", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    let page = format!("/tab/charges/{}", charge.id);
    let unknown = ardoise::rails::voucher::Code::draw(&Chance::seeded(99)).grouped();
    let mut wrong: Vec<char> = small.chars().collect();
    wrong[0] = if wrong[0] == '7' { '8' } else { '7' };
    let mistyped: String = wrong.iter().collect();
    for (code, words) in [
        (mistyped.as_str(), "mistyped"),
        ("", "mistyped"),
        (unknown.as_str(), "not known here"),
        (void.as_str(), "taken back"),
    ] {
        assert_eq!(answer(&mut ben, &charge, code).await, page, "{code}");
        let shown = ben.get(&page).await.text();
        assert!(shown.contains(words) && !shown.contains(&small), "{words}: {shown}");
    }
    assert_eq!(answer(&mut ben, &charge, &small).await, format!("/tab/settled/{}", charge.id));
    assert_eq!(
        owes(&mut ben).await,
        "0.50",
        "the line of 1.50 is not paid in whole; what came is credit"
    );
    let (_, second) = begin(&mut ben, &shop, "voucher", shop.app.mint.settlement()).await;
    let second = second.expect("a charge");
    assert_eq!(answer(&mut ben, &second, &small).await, format!("/tab/charges/{}", second.id));
    assert!(
        ben.get(&format!("/tab/charges/{}", second.id)).await.text().contains("Nothing is left")
    );
    shop.pass_days(731);
    let late = shop.browser().get(&format!("/voucher/{ended}")).await.text();
    assert!(late.contains("time has passed"), "{late}");
    assert_eq!(left_and_paid(&shop).await, ("0.000000".into(), 100));
}

#[tokio::test]
async fn two_readers_spend_together_no_more_than_a_voucher_holds() {
    let shop = shop();
    let code = a_code(&shop, "2.00").await;
    let mut ben = ben(&shop, 150).await;
    let (zoe, _) = shop.author("Zoe").await;
    let mut bob = shop.browser();
    bob.tap(&shop.article(zoe, "Tides", 150).await).await;
    let (_, first) = begin(&mut ben, &shop, "voucher", shop.app.mint.settlement()).await;
    let (_, second) = begin(&mut bob, &shop, "voucher", shop.app.mint.settlement()).await;
    let (first, second) = (first.expect("a charge"), second.expect("a charge"));
    tokio::join!(answer(&mut ben, &first, &code), answer(&mut bob, &second, &code));
    assert_eq!(left_and_paid(&shop).await, ("0.000000".into(), 200));
    let mut owed = [owes(&mut ben).await, owes(&mut bob).await];
    owed.sort();
    assert_eq!(owed, ["0.00", "1.00"], "fifty cents of the second are credit");
}

#[tokio::test]
async fn two_readers_at_two_processes_spend_together_all_that_a_voucher_holds() {
    let shop = shop();
    let other = shop.beside_with(SETTINGS);
    for number in 0..6 {
        let code = a_code(&shop, "2.00").await;
        let (zoe, _) = shop.author(&format!("Zoe {number}")).await;
        let slug = shop.article(zoe, "Tides", 150).await;
        let (mut ben, mut bob) = (shop.browser(), other.browser());
        ben.tap(&slug).await;
        bob.tap(&slug).await;
        let (_, first) = begin(&mut ben, &shop, "voucher", shop.app.mint.settlement()).await;
        let (_, second) = begin(&mut bob, &other, "voucher", other.app.mint.settlement()).await;
        let (first, second) = (first.expect("a charge"), second.expect("a charge"));
        tokio::join!(answer(&mut ben, &first, &code), answer(&mut bob, &second, &code));
        let mut owed = [owes(&mut ben).await, owes(&mut bob).await];
        owed.sort();
        assert_eq!(owed, ["0.00", "1.00"], "fifty cents of the second are credit");
        assert_eq!(left_and_paid(&shop).await, ("0.000000".into(), 200 * (number + 1)));
    }
}

#[tokio::test]
async fn a_voucher_stopped_anywhere_pays_once() {
    for times in 0.. {
        let shop = shop();
        let code = a_code(&shop, "5.00").await;
        let mut ben = ben(&shop, 150).await;
        let (id, owner) = (shop.app.mint.settlement(), tab(&ben));
        let ask = Begin {
            id,
            tab: owner,
            rail: "voucher".into(),
            amount: None,
            binds: false,
            locale: "en",
        };
        let query = BTreeMap::from([("code".to_owned(), code.clone())]);
        let whole = async {
            let begun = saga::begin(&shop.app, ask.clone()).await.expect("begun");
            saga::go_on(&shop.app, begun, Visit::Returned(&query)).await.expect("gone on")
        };
        let ended = stopped_after(times, whole).await;
        // The worker finds what was paid; else the reader sends their code again.
        shop.pass_minutes(61);
        work_off(&shop.app).await.expect("asked");
        if owes(&mut ben).await != "0.00" {
            let begun = saga::begin(&shop.app, ask).await.expect("begun");
            saga::go_on(&shop.app, begun, Visit::Returned(&query)).await.expect("gone on");
        }
        assert_eq!(owes(&mut ben).await, "0.00", "stopped after {times}");
        assert_eq!(left_and_paid(&shop).await, ("3.500000".into(), 150), "stopped after {times}");
        assert_eq!(stored(&shop, id).await.expect("kept").state, State::Settled);
        if ended {
            assert!(times > 3, "it was stopped in between");
            return;
        }
    }
}

#[tokio::test]
async fn over_random_uses_every_cent_is_spent_once() {
    for seed in 0..8 {
        let chance = Chance::seeded(seed);
        let dice = |most: usize| {
            usize::try_from(u32::from_be_bytes(chance.bytes())).expect("32 bits") % most
        };
        let shop = shop();
        let codes = printed(&mut shop.olu().await, 3, "0.70").await;
        let (ada, _) = shop.ada().await;
        let mut readers = [shop.browser(), shop.browser()];
        let mut bought = 0;
        for at in 0..5 {
            let reader = &mut readers[dice(2)];
            let cents = 10 + i64::try_from(dice(30)).expect("small");
            let tapped = reader.tap(&shop.article(ada, &format!("Bus {at}"), cents).await).await;
            assert_eq!(tapped.status, StatusCode::SEE_OTHER);
            bought += cents;
            let (owner, id) = (tab(reader), shop.app.mint.settlement());
            let ask = Begin {
                id,
                tab: owner,
                rail: "voucher".into(),
                amount: None,
                binds: false,
                locale: "en",
            };
            let query = BTreeMap::from([("code".to_owned(), codes[dice(3)].clone())]);
            let whole = async {
                let Ok(begun) = saga::begin(&shop.app, ask).await else { return };
                saga::go_on(&shop.app, begun, Visit::Returned(&query)).await.expect("gone on");
            };
            stopped_after(dice(24), whole).await;
            if dice(3) == 0 {
                shop.pass_minutes(61);
                work_off(&shop.app).await.expect("asked");
            }
        }
        shop.pass_minutes(61);
        work_off(&shop.app).await.expect("asked");
        let (left, paid) = left_and_paid(&shop).await;
        let left = Money::parse(&left, Currency::Eur).expect("an amount").micros() / 10_000;
        assert_eq!(left + paid, 210, "seed {seed}");
        let all =
            shop.app.store.read(|db| tabs::page(db, TabId::from_raw(0), 10, Currency::Eur)).await;
        let owed = |tab: &ledger::Tab| (tab.open.micros() - tab.credit.micros()) / 10_000;
        let owed: i64 = all.expect("read").iter().map(owed).sum();
        assert_eq!(bought - owed, paid, "seed {seed}: what is not owed any more was paid");
    }
}

#[tokio::test]
async fn vouchers_are_printed_once_and_within_bounds() {
    let shop = shop();
    let mut olu = shop.olu().await;
    let print = olu.get("/desk/vouchers").await.hidden("print");
    let fields = |count: &'static str, amount: &'static str| {
        [("print", print.clone()), ("count", count.into()), ("amount", amount.into())]
    };
    for (count, amount, words) in [
        ("0", "5", "between 1 and 100"),
        ("101", "5", "between 1 and 100"),
        ("x", "5", "between 1 and 100"),
        ("1", "20.01", "€20.00"),
        ("1", "0", "€20.00"),
        ("1", "0.005", "€20.00"),
    ] {
        let fields = fields(count, amount);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = olu.post("/desk/vouchers", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{count} {amount}");
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    let fields = fields("12", "5,00");
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    olu.language = "fr";
    let sheets = olu.post("/desk/vouchers", &fields).await;
    assert_eq!(sheets.status, StatusCode::OK, "{}", sheets.text());
    assert_eq!(sheets.headers["cache-control"], "private, no-store");
    let text = sheets.text();
    assert_eq!(text.matches("class=\"code\"").count(), 12);
    assert!(text.contains("5,00\u{a0}€") && text.contains("<svg"), "{text}");
    let again = olu.post("/desk/vouchers", &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    let code =
        text.split("class=\"code\">").nth(1).expect("a code").split('<').next().expect("it ends");
    let address = crate::transfer::scanned(&text);
    assert_eq!(address, format!("{}/voucher/{code}", shop.app.settings.url));
    let off = TestApp::open();
    let mut olu = off.olu().await;
    assert!(olu.get("/desk/vouchers").await.text().contains("voucher.most"));
    assert_eq!(olu.post("/desk/vouchers", &fields).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_tries_codes_is_turned_away() {
    let shop = shop();
    let mut zoe = shop.browser();
    let mut turned_away = 0;
    for seed in 0..70 {
        let code = ardoise::rails::voucher::Code::draw(&Chance::seeded(seed)).grouped();
        let tried = zoe.get(&format!("/voucher/{code}")).await;
        if tried.status == StatusCode::TOO_MANY_REQUESTS {
            turned_away += 1;
            assert!(tried.headers.contains_key("retry-after"));
        }
    }
    assert_eq!(turned_away, 10);
    let used = zoe.post("/voucher", &[("code", "x"), ("settlement", "x")]).await;
    assert_eq!(used.status, StatusCode::TOO_MANY_REQUESTS);
}

/// Vouchers: the provider is the shop itself.
pub struct VoucherBench {
    shop: TestApp,
    code: String,
}

impl Bench for VoucherBench {
    async fn open() -> Self {
        let shop = shop();
        let code = a_code(&shop, "5.00").await;
        Self { shop, code }
    }

    fn shop(&self) -> &TestApp {
        &self.shop
    }

    fn name(&self) -> &'static str {
        "voucher"
    }

    /// The code was taken, and the shop stopped before it was in the books.
    async fn agree(&self, charge: &Stored) {
        let code = ardoise::rails::voucher::Code::read(&self.code).expect("a code");
        let (hash, id, amount, now) = (code.hash(), charge.id, charge.amount, self.shop.app.now());
        let write = move |db: &dyn ardoise::store::Db| {
            let found = voucher::by_code(db, &hash, Currency::Eur)?.expect("it is printed");
            voucher::take(db, found.id, id, amount, now)
        };
        assert!(self.shop.app.store.write(write).await.expect("written"));
    }

    async fn refuse(&self, _: &Stored) {
        unreachable!("a wrong code is asked for again");
    }

    async fn lose_answers(&self, _: bool) {
        unreachable!("nobody answers");
    }

    async fn lie(&self, _: &Stored, _: Money) {
        unreachable!("nobody lies");
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        let read =
            self.shop.app.store.read(|db| tabs::page(db, TabId::from_raw(0), 10, Currency::Eur));
        let settled = read.await.expect("read").iter().map(|tab| tab.settlements).sum::<u32>();
        (1, settled as usize)
    }

    async fn message(&self, _: Option<&Stored>, _: bool, _: i64) -> Message {
        Message { headers: Vec::new(), body: "paid".into() }
    }
}

crate::rail_contract::contract! { by_voucher: crate::vouchers::VoucherBench;
    beginning_twice_is_one_charge
    a_reader_who_does_not_come_back_is_asked_about
    what_the_reader_brings_back_proves_nothing
}

#[test]
fn a_page_of_vouchers_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::with_shop();
    let run = |words: &[&str]| {
        let mut command = program.command(words);
        let ran = command.env("ARDOISE_VOUCHER_MOST", "20").output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ran.status.code(), text(&ran.stdout) + &text(&ran.stderr))
    };
    let words = [
        "vouchers",
        "print",
        "--count",
        "20",
        "--amount",
        "5",
        "--page",
        "bons.html",
        "--language",
        "fr",
    ];
    let (code, out) = run(&words);
    assert_eq!(code, Some(0), "{out}");
    let page = std::fs::read_to_string(program.path("bons.html")).expect("written");
    assert_eq!(page.matches("class=\"code\"").count(), 20);
    assert!(
        page.contains("@page{size:A4") && !page.contains("rel=\"stylesheet\""),
        "all in one file"
    );
    let code_on_it =
        page.split("class=\"code\">").nth(1).expect("a code").split('<').next().expect("it ends");
    assert!(!out.contains(code_on_it), "no code where others may read it: {out}");
    let mode = std::fs::metadata(program.path("bons.html")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (code, out) = run(&words);
    assert!(code == Some(1) && out.contains("bons.html"), "nothing is written over: {out}");
    let number = page.split("vch_").nth(1).expect("a number").split('<').next().expect("it ends");
    let (code, out) = run(&["vouchers", "void", &format!("vch_{number}")]);
    assert_eq!(code, Some(0), "{out}");
    let (code, out) =
        run(&["vouchers", "print", "--count", "1", "--amount", "21", "--page", "b.html"]);
    assert!(code == Some(1) && !program.path("b.html").exists(), "{out}");
}
