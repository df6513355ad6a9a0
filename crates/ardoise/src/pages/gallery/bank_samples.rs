//! Statements of the bank, and vouchers, with made-up data.

use super::{Gallery, NOW, cents, page};
use crate::links::qr;
use crate::pages::bank::*;
use crate::pages::vouchers::*;
use crate::pages::{Locale, Page, Visitor};

pub(super) fn add(gallery: &Gallery) {
    bank(gallery);
    statement(gallery);
    vouchers(gallery);
    using(gallery);
}

fn own(locale: Locale, title: &str, path: &str) -> Page {
    let who = Visitor::Operator { sells: false };
    Page { who, meter: None, ..page(locale, &locale.text(title), path) }
}

fn bank(gallery: &Gallery) {
    let row = |at: u32, said: &str| CreditRow {
        entry: format!("entry{at}"),
        on: NOW.plus_days(-3),
        amount: cents(1_250),
        said: said.into(),
        tab: String::new(),
    };
    let shown = BankPage {
        page: own(gallery.locale, "bank-title", "/desk/bank"),
        iban: "FR76 3000 6000 0112 3456 7890 189".into(),
        done: Some(Done { placed: 12, waiting: 1, known: 3 }),
        waiting: vec![row(
            1,
            "VIR SEPA RECU /DE MME BENSALEM /MOTIF ARDOISE NOVEMBRE /REF NOTPROVIDED",
        )],
        aside: vec![row(2, "LOYER")],
    };
    gallery.add("bank", &shown);
    let quiet =
        BankPage { iban: String::new(), done: None, waiting: vec![], aside: vec![], ..shown };
    gallery.add("bank-off", &quiet);
}

fn statement(gallery: &Gallery) {
    let headings = ["Date comptable", "Libellé de l’opération", "Débit", "Crédit"];
    let all = headings.iter().enumerate();
    let all = all.map(|(at, heading)| Column { at, heading: (*heading).into() }).collect();
    let columns = Columns { all, day: Some(0), amount: Some(3) };
    let row = |verdict, tab: &str| JudgedRow {
        on: NOW.plus_days(-3),
        amount: cents(150),
        said: "VIR SEPA RECU /DE MME BENSALEM /MOTIF RF18 5390 0754 7034".into(),
        verdict,
        is_matched: !tab.is_empty(),
        tab: tab.into(),
    };
    let shown = StatementPage {
        page: own(gallery.locale, "statement-title", "/desk/bank/stm_1"),
        statement: "stm_1".into(),
        columns: Some(columns.clone()),
        counts: vec![
            Count { words: "statement-count-pays", count: 1 },
            Count { words: "statement-count-debits", count: 14 },
        ],
        credits: vec![
            row("statement-pays", "tab_01h2xcejqtf2n"),
            row("statement-unmatched", ""),
            row("statement-alike", ""),
        ],
        more: 3,
    };
    gallery.add("statement", &shown);
    let columns = Some(Columns { day: None, ..columns });
    gallery.add("statement-columns", &StatementPage { columns, ..shown });
}

fn vouchers(gallery: &Gallery) {
    let row = |state, left, is_usable| VoucherRow {
        voucher: "vch_01h2xcejqtf2n".into(),
        amount: cents(500),
        left: cents(left),
        printed_at: NOW,
        until: NOW.plus_days(730),
        state,
        is_usable,
    };
    let shown = VouchersPage {
        page: own(gallery.locale, "vouchers-title", "/desk/vouchers"),
        most: Some(cents(2_000)),
        count_most: 100,
        print: "vch_01h2xcejqtf2n".into(),
        outstanding: cents(850),
        vouchers: vec![
            row("voucher-state-fresh", 500, true),
            row("voucher-state-begun", 350, true),
            row("voucher-state-used", 0, false),
        ],
        more: None,
    };
    gallery.add("vouchers", &shown);
    gallery.add("vouchers-off", &VouchersPage { most: None, vouchers: vec![], ..shown });
    let address = "https://lafabrique.example/voucher/0123-4567-89AB-CDEF-GHJK";
    let card = Card {
        number: "vch_01h2xcejqtf2n".into(),
        amount: crate::pages::format::money(gallery.locale, cents(500)),
        code: "0123-4567-89AB-CDEF-GHJK".into(),
        picture: qr::svg_named(address, "").expect("it is short"),
        until: crate::pages::format::date(gallery.locale, NOW.plus_days(730), NOW),
    };
    let sheets = PrintPage {
        locale: gallery.locale,
        shop_name: "La Fabrique".into(),
        cards: vec![card; 12],
        is_file: false,
    };
    gallery.add("vouchers-print", &sheets);
    assert!(sheets.in_one_file().expect("it renders").contains("@page{size:A4"));
}

fn using(gallery: &Gallery) {
    let title = gallery.locale.text("voucher-title");
    let held = Held { left: cents(500), until: NOW.plus_days(730), pays: cents(150) };
    let shown = UsePage {
        page: page(gallery.locale, &title, "/voucher/0123-4567-89AB-CDEF-GHJK"),
        code: "0123-4567-89AB-CDEF-GHJK".into(),
        settlement: "set_1".into(),
        owed: cents(150),
        held: Some(held),
        why: "voucher-used-up",
    };
    gallery.add("voucher", &shown);
    gallery.add("voucher-over", &UsePage { held: None, ..shown.clone() });
    gallery.add("voucher-nothing-owed", &UsePage { owed: cents(0), ..shown });
}
