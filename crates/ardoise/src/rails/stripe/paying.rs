//! A charge that the reader pays on a page of Stripe's, and what becomes of it.

use super::Stripe;
use super::client::{Failure, Fields, plain};
use super::forms::{self, CHARGE, EXPANDED, LEFT};
use super::objects::{Intent, IntentStatus, Link, Metadata, Session, SessionStatus, money};
use super::{declines, mandates};
use crate::rails::port::{Begun, Charge, Next, Outcome, RailError, Reason, Receipt};
use ledger::{Money, SettlementId};
use std::collections::BTreeMap;

impl Stripe {
    pub(super) async fn open(&self, charge: &Charge) -> Result<Begun, RailError> {
        let key = charge.id.to_string();
        let asked = self.client.post("checkout/sessions", &key, &forms::session(charge)?).await;
        self.page_of(charge.id, asked)
    }

    /// Where a page that was asked for leads a reader.
    pub(super) fn page_of(
        &self,
        id: SettlementId,
        asked: Result<Session, Failure>,
    ) -> Result<Begun, RailError> {
        let session = asked.map_err(|failure| match failure.param.as_str() {
            // Begun so late that the page would be open for less than Stripe's least.
            "expires_at" => RailError::Declined(Reason::Late),
            _ => failure.error,
        })?;
        let session = of(id, session)?;
        let url = session.url.filter(|url| self.may_lead_to(url));
        let url = url.ok_or_else(|| RailError::Nonsense("a session without a page".into()))?;
        let reference = plain(&session.id)?.to_owned();
        Ok(Begun { next: Next::Redirect { url }, reference, kept: String::new() })
    }

    /// Stripe's pages may stand under a name of the operator's own, but never without TLS.
    fn may_lead_to(&self, url: &str) -> bool {
        url.starts_with("https://") || self.terms.leads_to.iter().any(|base| url.starts_with(base))
    }

    pub(super) async fn ask(&self, charge: &Charge) -> Result<Outcome, RailError> {
        let reference = charge.reference.as_str();
        if reference.starts_with("cs_") {
            return self.outcome_of_session(charge, self.session(charge).await?);
        }
        let intent = if reference.is_empty() {
            // Whatever was begun was never heard of. A page that nobody was sent to cannot be paid.
            let Some(id) = self.find(charge, None).await? else { return Ok(Outcome::WAITING) };
            self.intent(&id).await?
        } else {
            self.intent(reference).await?
        };
        self.outcome_of_intent(charge, intent, None)
    }

    async fn session(&self, charge: &Charge) -> Result<Session, RailError> {
        let path = format!("checkout/sessions/{}", plain(&charge.reference)?);
        let expanded = vec![("expand[]", format!("payment_intent.{EXPANDED}"))];
        Ok(self.client.get(&path, &expanded).await?)
    }

    pub(super) async fn intent(&self, id: &str) -> Result<Intent, RailError> {
        let path = format!("payment_intents/{}", plain(id)?);
        Ok(self.client.get(&path, &vec![("expand[]", EXPANDED.to_owned())]).await?)
    }

    fn outcome_of_session(&self, charge: &Charge, session: Session) -> Result<Outcome, RailError> {
        let session = of(charge.id, session)?;
        match (session.status, session.payment_intent) {
            (Some(SessionStatus::Open), _) => Ok(Outcome::WAITING),
            (Some(SessionStatus::Expired), _) => Ok(Outcome::Declined(Reason::Late)),
            (Some(SessionStatus::Complete), Some(Link::Whole(intent))) => {
                let email = session.customer_details.and_then(|reader| reader.email);
                self.outcome_of_intent(charge, *intent, email)
            }
            _ => Err(RailError::Nonsense("a session".into())),
        }
    }

    pub(super) fn outcome_of_intent(
        &self,
        charge: &Charge,
        intent: Intent,
        email: Option<String>,
    ) -> Result<Outcome, RailError> {
        if !is_named(&intent.metadata, charge) {
            return Err(RailError::Nonsense("a payment of something else".into()));
        }
        match intent.status {
            IntentStatus::Succeeded => self.settled(charge, intent, email).map(Outcome::Settled),
            IntentStatus::Processing => Ok(Outcome::UnderWay),
            IntentStatus::RequiresAction | IntentStatus::RequiresConfirmation => {
                Ok(Outcome::WAITING)
            }
            IntentStatus::RequiresPaymentMethod => Ok(Outcome::Declined(failed(&intent))),
            IntentStatus::Canceled => Ok(Outcome::Declined(ended(&intent))),
            IntentStatus::Other => Err(RailError::Nonsense("a payment's status".into())),
        }
    }

