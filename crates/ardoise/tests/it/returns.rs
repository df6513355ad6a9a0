//! Money goes back, payments are disputed, lines are not paid in time: what Ben, Ada and Olu see of it.

use crate::shop::{Browser, TestApp, buy};
use ardoise::receipts::document::What;
use ardoise::receipts::verify::verify;
use ardoise::request::Claim;
use ardoise::store::books;
use ardoise::till::command::{
    Answer, Command, DisputeAsk, DisputeEndedAsk, Outcome, RefundAsk, RefundFailedAsk, SettleAsk,
    TabNow,
};
use ledger::{
    Account, AuthorId, Dispute, Excess, Money, RailNumber, Refund, RefundId, Settle, SettlementId,
    Shortfall, TabId, Verdict,
};

/// A rail that is neither the operator's nor the sandbox.
const RAIL: RailNumber = RailNumber(7);
/// What the rail calls the dispute of these stories.
const DISPUTE: &str = "dp_1Q2w3E";

fn tab_of(ben: &Browser<'_>) -> TabId {
    Claim::<TabId>::read(&ben.cookies["ardoise_tab"]).expect("a tab").id
}

fn cents(cents: i64) -> Money {
    Money::from_cents(cents, ledger::Currency::Eur).expect("small")
}

async fn ask(shop: &TestApp, command: Command) -> Outcome {
    shop.app.store.till().ask(command).await.expect("the till answers")
}

/// Money that a rail took in, whatever is owed.
async fn take_in(shop: &TestApp, tab: TabId, id: u8, received: i64) -> TabNow {
    let (id, nothing) = (SettlementId::from_bytes([id; 16]), cents(0));
    let settle = Settle { id, rail: RAIL, received: cents(received), rail_fee: nothing };
    let (excess, reference) = (Excess::Credited, "ch_1".to_owned());
    match ask(shop, Command::Settle(SettleAsk { tab, settle, excess, reference })).await {
        Ok(Answer::Settled { now, .. }) => now,
        other => panic!("{other:?}"),
    }
}

fn give_back(tab: TabId, of: u8, amount: i64) -> Command {
    let (id, settlement) = (RefundId::from_bytes([9; 16]), SettlementId::from_bytes([of; 16]));
    let refund = Refund { id, settlement, rail: RAIL, amount: cents(amount) };
    let shortfall = Shortfall::Refused;
    Command::Refund(RefundAsk { tab, refund, shortfall, reference: "re_1".into() })
}

fn refund_fails(tab: TabId) -> Command {
    let refund = RefundId::from_bytes([9; 16]);
    Command::RefundFailed(RefundFailedAsk { tab, refund, reference: "account closed".into() })
}

fn dispute(tab: TabId, of: u8, amount: i64) -> Command {
    let settlement = SettlementId::from_bytes([of; 16]);
    let dispute = Dispute { settlement, rail: RAIL, amount: cents(amount), fee: cents(2_000) };
    Command::Dispute(DisputeAsk { tab, dispute, name: DISPUTE.into() })
}

fn end_dispute(tab: TabId, of: u8, verdict: Verdict) -> Command {
    let (settlement, name) = (SettlementId::from_bytes([of; 16]), DISPUTE.into());
    Command::DisputeEnded(DisputeEndedAsk { tab, settlement, name, verdict })
}

async fn balance(shop: &TestApp, account: Account) -> i128 {
    shop.app.store.read(|db| books::balance(db, account)).await.expect("read")
}

async fn pending_and_available(shop: &TestApp, author: AuthorId) -> (i128, i128) {
    let pending = balance(shop, Account::Pending(author)).await;
    (pending, balance(shop, Account::Available(author)).await)
}

async fn tapped(ben: &mut Browser<'_>, shop: &TestApp, slug: &str) -> serde_json::Value {
    let takes_html = std::mem::replace(&mut ben.html, false);
    let answer = buy(ben, slug, &shop.app.mint.purchase().to_string()).await.json();
    ben.html = takes_html;
    answer
}

#[tokio::test]
async fn money_beyond_what_is_owed_pays_what_comes_next_and_goes_back_once() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(ada, "Night bus", 20).await).await;
    let tab = tab_of(&ben);
    assert_eq!(take_in(&shop, tab, 1, 100).await.tab.credit, cents(80));
    assert!(ben.get("/tab").await.text().contains("Credit: €0.80"));
    ben.tap(&shop.article(ada, "Tides", 30).await).await;
    for again in [false, true] {
        let Ok(Answer::Refunded { again: found, now }) = ask(&shop, give_back(tab, 1, 50)).await
        else {
            panic!("it is given back");
        };
        assert_eq!((found, now.tab.credit), (again, cents(0)));
    }
    assert_eq!(balance(&shop, Account::Rail(RAIL)).await, 500_000);
    for again in [false, true] {
        let failed = ask(&shop, refund_fails(tab)).await;
        let Ok(Answer::RefundFailed { again: found, now }) = failed else {
            panic!("it is taken back");
        };
        assert_eq!((found, now.tab.credit), (again, cents(50)));
    }
    assert_eq!(balance(&shop, Account::Rail(RAIL)).await, 1_000_000);
    assert_eq!(pending_and_available(&shop, ada).await.0, 0);
}

