//! Money that goes back to a phone bill.

use super::Phone;
use super::operator::read;
use super::payment::{Returned, nonsense, segment};
use super::refusal::{code, refused};
use crate::rails::port::{Charge, RailError, Reason, Refund, Refunded};
use ledger::Money;

impl Phone {
    /// Looks first whether the refund is there: not every operator holds to the key by which asking twice is asking once.
    pub(super) async fn send_back(
        &self,
        charge: &Charge,
        refund: &Refund,
    ) -> Result<Refunded, RailError> {
        let known = self.operator.given_back(charge, refund).await;
        if let Some(made) = known.map_err(nothing_asked)? {
            return become_of(&made, refund);
        }
        let reply = self.operator.give_back(charge, refund).await?;
        if reply.status.is_success() {
            return become_of(&read(&reply)?, refund);
        }
        if code(&reply).as_deref() == Some("ALREADY_EXISTS")
            && let Some(made) = self.operator.given_back(charge, refund).await?
        {
            return become_of(&made, refund);
        }
        match refused(&reply) {
            RailError::Declined(reason) => Ok(Refunded::Declined(reason)),
            error => Err(error),
        }
    }
}

/// Reading moves nothing: where only that failed, nothing was sent back.
fn nothing_asked(error: RailError) -> RailError {
    match error {
        RailError::Lost(why) | RailError::Nonsense(why) => RailError::NotReached(why),
        surely => surely,
    }
}

fn become_of(made: &Returned, refund: &Refund) -> Result<Refunded, RailError> {
    Ok(match made.status.as_str() {
        "processing" => Refunded::Waiting,
        "denied" => Refunded::Declined(Reason::Refused),
        // What becomes of the operator's share stands in the contract, and not in the answer.
        "succeeded" => Refunded::Done {
            reference: segment(&made.id)?.to_owned(),
            fee_back: Money::zero(refund.amount.currency()),
        },
        _ => return Err(nonsense("a refund's status")),
    })
}
