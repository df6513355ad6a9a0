//! Olu brings statements of the bank; what came is on the tabs once, whatever happens.

use crate::program::Program;
use crate::rail_contract::{Bench, Message, begin, owes, stored};
use crate::saga::{stopped_after, tab};
use crate::shop::{Answer, Browser, TestApp};
use crate::transfer::{IBAN, ben, shop};
use ardoise::bank::sheet::Chosen;
use ardoise::bank::{settle_placed, take_in_file};
use ardoise::ids::Chance;
use ardoise::rails::transfer::reference;
use ardoise::store::bank::{self, Entry, Place};
use ardoise::store::charge::{State, Stored};
use ardoise::store::{Db, tab as tabs};
use axum::body::Body;
use http::{Request, StatusCode, header};
use ledger::{BankEntryId, Currency, Money, ShopId as _, TabId};
use std::collections::BTreeMap;

/// A credit: what the bank calls it, the amount, and what was written.
type Came<'a> = (&'a str, &'a str, &'a str);

fn camt(credits: &[Came<'_>]) -> String {
    let entries: String = credits
        .iter()
        .map(|(called, amount, said)| {
            format!(
                "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-23</Dt>\
                 </BookgDt><AcctSvcrRef>{called}</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Ustrd>{said}</Ustrd></RmtInf></TxDtls>\
                 </NtryDtls></Ntry>"
            )
        })
        .collect();
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>\
         {entries}</Stmt></BkToCstmrStmt></Document>"
    )
}

/// Ben's charge by transfer, and the reference that he was given.
async fn begun(ben: &mut Browser<'_>, shop: &TestApp) -> (Stored, String) {
    let (_, charge) = begin(ben, shop, "transfer", shop.app.mint.settlement()).await;
    let charge = charge.expect("a charge");
    let reference = reference::grouped(&charge.reference);
    (charge, reference)
}

/// Brings a file as a browser does; answers the page of what was understood.
async fn brought(olu: &mut Browser<'_>, file: &[u8]) -> (String, Answer) {
    let mut body =
        b"--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"s\"\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--cut--\r\n");
    let request = Request::post("/desk/bank")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body));
    let answer = olu.send(request.expect("a request")).await;
    if answer.status != StatusCode::SEE_OTHER {
        return (String::new(), answer);
    }
    let page = olu.get(&answer.location()).await;
    (answer.location(), page)
}

/// Brings a file and takes it in; answers what the desk says then.
async fn taken(olu: &mut Browser<'_>, file: &[u8]) -> String {
    let (place, page) = brought(olu, file).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let done = olu.post(&place, &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    olu.get(&done.location()).await.text()
}

async fn take(shop: &TestApp, file: &str) -> (usize, usize, usize) {
    let done = take_in_file(&shop.app, file.as_bytes(), Chosen::default()).await.expect("taken in");
    (done.placed, done.waiting, done.known)
}

async fn credit(shop: &TestApp, ben: &Browser<'_>) -> String {
    let id = tab(ben);
    let found = shop.app.store.read(|db| tabs::by_id(db, id, Currency::Eur)).await.expect("read");
    found.expect("a tab").tab.credit.to_decimal()
}

#[tokio::test]
async fn a_transfer_with_its_reference_pays_the_tab() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let (charge, reference) = begun(&mut ben, &shop).await;
    let mut olu = shop.olu().await;
    let file = camt(&[("B-1", "1.50", &format!("MERCI {reference}")), ("B-2", "9.00", "loyer")]);
    let (place, page) = brought(&mut olu, file.as_bytes()).await;
    let page = page.text();
    assert!(page.contains("Goes to its tab") && page.contains(&tab(&ben).to_string()), "{page}");
    assert!(page.contains("Names no payment") && page.contains("loyer"), "{page}");
    assert_eq!(owes(&mut ben).await, "1.50", "looking takes nothing in");
    let done = olu.post(&place, &[]).await;
    let desk = olu.get(&done.location()).await.text();
    assert!(desk.contains("One credit went to its tab. One waits for you."), "{desk}");
    assert_eq!(owes(&mut ben).await, "0.00");
    let settled = ben.get(&format!("/tab/charges/{}", charge.id)).await;
    assert_eq!(settled.location(), format!("/tab/settled/{}", charge.id));
    assert_eq!(olu.get(&place).await.status, StatusCode::NOT_FOUND, "it was taken in");
    let again = taken(&mut olu, file.as_bytes()).await;
    assert!(again.contains("2 were known already"), "{again}");
    assert_eq!(credit(&shop, &ben).await, "0.000000");
    olu.language = "fr";
    let french = olu.get("/desk/bank").await.text();
    assert!(
        french.contains("Encaissements qui vous attendent") && french.contains("9,00\u{a0}€"),
        "{french}"
    );
}

