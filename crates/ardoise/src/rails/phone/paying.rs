//! How a payment is brought forward, answer by answer.

use super::kept::Kept;
use super::operator::{Listed, read};
use super::payment::{Payment, Status, Validation, nonsense, segment};
use super::refusal::{code, refused};
use super::{
    ANSWER_LOST, CODE, NO_NUMBER, NUMBER, Number, Phone, Steps, TURN_BACK, ask_code, ask_number,
    digits,
};
use crate::rails::port::{Charge, Next, Outcome, RailError, Reason, Receipt};
use crate::rails::wire::Reply;
use ledger::Money;
use std::collections::BTreeMap;

/// Minutes in which the operator has a payment that it was asked for, or never will: longer than any call with all its
/// repetitions.
const MAKING_MINUTES: i64 = 5;
/// The longest address of a page on which a subscriber agrees.
const URL_MOST: usize = 2_000;
/// Why a reader is asked for the code once more: it was another one.
const CODE_WRONG: &str = "phone-code-wrong";

impl Phone {
    /// What became of a charge.
    pub(super) async fn outcome(&self, charge: &Charge) -> Result<Outcome, RailError> {
        let Some(kept) = Kept::of(charge)? else { return Ok(Outcome::WAITING) };
        if kept.payment.is_empty() {
            return self.found(charge, kept).await;
        }
        match self.operator.show(charge, &kept.payment).await? {
            Some(payment) => self.stands(charge, kept, &payment).await,
            None if kept.agreed || self.steps == Steps::One => Ok(Outcome::Unknown),
            // Operators forget what nobody confirmed; the shop did not.
            None => Ok(Outcome::Declined(Reason::Late)),
        }
    }

    /// The answer to the first call was lost: the operator's list says whether it has a payment.
    async fn found(&self, charge: &Charge, kept: Kept) -> Result<Outcome, RailError> {
        let is_over = self.clock.now() >= kept.asked_at().plus_minutes(MAKING_MINUTES);
        let anew = || Outcome::Asking { next: ask_number(None), kept: Some(String::new()) };
        match self.operator.find(charge, kept.asked_at()).await? {
            Listed::Found(payment) => {
                let payment_id = segment(&payment.id)?.to_owned();
                let kept = Kept { payment: payment_id, ..kept };
                self.stands(charge, kept, &payment).await
            }
            // In two steps nothing is charged before the shop confirms, so that asking anew costs nobody anything.
            Listed::Absent | Listed::Unknown if is_over && self.steps == Steps::Two => Ok(anew()),
            Listed::Absent if is_over => Ok(anew()),
            Listed::Absent | Listed::Unknown => Ok(Outcome::Unknown),
        }
    }

    /// What a payment as the operator shows it comes to.
    async fn stands(
        &self,
        charge: &Charge,
        kept: Kept,
        payment: &Payment,
    ) -> Result<Outcome, RailError> {
        match payment.status()? {
            // After its end a charge counts no longer for the month of whoever pays: nothing more is taken for it.
            Status::Reserved if kept.agreed && self.clock.now() >= charge.ends_at => {
                self.let_go(charge, kept, payment, Reason::Late).await
            }
            Status::Reserved if kept.agreed => self.confirm(charge, kept, payment).await,
            Status::PendingValidation if self.lacks_proof(&kept) => {
                Ok(Outcome::Asking { next: ask_number(Some(ANSWER_LOST)), kept: Some(kept.text()) })
            }
            _ => self.come(kept, payment),
        }
    }

    /// Whether nobody here knows how the subscriber is to agree: the answer that said it was lost.
    fn lacks_proof(&self, kept: &Kept) -> bool {
        self.steps == Steps::Two && kept.authorization.is_empty() && !kept.agreed
    }

    /// The same, where there is nothing to do about it.
    fn come(&self, kept: Kept, payment: &Payment) -> Result<Outcome, RailError> {
        Ok(match payment.status()? {
            Status::Processing | Status::PendingValidation | Status::Reserved => {
                Outcome::Waiting { kept: Some(kept.text()) }
            }
            Status::Succeeded => Outcome::Settled(self.receipt(payment)?),
            Status::Denied => Outcome::Declined(Reason::Refused),
            Status::Cancelled => Outcome::Declined(Reason::Late),
        })
    }

    fn receipt(&self, payment: &Payment) -> Result<Receipt, RailError> {
        let received = payment.amount()?;
        let is_ours = received.currency() == self.terms.unit.currency();
        let nothing = Money::zero(received.currency());
        let fee = if is_ours { self.terms.fee_on(received)? } else { nothing };
        let reference = segment(&payment.id)?.to_owned();
        Ok(Receipt { received, fee, reference, mandate: None, email: None })
    }

