//! Money that goes back: by the shop's hand, or by the reader's bank.

use super::client::plain;
use super::forms::REFUND;
use super::objects::{DisputeOpened, Link, Movement, RefundMade, money};
use super::paying::is_named;
use super::{Stripe, declines, forms};
use crate::rails::port::{Charge, Dispute, RailError, Reason, Refund, Refunded, SentBack};
use ledger::{Currency, Money};

impl Stripe {
    pub(super) async fn send_back(
        &self,
        charge: &Charge,
        refund: &Refund,
    ) -> Result<Refunded, RailError> {
        let currency = charge.amount.currency();
        if let Some(made) = self.refund_made(refund).await? {
            return become_of(&made, currency);
        }
        let fields = forms::refund(charge, refund)?;
        match self.client.post::<RefundMade>("refunds", &refund.key, &fields).await {
            Ok(made) => become_of(&made, currency),
            // The reader has it back already, by the operator's hand or their own bank's.
            Err(failure)
                if ["charge_already_refunded", "charge_disputed"]
                    .contains(&failure.code.as_str()) =>
            {
                Ok(Refunded::Declined(Reason::Refused))
            }
            Err(failure) => Err(failure.error),
        }
    }

    /// What went back of a payment, by the shop's hand or at Stripe's own page.
    pub(super) async fn all_sent_back(
        &self,
        charge: &Charge,
        payment: &str,
    ) -> Result<Vec<SentBack>, RailError> {
        let currency = charge.amount.currency();
        let made = self.refunds_made(payment).await?;
        made.iter().map(|one| sent_back(one, currency)).collect()
    }

    pub(super) async fn ask_dispute(
        &self,
        charge: &Charge,
        dispute: &str,
    ) -> Result<Dispute, RailError> {
        let path = format!("disputes/{}", plain(dispute)?);
        let expanded = vec![("expand[]", "payment_intent".to_owned())];
        let dispute: DisputeOpened = self.client.get(&path, &expanded).await?;
        let intent = dispute.payment_intent.as_ref().and_then(Link::whole);
        if !intent.is_some_and(|intent| is_named(&intent.metadata, charge)) {
            return Err(RailError::Nonsense("a dispute about something else".into()));
        }
        judge_dispute(&dispute)
    }
}

/// <https://docs.stripe.com/api/refunds/object#refund_object-status>
fn become_of(made: &RefundMade, currency: Currency) -> Result<Refunded, RailError> {
    let code = made.failure_reason.as_deref();
    match made.status.as_deref() {
        Some("succeeded") => {
            let reference = plain(&made.id)?.to_owned();
            let movement = made.balance_transaction.as_ref().and_then(Link::whole);
            Ok(Refunded::Done { reference, fee_back: fee_back(movement, currency)? })
        }
        Some("pending" | "requires_action") => Ok(Refunded::Waiting),
        Some("failed" | "canceled") => Ok(Refunded::Declined(declines::reason(code, None))),
        _ => Err(RailError::Nonsense("a refund's status".into())),
    }
}

fn sent_back(made: &RefundMade, currency: Currency) -> Result<SentBack, RailError> {
    let movement = made.balance_transaction.as_ref().and_then(Link::whole);
    let said = made.metadata.as_ref();
    Ok(SentBack {
        reference: plain(&made.id)?.to_owned(),
        key: said.and_then(|said| said.get(REFUND)).cloned(),
        amount: money(made.amount, &made.currency)?,
        fee_back: fee_back(movement, currency)?,
        has_failed: matches!(become_of(made, currency)?, Refunded::Declined(_)),
    })
}

/// Stripe keeps its fee when money is sent back, except by contracts that say otherwise.
fn fee_back(movement: Option<&Movement>, currency: Currency) -> Result<Money, RailError> {
    match movement {
        Some(Movement { fee, currency: said }) if *fee < 0 => {
            let back = money(fee.checked_neg().unwrap_or_default(), said)?;
            let is_same = back.currency() == currency;
            Ok(if is_same { back } else { Money::zero(currency) })
        }
        _ => Ok(Money::zero(currency)),
    }
}

/// <https://docs.stripe.com/disputes/how-disputes-work>. A warning takes no money yet.
fn judge_dispute(dispute: &DisputeOpened) -> Result<Dispute, RailError> {
    let amount = money(dispute.amount, &dispute.currency)?;
    match dispute.status.as_str() {
        "warning_needs_response" | "warning_under_review" => {
            Ok(Dispute::Open(Money::zero(amount.currency()), trouble(dispute)?))
        }
        "needs_response" | "under_review" => Ok(Dispute::Open(amount, trouble(dispute)?)),
        "won" | "warning_closed" => Ok(Dispute::Won(trouble(dispute)?)),
        "lost" => Ok(Dispute::Lost(amount, trouble(dispute)?)),
        _ => Err(RailError::Nonsense("a dispute's status".into())),
    }
}

/// What Stripe charged for the dispute, less what it gave back of that.
fn trouble(dispute: &DisputeOpened) -> Result<Money, RailError> {
    let fees = dispute.balance_transactions.iter();
    let sum = fees.clone().try_fold(0_i64, |sum, movement| sum.checked_add(movement.fee));
    let sum = sum.ok_or_else(|| RailError::Nonsense("a dispute's fees".into()))?;
    let is_one = fees.clone().all(|movement| movement.currency == dispute.currency);
    if !is_one {
        return Err(RailError::Nonsense("a dispute's fees in another currency".into()));
    }
    money(sum.max(0), &dispute.currency)
}
