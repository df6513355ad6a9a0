//! Paying out: money that leaves the shop for an author.

use crate::accounts::{Account, RailNumber, Reason, Subject, Transfer};
use crate::ids::{AuthorId, PayoutId};
use crate::money::Money;
use crate::refusal::LedgerRefusal;
use crate::time::Timestamp;

/// Money that the operator sends to an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayOut {
    /// The payout.
    pub id: PayoutId,
    /// To whom.
    pub author: AuthorId,
    /// By which rail.
    pub rail: RailNumber,
    /// How much.
    pub amount: Money,
}

impl PayOut {
    /// The transfer that says so.
    pub const fn transfer(&self, at: Timestamp) -> Transfer {
        let debit = Account::Available(self.author);
        let credit = Account::Rail(self.rail);
        let (reason, subject) = (Reason::PaidOut, Subject::Payout(self.id));
        Transfer { at, reason, subject, debit, credit, amount: self.amount }
    }
}

/// Decides a payout and lowers what is `available`: the exact balance of the author's account, which may be below zero
/// when lines were undone after they had been paid out.
///
/// # Errors
/// [`LedgerRefusal::MoreThanAvailable`]; also for nothing, which cannot be sent. What is available is as it was.
pub fn pay_out(
    ask: &PayOut,
    available: &mut i128,
    now: Timestamp,
) -> Result<Transfer, LedgerRefusal> {
    let amount = i128::from(ask.amount.micros());
    if amount == 0 || amount > *available {
        let left = i64::try_from((*available).max(0)).unwrap_or(i64::MAX);
        let available = Money::from_micros(left, ask.amount.currency())?;
        return Err(LedgerRefusal::MoreThanAvailable { available });
    }
    *available -= amount;
    Ok(ask.transfer(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ShopId;
    use crate::money::Currency;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_micros(7);

    fn ask(micros: i64) -> PayOut {
        PayOut {
            id: PayoutId::from_raw(1),
            author: AuthorId::from_raw(2),
            rail: RailNumber(1),
            amount: Money::from_micros(micros, Currency::Eur).expect("not negative"),
        }
    }

    #[test]
    fn what_is_owed_to_the_shop_cannot_be_paid_out() {
        let mut available = -5;
        let refused = pay_out(&ask(1), &mut available, NOW);
        let nothing = Money::zero(Currency::Eur);
        assert_eq!(refused, Err(LedgerRefusal::MoreThanAvailable { available: nothing }));
        assert_eq!(available, -5);
    }

    #[test]
    fn nothing_is_not_a_payout() {
        assert!(pay_out(&ask(0), &mut 10, NOW).is_err());
    }

    proptest! {
        #[test]
        fn payouts_never_pass_what_is_available(
            had in 0i64..1_000,
            asked in prop::collection::vec(0i64..400, 0..20),
        ) {
            let mut available = i128::from(had);
            let mut sent = 0;
            for micros in asked {
                if let Ok(transfer) = pay_out(&ask(micros), &mut available, NOW) {
                    prop_assert_eq!(transfer.amount.micros(), micros);
                    sent += micros;
                }
            }
            prop_assert!(sent <= had);
            prop_assert_eq!(available, i128::from(had - sent));
        }
    }
}
