//! A reader who leaves a way to pay on a page of Stripe's, and pays nothing: a session in setup mode, and its SetupIntent.

use super::client::{Failure, plain};
use super::forms::{self, LEFT};
use super::objects::{IntentStatus, Link, Session, SessionStatus, SetUp};
use super::paying::{is_of, of};
use super::{Stripe, declines, mandates};
use crate::rails::port::{Became, Begun, Binding, Mandate, RailError, Reason};
use std::collections::BTreeMap;

impl Stripe {
    pub(super) async fn open_to_bind(&self, binding: &Binding) -> Result<Begun, RailError> {
        let (key, fields) = (binding.id.to_string(), forms::setup(binding));
        let session: Result<Session, Failure> =
            self.client.post("checkout/sessions", &key, &fields).await;
        self.page_of(binding.id, session)
    }

    pub(super) async fn ask_bound(
        &self,
        binding: &Binding,
        back: &BTreeMap<String, String>,
    ) -> Result<Became, RailError> {
        let became = self.became(binding).await?;
        if became != Became::Waiting || !back.contains_key(LEFT) {
            return Ok(became);
        }
        match self.expire(binding.id, &binding.reference).await {
            Ok(session) if session.status == Some(SessionStatus::Expired) => {
                Ok(Became::Declined(Reason::Cancelled))
            }
            // They agreed at the last moment, perhaps.
            _ => self.became(binding).await,
        }
    }

    async fn became(&self, binding: &Binding) -> Result<Became, RailError> {
        let path = format!("checkout/sessions/{}", plain(&binding.reference)?);
        let expanded = vec![("expand[]", "setup_intent.payment_method".to_owned())];
        let session: Session = self.client.get(&path, &expanded).await?;
        let session = of(binding.id, session)?;
        match (session.status, session.setup_intent) {
            (Some(SessionStatus::Open), _) => Ok(Became::Waiting),
            (Some(SessionStatus::Expired), _) => Ok(Became::Declined(Reason::Late)),
            (Some(SessionStatus::Complete), Some(Link::Whole(set_up))) => left(binding, &set_up),
            _ => Err(RailError::Nonsense("a session".into())),
        }
    }
}

/// What a SetupIntent leaves behind.
fn left(binding: &Binding, set_up: &SetUp) -> Result<Became, RailError> {
    if !is_of(&set_up.metadata, binding.id) {
        return Err(RailError::Nonsense("a way to pay for something else".into()));
    }
    match set_up.status {
        IntentStatus::Succeeded => mandate(set_up).map(Became::Bound),
        IntentStatus::Processing
        | IntentStatus::RequiresAction
        | IntentStatus::RequiresConfirmation => Ok(Became::Waiting),
        IntentStatus::RequiresPaymentMethod => {
            let said = set_up.last_setup_error.as_ref();
            let codes = said.map(|said| (said.decline_code.as_deref(), said.code.as_deref()));
            let reason = codes.map(|(precise, general)| declines::reason(precise, general));
            Ok(Became::Declined(reason.unwrap_or(Reason::Refused)))
        }
        IntentStatus::Canceled => Ok(Became::Declined(Reason::Cancelled)),
        IntentStatus::Other => Err(RailError::Nonsense("the status of a way to pay".into())),
    }
}

fn mandate(set_up: &SetUp) -> Result<Mandate, RailError> {
    let way = set_up.payment_method.as_ref().and_then(Link::whole);
    let both = way.zip(set_up.customer.as_ref());
    let (way, customer) = both.ok_or_else(|| RailError::Nonsense("a way to pay".into()))?;
    mandates::of((customer.id(), &way.id), &way.means)
}
