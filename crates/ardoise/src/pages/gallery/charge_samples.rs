//! The page of a charge with made-up data.

use super::{Gallery, cents, page};
use crate::pages::charge::{ChargePage, ChargeView};
use crate::rails::port::{Answer, Fact, Question, Reason, Says};

fn scan_or_answer() -> ChargeView {
    let code = format!("creqA{}", "pWF0gaNhdGRwb3N0YWF4H2h0dHBz".repeat(9));
    let with = [("sats", "400".into()), ("mints", "https://mint.example".into())];
    ChargeView::ScanOrAnswer {
        says: Says::new("ecash-ask", with),
        picture: crate::links::qr::svg(&code).unwrap_or_default(),
        link: Some(format!("cashu:{code}")),
        code,
        questions: vec![Question::new("token", "ecash-token", Answer::Text)],
    }
}

fn questions() -> Vec<Question> {
    let kinds = [
        ("number", "phone-number", Answer::Telephone),
        ("otp", "phone-code", Answer::Code),
        ("code", "charge-code", Answer::Word),
        ("token", "charge-code", Answer::Text),
        ("turn_back", "phone-turn-back", Answer::TurnBack),
    ];
    let question = |(name, words, kind): (&str, &str, Answer)| {
        let wrong = Some("phone-code-wrong").filter(|_| kind == Answer::Code);
        Question::new(name, words, kind).again(wrong)
    };
    kinds.map(question).to_vec()
}

/// The page of a charge, as it may stand.
pub(super) fn add(gallery: &Gallery) {
    let locale = gallery.locale;
    let code = "lnbc1900n1pjqexample";
    let views = [
        ("follow", ChargeView::Follow { url: "https://pay.example/o/1".into() }),
        (
            "scan",
            ChargeView::Scan {
                picture: crate::links::qr::svg(code).expect("it is short"),
                code: code.into(),
                link: Some(format!("lightning:{code}")),
            },
        ),
        (
            "copy",
            ChargeView::Copy {
                picture: crate::links::qr::svg_named("BCD\n002\n1\nSCT", "").expect("it is short"),
                facts: ["name", "iban", "reference"]
                    .map(|fact| Fact {
                        words: format!("fact-{fact}"),
                        value: "FR76 3000 6000 0112 3456 7890 189".into(),
                    })
                    .to_vec(),
            },
        ),
        ("ask", ChargeView::Ask { questions: questions() }),
        ("scan-or-answer", scan_or_answer()),
        ("wait", ChargeView::Wait),
        ("doubt", ChargeView::InDoubt),
        ("under-way", ChargeView::UnderWay),
        ("over", ChargeView::Over { words: Reason::Funds.words() }),
        ("refused", ChargeView::Refused),
    ];
    for (name, view) in views {
        let page = page(locale, &locale.text("charge-title"), "/tab/charges/chg_1");
        let (charge, rail) = ("chg_1".into(), "rail-sandbox".into());
        let again = "/tab/settle".into();
        let amount = Some(cents(190));
        let shown = ChargePage { page, charge, amount, rail, view, again, own: true };
        gallery.add(&format!("charge-{name}"), &shown);
    }
}