    /// Has the operator charge what its subscriber agreed to. Asked twice, it says that it has.
    async fn confirm(
        &self,
        charge: &Charge,
        kept: Kept,
        payment: &Payment,
    ) -> Result<Outcome, RailError> {
        if !kept.is_of(self.knows.hash(&payment.number()?)) {
            return Err(nonsense("another number"));
        }
        let reply = self.operator.confirm(charge, payment).await?;
        let is_known = matches!(
            code(&reply).as_deref(),
            Some(
                "CARRIER_BILLING.PAYMENT_CONFIRMED"
                    | "CARRIER_BILLING.PAYMENT_CANCELLED"
                    | "ALREADY_EXISTS"
            )
        );
        if reply.status.is_success() || is_known {
            return self.shown(charge, kept).await;
        }
        match refused(&reply) {
            RailError::Declined(reason) => Ok(Outcome::Declined(reason)),
            error => Err(error),
        }
    }

    /// What the operator shows now, without doing anything about it.
    async fn shown(&self, charge: &Charge, kept: Kept) -> Result<Outcome, RailError> {
        match self.operator.show(charge, &kept.payment).await? {
            Some(payment) => self.come(kept, &payment),
            None => Ok(Outcome::Unknown),
        }
    }

    /// The reader has answered. What had to be written down before is.
    pub(super) async fn answered(
        &self,
        charge: &Charge,
        answers: &BTreeMap<String, String>,
    ) -> Result<Outcome, RailError> {
        let kept = Kept::of(charge)?;
        if answers.contains_key(TURN_BACK) {
            return self.turn_back(charge, kept).await;
        }
        let number = self.typed(answers);
        let code = answers.get(CODE).map(|code| digits(code)).filter(|code| !code.is_empty());
        let Some(kept) = kept else {
            // A number would have been written down; there is none.
            let is_asked = answers.contains_key(NUMBER);
            let next = ask_number(Some(NO_NUMBER));
            let again = Outcome::Asking { next, kept: None };
            return Ok(if is_asked { again } else { Outcome::WAITING });
        };
        let wants_number = kept.payment.is_empty() || self.lacks_proof(&kept);
        match (number, code) {
            (Some(number), _) if wants_number => self.first_step(charge, kept, &number).await,
            (_, Some(code)) if !kept.authorization.is_empty() => {
                self.tell_code(charge, kept, &code).await
            }
            _ => self.outcome(charge).await,
        }
    }

    /// The first call for this charge; or once more, where its answer was lost.
    async fn first_step(
        &self,
        charge: &Charge,
        kept: Kept,
        number: &Number,
    ) -> Result<Outcome, RailError> {
        if !kept.is_of(self.knows.hash(number)) {
            // The operator has set something aside for another number.
            return self.turn_back(charge, Some(kept)).await;
        }
        let reply = match self.steps {
            Steps::One => self.operator.pay(charge, number).await?,
            Steps::Two => self.operator.prepare(charge, number).await?,
        };
        if reply.status.is_success() {
            let payment: Payment = read(&reply)?;
            return if payment.is_of(charge) {
                self.made(charge, kept, &payment).await
            } else {
                Err(nonsense("another payment"))
            };
        }
        self.not_made(charge, kept, &reply).await
    }

    /// The operator has made a payment, and says how its subscriber agrees.
    async fn made(
        &self,
        charge: &Charge,
        kept: Kept,
        payment: &Payment,
    ) -> Result<Outcome, RailError> {
        let kept = Kept { payment: segment(&payment.id)?.to_owned(), ..kept };
        match (payment.status()?, &payment.validation_info) {
            (Status::Processing | Status::PendingValidation, Some(how)) => agree(kept, how),
            (Status::PendingValidation | Status::Reserved, None) => {
                self.refuse(charge, payment).await
            }
            (Status::Processing, None) => {
                Ok(Outcome::Asking { next: Next::Wait, kept: Some(kept.text()) })
            }
            _ => self.stands(charge, kept, payment).await,
        }
    }

    /// Nobody was asked to prove anything: nobody's bill is charged.
    async fn refuse(&self, charge: &Charge, payment: &Payment) -> Result<Outcome, RailError> {
        tracing::error!(
            charge.id = %charge.id,
            "the operator demands no proof of its subscriber; see phone.steps in docs/rails/phone.md"
        );
        // What is not let go is let go by the operator, in time.
        let _ = self.operator.cancel(charge, payment).await;
        Ok(Outcome::Declined(Reason::Unserved))
    }

