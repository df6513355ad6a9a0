//! Does PayPal know the shop, and will it tell it what happens?

use super::orders::nonsense;
use super::{PayPal, read, segment};
use crate::rails::check::{Flaw, untold};
use crate::rails::port::RailError;
use crate::rails::wire::Call;
use http::StatusCode;
use serde::Deserialize;

/// What the shop acts on: <https://developer.paypal.com/api/rest/webhooks/event-names/>.
const WANTED: [&str; 8] = [
    "CHECKOUT.ORDER.APPROVED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.UPDATED",
    "CUSTOMER.DISPUTE.RESOLVED",
];

/// And besides, where it pays authors by PayPal.
const WANTED_OF_PAYOUTS: [&str; 11] = [
    "PAYMENT.PAYOUTSBATCH.DENIED",
    "PAYMENT.PAYOUTSBATCH.PROCESSING",
    "PAYMENT.PAYOUTSBATCH.SUCCESS",
    "PAYMENT.PAYOUTS-ITEM.BLOCKED",
    "PAYMENT.PAYOUTS-ITEM.CANCELED",
    "PAYMENT.PAYOUTS-ITEM.FAILED",
    "PAYMENT.PAYOUTS-ITEM.HELD",
    "PAYMENT.PAYOUTS-ITEM.REFUNDED",
    "PAYMENT.PAYOUTS-ITEM.RETURNED",
    "PAYMENT.PAYOUTS-ITEM.SUCCEEDED",
    "PAYMENT.PAYOUTS-ITEM.UNCLAIMED",
];

/// Where PayPal sends messages.
#[derive(Deserialize)]
struct Webhook {
    url: String,
    event_types: Vec<EventType>,
}

#[derive(Deserialize)]
struct EventType {
    name: String,
}

impl PayPal {
    pub(super) async fn flaws(&self, webhook: Option<&str>) -> Result<Vec<Flaw>, RailError> {
        // Whether the keys are right is known when there is a token.
        self.token.get(&self.wire).await?;
        let id = &self.settings.webhook_id;
        if id.is_empty() {
            let what = "it tells the shop nothing: outcomes come late, and disputes and refunds at PayPal's are not heard of";
            let next = "make a webhook in PayPal's dashboard, and set paypal.webhook_id to its id";
            return Ok(vec![Flaw::slight(what, next)]);
        }
        let id = segment(id).map_err(|_| nonsense("paypal.webhook_id"))?;
        let url = self.url(&format!("/v1/notifications/webhooks/{id}"));
        let reply = self.token.ask(&self.wire, || Call::get(&url)).await?;
        if reply.status == StatusCode::NOT_FOUND {
            let what = "it knows no webhook with the id in paypal.webhook_id, so that no message is believed";
            let next =
                "copy the id of the webhook of this very application from PayPal's dashboard";
            return Ok(vec![Flaw::grave(what, next)]);
        }
        let found: Webhook = read(&reply)?;
        let mut flaws = Vec::new();
        if let Some(webhook) = webhook.filter(|webhook| **webhook != found.url) {
            let what = format!("it sends messages to {}", found.url);
            flaws.push(Flaw::grave(what, format!("in PayPal's dashboard, set it to {webhook}")));
        }
        let told: Vec<String> = found.event_types.into_iter().map(|event| event.name).collect();
        let of_payouts = self.settings.payouts.iter().flat_map(|_| WANTED_OF_PAYOUTS);
        let wanted: Vec<&str> = WANTED.into_iter().chain(of_payouts).collect();
        flaws.extend(untold(&told, &wanted));
        Ok(flaws)
    }
}