#[tokio::test]
async fn a_tab_that_is_not_paid_in_time_is_closed_until_it_is_and_nothing_is_taken_away() {
    let shop = TestApp::open();
    let (ada, mut hers) = shop.ada().await;
    let (mut ben, mut olu) = (shop.browser(), shop.olu().await);
    let bus = shop.article(ada, "Night bus", 24).await;
    ben.tap(&bus).await;
    let tab = tab_of(&ben);
    shop.pass_days(49);
    shop.pass_minutes(-1);
    assert!(ask(&shop, Command::WriteOff(tab)).await.is_err(), "a minute too early");
    shop.pass_minutes(1);
    let earned = pending_and_available(&shop, ada).await;
    assert_eq!(earned, (200_000, 0));
    for lines in [1, 0] {
        let Ok(Answer::WrittenOff { lost, now }) = ask(&shop, Command::WriteOff(tab)).await else {
            panic!("it is written off");
        };
        assert_eq!((lost.len(), now.owed), (lines, cents(24)));
    }
    assert_eq!(pending_and_available(&shop, ada).await, (0, 0));
    let page = ben.get("/tab").await.text();
    assert!(page.contains(" · written off"), "{page}");
    assert!(page.contains("€0.24") && page.contains("/tab/settle"), "{page}");
    let tides = shop.article(ada, "Tides", 20).await;
    let refused = tapped(&mut ben, &shop, &tides).await;
    assert_eq!(
        (&refused["code"], &refused["owed"]["amount"]),
        (&"tab.closed".into(), &"0.240000".into())
    );
    ben.language = "fr";
    assert!(ben.get("/tab").await.text().contains("abandonné par le vendeur"));
    assert!(olu.get("/desk").await.text().contains("written off"));
    assert!(hers.get("/gains").await.status.is_success());
    ben.language = "en";
    let now = take_in(&shop, tab, 1, 24).await;
    assert_eq!((now.owed, now.tab.written_off), (cents(0), cents(0)));
    assert_eq!(pending_and_available(&shop, ada).await, (0, 200_000));
    assert_eq!(tapped(&mut ben, &shop, &tides).await["total"]["amount"], "0.200000");
}

#[tokio::test]
async fn a_line_that_was_written_off_can_be_undone_by_the_shop() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(ada, "Night bus", 24).await).await;
    let tab = tab_of(&ben);
    shop.pass_days(49);
    let Ok(Answer::WrittenOff { lost, .. }) = ask(&shop, Command::WriteOff(tab)).await else {
        panic!("it is written off");
    };
    let undone = ardoise::tabs::undo_by_shop(&shop.app, lost[0]).await.expect("undone");
    assert_eq!((undone.now.owed, undone.now.tab.is_closed()), (cents(0), false));
    assert_eq!(pending_and_available(&shop, ada).await, (0, 0));
}

#[tokio::test]
async fn a_disputed_tab_takes_nothing_new_until_the_dispute_is_won() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(ada, "Night bus", 24).await).await;
    let tab = tab_of(&ben);
    take_in(&shop, tab, 1, 24).await;
    assert!(ask(&shop, dispute(tab, 1, 24)).await.is_ok());
    assert_eq!(balance(&shop, Account::Disputes).await, 240_000);
    assert_eq!(balance(&shop, Account::Rail(RAIL)).await, -20_000_000);
    let tides = shop.article(ada, "Tides", 20).await;
    assert_eq!(tapped(&mut ben, &shop, &tides).await["code"], "tab.disputed");
    assert!(ben.get(&format!("/l/{tides}")).await.text().contains("disputed"));
    ben.language = "fr";
    assert!(ben.get("/tab").await.text().contains("contesté"));
    for again in [false, true] {
        let ended = ask(&shop, end_dispute(tab, 1, Verdict::Won)).await;
        assert!(matches!(ended, Ok(Answer::DisputeEnded { again: found, .. }) if found == again));
    }
    assert_eq!(balance(&shop, Account::Disputes).await, 0);
    // The rail has kept its fee, which the operator bears.
    assert_eq!(balance(&shop, Account::Rail(RAIL)).await, 240_000 - 20_000_000);
    assert_eq!(balance(&shop, Account::OperatorFees).await, -20_000_000);
    assert_eq!(tapped(&mut ben, &shop, &tides).await["total"]["amount"], "0.200000");
}