    /// The operator has made none, or says that there is one already.
    async fn not_made(
        &self,
        charge: &Charge,
        kept: Kept,
        reply: &Reply,
    ) -> Result<Outcome, RailError> {
        let may_exist =
            matches!(code(reply).as_deref(), Some("ALREADY_EXISTS" | "INVALID_ARGUMENT"));
        if may_exist {
            let known = self.operator.find(charge, kept.asked_at()).await;
            if let Ok(Listed::Found(payment)) = known {
                let known = Kept { payment: segment(&payment.id)?.to_owned(), ..kept };
                return self.told_before(charge, known, &payment).await;
            }
        }
        match refused(reply) {
            RailError::Declined(reason) => Ok(Outcome::Declined(reason)),
            error => Err(error),
        }
    }

    /// The operator knows the payment, and does not say again how its subscriber agrees: it is called off where nobody can.
    async fn told_before(
        &self,
        charge: &Charge,
        kept: Kept,
        payment: &Payment,
    ) -> Result<Outcome, RailError> {
        match payment.status()? {
            Status::PendingValidation | Status::Reserved if !kept.agreed => {
                let _ = self.operator.cancel(charge, payment).await;
                Ok(Outcome::Declined(Reason::Late))
            }
            _ => self.stands(charge, kept, payment).await,
        }
    }

    async fn tell_code(
        &self,
        charge: &Charge,
        kept: Kept,
        typed: &str,
    ) -> Result<Outcome, RailError> {
        let told = (kept.authorization.as_str(), typed);
        let reply = self.operator.validate(charge, &kept.payment, told).await?;
        match code(&reply).as_deref() {
            // Of another length than the operator's codes have, or simply another.
            Some("CARRIER_BILLING.INVALID_CODE" | "INVALID_ARGUMENT") => {
                let kept = Kept { agreed: false, ..kept };
                Ok(Outcome::Asking { next: ask_code(Some(CODE_WRONG)), kept: Some(kept.text()) })
            }
            // It was told before.
            Some("ALREADY_EXISTS") => self.outcome(charge).await,
            Some("NOT_FOUND") => Ok(Outcome::Declined(Reason::Late)),
            _ if reply.status.is_success() => self.outcome(charge).await,
            _ => match refused(&reply) {
                RailError::Declined(reason) => Ok(Outcome::Declined(reason)),
                error => Err(error),
            },
        }
    }

    /// The reader turns back: what is set aside is let go, unless it is charged already.
    async fn turn_back(&self, charge: &Charge, kept: Option<Kept>) -> Result<Outcome, RailError> {
        let turned = Outcome::Declined(Reason::Cancelled);
        let Some(kept) = kept else { return Ok(turned) };
        if kept.payment.is_empty() {
            return self.found(charge, kept).await;
        }
        let Some(payment) = self.operator.show(charge, &kept.payment).await? else {
            return Ok(if kept.agreed { Outcome::Unknown } else { turned });
        };
        if !matches!(payment.status()?, Status::PendingValidation | Status::Reserved) {
            return self.come(kept, &payment);
        }
        self.let_go(charge, kept, &payment, Reason::Cancelled).await
    }

    async fn let_go(
        &self,
        charge: &Charge,
        kept: Kept,
        payment: &Payment,
        reason: Reason,
    ) -> Result<Outcome, RailError> {
        let reply = self.operator.cancel(charge, payment).await?;
        match code(&reply).as_deref() {
            Some("CARRIER_BILLING.PAYMENT_CANCELLED") => Ok(Outcome::Declined(reason)),
            Some("CARRIER_BILLING.PAYMENT_CONFIRMED" | "ALREADY_EXISTS" | "NOT_FOUND") => {
                self.shown(charge, kept).await
            }
            _ if reply.status.is_success() => Ok(Outcome::Declined(reason)),
            _ => Err(refused(&reply)),
        }
    }
}

/// How a subscriber agrees: by a code, or on a page of the operator's.
fn agree(kept: Kept, how: &Validation) -> Result<Outcome, RailError> {
    Ok(match how {
        Validation::Validate { authorization_id } => {
            let kept = Kept { authorization: authorization_id.clone(), ..kept };
            Outcome::Asking { next: ask_code(None), kept: Some(kept.text()) }
        }
        Validation::Open { url } => {
            if !url.starts_with("https://") || url.len() > URL_MOST {
                return Err(nonsense("a page"));
            }
            let kept = Kept { agreed: true, ..kept };
            Outcome::Asking { next: Next::Redirect { url: url.clone() }, kept: Some(kept.text()) }
        }
    })
}
