//! Fees given back: a rail returns a part of what it kept, of a payment that went back or of a dispute that was won.
//!
//! It goes to whoever bore the fee: of a payment, its authors in the proportion in which they did, to the micro-unit and never
//! more than they did; what nobody bore is the operator's, and so is the fee of a dispute.

use crate::accounts::{Account, RailNumber, Reason, Subject, Transfer};
use crate::ids::{AuthorId, RefundId, SettlementId};
use crate::money::Money;
use crate::refusal::LedgerRefusal;
use crate::time::Timestamp;

/// What a rail gives a part of its fee back for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FeeBack {
    /// Money of a settlement that went back.
    Refund(RefundId),
    /// A dispute of a settlement: what the rail calls it.
    Dispute(SettlementId, String),
}

impl FeeBack {
    /// What its transfers are about.
    pub const fn subject(&self) -> Subject {
        match self {
            Self::Refund(refund) => Subject::Refund(*refund),
            Self::Dispute(settlement, _) => Subject::Settlement(*settlement),
        }
    }

    /// What the rail calls the dispute; empty for a refund.
    pub fn name(&self) -> &str {
        match self {
            Self::Refund(_) => "",
            Self::Dispute(_, name) => name,
        }
    }

    /// The transfer that gives one their part.
    pub const fn transfer(&self, rail: RailNumber, part: Given, at: Timestamp) -> Transfer {
        let credit = match part.author {
            Some(author) => Account::Available(author),
            None => Account::OperatorFees,
        };
        let (debit, reason, subject) = (Account::Rail(rail), Reason::FeeBack, self.subject());
        Transfer { at, reason, subject, debit, credit, amount: part.amount }
    }
}

/// A part of a fee that is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// To which author; `None` for the operator.
    pub author: Option<AuthorId>,
    /// How much; never zero.
    pub amount: Money,
}

/// Shares what a rail gives back among those who `bore` its fee and did not get it back since.
///
/// # Errors
/// [`LedgerRefusal::Amount`].
pub fn share_fee_back(
    amount: Money,
    bore: &[(AuthorId, Money)],
) -> Result<Vec<Given>, LedgerRefusal> {
    let nothing = Money::zero(amount.currency());
    let borne = bore.iter().try_fold(nothing, |sum, (_, fee)| sum.checked_add(*fee))?;
    let shared = amount.min(borne);
    let weights: Vec<u64> = bore.iter().map(|(_, fee)| fee.micros().unsigned_abs()).collect();
    let parts = if shared.is_zero() { Vec::new() } else { shared.split(&weights)? };
    let authors = bore.iter().zip(parts);
    let authors = authors.map(|((author, _), amount)| Given { author: Some(*author), amount });
    let rest = Given { author: None, amount: amount.checked_sub(shared)? };
    let parts = authors.chain(std::iter::once(rest));
    Ok(parts.filter(|part| !part.amount.is_zero()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ShopId;
    use crate::money::Currency;
    use proptest::prelude::*;

    fn money(micros: i64) -> Money {
        Money::from_micros(micros, Currency::Eur).expect("not negative")
    }

    #[test]
    fn a_fee_that_nobody_bore_is_the_operators() {
        let parts = share_fee_back(money(7), &[]).expect("shared");
        assert_eq!(parts, [Given { author: None, amount: money(7) }]);
        assert_eq!(share_fee_back(money(0), &[]), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn nobody_gets_more_back_than_they_bore_and_nothing_is_lost(
            back in 0i64..5_000_000,
            bore in prop::collection::vec(0i64..1_000_000, 0..6),
        ) {
            let bore: Vec<(AuthorId, Money)> = (0..)
                .map(AuthorId::from_raw)
                .zip(bore.into_iter().map(money))
                .collect();
            let parts = share_fee_back(money(back), &bore).expect("shared");
            let sum: i64 = parts.iter().map(|part| part.amount.micros()).sum();
            prop_assert_eq!(sum, back);
            let all: i64 = bore.iter().map(|(_, fee)| fee.micros()).sum();
            for part in &parts {
                prop_assert!(!part.amount.is_zero());
                match part.author {
                    Some(author) => {
                        let (_, fee) = bore.iter().find(|(one, _)| *one == author).expect("known");
                        prop_assert!(part.amount <= *fee);
                    }
                    None => prop_assert_eq!(part.amount.micros(), back - all),
                }
            }
        }
    }
}
