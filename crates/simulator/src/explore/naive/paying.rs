//! What the second ledger comes to when authors are paid.

use super::Naive;
use super::moving::made;
use ardoise::till::command::{Answer, Outcome, PayOutAsk, PayOutEndedAsk};
use ledger::{
    Account, AuthorId, LedgerRefusal, Money, PayOut, PayoutEnd, Reason, Subject, Timestamp,
};

/// A payout, as the second ledger remembers it.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    pay_out: PayOut,
    /// What its rail has said first that it takes.
    fee: i64,
    is_back: bool,
}

impl Naive {
    /// What an author could be paid, as it is told.
    fn left_to(&self, author: AuthorId) -> Money {
        self.money(self.balance(Account::Available(author)).max(0) as i64)
    }

    pub(super) fn pay_out(&mut self, ask: &PayOutAsk, now: Timestamp) -> Outcome {
        let pay_out = ask.pay_out;
        let account = Account::Available(pay_out.author);
        match self.payouts.get(&pay_out.id) {
            Some(earlier) if earlier.pay_out == pay_out => {
                let available = self.left_to(pay_out.author);
                return Ok(Answer::PaidOut { again: true, available });
            }
            Some(_) => return Err(LedgerRefusal::IdConflict),
            None => {}
        }
        let micros = pay_out.amount.micros();
        if micros == 0 || i128::from(micros) > self.balance(account) {
            let available = self.left_to(pay_out.author);
            return Err(LedgerRefusal::MoreThanAvailable { available });
        }
        self.payouts.insert(pay_out.id, Paid { pay_out, fee: 0, is_back: false });
        self.effects.authors.insert(pay_out.author);
        let moves = vec![(Reason::PaidOut, account, Account::Rail(pay_out.rail), micros)];
        for transfer in made(now, Subject::Payout(pay_out.id), moves, self.currency) {
            self.post(&transfer);
        }
        Ok(Answer::PaidOut { again: false, available: self.left_to(pay_out.author) })
    }

    pub(super) fn pay_out_ended(&mut self, ask: &PayOutEndedAsk, now: Timestamp) -> Outcome {
        let known = self.payouts.get(&ask.payout).copied();
        let known = known.filter(|paid| paid.pay_out.author == ask.author);
        let Paid { pay_out, fee, is_back } = known.ok_or(LedgerRefusal::NoSettlement)?;
        let (rail, author) = (Account::Rail(pay_out.rail), Account::Available(pay_out.author));
        let said = ask.fee.micros();
        let takes = if fee == 0 { said } else { fee };
        let comes_back = ask.end == PayoutEnd::Returned;
        let mut moves = Vec::new();
        if !is_back {
            moves.push((Reason::RailFee, Account::OperatorFees, rail, takes - fee));
            if comes_back {
                moves.push((Reason::PayoutReturned, rail, author, pay_out.amount.micros()));
                let back = (takes - said).max(0);
                moves.push((Reason::PayoutReturned, rail, Account::OperatorFees, back));
                self.effects.authors.insert(pay_out.author);
            }
            let paid = Paid { pay_out, fee: takes, is_back: comes_back };
            self.payouts.insert(ask.payout, paid);
        }
        let moves: Vec<_> = moves.into_iter().filter(|(.., micros)| *micros > 0).collect();
        let again = moves.is_empty();
        for transfer in made(now, Subject::Payout(ask.payout), moves, self.currency) {
            self.post(&transfer);
        }
        Ok(Answer::PayOutEnded { again, available: self.left_to(pay_out.author) })
    }
}
