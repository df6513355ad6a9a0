//! What the second ledger comes to when money goes back, and when lines are not paid.

use super::Naive;
use super::moving::{Move, bought, made};
use ardoise::till::command::{
    Answer, DisputeAsk, DisputeEndedAsk, Outcome, RefundAsk, RefundFailedAsk,
};
use ledger::time::MICROS_PER_DAY;
use ledger::{
    Account, LedgerRefusal, LineId, LineState, RailNumber, Reason, RefundId, SettlementId, Subject,
    TabId, Timestamp, Transfer, Verdict,
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

    fn add_credit(&mut self, tab: TabId, micros: i64) {
        if let Some(tab) = self.tabs.get_mut(&tab) {
            tab.credit += micros;
        }
    }

    pub(super) fn refund(&mut self, ask: &RefundAsk, now: Timestamp) -> Outcome {
        let (stand, refund) = (self.now(ask.tab)?, ask.refund);
        let (settlement, rail, micros) = (refund.settlement, refund.rail, refund.amount.micros());
        let back = WentBack { tab: ask.tab, settlement, rail, micros, failed: false };
        if let Some(&earlier) = self.refunds.get(&refund.id) {
            let same = WentBack { failed: false, ..earlier } == back;
            let again = Answer::Refunded { again: true, now: stand };
            return if same { Ok(again) } else { Err(LedgerRefusal::IdConflict) };
        }
        self.check_came_in(settlement, ask.tab, rail)?;
        let most = self.credit(ask.tab).min(self.left(settlement));
        if micros == 0 || micros > most {
            return Err(LedgerRefusal::RefundTooLarge { most: self.money(most) });
        }
        self.refunds.insert(refund.id, back);
        self.add_credit(ask.tab, -micros);
        self.receipt(ask.tab, 4, refund.id.bytes(), micros, now);
        let moves = vec![(Reason::GivenBack, Account::Tab(ask.tab), Account::Rail(rail), micros)];
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
        let WentBack { tab, rail, micros, .. } = *back;
        self.return_credit(ask.refund, tab, micros, now);
        let moves = vec![(Reason::Returned, Account::Rail(rail), Account::Tab(tab), micros)];
        self.post_moves(Subject::Refund(ask.refund), moves, now);
        self.spend_credit(tab, now);
        Ok(Answer::RefundFailed { again: false, now: self.now(tab)? })
    }

    fn return_credit(&mut self, refund: RefundId, tab: TabId, micros: i64, now: Timestamp) {
        self.add_credit(tab, micros);
        self.receipt(tab, 5, refund.bytes(), micros, now);
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
