//! A rail that asks its reader on the shop's own page: their number, then the code that was sent there.

use crate::rail_contract::{again, begin, ben, owes};
use crate::shop::TestApp;
use ardoise::rails::SCRIPTED;
use ardoise::rails::port::{
    Answer, Asked, Begun, Charge, Fee, Next, OPEN_HOURS, Outcome, Question, Rail, RailError,
    Reason, Receipt, Terms,
};
use ardoise::store::charge::State;
use http::StatusCode;
use ledger::{Currency, Money};
use std::collections::BTreeMap;

/// A mobile operator without a network: the code is always 1234.
struct Phone(Terms);

fn asks(name: &str, kind: Answer) -> Next {
    Next::Ask { questions: vec![Question::new(name, "charge-code", kind)] }
}

impl Phone {
    fn new() -> Self {
        let euros = |text: &str| Money::parse(text, Currency::Eur).expect("an amount");
        Self(Terms {
            number: SCRIPTED.number,
            name: SCRIPTED.name,
            currencies: &[Currency::Eur],
            unit: euros("0.01"),
            minimum: euros("0.01"),
            maximum: None,
            fee: Fee::none(euros("0")),
            open_hours: OPEN_HOURS,
            amount_may_differ: false,
            charges_without_reader: false,
            binds_without_charge: false,
            refunds: false,
            payouts: None,
            is_fake: false,
            leads_to: Vec::new(),
        })
    }

    fn heard(&self, charge: &Charge, said: &BTreeMap<String, String>) -> Outcome {
        let number = said.get("number");
        match (charge.kept.as_str(), number, said.get("otp").map(String::as_str)) {
            ("", Some(number), _) => {
                let kept = Some(number.clone());
                Outcome::Asking { next: asks("otp", Answer::Code), kept }
            }
            ("", None, _) => Outcome::WAITING,
            (_, _, Some("1234")) => Outcome::Settled(Receipt {
                received: charge.amount,
                fee: self.0.fee.fixed,
                reference: charge.kept.clone(),
                mandate: None,
                email: None,
            }),
            (_, _, Some(_)) => Outcome::Declined(Reason::Proof),
            (_, _, None) => Outcome::WAITING,
        }
    }
}

impl Rail for Phone {
    fn terms(&self) -> &Terms {
        &self.0
    }

    fn begin<'a>(&'a self, _: &'a Charge) -> Asked<'a, Begun> {
        let next = asks("number", Answer::Telephone);
        Box::pin(async { Ok(Begun { next, reference: String::new(), kept: String::new() }) })
    }

    fn look<'a>(&'a self, _: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(async { Ok::<_, RailError>(Outcome::WAITING) })
    }

    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        said: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        Box::pin(async { Ok(self.heard(charge, said)) })
    }
}

#[tokio::test]
async fn a_reader_answers_one_question_after_the_other_and_the_tab_is_settled() {
    for (code, state, owed) in [("1234", State::Settled, "0.00"), ("4321", State::Declined, "0.20")]
    {
        let shop = TestApp::open().with_rail(Phone::new());
        let mut ben = ben(&shop).await;
        let (answer, charge) = begin(&mut ben, &shop, "scripted", shop.app.mint.settlement()).await;
        let charge = charge.expect("a charge");
        let page = ben.get(&answer.location()).await.text();
        assert!(page.contains("type=\"tel\"") && !page.contains("charge.js"), "{page}");
        let to = format!("/tab/charges/{}/return", charge.id);
        let answer = ben.post(&to, &[("number", "+33600000000")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let page = ben.get(&answer.location()).await.text();
        assert!(page.contains("one-time-code") && !page.contains("+33600000000"), "{page}");
        ben.post(&to, &[("otp", code)]).await;
        assert_eq!(again(&shop, &charge).await.state, state);
        assert_eq!(owes(&mut ben).await, owed);
    }
}
