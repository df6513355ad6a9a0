//! What the second ledger comes to when money goes back, and when lines are not paid.

use super::Naive;
use super::arithmetic::parts;
use super::moving::{Move, bought, made};
use ardoise::till::command::{
    Answer, DisputeAsk, DisputeEndedAsk, FeeBackAsk, Outcome, RefundAsk, RefundFailedAsk,
};
use ledger::time::MICROS_PER_DAY;
use ledger::{
    Account, AuthorId, FeeBack, LedgerRefusal, LineId, LineState, RailNumber, Reason, SettlementId,
    Shortfall, Subject, TabId, Timestamp, Transfer, Verdict,
};

/// A settlement, and what of it went back.
#[derive(Debug, Clone, Copy)]
pub struct CameIn {
    pub(super) tab: TabId,
    pub(super) rail: RailNumber,
    pub(super) received: i64,
}

/// Money that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WentBack {
    tab: TabId,
    settlement: SettlementId,
    rail: RailNumber,
    micros: i64,
    elsewhere: bool,
    /// What of it the operator bears.
    borne: i64,
    failed: bool,
}

/// A dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contested {
    tab: TabId,
    rail: RailNumber,
    micros: i64,
    fee: i64,
    ended: Option<Verdict>,
}

impl CameIn {
    pub(super) const fn new(tab: TabId, rail: RailNumber, received: i64) -> Self {
        Self { tab, rail, received }
    }
}

impl Naive {
    /// What a tab has to its credit, in micro-units.
    pub fn credit(&self, tab: TabId) -> i64 {
        self.tabs.get(&tab).map_or(0, |tab| tab.credit)
    }

    /// What nobody has got back of a settlement, in micro-units.
    pub fn left(&self, settlement: SettlementId) -> i64 {
        let received = self.settlements.get(&settlement).map_or(0, |made| made.received);
        let back = self.refunds.values();
        let back = back.filter(|back| back.settlement == settlement && !back.failed);
        let back: i64 = back.map(|back| back.micros).sum();
        let disputed = self
            .disputes
            .iter()
            .filter(|((of, _), one)| *of == settlement && one.ended != Some(Verdict::Won));
        let disputed: i64 = disputed.map(|(_, one)| one.micros).sum();
        (received - back - disputed).max(0)
    }

    /// Disputes of a tab that are open, or that have ended so.
    pub(super) fn count_disputes(&self, tab: TabId, ended: Option<Verdict>) -> u32 {
        self.disputes.values().filter(|one| one.tab == tab && one.ended == ended).count() as u32
    }

    /// The settlement, if money came in by it for this tab and by this rail.
    fn check_came_in(
        &self,
        settlement: SettlementId,
        tab: TabId,
        rail: RailNumber,
    ) -> Result<(), LedgerRefusal> {
        let made = self.settlements.get(&settlement).ok_or(LedgerRefusal::NoSettlement)?;
        let is_it = made.tab == tab && made.rail == rail && rail.0 != 0;
        if is_it { Ok(()) } else { Err(LedgerRefusal::NoSettlement) }
    }

    fn post_moves(&mut self, subject: Subject, moves: Vec<Move>, now: Timestamp) {
        for transfer in made(now, subject, moves, self.currency) {
            self.post(&transfer);
        }
        self.effects.wrote = true;
    }

    fn receipt(&mut self, tab: TabId, kind: u8, id: [u8; 16], micros: i64, now: Timestamp) {
        let amount = self.money(micros);
        if let Some(tab) = self.tabs.get_mut(&tab) {
            tab.receipts.money(kind, id, amount, now);
        }
    }

    pub(super) fn add_credit(&mut self, tab: TabId, micros: i64) {
        if let Some(tab) = self.tabs.get_mut(&tab) {
            tab.credit += micros;
        }
    }

    /// Disputes of a tab that were lost and not forgiven.
    pub(super) fn lost_disputes(&self, tab: TabId) -> u32 {
        let forgiven = self.tabs.get(&tab).map_or(0, |tab| tab.forgiven);
        self.count_disputes(tab, Some(Verdict::Lost)) - forgiven
    }