    fn settled(
        &self,
        charge: &Charge,
        intent: Intent,
        email: Option<String>,
    ) -> Result<Receipt, RailError> {
        let received = money(intent.amount_received, &intent.currency)?;
        let mandate = charge.binds.then(|| mandates::left_by(&intent)).flatten();
        let fee = self.fee(&intent, received)?;
        Ok(Receipt { received, fee, reference: intent.id, mandate, email })
    }

    /// What Stripe says that it kept; by the price list where it does not say yet, or in another currency.
    fn fee(&self, intent: &Intent, received: Money) -> Result<Money, RailError> {
        let attempt = intent.latest_charge.as_ref().and_then(Link::whole);
        let movement = attempt.and_then(|attempt| attempt.balance_transaction.as_ref()?.whole());
        let said = movement.map(|movement| money(movement.fee, &movement.currency)).transpose()?;
        match said.filter(|said| said.currency() == received.currency()) {
            Some(said) => Ok(said),
            // The flow refuses money in another currency than the charge's, whatever its fee.
            None if received.currency() != self.terms.unit.currency() => {
                Ok(Money::zero(received.currency()))
            }
            None => Ok(self.terms.fee_on(received)?),
        }
    }

    /// The reader turned back: the page is closed, so that nothing is paid in a window that was left open.
    async fn close(&self, charge: &Charge) -> Result<Outcome, RailError> {
        match self.expire(charge.id, &charge.reference).await {
            Ok(session) if session.status == Some(SessionStatus::Expired) => {
                Ok(Outcome::Declined(Reason::Cancelled))
            }
            // Paid at the last moment, perhaps.
            _ => self.ask(charge).await,
        }
    }

    /// Closes a page.
    pub(super) async fn expire(
        &self,
        id: SettlementId,
        reference: &str,
    ) -> Result<Session, RailError> {
        let path = format!("checkout/sessions/{}/expire", plain(reference)?);
        let key = format!("{id}-expire");
        Ok(self.client.post(&path, &key, &Fields::new()).await?)
    }

    pub(super) async fn come_back(
        &self,
        charge: &Charge,
        query: &BTreeMap<String, String>,
    ) -> Result<Outcome, RailError> {
        let outcome = self.ask(charge).await?;
        let is_open = matches!(outcome, Outcome::Waiting { .. });
        let is_page = charge.reference.starts_with("cs_");
        if is_open && is_page && query.contains_key(LEFT) {
            return self.close(charge).await;
        }
        Ok(outcome)
    }
}

/// A session, if it is that of a charge or a binding.
pub(super) fn of(id: SettlementId, session: Session) -> Result<Session, RailError> {
    if session.client_reference_id.as_deref() == Some(id.to_string().as_str()) {
        return Ok(session);
    }
    Err(RailError::Nonsense("a session of something else".into()))
}

pub(super) fn is_named(metadata: &Metadata, charge: &Charge) -> bool {
    is_of(metadata, charge.id)
}

/// Whether an object is that of a charge or a binding.
pub(super) fn is_of(metadata: &Metadata, id: SettlementId) -> bool {
    metadata.get(CHARGE).is_some_and(|said| *said == id.to_string())
}

/// Why the last attempt failed.
fn failed(intent: &Intent) -> Reason {
    let error = intent.last_payment_error.as_ref();
    let codes = error.map(|error| (error.decline_code.as_deref(), error.code.as_deref()));
    codes.map_or(Reason::Refused, |(precise, general)| declines::reason(precise, general))
}

/// Why nobody can pay any more.
fn ended(intent: &Intent) -> Reason {
    match intent.cancellation_reason.as_deref() {
        Some("abandoned" | "automatic") => Reason::Late,
        Some("fraudulent") => Reason::Refused,
        _ => Reason::Cancelled,
    }
}
