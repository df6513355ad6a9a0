//! Money that is sent to authors, and what their rails say of it.

use super::{Batch, NewPayout, NewPayoutFee, NewPayoutReturn};
use crate::till::command::{Answer, Outcome, PayOutAsk, PayOutEndedAsk};
use ledger::{Account, AuthorId, LedgerRefusal, Money, PayoutNow};

impl Batch<'_> {
    pub(super) fn pay_out(&mut self, ask: &PayOutAsk) -> Outcome {
        let pay_out = ask.pay_out;
        let mut available = self.available(pay_out.author);
        let again = match self.known.payouts.get(&pay_out.id) {
            Some(earlier) if earlier.pay_out == pay_out => true,
            Some(_) => return Err(LedgerRefusal::IdConflict),
            None => {
                let transfer = ledger::pay_out(&pay_out, &mut available, self.now)?;
                let reference = ask.reference.clone();
                self.known.payouts.insert(pay_out.id, PayoutNow::new(pay_out));
                self.writes.transfers.push(transfer);
                self.writes.payouts.push(NewPayout { pay_out, reference });
                false
            }
        };
        Ok(Answer::PaidOut { again, available: self.shown(available)? })
    }

    pub(super) fn pay_out_ended(&mut self, ask: &PayOutEndedAsk) -> Outcome {
        let known = self.known.payouts.get_mut(&ask.payout);
        let known = known.filter(|known| known.pay_out.author == ask.author);
        let payout = known.ok_or(LedgerRefusal::NoSettlement)?;
        let before = *payout;
        let transfers = ledger::end_payout(payout, ask.end, ask.fee, self.now)?;
        let after = *payout;
        let (id, author) = (ask.payout, ask.author);
        if after.fee != before.fee {
            self.writes.payout_fees.push(NewPayoutFee { payout: id, fee: after.fee });
        }
        if after.has_returned != before.has_returned {
            let fee_back = after.fee.saturating_sub(ask.fee)?;
            let reference = ask.reference.clone();
            let made = NewPayoutReturn { payout: id, author, fee_back, reference };
            self.writes.payout_returns.push(made);
        }
        self.writes.transfers.extend(transfers);
        let available = self.shown(self.available(author))?;
        Ok(Answer::PayOutEnded { again: after == before, available })
    }

    /// What an author may be paid now: what was there before the batch, and what the batch has moved since.
    fn available(&self, author: AuthorId) -> i128 {
        let account = Account::Available(author);
        let before = self.known.available.get(&author).copied().unwrap_or(0);
        self.writes.transfers.iter().fold(before, |available, transfer| {
            let micros = i128::from(transfer.amount.micros());
            let credited = if transfer.credit == account { micros } else { 0 };
            let debited = if transfer.debit == account { micros } else { 0 };
            available + credited - debited
        })
    }

    fn shown(&self, available: i128) -> Result<Money, LedgerRefusal> {
        let left = i64::try_from(available.max(0)).unwrap_or(i64::MAX);
        Ok(Money::from_micros(left, self.currency)?)
    }
}