#[tokio::test]
async fn whatever_amount_comes_is_received() {
    for (amount, owed, left) in
        [("0.50", "1.50", "0.50"), ("1.50", "0.50", "0.50"), ("5.00", "0.00", "3.00")]
    {
        let shop = shop();
        let mut ben = ben(&shop, 100).await;
        let (zoe, _) = shop.author("Zoe").await;
        ben.tap(&shop.article(zoe, "Tides", 100).await).await;
        let (charge, reference) = begun(&mut ben, &shop).await;
        assert_eq!(take(&shop, &camt(&[("B-1", amount, &reference)])).await, (1, 0, 0));
        let settled = stored(&shop, charge.id).await.expect("kept");
        assert_eq!(settled.state, State::Settled, "{amount}");
        assert_eq!(owes(&mut ben).await, owed, "{amount}: whole lines are paid, the oldest first");
        assert_eq!(credit(&shop, &ben).await, format!("{left}0000"), "{amount}");
    }
}

#[tokio::test]
async fn a_second_transfer_for_one_payment_is_credit() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let (_, reference) = begun(&mut ben, &shop).await;
    let file = camt(&[("B-1", "1.50", &reference), ("B-2", "1.50", &reference)]);
    assert_eq!(take(&shop, &file).await, (2, 0, 0));
    assert_eq!(
        (owes(&mut ben).await.as_str(), credit(&shop, &ben).await.as_str()),
        ("0.00", "1.500000")
    );
    let third = camt(&[("B-2", "1.50", &reference), ("B-3", "0.50", &reference)]);
    assert_eq!(take(&shop, &third).await, (1, 0, 1));
    assert_eq!(credit(&shop, &ben).await, "2.000000");
}

#[tokio::test]
async fn a_transfer_that_comes_after_its_time_counts_all_the_same() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let (charge, reference) = begun(&mut ben, &shop).await;
    shop.pass_days(8);
    ardoise::rails::worker::work_off(&shop.app).await.expect("asked");
    assert_eq!(stored(&shop, charge.id).await.expect("kept").state, State::Abandoned);
    assert_eq!(take(&shop, &camt(&[("B-1", "1.50", &reference)])).await, (1, 0, 0));
    assert_eq!(owes(&mut ben).await, "0.00");
    assert_eq!(stored(&shop, charge.id).await.expect("kept").state, State::Settled);
}

#[tokio::test]
async fn statements_that_overlap_are_counted_once() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let (_, reference) = begun(&mut ben, &shop).await;
    let row = format!("23/11/2026;VIR {reference};1,50\n");
    let csv = |rows: usize| format!("Date;Libellé;Montant\n{}", row.repeat(rows));
    assert_eq!(take(&shop, &csv(1)).await, (1, 0, 0));
    assert_eq!(take(&shop, &csv(2)).await, (1, 0, 1), "two that are alike are two");
    assert_eq!(take(&shop, &csv(2)).await, (0, 0, 2));
    assert_eq!(credit(&shop, &ben).await, "1.500000");
    // The same credit in another kind of statement cannot be told from one that is new.
    let other = camt(&[("B-1", "1.50", &reference)]);
    assert_eq!(take(&shop, &other).await, (0, 1, 0));
    assert_eq!(credit(&shop, &ben).await, "1.500000");
}

#[tokio::test]
async fn a_credit_that_names_two_payments_waits() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let mut bob = shop.browser();
    let (zoe, _) = shop.author("Zoe").await;
    bob.tap(&shop.article(zoe, "Tides", 100).await).await;
    let ((_, first), (_, second)) = (begun(&mut ben, &shop).await, begun(&mut bob, &shop).await);
    let file = camt(&[("B-1", "2.50", &format!("{first} et {second}"))]);
    let mut olu = shop.olu().await;
    let (_, page) = brought(&mut olu, file.as_bytes()).await;
    assert!(page.text().contains("Names several payments"), "{}", page.text());
    assert_eq!(take(&shop, &file).await, (0, 1, 0));
    assert_eq!((owes(&mut ben).await.as_str(), owes(&mut bob).await.as_str()), ("1.50", "1.00"));
}

