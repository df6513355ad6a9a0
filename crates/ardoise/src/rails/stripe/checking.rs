//! Does Stripe know the shop, and will it tell it what happens?

use super::Stripe;
use super::lists::PAGE_SIZE;
use super::objects::{Endpoint, Page};
use crate::rails::check::{Flaw, untold};
use crate::rails::port::RailError;

/// What the shop acts on: <https://docs.stripe.com/api/events/types>.
const WANTED: [&str; 12] = [
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
];
/// Stripe's word for an endpoint that is told.
const ENABLED: &str = "enabled";

impl Stripe {
    pub(super) async fn flaws(&self, webhook: Option<&str>) -> Result<Vec<Flaw>, RailError> {
        let query = vec![("limit", PAGE_SIZE.to_owned())];
        let endpoints = match self.client.get::<Page<Endpoint>>("webhook_endpoints", &query).await {
            Ok(page) => page.data,
            // Whoever gave the key just what it needs did well.
            Err(failure) if failure.is_forbidden => {
                let what = "its key is good, but may not read webhook endpoints, so that these were not looked at";
                let next = "let the restricted key read Webhook Endpoints, or compare them by hand with docs/rails/stripe.md";
                return Ok(vec![Flaw::slight(what, next)]);
            }
            Err(failure) => return Err(failure.into()),
        };
        let mut flaws = Vec::new();
        if self.webhook_secret.is_none() {
            let what = "no message of its is believed: outcomes come late, and disputes and refunds at Stripe's are not heard of";
            let next =
                "set stripe.webhook_secret_file to a file with the signing secret of the endpoint";
            flaws.push(Flaw::slight(what, next));
        }
        let Some(webhook) = webhook else { return Ok(flaws) };
        match endpoints.iter().find(|endpoint| endpoint.url == webhook) {
            Some(found) if found.status == ENABLED => {
                flaws.extend(untold(&found.enabled_events, &WANTED));
            }
            Some(_) => {
                let next = "turn the endpoint on again, under Developers → Webhooks at Stripe's";
                flaws.push(Flaw::grave(format!("its endpoint {webhook} is turned off"), next));
            }
            None => {
                let next =
                    format!("add the endpoint {webhook}, under Developers → Webhooks at Stripe's");
                flaws.push(Flaw::grave("it sends no messages to this shop", next));
            }
        }
        Ok(flaws)
    }
}
