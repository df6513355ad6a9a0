//! Messages from Stripe: whether they are genuine, and whom they speak of.

use super::forms::CHARGE;
use super::objects::{Event, EventData, EventObject, Link, Metadata, Named};
use super::{Stripe, signature};
use crate::rails::port::{Heard, Message, Unheard, Which};

impl Stripe {
    pub(super) async fn listen(&self, message: Message<'_>) -> Result<Heard, Unheard> {
        let secret = self.webhook_secret.as_ref().ok_or(Unheard::Forged("unexpected"))?;
        signature::check(message, secret)?;
        let Event { kind, data: EventData { object } } = read(message.body)?;
        match object.object.as_str() {
            "checkout.session" | "payment_intent" | "setup_intent" => {
                let charge = object.metadata.as_ref().and_then(charge_of);
                Ok(charge.map_or(Heard::Nothing, Heard::Charge))
            }
            "refund" => self.whose_refund(object).await,
            // Somebody may have pressed a button at Stripe's own page.
            "charge" if kind.as_deref() == Some("charge.refunded") => {
                self.whose_refund(object).await
            }
            "dispute" => self.whose(object.id, object.payment_intent).await,
            _ => Ok(Heard::Nothing),
        }
    }

    /// What the shop sent names its charge; of what somebody else sent only the payment knows it.
    async fn whose_refund(&self, object: EventObject) -> Result<Heard, Unheard> {
        if let Some(charge) = object.metadata.as_ref().and_then(charge_of) {
            return Ok(Heard::Refund(charge));
        }
        let Some(intent) = object.payment_intent else { return Ok(Heard::Nothing) };
        let intent = self.intent(intent.id()).await.map_err(Unheard::Later)?;
        Ok(charge_of(&intent.metadata).map_or(Heard::Nothing, Heard::Refund))
    }

    /// A dispute names a payment, and only that knows its charge.
    async fn whose(&self, dispute: String, intent: Option<Link<Named>>) -> Result<Heard, Unheard> {
        let Some(intent) = intent else { return Ok(Heard::Nothing) };
        let intent = self.intent(intent.id()).await.map_err(Unheard::Later)?;
        let charge = charge_of(&intent.metadata);
        Ok(charge.map_or(Heard::Nothing, |charge| Heard::Dispute { charge, dispute }))
    }
}

/// What a genuine message is about.
///
/// # Errors
/// [`Unheard::Forged`]: `malformed`.
pub(crate) fn read(body: &[u8]) -> Result<Event, Unheard> {
    serde_json::from_slice(body).map_err(|_| Unheard::Forged("malformed"))
}

/// An account may serve others than this shop, whose objects name no charge.
fn charge_of(metadata: &Metadata) -> Option<Which> {
    metadata.get(CHARGE)?.parse().ok().map(Which::Id)
}