#[tokio::test]
async fn the_operator_puts_what_waits_on_a_tab_or_aside() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let named = format!("pour {}", tab(&ben).to_string().to_uppercase().replace('_', " "));
    let mut olu = shop.olu().await;
    let desk =
        taken(&mut olu, camt(&[("B-1", "1.50", &named), ("B-2", "3.00", "loyer")]).as_bytes())
            .await;
    assert!(desk.contains(&format!("value=\"{}\"", tab(&ben))), "the tab is proposed: {desk}");
    let entry = |at: usize| {
        let rest = desk.split("action=\"/desk/bank/entries/").nth(at).expect("a form");
        rest.split('/').next().expect("an id").to_owned()
    };
    // Each has a form for the tab and one to put it aside; those of one day are in the order of their ids.
    let [first, second] = [entry(1), entry(3)];
    let (ours, other) =
        if desk.find(&named) < desk.find("loyer") { (first, second) } else { (second, first) };
    let put = format!("/desk/bank/entries/{ours}/tab");
    for wrong in ["", "tab_0000000000001", "ben"] {
        let refused = olu.post(&put, &[("tab", wrong)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let id = tab(&ben).to_string();
    let (mut one, mut two) = (olu.clone(), olu.clone());
    let fields = [("tab", id.as_str())];
    let (first, second) = tokio::join!(one.post(&put, &fields), two.post(&put, &fields));
    assert_eq!((first.status, second.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    assert_eq!(
        (owes(&mut ben).await.as_str(), credit(&shop, &ben).await.as_str()),
        ("0.00", "0.000000")
    );
    let mut bob = shop.browser();
    let (zoe, _) = shop.author("Zoe").await;
    bob.tap(&shop.article(zoe, "Tides", 100).await).await;
    let elsewhere = olu.post(&put, &[("tab", &tab(&bob).to_string())]).await;
    assert_eq!(elsewhere.status, StatusCode::CONFLICT, "{}", elsewhere.text());
    let aside = format!("/desk/bank/entries/{other}/aside");
    assert_eq!(olu.post(&aside, &[("aside", "yes")]).await.status, StatusCode::SEE_OTHER);
    let desk = olu.get("/desk/bank").await.text();
    assert!(desk.contains("<summary>Put aside") && !desk.contains(&put), "{desk}");
    assert_eq!(olu.post(&aside, &[("aside", "no")]).await.status, StatusCode::SEE_OTHER);
    let refused = olu.post(&format!("/desk/bank/entries/{ours}/aside"), &[]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "what is on a tab is not put aside");
    let row = shop
        .app
        .store
        .read(|db| bank::by_id(db, ours.parse().expect("an id")))
        .await
        .expect("read");
    assert_eq!(
        row.expect("kept").said,
        "",
        "what was written is kept only as long as it is needed"
    );
}

#[tokio::test]
async fn columns_that_nobody_knows_are_asked_for() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let (_, reference) = begun(&mut ben, &shop).await;
    let file = format!("Quand;Qui;Combien;\u{e9}tat\n23/11/2026;{reference};1,50;=1+1\n");
    let file: Vec<u8> = file.chars().map(|c| c as u8).collect();
    let mut olu = shop.olu().await;
    let (place, page) = brought(&mut olu, &file).await;
    assert!(
        page.text().contains("Say which columns") && page.text().contains("état"),
        "{}",
        page.text()
    );
    let refused = olu.post(&place, &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing is guessed");
    let page = olu.get(&format!("{place}?day=0&amount=2")).await;
    assert!(page.text().contains("One credit goes to its tab"), "{}", page.text());
    let fields = [("day", page.hidden("day")), ("amount", page.hidden("amount"))];
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(olu.post(&place, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn what_is_no_statement_of_the_account_is_refused_and_named() {
    let shop = shop();
    let mut olu = shop.olu().await;
    let other = camt(&[]).replace(IBAN, "DE89370400440532013000");
    let bomb = "<!DOCTYPE d [<!ENTITY a \"ha\">]><Document/>";
    let odd = "Date;Nom;Montant\n23/11/2026;Ben;1,50\n11/23/2026;Bob;1,50\n";
    for (file, words) in [
        ("hello", "neither CAMT.053"),
        (bomb, "what no statement needs"),
        (other.as_str(), "another account"),
        (odd, "Booking or row 3"),
    ] {
        let (_, refused) = brought(&mut olu, file.as_bytes()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{file}");
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    let (_, refused) = brought(&mut olu, &vec![b'a'; (8 << 20) + 1]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let off = TestApp::open();
    let (_, refused) = brought(&mut off.olu().await, camt(&[]).as_bytes()).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "transfers are off");
}

#[tokio::test]
async fn an_import_stopped_anywhere_and_brought_again_is_counted_once() {
    for times in 0.. {
        let shop = shop();
        let mut ben = ben(&shop, 150).await;
        let (_, reference) = begun(&mut ben, &shop).await;
        let file = camt(&[
            ("B-1", "1.50", &reference),
            ("B-2", "0.50", &reference),
            ("B-3", "4.00", "loyer"),
        ]);
        let whole = take_in_file(&shop.app, file.as_bytes(), Chosen::default());
        let ended = stopped_after(times, whole).await;
        if times % 2 == 0 {
            // Nobody brings it again: the worker does the rest of what was written.
            ardoise::rails::worker::work_off(&shop.app).await.expect("asked");
            settle_placed(&shop.app).await.expect("settled");
        }
        let (placed, waiting, known) = take(&shop, &file).await;
        assert_eq!(placed + waiting + known, 3);
        assert_eq!(owes(&mut ben).await, "0.00", "stopped after {times}");
        assert_eq!(credit(&shop, &ben).await, "0.500000", "stopped after {times}");
        assert_eq!(take(&shop, &file).await, (0, 0, 3));
        assert_eq!(credit(&shop, &ben).await, "0.500000", "stopped after {times}");
        if ended {
            assert!(times > 3, "it was stopped in between");
            return;
        }
    }
}

#[tokio::test]
async fn two_who_bring_one_statement_at_the_same_time_count_it_once() {
    let shop = shop();
    let mut ben = ben(&shop, 150).await;
    let (_, reference) = begun(&mut ben, &shop).await;
    let file = camt(&[("B-1", "1.50", &reference), ("B-2", "0.50", &reference)]);
    let (one, two) = tokio::join!(take(&shop, &file), take(&shop, &file));
    assert_eq!((one.0 + two.0, one.2 + two.2), (2, 2));
    assert_eq!(
        (owes(&mut ben).await.as_str(), credit(&shop, &ben).await.as_str()),
        ("0.00", "0.500000")
    );
}

/// Numbers that may come next.
struct Dice(Chance);

impl Dice {
    fn below(&self, most: usize) -> usize {
        usize::try_from(u32::from_be_bytes(self.0.bytes())).expect("32 bits") % most
    }
}

/// Whatever comes, in whatever pieces, stopped wherever: the tabs have what the bank says, to the cent.
#[tokio::test]
async fn over_random_statements_the_tabs_have_what_came() {
    for seed in 0..12 {
        let dice = Dice(Chance::seeded(seed));
        let shop = shop();
        let (ada, _) = shop.ada().await;
        let mut readers = Vec::new();
        for at in 0..3 {
            let mut reader = shop.browser();
            reader.tap(&shop.article(ada, &format!("Night bus {at}"), 100 + 10 * at).await).await;
            let (_, reference) = begun(&mut reader, &shop).await;
            readers.push((reader, reference));
        }
        let credits: Vec<(String, usize, Option<usize>)> = (0..8)
            .map(|at| {
                (format!("B-{at}"), 1 + dice.below(300), Some(dice.below(4)).filter(|who| *who < 3))
            })
            .collect();
        for _ in 0..6 {
            let (from, count) = (dice.below(8), 1 + dice.below(8));
            statement_taken(&shop, &dice, credits.iter().skip(from).take(count), &readers).await;
        }
        statement_taken(&shop, &Dice(Chance::seeded(99)), credits.iter(), &readers).await;
        settle_placed(&shop.app).await.expect("settled");
        let mut came: BTreeMap<usize, usize> = BTreeMap::new();
        for (_, cents, who) in &credits {
            came.entry(who.unwrap_or(3)).and_modify(|sum| *sum += cents).or_insert(*cents);
        }
        for (at, (reader, _)) in readers.iter().enumerate() {
            let id = tab(reader);
            let found =
                shop.app.store.read(|db| tabs::by_id(db, id, Currency::Eur)).await.expect("read");
            let tab = found.expect("a tab").tab;
            let lines =
                Money::from_cents(100 + 10 * i64::try_from(at).expect("small"), Currency::Eur)
                    .expect("an amount");
            let paid = lines.checked_sub(tab.open).expect("no more than the line");
            let sum = paid.checked_add(tab.credit).expect("small");
            let cents = i64::try_from(came.get(&at).copied().unwrap_or(0)).expect("small");
            assert_eq!(
                sum,
                Money::from_cents(cents, Currency::Eur).expect("an amount"),
                "seed {seed}, reader {at}"
            );
        }
    }
}

async fn statement_taken<'a>(
    shop: &TestApp,
    dice: &Dice,
    credits: impl Iterator<Item = &'a (String, usize, Option<usize>)>,
    readers: &[(Browser<'_>, String)],
) {
    let rows: Vec<(String, String, String)> = credits
        .map(|(called, cents, who)| {
            let said = who.map_or("loyer", |who| readers[who].1.as_str());
            (called.clone(), format!("{}.{:02}", cents / 100, cents % 100), said.to_owned())
        })
        .collect();
    let rows: Vec<Came<'_>> =
        rows.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    let file = camt(&rows);
    let whole = take_in_file(&shop.app, file.as_bytes(), Chosen::default());
    stopped_after(dice.below(60) + if dice.below(4) == 0 { 10_000 } else { 0 }, whole).await;
}

/// Transfers: nobody is asked, and what the bank says stands in the store.
pub struct TransferBench(TestApp);

impl Bench for TransferBench {
    async fn open() -> Self {
        let settings = [
            ("transfer.iban", IBAN),
            ("transfer.name", "La Fabrique"),
            ("transfer.minimum", "0.10"),
        ];
        Self(TestApp::with(&settings))
    }

    fn shop(&self) -> &TestApp {
        &self.0
    }

    fn name(&self) -> &'static str {
        "transfer"
    }

    /// The statement was read, and nothing followed from it yet.
    async fn agree(&self, charge: &Stored) {
        let entry = Entry {
            id: BankEntryId::from_bytes(charge.id.bytes()),
            source: "camt",
            booked_on: charge.begun_at,
            amount: charge.amount,
            reference: charge.reference.clone(),
            said: String::new(),
        };
        let place = Place { tab: charge.tab, settlement: charge.id };
        let now = self.0.app.now();
        let write = move |db: &dyn Db| bank::insert(db, &entry, Some(place), now);
        assert!(self.0.app.store.write(write).await.expect("written"));
    }

    async fn refuse(&self, _: &Stored) {
        unreachable!("a bank says nothing of what does not come");
    }

    async fn lose_answers(&self, _: bool) {
        unreachable!("nobody answers");
    }

    async fn lie(&self, _: &Stored, _: Money) {
        unreachable!("any amount may come");
    }

    async fn orders_and_captures(&self) -> (usize, usize) {
        let read =
            self.0.app.store.read(|db| tabs::page(db, TabId::from_raw(0), 10, Currency::Eur));
        let settled = read.await.expect("read").iter().map(|tab| tab.settlements).sum::<u32>();
        (1, settled as usize)
    }

    async fn message(&self, _: Option<&Stored>, _: bool, _: i64) -> Message {
        Message { headers: Vec::new(), body: "paid".into() }
    }
}

crate::rail_contract::contract! { by_transfer: crate::bank::TransferBench;
    beginning_twice_is_one_charge
    a_reader_who_does_not_come_back_is_asked_about
    what_the_reader_brings_back_proves_nothing
}

#[tokio::test]
async fn nobody_tells_of_a_transfer_by_a_message() {
    let bench = TransferBench::open().await;
    let message = bench.message(None, true, 0).await;
    let answer = crate::rail_contract::send(bench.shop(), "transfer", &message).await;
    assert_eq!(answer.json()["code"], "rail.forged", "{}", answer.text());
}

#[test]
fn a_statement_is_read_from_the_command_line_too() {
    let program = Program::with_shop();
    let set = [("ARDOISE_TRANSFER_IBAN", IBAN), ("ARDOISE_TRANSFER_NAME", "La Fabrique")];
    let run = |words: &[&str]| {
        let mut command = program.command(words);
        command.envs(set);
        let ran = command.output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ran.status.code(), text(&ran.stdout) + &text(&ran.stderr))
    };
    std::fs::write(program.path("a.xml"), camt(&[("B-1", "9.00", "loyer")])).expect("written");
    std::fs::write(program.path("a.csv"), "Quand;Combien\n20/11/2026;3,00\n").expect("written");
    let (code, out) = run(&["import-bank", "a.xml"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(
        out.contains("names no payment  loyer") && out.contains("Nothing was taken in"),
        "{out}"
    );
    for known in [
        "0 went to their tabs, 1 wait at the desk, 0 were known",
        "0 wait at the desk, 1 were known",
    ] {
        let (_, out) = run(&["import-bank", "a.xml", "--confirm"]);
        assert!(out.contains(known), "{out}");
    }
    let (code, out) = run(&["import-bank", "a.csv", "--confirm"]);
    assert!(code == Some(1) && out.contains("--day and --amount"), "{out}");
    let (_, out) = run(&["import-bank", "a.csv", "--day", "1", "--amount", "2", "--confirm"]);
    assert!(out.contains("1 wait at the desk"), "{out}");
    let (code, out) = run(&["import-bank", "none.xml"]);
    assert!(code == Some(1) && out.contains("none.xml"), "{out}");
    program.run(&["check-books"]).well();
}
