//! Charging what a reader agreed to, while they are away; and ending that.

use super::Stripe;
use super::client::{Failure, Fields};
use super::forms;
use super::mandates::Bound;
use super::objects::{Intent, Method};
use crate::rails::port::{Begun, Charge, Mandate, Next, Outcome, RailError, Reason};

impl Stripe {
    pub(super) async fn charge_bound(
        &self,
        charge: &Charge,
        mandate: &Mandate,
    ) -> Result<(Begun, Outcome), RailError> {
        let bound = Bound::read(mandate)?;
        if let Some(id) = self.find(charge, Some(bound.customer)).await? {
            let intent = self.intent(&id).await?;
            return Ok((begun(id), self.outcome_of_intent(charge, intent, None)?));
        }
        let fields = forms::intent(charge, &bound)?;
        let key = charge.id.to_string();
        match self.client.post::<Intent>("payment_intents", &key, &fields).await {
            Ok(intent) => {
                let id = intent.id.clone();
                Ok((begun(id), self.outcome_of_intent(charge, intent, None)?))
            }
            Err(failure) => refused(failure),
        }
    }

    pub(super) async fn release(&self, mandate: &Mandate) -> Result<(), RailError> {
        let bound = Bound::read(mandate)?;
        let path = format!("payment_methods/{}", bound.method);
        match self.client.get::<Method>(&path, &Fields::new()).await {
            Ok(Method { customer: None }) => return Ok(()),
            Err(failure) if failure.is_missing => return Ok(()),
            method => method?,
        };
        let key = format!("{}-detach", bound.method);
        let _: Method = self.client.post(&format!("{path}/detach"), &key, &Fields::new()).await?;
        Ok(())
    }
}

fn begun(reference: String) -> Begun {
    Begun { next: Next::Nothing, reference, kept: String::new() }
}

/// A payment by mandate that was not made.
fn refused(failure: Failure) -> Result<(Begun, Outcome), RailError> {
    let is_gone = failure.is_missing || ["customer", "payment_method"].contains(&&*failure.param);
    let reason = match failure.error {
        RailError::Declined(reason) => reason,
        RailError::Refused(_) if is_gone => Reason::Unbound,
        error => return Err(error),
    };
    let reference = failure.intent.map(|intent| intent.id).unwrap_or_default();
    Ok((begun(reference), Outcome::Declined(reason)))
}