    pub(super) fn reopen(&mut self, tab: TabId, now: Timestamp) -> Outcome {
        let stand = self.now(tab)?;
        let lost = self.count_disputes(tab, Some(Verdict::Lost));
        if self.lost_disputes(tab) == 0 {
            return Ok(Answer::Reopened { again: true, now: stand });
        }
        if let Some(tab) = self.tabs.get_mut(&tab) {
            tab.forgiven = lost;
            tab.receipts.reopened(now);
        }
        self.effects.wrote = true;
        Ok(Answer::Reopened { again: false, now: self.now(tab)? })
    }

    pub(super) fn refund(&mut self, ask: &RefundAsk, now: Timestamp) -> Outcome {
        let (stand, refund) = (self.now(ask.tab)?, ask.refund);
        let (settlement, rail, micros) = (refund.settlement, refund.rail, refund.amount.micros());
        let elsewhere = ask.shortfall == Shortfall::Borne;
        let lacks = (micros - self.credit(ask.tab)).max(0);
        let borne = if elsewhere { lacks } else { 0 };
        let back =
            WentBack { tab: ask.tab, settlement, rail, micros, elsewhere, borne, failed: false };
        if let Some(&earlier) = self.refunds.get(&refund.id) {
            let same = WentBack { failed: false, borne, ..earlier } == back;
            let again = Answer::Refunded { again: true, now: stand };
            return if same { Ok(again) } else { Err(LedgerRefusal::IdConflict) };
        }
        self.check_came_in(settlement, ask.tab, rail)?;
        let (credit, left) = (self.credit(ask.tab), self.left(settlement));
        let most = if elsewhere { left } else { credit.min(left) };
        if micros == 0 || micros > most {
            return Err(LedgerRefusal::RefundTooLarge { most: self.money(most) });
        }
        self.refunds.insert(refund.id, back);
        if let Some(tab) = self.tabs.get_mut(&ask.tab) {
            tab.credit -= micros - borne;
            tab.borne += borne;
        }
        let kind = if elsewhere { 10 } else { 4 };
        self.receipt(ask.tab, kind, refund.id.bytes(), micros, now);
        let moves = vec![
            (Reason::GivenBack, Account::Tab(ask.tab), Account::Rail(rail), micros),
            (Reason::Borne, Account::OperatorFees, Account::Tab(ask.tab), borne),
        ];
        self.post_moves(Subject::Refund(refund.id), moves, now);
        Ok(Answer::Refunded { again: false, now: self.now(ask.tab)? })
    }

    pub(super) fn refund_failed(&mut self, ask: &RefundFailedAsk, now: Timestamp) -> Outcome {
        let stand = self.now(ask.tab)?;
        let known = self.refunds.get_mut(&ask.refund).filter(|back| back.tab == ask.tab);
        let back = known.ok_or(LedgerRefusal::NoSettlement)?;
        if back.failed {
            return Ok(Answer::RefundFailed { again: true, now: stand });
        }
        back.failed = true;
        let WentBack { tab, rail, micros, borne, .. } = *back;
        let about = Subject::Refund(ask.refund);
        self.receipt(tab, 5, ask.refund.bytes(), micros, now);
        let moves = vec![
            (Reason::Returned, Account::Rail(rail), Account::Tab(tab), micros),
            (Reason::Returned, Account::Tab(tab), Account::OperatorFees, borne),
        ];
        self.post_moves(about, moves, now);
        self.add_credit(tab, micros - borne);
        if let Some(tab) = self.tabs.get_mut(&tab) {
            tab.borne -= borne;
        }
        let fee = self.fees_back.get(&FeeBack::Refund(ask.refund)).cloned().unwrap_or_default();
        for (author, micros) in fee {
            let moves = vec![(Reason::Returned, owner(author), Account::Rail(rail), micros)];
            self.post_moves(about, moves, now);
            self.effects.authors.extend(author);
        }
        self.spend_credit(tab, now);
        Ok(Answer::RefundFailed { again: false, now: self.now(tab)? })
    }

