//! Statements of the bank with made-up data.

use super::{Gallery, NOW, cents, page};
use crate::pages::bank::*;
use crate::pages::{Locale, Page, Visitor};

pub(super) fn add(gallery: &Gallery) {
    bank(gallery);
    statement(gallery);
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
