//! A shop sells on books that are prepared to be spread over several machines. Here they stand on one, whose stand-ins for what
//! Citus does refuse what it would refuse; on a real cluster the stories are told by hand (docs/scaling.md).

use crate::engine::PrivateDatabase;
use crate::shop::{TestApp, buy};
use ardoise::desk::check_books;
use ardoise::store::Db;
use ardoise::tabs::{self, Received};
use ledger::{Currency, Excess, Money, RailNumber};

/// What Citus brings, as far as `docs/citus.sql` and the shop use it.
const STAND_INS: &str = "
    create table pg_dist_partition (logicalrelid regclass primary key, by text);
    create function create_reference_table(name text) returns void language sql as 'select';
    create function create_distributed_table(name text, by text, colocate_with text default 'default') returns void
    language plpgsql as $$
    declare refused text;
    begin
        select i.indexrelid::regclass into refused from pg_index i where i.indrelid = name::regclass and i.indisunique
            and not exists (select 1 from pg_attribute a where a.attrelid = i.indrelid and a.attname = by
                and a.attnum = any(i.indkey));
        if refused is not null then
            raise exception 'the key % of % lacks %', refused, name, by;
        end if;
        select conname into refused from pg_constraint where contype = 'f' and name::regclass in (conrelid, confrelid);
        if refused is not null then
            raise exception 'rows of % are bound to others that stand elsewhere: %', name, refused;
        end if;
        insert into pg_dist_partition values (name::regclass, by);
    end $$;";

/// A shop on such books, where the stories are told of a server.
fn shop() -> Option<TestApp> {
    let database = PrivateDatabase::with_a_store()?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/citus.sql");
    let script = std::fs::read_to_string(script).expect("the script");
    let connection = database.connect();
    let spread = "select to_regclass('pg_dist_partition') is not null";
    let db: &dyn Db = &connection.db;
    if db.number(spread, &[]).expect("asked") == 0 {
        connection.db.run_script(STAND_INS).expect("stand-ins");
        connection.db.run_script(&script).expect("spread");
    }
    drop(connection);
    Some(TestApp::in_store(database))
}

fn cents(cents: i64) -> Money {
    Money::from_cents(cents, Currency::Eur).expect("an amount")
}

#[tokio::test]
async fn everything_that_moves_money_works_on_books_that_are_spread() {
    let Some(shop) = shop() else { return };
    let other = shop.beside();
    let (ada, _) = shop.ada().await;
    let mut slugs = Vec::new();
    for number in 0..4 {
        slugs.push(shop.article(ada, &format!("Work {number}"), 20).await);
    }
    // Eight readers at once, each through both processes: their tabs are locked one by one.
    let readers = (0..8).map(async |_| {
        let (mut here, mut lines) = (shop.program(), Vec::new());
        for slug in &slugs {
            let purchase = shop.app.mint.purchase().to_string();
            let one = buy(&mut here, slug, &purchase).await.json();
            let mut there = other.program();
            there.cookies.clone_from(&here.cookies);
            let two = buy(&mut there, slug, &purchase).await.json();
            assert_eq!((&one["line"], &one["total"]), (&two["line"], &two["total"]));
            lines.push(one["line"].as_str().expect("a line").to_owned());
        }
        let undone = here.post(&format!("/lines/{}/undo", lines[0]), &[]).await;
        assert!(undone.status.is_success(), "{}", undone.text());
        (here, lines)
    });
    for (reader, lines) in futures_util::future::join_all(readers).await {
        let tab = reader.cookies["ardoise_tab"].split('.').next().and_then(|id| id.parse().ok());
        let (tab, line) = (tab.expect("a tab"), lines[1].parse().expect("a line"));
        // The shop finds a line without its tab.
        let undone = tabs::undo_by_shop(&shop.app, line).await.expect("undone");
        assert_eq!(undone.now.owed, cents(40));
        let received = Received {
            id: shop.app.mint.settlement(),
            rail: RailNumber(1),
            amount: cents(50),
            rail_fee: cents(2),
            reference: "by hand".into(),
            excess: Excess::Credited,
        };
        let (paid, now) = tabs::settle(&shop.app, tab, received).await.expect("settled");
        assert_eq!((paid, now.tab.credit), (2, cents(10)));
        // Paid from the credit, as far as that reaches.
        let mut reader = reader;
        let purchase = shop.app.mint.purchase().to_string();
        let bought = buy(&mut reader, &slugs[1], &purchase).await;
        assert_eq!(bought.json()["total"]["amount"], "0.100000", "{}", bought.text());
    }
    let report = check_books(&shop.app).await.expect("checked");
    assert!(report.balanced, "{:?}", report.findings);
}
