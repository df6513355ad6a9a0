//! Olu keeps the shop from the command line, while it is open and while it is not.

use crate::program::{Program, post};
use ardoise::bench::{Seed, Seeded, seed};
use std::fs;

/// A shop with works of 24 cents by `Author 0`, of which 20 are the author's.
fn stocked() -> (Program, Seeded) {
    stock(Program::new())
}

/// The same, in the folder of a program.
pub fn stock(program: Program) -> (Program, Seeded) {
    fs::create_dir(program.path("data")).expect("a folder");
    let what = Seed { works: 4, authors: 1, tabs: 0, price_micros: 240_000 };
    let seeded = seed(&program.store(), &program.path("data"), &what).expect("filled");
    (program, seeded)
}

/// The link in what a command printed.
fn link(out: &str) -> &str {
    out.split_whitespace().find(|word| word.starts_with("http://")).expect("a link")
}

#[test]
fn every_command_says_what_it_does_and_shows_how() {
    let program = Program::new();
    let help = program.run(&["--help"]).well();
    for command in [
        "serve",
        "invite",
        "settle",
        "import-bank",
        "vouchers",
        "refund",
        "reopen-tab",
        "pay-out",
        "check-books",
        "verify",
        "settings",
        "move-store",
    ] {
        assert!(help.contains(&format!("  {command} ")), "{command} is not in {help}");
        let help = program.run(&[command, "--help"]).well();
        assert!(help.contains("Examples:\n  "), "{help}");
        assert!(help.contains(&format!("ardoise {command}")), "{help}");
    }
}

#[test]
fn a_slip_of_the_fingers_is_met_with_the_nearest_word() {
    let program = Program::new();
    assert!(program.run(&["check-book"]).refused(2).contains("check-books"));
    assert!(program.run(&["serve", "--lisen", "x"]).refused(2).contains("--listen"));
    let misplaced = program.run(&["--url", "http://x.example", "check-books"]).refused(2);
    assert!(misplaced.contains("ardoise serve"), "{misplaced}");
    let refused = program.run(&["settle", "tab_0000000000001"]).refused(2);
    assert!(refused.contains("--received <AMOUNT>"), "{refused}");
}

#[test]
fn whoever_reads_what_is_printed_may_go_away() {
    let program = Program::with_shop();
    for words in [["settings"], ["doctor"], ["check-books"]] {
        let mut child =
            program.command(&words).stdout(std::process::Stdio::piped()).spawn().expect("starts");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("ended").code(), Some(0), "{words:?}");
    }
}

#[test]
fn a_command_without_a_shop_says_so_and_makes_none() {
    let program = Program::new();
    let id = "tab_0000000000001";
    let commands: [&[&str]; 6] = [
        &["invite", "author", "Ada"],
        &["refund", id],
        &["reopen-tab", id],
        &["settle", id, "--received", "1"],
        &["pay-out", "Ada", "--amount", "1"],
        &["check-books"],
    ];
    for command in commands {
        let refused = program.run(command).refused(1);
        assert!(refused.contains("there is no shop"), "{refused}");
    }
    assert!(!program.path("data").exists());
}

