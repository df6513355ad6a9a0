//! Money that went back, as PayPal says it: by the shop's hand, or from PayPal's own page.

use super::orders::{Amount, nonsense};
use crate::rails::port::{RailError, Reason, Refunded, SentBack};
use ledger::{Currency, Money};
use serde::Deserialize;

/// A refund.
#[derive(Debug, Deserialize)]
pub struct Sent {
    id: String,
    status: String,
    amount: Option<Amount>,
    custom_id: Option<String>,
    seller_payable_breakdown: Option<Breakdown>,
}

#[derive(Debug, Deserialize)]
struct Breakdown {
    paypal_fee: Option<Amount>,
}

/// How far a refund is.
enum Stage {
    Done,
    Waiting,
    Failed,
}

impl Sent {
    fn stage(&self) -> Result<Stage, RailError> {
        Ok(match self.status.as_str() {
            "COMPLETED" => Stage::Done,
            "PENDING" => Stage::Waiting,
            "FAILED" | "CANCELLED" => Stage::Failed,
            _ => return Err(nonsense("a refund's status")),
        })
    }

    fn fee_back(&self, currency: Currency) -> Result<Money, RailError> {
        let said = self.seller_payable_breakdown.as_ref();
        let fee = said.and_then(|breakdown| breakdown.paypal_fee.as_ref());
        fee.map_or(Ok(Money::zero(currency)), Amount::money)
    }

    /// What became of a refund that the shop asked for.
    ///
    /// # Errors
    /// [`RailError::Nonsense`].
    pub fn refunded(self, currency: Currency) -> Result<Refunded, RailError> {
        let fee_back = self.fee_back(currency)?;
        Ok(match self.stage()? {
            Stage::Done => Refunded::Done { reference: self.id, fee_back },
            Stage::Waiting => Refunded::Waiting,
            Stage::Failed => Refunded::Declined(Reason::Refused),
        })
    }

    /// A refund of an order, whoever made it.
    ///
    /// # Errors
    /// [`RailError::Nonsense`].
    pub fn sent_back(&self) -> Result<SentBack, RailError> {
        let amount = self.amount.as_ref().ok_or(nonsense("a refund without an amount"))?.money()?;
        Ok(SentBack {
            reference: self.id.clone(),
            key: self.custom_id.clone(),
            amount,
            fee_back: self.fee_back(amount.currency())?,
            has_failed: matches!(self.stage()?, Stage::Failed),
        })
    }
}
