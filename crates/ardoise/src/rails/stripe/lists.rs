//! What is looked for in Stripe's lists, because its keys of idempotency are forgotten after a day.

use super::Stripe;
use super::client::{Fields, plain};
use super::forms::REFUND;
use super::objects::{Intent, Page, RefundMade};
use super::paying::is_named;
use crate::rails::port::{Charge, RailError, Refund};
use ledger::time::MICROS_PER_SECOND;
use serde::de::DeserializeOwned;

/// Minutes before the charge's beginning from which its payment is looked for: clocks differ.
const EARLIER_MINUTES: i64 = 5;
/// Payments in one part of a list: the most that Stripe gives.
pub(super) const PAGE_SIZE: &str = "100";
/// Parts of a list that are read. Who has more payments in a day is told by messages, not by lists.
const PAGES_MOST: usize = 50;

impl Stripe {
    /// The payment that was made for a charge, of any reader or of one: found in the list of payments since then. The search
    /// that Stripe offers may lag behind; the list does not.
    pub(super) async fn find(
        &self,
        charge: &Charge,
        customer: Option<&str>,
    ) -> Result<Option<String>, RailError> {
        let from = charge.begun_at.plus_minutes(-EARLIER_MINUTES).micros() / MICROS_PER_SECOND;
        let mut query = vec![("limit", PAGE_SIZE.to_owned()), ("created[gte]", from.to_string())];
        query.extend(customer.map(|customer| ("customer", customer.to_owned())));
        let is_ours = |intent: &Intent| is_named(&intent.metadata, charge);
        let found: Option<Intent> = self.look_through("payment_intents", query, is_ours).await?;
        Ok(found.map(|intent| intent.id))
    }

    /// What was sent back with this key. Stripe itself forgets keys after a day, and repeats its first answer until then.
    pub(super) async fn refund_made(
        &self,
        refund: &Refund,
    ) -> Result<Option<RefundMade>, RailError> {
        let query = refunds_of(&refund.reference)?;
        let is_ours = |made: &RefundMade| {
            made.metadata.as_ref().and_then(|said| said.get(REFUND)) == Some(&refund.key)
        };
        self.look_through("refunds", query, is_ours).await
    }

    /// Everything that was sent back of a payment, whoever did.
    pub(super) async fn refunds_made(&self, payment: &str) -> Result<Vec<RefundMade>, RailError> {
        let (query, mut made) = (refunds_of(payment)?, Vec::new());
        let keep = |one: &RefundMade| {
            made.push(one.clone());
            false
        };
        self.look_through("refunds", query, keep).await?;
        Ok(made)
    }

    /// The first of a list that is wanted.
    async fn look_through<T: DeserializeOwned + Identified>(
        &self,
        path: &str,
        mut query: Fields,
        mut is_wanted: impl FnMut(&T) -> bool,
    ) -> Result<Option<T>, RailError> {
        for _ in 0..PAGES_MOST {
            let page: Page<T> = self.client.get(path, &query).await?;
            let last = page.data.last().map(|last| last.id().to_owned());
            if let Some(found) = page.data.into_iter().find(|one| is_wanted(one)) {
                return Ok(Some(found));
            }
            let Some(last) = last.filter(|_| page.has_more) else { return Ok(None) };
            query.retain(|(name, _)| *name != "starting_after");
            query.push(("starting_after", last));
        }
        Err(RailError::Lost("a list without end".into()))
    }
}

fn refunds_of(payment: &str) -> Result<Fields, RailError> {
    Ok(vec![
        ("payment_intent", plain(payment)?.to_owned()),
        ("limit", PAGE_SIZE.to_owned()),
        ("expand[]", "data.balance_transaction".to_owned()),
    ])
}

/// Something in a list, by whose identifier the next part of it is asked for.
trait Identified {
    fn id(&self) -> &str;
}

impl Identified for Intent {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Identified for RefundMade {
    fn id(&self) -> &str {
        &self.id
    }
}