    pub(super) fn fee_back(&mut self, ask: &FeeBackAsk, now: Timestamp) -> Outcome {
        let stand = self.now(ask.tab)?;
        let came = self.settlements.get(&ask.settlement).ok_or(LedgerRefusal::NoSettlement)?;
        let rail = came.rail;
        self.check_came_in(ask.settlement, ask.tab, rail)?;
        let of_refund = match &ask.fee_back {
            FeeBack::Dispute(of, _) if *of == ask.settlement => None,
            FeeBack::Dispute(..) => return Err(LedgerRefusal::NoSettlement),
            FeeBack::Refund(refund) => {
                let back = self.refunds.get(refund).copied();
                let back =
                    back.filter(|back| (back.tab, back.settlement) == (ask.tab, ask.settlement));
                Some(back.ok_or(LedgerRefusal::NoSettlement)?)
            }
        };
        let micros = ask.amount.micros();
        let again = Answer::FeeBack { again: true, now: stand };
        if let Some(earlier) = self.fees_back.get(&ask.fee_back) {
            let same = earlier.iter().map(|(_, micros)| micros).sum::<i64>() == micros;
            return if same { Ok(again) } else { Err(LedgerRefusal::IdConflict) };
        }
        if micros == 0 || of_refund.is_some_and(|back| back.failed) {
            return Ok(again);
        }
        let bore = if of_refund.is_some() { self.still_bear(ask.settlement) } else { Vec::new() };
        let all: i64 = bore.iter().map(|(_, micros)| micros).sum();
        let weights: Vec<i64> = bore.iter().map(|(_, micros)| *micros).collect();
        let shares = if all > 0 { parts(micros.min(all), &weights) } else { Vec::new() };
        let shares = bore.iter().zip(shares).map(|((author, _), part)| (Some(*author), part));
        let rest = (None, (micros - all).max(0));
        let given: Vec<_> = shares.chain([rest]).filter(|(_, micros)| *micros > 0).collect();
        for (author, micros) in &given {
            let moves = vec![(Reason::FeeBack, Account::Rail(rail), owner(*author), *micros)];
            self.post_moves(ask.fee_back.subject(), moves, now);
            self.effects.authors.extend(*author);
        }
        self.fees_back.insert(ask.fee_back.clone(), given);
        Ok(Answer::FeeBack { again: false, now: self.now(ask.tab)? })
    }

    /// What each author bears of the fee of a settlement now, in the order of their ids.
    fn still_bear(&self, settlement: SettlementId) -> Vec<(AuthorId, i64)> {
        let mut bear = std::collections::BTreeMap::<AuthorId, i64>::new();
        for (author, micros) in self.bore.get(&settlement).into_iter().flatten() {
            *bear.entry(*author).or_default() += micros;
        }
        for (fee_back, parts) in &self.fees_back {
            let FeeBack::Refund(refund) = fee_back else { continue };
            let back = &self.refunds[refund];
            if back.failed || back.settlement != settlement {
                continue;
            }
            for (author, micros) in parts {
                if let Some(author) = author {
                    *bear.entry(*author).or_default() -= micros;
                }
            }
        }
        bear.into_iter().filter(|(_, micros)| *micros > 0).collect()
    }

    pub(super) fn dispute(&mut self, ask: &DisputeAsk, now: Timestamp) -> Outcome {
        let (stand, dispute) = (self.now(ask.tab)?, ask.dispute);
        let (micros, fee) = (dispute.amount.micros(), dispute.fee.micros());
        let one = Contested { tab: ask.tab, rail: dispute.rail, micros, fee, ended: None };
        let key = (dispute.settlement, ask.name.clone());
        if let Some(&earlier) = self.disputes.get(&key) {
            let again = Answer::Disputed { again: true, now: stand };
            let same = Contested { ended: None, ..earlier } == one;
            return if same { Ok(again) } else { Err(LedgerRefusal::IdConflict) };
        }
        self.check_came_in(dispute.settlement, ask.tab, dispute.rail)?;
        self.disputes.insert(key, one);
        self.receipt(ask.tab, 6, dispute.settlement.bytes(), micros, now);
        let rail = Account::Rail(dispute.rail);
        let moves = vec![
            (Reason::Disputed, Account::Disputes, rail, micros),
            (Reason::RailFee, Account::OperatorFees, rail, fee),
        ];
        self.post_moves(Subject::Settlement(dispute.settlement), moves, now);
        Ok(Answer::Disputed { again: false, now: self.now(ask.tab)? })
    }

