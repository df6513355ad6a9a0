//! The reader's mobile phone bill, by CAMARA's Carrier Billing API 0.5 and Carrier Billing Refund API 0.3 (release r3.2).
//!
//! # One charge
//!
//! [`begin`](Rail::begin) only makes sure that the operator knows the shop: the reader is then asked for their number, on the
//! shop's own page. In two steps the operator sets the amount aside (`prepare`), and has its subscriber agree: by a code
//! that they get by a message and tell the shop (`validate`), or on a page of its own. The shop then has it charged (`confirm`),
//! or lets it go when the reader turns back (`cancel`). In one step (`phone.steps`) saying the number is all.
//!
//! # Whose number it is
//!
//! Anybody can type anybody's number. In two steps nothing is ever confirmed that nobody was asked to agree to: an
//! operator that sets an amount aside and demands no proof is refused, since the shop would bill whoever owns the number. One step is
//! for operators who make sure by themselves; the setting says so on the operator's word.
//!
//! # The number is kept nowhere
//!
//! What is kept is a keyed hash of it. The operator tells the number of a payment that it knows, and wants to hear it when it
//! confirms: it is asked, compared with the hash, and told.
//!
//! # Twice is once, and lost answers
//!
//! The charge's id is `clientCorrelator` and `referenceCode`. Before the operator is asked, what it is asked is written down
//! ([`Rail::before`]): whom, and when. Where its answer is lost, its list of payments says whether it has one with the charge's
//! id; in five minutes it has, or never will. A payment that was found so is without what a code is sent with; the reader says
//! the number once more, and the operator repeats its answer. Before a code is sent it is written down that the reader may have
//! agreed; from then on, and not before, a payment that the operator has forgotten is in doubt.
//!
//! # How much
//!
//! A telephone operator may take money for others without a licence as long as a payment is at most €50, and the payments
//! of a subscriber are at most €300 in a month: Code monétaire et financier, article L. 521-3-1; directive (EU) 2015/2366,
//! article 3 (l). [`Terms::maximum`] has the first. The second is counted for each number by
//! [`answering`](super::answering), before the operator is asked.

mod giving_back;
mod kept;
mod number;
mod operator;
mod paying;
mod payment;
mod refusal;
pub mod settings;
mod sink;

use super::PHONE;
use super::port::{
    Answer, Asked, Before, Begun, Charge, Flaw, Heard, Message, Next, Note, OPEN_HOURS, Outcome,
    Payer, Question, Rail, RailError, Refund, Refunded, Terms, Thanks, Unheard,
};
use super::wire::Wire;
use crate::clock::Clock;
use futures_util::future::BoxFuture;
use http::StatusCode;
use kept::Kept;
use ledger::{Currency, Money};
use number::{Knows, Number};
use operator::Operator;
use settings::{PhoneSettings, Steps};
use std::collections::BTreeMap;

/// The names under which answers come.
const NUMBER: &str = "number";
/// See [`NUMBER`].
const CODE: &str = "otp";
/// See [`NUMBER`].
const TURN_BACK: &str = "turn_back";

/// The rail.
pub struct Phone {
    terms: Terms,
    steps: Steps,
    country: String,
    monthly: Money,
    knows: Knows,
    operator: Operator,
    clock: Clock,
}

impl Phone {
    /// The phone bill as the settings say, for a shop in `currency`. The operator sends word to `webhook`, if it can.
    pub fn new(
        settings: &PhoneSettings,
        currency: Currency,
        webhook: Option<String>,
        wire: Wire,
        clock: Clock,
    ) -> Self {
        Self {
            terms: terms(settings, currency),
            steps: settings.steps,
            country: settings.country.clone(),
            monthly: settings.monthly,
            knows: Knows::by(&settings.token.secret),
            operator: Operator::new(settings, webhook, wire, clock.clone()),
            clock,
        }
    }

    async fn begun(&self, charge: &Charge) -> Result<Begun, RailError> {
        self.operator.greet().await?;
        let reference = charge.id.to_string();
        Ok(Begun { next: ask_number(None), reference, kept: String::new() })
    }