#[test]
fn a_new_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::with_shop();
    let mode = fs::metadata(program.path("data")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn only_the_newest_start_lets_the_operator_in_and_only_until_they_are() {
    let program = Program::new();
    let first = program.serve();
    let [old] = first.links()[..] else { panic!("one link in {}", first.greeting) };
    let old = old.replace(&first.url, "");
    drop(first);
    let second = program.serve();
    let [new] = second.links()[..] else { panic!("one link in {}", second.greeting) };
    assert_eq!(post(&format!("{}{old}", second.url), &[], "").await.status().as_u16(), 410);
    second.enter(new).await;
    drop(second);
    let third = program.serve();
    assert_eq!(third.links(), Vec::<&str>::new());
    assert!(third.greeting.contains("ardoise invite operator"), "{}", third.greeting);
    // The link of a command works beside it.
    let made = program.run(&["invite", "operator"]).well();
    third.enter(link(&made)).await;
}

#[tokio::test]
async fn a_known_author_gets_a_new_link_to_the_same_account() {
    let program = Program::with_shop();
    let shop = program.serve();
    let made = program.run(&["invite", "author", "Ada Belkacem"]).well();
    assert!(made.contains("Ada Belkacem is a new author"), "{made}");
    let again = program.run(&["invite", "author", "Ada Belkacem"]).well();
    assert!(again.contains("is known here (aut_"), "{again}");
    for out in [&made, &again] {
        assert!(out.contains(&shop.url), "{out} leads to the open shop");
        assert_eq!(post(link(out), &[], "").await.status().as_u16(), 303);
        assert_eq!(post(link(out), &[], "").await.status().as_u16(), 410, "a link works once");
    }
    let id = again.split(['(', ')']).nth(1).expect("an id");
    assert!(program.run(&["invite", "author", id]).well().contains("Ada Belkacem is known here"));
    assert!(program.run(&["invite", "author", "ada belkacem"]).well().contains("new author"));
    assert!(program.run(&["invite", "author", " \n "]).refused(1).contains("characters"));
}

#[tokio::test]
async fn money_that_arrived_pays_the_oldest_lines_beside_the_open_shop() {
    let (program, seeded) = stocked();
    let shop = program.serve();
    let mut ben = shop.reader().await;
    for slug in &seeded.slugs[..2] {
        assert_eq!(ben.tap(slug).await, 200);
    }
    let tab = ben.tab().to_owned();
    let id = "0190b5a4-7c1e-7d3f-9a2b-0123456789ab";
    let capitals = tab.to_uppercase();
    let words = ["settle", &capitals, "--received", "0,30", "--reference", "SEPA 1", "--id", id];
    let out = program.run(&words).well();
    assert!(out.contains("Received 0.30 EUR for tab_"), "{out}");
    assert!(out.contains("0.24 EUR  Work 0") && !out.contains("Work 1"), "{out}");
    assert!(out.contains("0.18 EUR is left"), "{out}");
    let again = program.run(&words).well();
    assert!(again.contains("received before") && again.contains("0.18 EUR is left"), "{again}");
    let other = program.run(&["settle", &tab, "--received", "0.01", "--id", id]).refused(1);
    assert!(other.contains("used before"), "{other}");
    let more = program.run(&["settle", &tab, "--received", "0.19"]).refused(1);
    assert!(more.contains("more than the tab owes") && more.contains("€0.18"), "{more}");
    assert!(ben.get("/tab").await.contains("€0.18"));
    drop(shop);
    // The same while it is closed, in cash.
    let rest = program.run(&["settle", &tab, "--received", "0.18", "--rail", "cash"]).well();
    assert!(rest.contains("Work 1") && rest.contains("0.00 EUR is left"), "{rest}");
    program.run(&["check-books"]).well();
    let nobody = program.run(&["settle", "tab_0000000000001", "--received", "1"]).refused(1);
    assert!(nobody.contains("no tab tab_0000000000001"), "{nobody}");
    assert!(program.run(&["settle", "Ben", "--received", "1"]).refused(1).contains("not a tab"));
    assert!(program.run(&["settle", &tab, "--received", "much"]).refused(1).contains("0.20"));
}

#[tokio::test]
async fn a_line_is_taken_back_and_what_was_paid_for_it_given_back_once() {
    let (program, seeded) = stocked();
    let shop = program.serve();
    let mut ben = shop.reader().await;
    ben.tap(&seeded.slugs[0]).await;
    let (tab, page) = (ben.tab().to_owned(), ben.get("/tab").await);
    let line = page.split("/lines/").nth(1).and_then(|rest| rest.split('/').next());
    let line = line.expect("an undo");
    program.run(&["settle", &tab, "--received", "0.24"]).well();
    let nothing = program.run(&["refund", &tab, "--by-hand"]).refused(1);
    assert!(nothing.contains("€0.00 can be given back"), "{nothing}");
    let by_hand = program.run(&["refund", &tab, "--line", line, "--send"]).refused(1);
    assert!(by_hand.contains("cannot send money back"), "{by_hand}");
    let taken = program.run(&["refund", &tab, "--line", line]).well();
    assert!(taken.contains("0.24 EUR stays credit"), "{taken}");
    let id = "0190b5a4-7c1e-7d3f-9a2b-0123456789ab";
    let words =
        ["refund", &tab, "--amount", "0,14", "--by-hand", "--reference", "SEPA 2", "--id", id];
    for _ in 0..2 {
        let sent = program.run(&words).well();
        assert!(sent.contains("sent 0.14 EUR back") && sent.contains("0.10 EUR stays"), "{sent}");
    }
    let more = program.run(&["refund", &tab, "--amount", "0.11", "--by-hand"]).refused(1);
    assert!(more.contains("€0.10 can be given back"), "{more}");
    program.run(&["check-books"]).well();
}

#[tokio::test]
async fn a_tab_that_a_dispute_has_closed_is_opened_again_once() {
    let (program, seeded) = stocked();
    let tab = {
        let shop = program.serve();
        let mut ben = shop.reader().await;
        ben.tap(&seeded.slugs[0]).await;
        ben.tab().to_owned()
    };
    let nobody = program.run(&["reopen-tab", "tab_0000000000001"]).refused(1);
    assert!(nobody.contains("no tab tab_0000000000001"), "{nobody}");
    assert!(program.run(&["reopen-tab", &tab]).well().contains("was open already"));
    program.meddle("update tab set disputes_lost = 1");
    assert!(program.run(&["reopen-tab", &tab]).well().contains("is open again"));
    assert!(program.run(&["reopen-tab", &tab]).well().contains("was open already"));
    program.run(&["check-books"]).well();
}

#[tokio::test]
async fn money_sent_to_an_author_is_paid_out_once() {
    let (program, seeded) = stocked();
    let shop = program.serve();
    let mut ben = shop.reader().await;
    ben.tap(&seeded.slugs[0]).await;
    let early = program.run(&["pay-out", "Author 0", "--amount", "0.20"]).refused(1);
    assert!(early.contains("€0.00 can be paid out"), "{early}");
    program.run(&["settle", ben.tab(), "--received", "0.24"]).well();
    let out = program.run(&["pay-out", "Author 0", "--amount", "0.15"]).well();
    assert!(out.contains("Paid 0.15 EUR out to Author 0"), "{out}");
    assert!(out.contains("0.05 EUR stays available"), "{out}");
    let id = out.split_whitespace().find(|word| word.starts_with("pay_")).expect("an id");
    let id = id.trim_end_matches('.');
    let again = program.run(&["pay-out", "Author 0", "--amount", "0.15", "--id", id]).well();
    assert!(again.contains("nothing new happened"), "{again}");
    assert!(again.contains("0.05 EUR stays available"), "{again}");
    let other = program.run(&["pay-out", "Author 0", "--amount", "0.05", "--id", id]).refused(1);
    assert!(other.contains("used before"), "{other}");
    assert!(program.run(&["pay-out", "Nobody", "--amount", "1"]).refused(1).contains("Nobody"));
    program.run(&["check-books"]).well();
}

#[tokio::test]
async fn authors_are_sent_theirs_by_a_rail_one_by_one_or_all_at_once() {
    let (program, seeded) = stocked();
    let shop = program.serve();
    let mut ben = shop.reader().await;
    ben.tap(&seeded.slugs[0]).await;
    program.run(&["settle", ben.tab(), "--received", "0.24"]).well();
    let by = ["pay-out", "Author 0", "--by", "sandbox"];
    assert!(program.run(&by).refused(1).contains("has not said where"));
    program.meddle(
        "insert into payout_address (author_id, rail, address, given_at) \
         select id, 2, 'ada@author.example', 0 from author where name = 'Author 0'",
    );
    let part = [&by[..], &["--amount", "0.05"]].concat();
    let sent = program.run(&part).well();
    assert!(sent.contains("Sent 0.05 EUR") && sent.contains("0.15 EUR stays"), "{sent}");
    let id = sent.split_whitespace().find(|word| word.starts_with("pay_")).expect("an id");
    let again = [&part[..], &["--id", id.trim_end_matches('.')]].concat();
    assert!(program.run(&again).well().contains("0.15 EUR stays"), "once");
    let all = ["pay-out", "--all", "--by", "sandbox"];
    assert!(program.run(&all).well().contains("at least 10.00 EUR"), "it is too little");
    let mut enough = program.command(&all);
    let ran = enough.env("ARDOISE_PAYOUT_MINIMUM", "0.10").output().expect("it runs");
    let said = String::from_utf8(ran.stdout).expect("words");
    assert!(said.contains("Author 0:") && said.contains("Sent 0.15 EUR"), "{said}");
    assert!(!said.contains("author.example"), "{said}");
    assert!(program.run(&["pay-out", "--all", "--by", "pigeon"]).refused(1).contains("this way"));
    program.run(&["check-books"]).well();
}

#[tokio::test]
async fn broken_books_are_told_and_nothing_is_mended() {
    let (program, seeded) = stocked();
    let shop = program.serve();
    shop.reader().await.tap(&seeded.slugs[0]).await;
    let sound = program.run(&["check-books"]).well();
    assert!(sound.contains("The books balance"), "{sound}");
    drop(shop);
    program.meddle("update tab set open_micros = open_micros + 1");
    for _ in 0..2 {
        let broken = program.run(&["check-books"]);
        assert_eq!(broken.code, 1, "{broken:?}");
        assert!(broken.out.contains("the open total of tab tab_"), "{broken:?}");
        assert!(broken.out.contains("do NOT balance"), "{broken:?}");
    }
}

#[tokio::test]
async fn a_receipt_is_verified_offline() {
    let (program, seeded) = stocked();
    let shop = program.serve();
    let mut ben = shop.reader().await;
    ben.tap(&seeded.slugs[0]).await;
    let receipt = ben.get("/receipts").await;
    let save = |name: &str, text: &str| fs::write(program.path(name), text).expect("written");
    save("receipt.json", &receipt);
    save("key.json", &ben.get("/.well-known/ardoise").await);
    drop(shop);
    let known = program.run(&["verify", "receipt.json", "--key", "key.json"]).well();
    assert!(known.contains("The shop signed it"), "{known}");
    assert!(known.contains("bought Work 0 for 0.240000 EUR"), "{known}");
    let unknown = program.run(&["verify", "receipt.json"]).well();
    assert!(unknown.contains("WHO signed it was not checked"), "{unknown}");
    save("changed.json", &receipt.replacen("0.240000", "0.140000", 1));
    let changed = program.run(&["verify", "changed.json"]).refused(1);
    assert!(changed.contains("changed.json is REFUSED"), "{changed}");
    let other = Program::with_shop();
    let key = other.serve().reader().await.get("/.well-known/ardoise").await;
    save("other.json", &key);
    let refused = program.run(&["verify", "receipt.json", "--key", "other.json"]).refused(1);
    assert!(refused.contains("another shop made it"), "{refused}");
    save("nonsense.json", "{}");
    for words in [["nonsense.json", "key.json"], ["receipt.json", "nonsense.json"]] {
        program.run(&["verify", words[0], "--key", words[1]]).refused(1);
    }
}

#[test]
fn settings_stand_in_the_data_folder_or_here_but_not_in_both() {
    let program = Program::new();
    let printed = program.run(&["settings"]).well();
    fs::write(program.path("ardoise.toml"), &printed).expect("written");
    assert!(program.run(&["settings"]).well().contains("with those of ardoise.toml"));
    fs::create_dir(program.path("data")).expect("a folder");
    fs::write(program.path("data/ardoise.toml"), "[shop]\nname = \"Chez Ada\"\n").expect("written");
    let two = program.run(&["settings"]).refused(1);
    assert!(two.contains("two files of settings"), "{two}");
    let named = program.run(&["settings", "--config", "data/ardoise.toml"]).well();
    assert!(named.contains("name = \"Chez Ada\""), "{named}");
    fs::remove_file(program.path("ardoise.toml")).expect("removed");
    assert!(program.run(&["settings"]).well().contains("Chez Ada"));
    fs::write(program.path("data/ardoise.toml"), "[tab]\nundo_minuts = 5\n").expect("written");
    let typo = program.run(&["serve"]).refused(1);
    assert!(typo.contains("`tab.undo_minutes`"), "{typo}");
    program.run(&["settings", "--config", "none.toml"]).refused(1);
}

#[test]
fn the_page_of_settings_is_what_the_program_prints() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let printed = Program::new().run(&["settings", "--markdown"]).well();
    assert_eq!(printed, fs::read_to_string(page).expect("docs/settings.md"));
}

#[test]
fn the_password_of_the_store_is_shown_nowhere() {
    let program = Program::embedded();
    fs::create_dir(program.path("data")).expect("a folder");
    // Nobody listens on port 1 of this machine; the second address cannot be read.
    for store in
        ["postgres://ada:hunter2@127.0.0.1:1/shop", "postgres://ada:hunter2@127.0.0.1:port/shop"]
    {
        let commands: [&[&str]; 6] = [
            &["settings"],
            &["serve"],
            &["doctor"],
            &["check-books"],
            &["invite", "operator"],
            &["backup", "x"],
        ];
        for words in commands {
            let output =
                program.command(words).env("ARDOISE_STORE", store).output().expect("starts");
            let said = [output.stdout, output.stderr]
                .map(|said| String::from_utf8(said).expect("UTF-8"))
                .concat();
            assert!(!said.contains("hunter2"), "{words:?}: {said}");
            assert!(
                said.contains("ada:***@127.0.0.1") || said.contains("does not answer"),
                "{words:?}: {said}"
            );
        }
    }
}
