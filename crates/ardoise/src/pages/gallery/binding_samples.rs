//! The pages about binding a way to pay, with made-up data.

use super::{Gallery, NOW, cents, page};
use crate::pages::Notice;
use crate::pages::binding::*;
use crate::pages::charge::{ChargePage, ChargeView};
use crate::pages::reader::TabPage;
use crate::rails::port::Reason;

pub(super) fn invitation(back: &str) -> Invitation {
    Invitation { limits: Some((cents(200), cents(600))), days: 2, back: back.into() }
}

fn card() -> BoundRail {
    BoundRail { name: "stripe", label: "Visa •••• 4242".into(), most: Some(cents(1_500)) }
}

fn failed(reason: Reason, again: bool) -> FailedCharge {
    FailedCharge { rail: "rail-stripe".into(), at: NOW, words: reason.away(), again }
}

/// A tab that is bound, and what was to be charged of it and was not.
pub(super) fn tabs(gallery: &Gallery, tab: &TabPage) {
    let mut bound = TabPage { limit: cents(600), left: cents(460), ..tab.clone() };
    bound.bound = vec![card()];
    bound.page.notice = Some(Notice::Bound);
    gallery.add("tab-bound", &bound);
    let unproven = TabPage { failed: Some(failed(Reason::Proof, false)), ..tab.clone() };
    gallery.add("tab-unproven", &unproven);
    let again = TabPage { failed: Some(failed(Reason::Funds, true)), ..bound };
    gallery.add("tab-tried", &again);
    let invited = TabPage { invitation: Some(invitation("/tab")), ..tab.clone() };
    gallery.add("tab-invited", &invited);
    let grown = Invitation { limits: None, days: 1, back: "/tab".into() };
    gallery.add("tab-invited-again", &TabPage { invitation: Some(grown), ..tab.clone() });
}

pub(super) fn add(gallery: &Gallery) {
    let locale = gallery.locale;
    let bind = BindPage {
        page: page(locale, &locale.text("bind-title"), "/tab/bind"),
        limits: Some((cents(200), cents(600))),
        days: 2,
        words: locale.text("bind-today").into_owned(),
        rails: vec![
            BindRail { name: "stripe", fake: false },
            BindRail { name: "paypal", fake: false },
            BindRail { name: "sandbox", fake: true },
        ],
        binding: "set_1".into(),
        bound: Vec::new(),
    };
    gallery.add("bind", &bind);
    gallery.add("bind-bound", &BindPage { bound: vec![card()], limits: None, ..bind.clone() });
    gallery.add("bind-none", &BindPage { rails: Vec::new(), ..bind });
    let views = [
        ("follow", ChargeView::Follow { url: "https://pay.example/o/1".into() }),
        ("doubt", ChargeView::InDoubt),
        ("over", ChargeView::Over { words: Reason::Cancelled.words() }),
        ("wait", ChargeView::Wait),
    ];
    for (name, view) in views {
        let page = page(locale, &locale.text("binding-title"), "/tab/charges/chg_1");
        let (charge, rail) = ("chg_1".into(), "rail-stripe".into());
        gallery.add(
            &format!("binding-{name}"),
            &ChargePage {
                page,
                charge,
                amount: None,
                rail,
                view,
                again: "/tab/bind".into(),
                own: true,
            },
        );
    }
}