    fn typed(&self, answers: &BTreeMap<String, String>) -> Option<Number> {
        Number::typed(answers.get(NUMBER)?, &self.country)
    }

    /// What is written before the operator is told an answer.
    fn note(&self, charge: &Charge, answers: &BTreeMap<String, String>) -> Option<Before> {
        let is_number = answers.contains_key(NUMBER);
        let is_code = answers.get(CODE).is_some_and(|code| !digits(code).is_empty());
        let Some(kept) = Kept::of(charge).ok()? else {
            let payer = self.knows.hash(&self.typed(answers)?);
            let kept = Kept::asked(payer, self.clock.now()).text();
            let payer = Payer { key: payer, monthly: self.monthly };
            return Some(Before::Write(Note { kept, payer: Some(payer) }));
        };
        if kept.payment.is_empty() && is_number {
            return Some(Before::Look);
        }
        let is_told = is_code && !kept.authorization.is_empty();
        let kept = Kept { agreed: true, ..kept }.text();
        is_told.then_some(Before::Write(Note { kept, payer: None }))
    }
}

fn terms(settings: &PhoneSettings, currency: Currency) -> Terms {
    Terms {
        number: PHONE.number,
        name: PHONE.name,
        currencies: &Currency::ALL,
        unit: Money::from_cents(1, currency).expect("a constant above zero"),
        minimum: settings.minimum,
        maximum: Some(settings.maximum),
        fee: settings.fee.clone(),
        open_hours: OPEN_HOURS,
        amount_may_differ: false,
        charges_without_reader: false,
        binds_without_charge: false,
        refunds: true,
        payouts: None,
        is_fake: settings.is_fake,
        leads_to: Vec::new(),
    }
}

/// The digits of a code as a person typed it.
fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

/// Why a reader is asked for their number once more: it was none, or an answer was lost.
const NO_NUMBER: &str = "phone-number-wrong";
/// See [`NO_NUMBER`].
const ANSWER_LOST: &str = "phone-number-again";

fn ask_number(why_again: Option<&str>) -> Next {
    ask(Question::new(NUMBER, "phone-number", Answer::Telephone).again(why_again))
}

fn ask_code(why_again: Option<&str>) -> Next {
    ask(Question::new(CODE, "phone-code", Answer::Code).again(why_again))
}

fn ask(question: Question) -> Next {
    let turn_back = Question::new(TURN_BACK, "phone-turn-back", Answer::TurnBack);
    Next::Ask { questions: vec![question, turn_back] }
}

impl Rail for Phone {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(self.begun(charge))
    }

    fn check<'a>(&'a self, _: Option<&'a str>) -> Asked<'a, Option<Vec<Flaw>>> {
        Box::pin(async { self.operator.greet().await.map(|()| Some(Vec::new())) })
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(self.outcome(charge))
    }

    fn before(&self, charge: &Charge, answers: &BTreeMap<String, String>) -> Before {
        let turns_back = answers.contains_key(TURN_BACK);
        let note = (!turns_back).then(|| self.note(charge, answers));
        note.flatten().unwrap_or(Before::Nothing)
    }

    fn returned<'a>(
        &'a self,
        charge: &'a Charge,
        query: &'a BTreeMap<String, String>,
    ) -> Asked<'a, Outcome> {
        Box::pin(self.answered(charge, query))
    }

    fn hear<'a>(&'a self, message: Message<'a>) -> BoxFuture<'a, Result<Heard, Unheard>> {
        Box::pin(async move { self.operator.sink().hear(&message) })
    }

    fn thanks(&self) -> Thanks {
        Thanks { status: StatusCode::NO_CONTENT, ..Thanks::OK }
    }

    fn refund<'a>(&'a self, charge: &'a Charge, refund: &'a Refund) -> Asked<'a, Refunded> {
        Box::pin(self.send_back(charge, refund))
    }
}