    pub(super) fn dispute_ended(&mut self, ask: &DisputeEndedAsk, now: Timestamp) -> Outcome {
        let stand = self.now(ask.tab)?;
        let key = (ask.settlement, ask.name.clone());
        let known = self.disputes.get_mut(&key).filter(|one| one.tab == ask.tab);
        let one = known.ok_or(LedgerRefusal::NoSettlement)?;
        match one.ended {
            Some(verdict) if verdict == ask.verdict => {
                return Ok(Answer::DisputeEnded { again: true, lost: Vec::new(), now: stand });
            }
            Some(_) => return Err(LedgerRefusal::IdConflict),
            None => one.ended = Some(ask.verdict),
        }
        let Contested { rail, micros, .. } = *one;
        let (kind, reason, to) = match ask.verdict {
            Verdict::Won => (7, Reason::DisputeWon, Account::Rail(rail)),
            Verdict::Lost => (8, Reason::DisputeLost, Account::OperatorFees),
        };
        self.receipt(ask.tab, kind, ask.settlement.bytes(), micros, now);
        let moves = vec![(reason, to, Account::Disputes, micros)];
        self.post_moves(Subject::Settlement(ask.settlement), moves, now);
        let lost = match ask.verdict {
            Verdict::Won => Vec::new(),
            Verdict::Lost => self.lose_open(ask.tab, now),
        };
        Ok(Answer::DisputeEnded { again: false, lost, now: self.now(ask.tab)? })
    }

    pub(super) fn write_off(&mut self, tab: TabId, now: Timestamp) -> Outcome {
        let stand = self.now(tab)?;
        let Some(since) = self.waits_since(tab) else {
            return Ok(Answer::WrittenOff { lost: Vec::new(), now: stand });
        };
        let last = since.micros() + self.rules.write_off_days * MICROS_PER_DAY;
        if now.micros() < last {
            return Err(LedgerRefusal::TooEarly { until: Timestamp::from_micros(last) });
        }
        let lost = self.lose_open(tab, now);
        Ok(Answer::WrittenOff { lost, now: self.now(tab)? })
    }

    /// Every open line leaves the books.
    fn lose_open(&mut self, tab: TabId, now: Timestamp) -> Vec<LineId> {
        let open = self.open(tab);
        for line in &open {
            for Transfer { debit, credit, amount, subject, .. } in bought(line) {
                let (at, reason) = (now, Reason::WrittenOff);
                let back = Transfer { at, reason, subject, debit: credit, credit: debit, amount };
                self.post(&back);
            }
            self.turn_into(line.id, LineState::WrittenOff);
            self.touched.insert(line.id);
            self.effects.authors.insert(line.author);
            if let Some(tab) = self.tabs.get_mut(&tab) {
                tab.receipts.written_off(line.id, now);
            }
        }
        open.iter().map(|line| line.id).collect()
    }

    pub(super) fn bind(&mut self, tab: TabId, bound: bool) -> Outcome {
        let known = self.tabs.get_mut(&tab).ok_or(LedgerRefusal::NoTab)?;
        let was = std::mem::replace(&mut known.mandate, bound);
        self.effects.wrote |= was != bound;
        Ok(Answer::Bound { now: self.now(tab)? })
    }
}

/// Who has a part of a fee that is given back: an author, or the operator.
fn owner(author: Option<AuthorId>) -> Account {
    author.map_or(Account::OperatorFees, Account::Available)
}