#[tokio::test]
async fn a_lost_dispute_is_borne_by_the_operator_and_closes_the_tab() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(ada, "Night bus", 24).await).await;
    let tab = tab_of(&ben);
    take_in(&shop, tab, 1, 24).await;
    ben.tap(&shop.article(ada, "Tides", 36).await).await;
    assert_eq!(pending_and_available(&shop, ada).await, (300_000, 200_000));
    assert!(ask(&shop, dispute(tab, 1, 24)).await.is_ok());
    let Ok(Answer::DisputeEnded { lost, now, .. }) =
        ask(&shop, end_dispute(tab, 1, Verdict::Lost)).await
    else {
        panic!("it has ended");
    };
    assert_eq!((lost.len(), now.owed), (1, cents(36)));
    // What was paid stays hers; what was open is gone.
    assert_eq!(pending_and_available(&shop, ada).await, (0, 200_000));
    assert_eq!(balance(&shop, Account::OperatorFees).await, -20_240_000);
    let third = shop.article(ada, "Third", 20).await;
    assert_eq!(tapped(&mut ben, &shop, &third).await["code"], "tab.closed");
    take_in(&shop, tab, 2, 36).await;
    assert_eq!(pending_and_available(&shop, ada).await, (0, 500_000));
    assert_eq!(tapped(&mut ben, &shop, &third).await["code"], "tab.closed_for_good");
    assert!(ben.get("/tab").await.text().contains("only the seller can open it again"));
}

#[tokio::test]
async fn a_way_to_pay_makes_room_on_a_new_tab() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(ada, "Night bus", 20).await).await;
    let tab = tab_of(&ben);
    let mut limits = Vec::new();
    for command in [Command::Bind(tab), Command::Bind(tab), Command::Unbind(tab)] {
        match ask(&shop, command).await {
            Ok(Answer::Bound { now }) => limits.push(now.limit),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(limits, [cents(600), cents(600), cents(200)]);
}

/// A tab on which all of it has happened.
async fn troubled(shop: &TestApp) -> Browser<'_> {
    let (ada, _) = shop.ada().await;
    let mut ben = shop.browser();
    ben.tap(&shop.article(ada, "Night bus", 24).await).await;
    let tab = tab_of(&ben);
    take_in(shop, tab, 1, 124).await;
    ben.tap(&shop.article(ada, "Tides", 150).await).await;
    for command in [give_back(tab, 1, 30), refund_fails(tab), dispute(tab, 1, 20)] {
        assert!(ask(shop, command.clone()).await.is_ok(), "{command:?}");
    }
    let lost = ask(shop, end_dispute(tab, 1, Verdict::Lost)).await;
    assert!(lost.is_ok(), "{lost:?}");
    ben
}

#[tokio::test]
async fn the_receipts_of_a_tab_tell_all_of_it_and_hold() {
    let shop = TestApp::open();
    let mut ben = troubled(&shop).await;
    let keys = shop.program().get("/.well-known/ardoise").await.text();
    let receipt = ben.get("/receipts").await.text();
    let document = verify(&receipt, Some(&keys)).expect("it holds").document;
    let told = |wanted: fn(&What) -> bool| {
        document.entries.iter().filter(|entry| wanted(&entry.what)).count()
    };
    assert_eq!(document.entries.len(), 8);
    for wanted in [
        |what: &What| matches!(what, What::Refunded(_)),
        |what: &What| matches!(what, What::Returned(_)),
        |what: &What| matches!(what, What::Disputed(_)),
        |what: &What| matches!(what, What::DisputeEnded(_)),
        |what: &What| matches!(what, What::WrittenOff(_)),
    ] {
        assert_eq!(told(wanted), 1);
    }
    let sums = document.sums.expect("sums");
    assert_eq!((sums.owed.amount.as_str(), sums.given_back), ("0.500000", None));
    let (tab, lost) = (tab_of(&ben), Command::WriteOff(tab_of(&ben)));
    assert!(
        matches!(ask(&shop, lost).await, Ok(Answer::WrittenOff { lost, .. }) if lost.is_empty())
    );
    take_in(&shop, tab, 2, 80).await;
    let refund = Refund {
        id: RefundId::from_bytes([8; 16]),
        settlement: SettlementId::from_bytes([2; 16]),
        rail: RAIL,
        amount: cents(30),
    };
    let (shortfall, reference) = (Shortfall::Refused, String::new());
    let given = Command::Refund(RefundAsk { tab, refund, shortfall, reference });
    assert!(ask(&shop, given).await.is_ok());
    let receipt = ben.get("/receipts").await.text();
    let sums = verify(&receipt, Some(&keys)).expect("it holds").document.sums.expect("sums");
    assert_eq!(sums.given_back.map(|amount| amount.amount).as_deref(), Some("0.300000"));
    for changed in [
        receipt.replace("\"won\": false", "\"won\": true"),
        receipt.replace("\"refunded\"", "\"settled\""),
    ] {
        assert_ne!(changed, receipt);
        assert!(verify(&changed, Some(&keys)).is_err());
    }
}

#[tokio::test]
async fn what_went_back_and_what_was_lost_only_grows() {
    let shop = TestApp::open();
    let _ben = troubled(&shop).await;
    for statement in [
        "update refund set micros = micros + 1",
        "delete from refund",
        "update refund_failure set reference = ''",
        "delete from refund_failure",
        "update dispute set fee_micros = 0",
        "delete from dispute",
        "update dispute_end set won = 1",
        "delete from dispute_end",
        "update write_off set written_off_at = 0",
        "delete from write_off",
    ] {
        let changed = shop.app.store.write(move |db| db.execute(statement, &[])).await;
        assert!(changed.is_err(), "{statement}");
    }
}
