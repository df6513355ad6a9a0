//! Money that goes back, and lines that nobody pays.

use super::{
    Batch, NewDispute, NewDisputeEnd, NewFeeBack, NewRefund, NewRefundFailure, NewReopening,
    StoredDispute, StoredRefund,
};
use crate::till::command::{
    Answer, DisputeAsk, DisputeEndedAsk, FeeBackAsk, Outcome, RefundAsk, RefundFailedAsk,
};
use ledger::{
    AuthorId, FeeBack, Given, LedgerRefusal, LineId, LineState, Losses, Money, OpenLine, Reason,
    Refund, SettlementId, SettlementNow, Tab, TabId, Transfer,
};

impl Batch<'_> {
    pub(super) fn refund(&mut self, ask: &RefundAsk) -> Outcome {
        let (mut tab, refund, shortfall) = (self.tab(ask.tab)?, ask.refund, ask.shortfall);
        if let Some(earlier) = self.known.refunds.get(&refund.id) {
            if (earlier.tab, earlier.refund, earlier.shortfall) != (ask.tab, refund, shortfall) {
                return Err(LedgerRefusal::IdConflict);
            }
            return Ok(Answer::Refunded { again: true, now: self.stand(tab)? });
        }
        let mut settlement = self.settlement(refund.settlement)?;
        let before = tab.chain;
        let made = ledger::give_back(&refund, shortfall, &mut tab, &mut settlement, self.now)?;
        self.known.settlements.insert(refund.settlement, settlement);
        let borne = made.borne;
        let stored = StoredRefund { tab: tab.id, refund, shortfall, borne, has_failed: false };
        self.known.refunds.insert(refund.id, stored);
        let reference = ask.reference.clone();
        self.writes.refunds.push(NewRefund {
            tab: tab.id,
            refund,
            shortfall,
            borne,
            reference,
            before,
        });
        self.keep(&tab, made.transfers);
        Ok(Answer::Refunded { again: false, now: self.stand(tab)? })
    }

    pub(super) fn refund_failed(&mut self, ask: &RefundFailedAsk) -> Outcome {
        let mut tab = self.tab(ask.tab)?;
        let stored = self.known.refunds.get(&ask.refund).filter(|stored| stored.tab == ask.tab);
        let StoredRefund { refund, shortfall, borne, has_failed, .. } =
            *stored.ok_or(LedgerRefusal::NoSettlement)?;
        if has_failed {
            return Ok(Answer::RefundFailed { again: true, now: self.stand(tab)? });
        }
        let mut settlement = self.settlement(refund.settlement)?;
        let before = tab.chain;
        let made = ledger::take_again(&refund, borne, &mut tab, &mut settlement, self.now)?;
        self.known.settlements.insert(refund.settlement, settlement);
        let stored = StoredRefund { tab: tab.id, refund, shortfall, borne, has_failed: true };
        self.known.refunds.insert(refund.id, stored);
        let reference = ask.reference.clone();
        let failure = NewRefundFailure { refund: refund.id, reference, before };
        self.writes.refund_failures.push(failure);
        self.keep(&tab, made);
        self.take_fee_back(ask.tab, &refund)?;
        self.spend_credit(&mut tab)?;
        Ok(Answer::RefundFailed { again: false, now: self.stand(tab)? })
    }

    pub(super) fn dispute(&mut self, ask: &DisputeAsk) -> Outcome {
        let (mut tab, dispute) = (self.tab(ask.tab)?, ask.dispute);
        let key = (dispute.settlement, ask.name.clone());
        if let Some(earlier) = self.known.disputes.get(&key) {
            if (earlier.tab, earlier.dispute) != (ask.tab, dispute) {
                return Err(LedgerRefusal::IdConflict);
            }
            return Ok(Answer::Disputed { again: true, now: self.stand(tab)? });
        }
        let mut settlement = self.settlement(dispute.settlement)?;
        let before = tab.chain;
        let made = ledger::open_dispute(&dispute, &mut tab, &mut settlement, self.now)?;
        self.known.settlements.insert(dispute.settlement, settlement);
        self.known.disputes.insert(key, StoredDispute { tab: tab.id, dispute, ended: None });
        let name = ask.name.clone();
        self.writes.disputes.push(NewDispute { tab: tab.id, dispute, name, before });
        self.keep(&tab, made);
        Ok(Answer::Disputed { again: false, now: self.stand(tab)? })
    }

    pub(super) fn dispute_ended(&mut self, ask: &DisputeEndedAsk) -> Outcome {
        let mut tab = self.tab(ask.tab)?;
        let key = (ask.settlement, ask.name.clone());
        let stored = self.known.disputes.get(&key).filter(|stored| stored.tab == ask.tab);
        let StoredDispute { dispute, ended, .. } = *stored.ok_or(LedgerRefusal::NoSettlement)?;
        if let Some(verdict) = ended {
            if verdict != ask.verdict {
                return Err(LedgerRefusal::IdConflict);
            }
            let lost = Vec::new();
            return Ok(Answer::DisputeEnded { again: true, lost, now: self.stand(tab)? });
        }
        let mut settlement = self.settlement(ask.settlement)?;
        let (before, open) = (tab.chain, self.waiting(tab.id));
        let done =
            ledger::end_dispute(&dispute, ask.verdict, &mut tab, &mut settlement, &open, self.now)?;
        self.known.settlements.insert(ask.settlement, settlement);
        let stored = StoredDispute { tab: tab.id, dispute, ended: Some(ask.verdict) };
        self.known.disputes.insert(key, stored);
        let (settlement, name, verdict) = (ask.settlement, ask.name.clone(), ask.verdict);
        self.writes.dispute_ends.push(NewDisputeEnd { settlement, name, verdict, before });
        self.keep(&tab, done.transfers);
        let lost = self.write_losses(&tab, done.losses);
        Ok(Answer::DisputeEnded { again: false, lost, now: self.stand(tab)? })
    }

    pub(super) fn fee_back(&mut self, ask: &FeeBackAsk) -> Outcome {
        let tab = self.tab(ask.tab)?;
        let settlement = self.settlement(ask.settlement)?;
        settlement.check_is_of(ask.tab, settlement.rail)?;
        let (bearers, is_void) = self.bearers(ask)?;
        if let Some(earlier) = self.known.fees_back.get(&ask.fee_back) {
            let mut parts = earlier.iter();
            let sum = parts
                .try_fold(Money::zero(self.currency), |sum, part| sum.checked_add(part.amount));
            if sum? != ask.amount {
                return Err(LedgerRefusal::IdConflict);
            }
            return Ok(Answer::FeeBack { again: true, now: self.stand(tab)? });
        }
        if is_void || ask.amount.is_zero() {
            return Ok(Answer::FeeBack { again: true, now: self.stand(tab)? });
        }
        let parts = ledger::share_fee_back(ask.amount, &bearers)?;
        let made = parts.iter().map(|part| ask.fee_back.transfer(settlement.rail, *part, self.now));
        let made: Vec<Transfer> = made.collect();
        for part in &parts {
            self.bear((ask.tab, ask.settlement), part, Money::saturating_sub)?;
        }
        self.known.fees_back.insert(ask.fee_back.clone(), parts.clone());
        let (settlement, rail, fee_back) = (ask.settlement, settlement.rail, ask.fee_back.clone());
        let given = NewFeeBack { tab: tab.id, settlement, rail, fee_back, parts };
        self.writes.fees_back.push(given);
        self.keep(&tab, made);
        Ok(Answer::FeeBack { again: false, now: self.stand(tab)? })
    }

    /// Who bore the fee that is given back; and whether that is for something that did not happen after all.
    fn bearers(&self, ask: &FeeBackAsk) -> Result<(Vec<(AuthorId, Money)>, bool), LedgerRefusal> {
        let refund = match &ask.fee_back {
            FeeBack::Refund(refund) => refund,
            // The operator bears what a dispute costs.
            FeeBack::Dispute(of, _) if *of == ask.settlement => return Ok((Vec::new(), false)),
            FeeBack::Dispute(..) => return Err(LedgerRefusal::NoSettlement),
        };
        let of = (ask.tab, ask.settlement);
        let stored = self.known.refunds.get(refund);
        let stored = stored.filter(|stored| (stored.tab, stored.refund.settlement) == of);
        let stored = stored.ok_or(LedgerRefusal::NoSettlement)?;
        let bearers = self.known.bearers.get(&of).into_iter().flatten();
        Ok((bearers.map(|(author, fee)| (*author, *fee)).collect(), stored.has_failed))
    }

    /// What an author bears of the fee of a settlement changes by their part of what was given back.
    fn bear(
        &mut self,
        of: (TabId, SettlementId),
        part: &Given,
        change: impl Fn(Money, Money) -> Result<Money, ledger::MoneyError>,
    ) -> Result<(), LedgerRefusal> {
        let nothing = Money::zero(self.currency);
        if let (Some(bearers), Some(author)) = (self.known.bearers.get_mut(&of), part.author) {
            let fee = bearers.entry(author).or_insert(nothing);
            *fee = change(*fee, part.amount)?;
        }
        Ok(())
    }

    /// A refund was not carried out: its rail keeps its fee after all.
    fn take_fee_back(&mut self, tab: TabId, refund: &Refund) -> Result<(), LedgerRefusal> {
        let fee_back = FeeBack::Refund(refund.id);
        for part in self.known.fees_back.get(&fee_back).cloned().unwrap_or_default() {
            self.bear((tab, refund.settlement), &part, Money::checked_add)?;
            let given = fee_back.transfer(refund.rail, part, self.now);
            self.writes.transfers.push(given.reversed(self.now, Reason::Returned));
            self.writes.fee_takers.extend(part.author);
        }
        Ok(())
    }

    pub(super) fn reopen(&mut self, tab: TabId) -> Outcome {
        let mut tab = self.tab(tab)?;
        let before = tab.chain;
        let again = !ledger::reopen(&mut tab, self.now);
        if !again {
            self.writes.reopenings.push(NewReopening { tab: tab.id, before });
            self.keep(&tab, []);
        }
        Ok(Answer::Reopened { again, now: self.stand(tab)? })
    }

    pub(super) fn write_off(&mut self, tab: TabId) -> Outcome {
        let mut tab = self.tab(tab)?;
        let open = self.waiting(tab.id);
        let losses = ledger::write_off(&mut tab, &open, self.rules, self.now)?;
        let lost = self.write_losses(&tab, losses);
        Ok(Answer::WrittenOff { lost, now: self.stand(tab)? })
    }

    pub(super) fn bind(&mut self, tab: TabId, bound: bool) -> Outcome {
        let mut tab = self.tab(tab)?;
        if tab.mandate != bound {
            tab.mandate = bound;
            self.keep(&tab, []);
        }
        Ok(Answer::Bound { now: self.stand(tab)? })
    }

    fn write_losses(&mut self, tab: &Tab, losses: Losses) -> Vec<LineId> {
        let lost: Vec<LineId> = losses.lines.iter().map(|loss| loss.line.id).collect();
        if lost.is_empty() {
            return lost;
        }
        for line in &lost {
            if let Some((_, state)) = self.known.lines.get_mut(line) {
                *state = LineState::WrittenOff;
            }
        }
        if let Some(waiting) = self.known.open_lines.get_mut(&tab.id) {
            waiting.iter_mut().for_each(|line| line.written_off = true);
            waiting.sort_unstable_by_key(OpenLine::place);
        }
        self.writes.losses.extend(losses.lines.into_iter().map(|loss| (tab.id, loss)));
        self.keep(tab, losses.transfers);
        lost
    }

    fn tab(&self, tab: TabId) -> Result<Tab, LedgerRefusal> {
        let stored = self.known.tabs.get(&tab).ok_or(LedgerRefusal::NoTab)?;
        Ok(stored.tab.clone())
    }

    fn settlement(&self, settlement: SettlementId) -> Result<SettlementNow, LedgerRefusal> {
        self.known.settlements.get(&settlement).copied().ok_or(LedgerRefusal::NoSettlement)
    }

    /// The lines of a tab that wait to be paid.
    fn waiting(&self, tab: TabId) -> Vec<OpenLine> {
        self.known.open_lines.get(&tab).cloned().unwrap_or_default()
    }

    fn keep(&mut self, tab: &Tab, transfers: impl IntoIterator<Item = Transfer>) {
        if let Some(stored) = self.known.tabs.get_mut(&tab.id) {
            stored.tab = tab.clone();
        }
        self.writes.changed.insert(tab.id);
        self.writes.transfers.extend(transfers);
    }
}
