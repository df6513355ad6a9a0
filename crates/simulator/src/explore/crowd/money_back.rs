//! Those by whom money goes back: the operator who gives credit back, banks that dispute, the clock that writes off, and rails that say
//! what became of payouts.

use super::{Crowd, Naive};
use crate::explore::scene::pick;
use ardoise::till::command::{
    Answer, Command, DisputeAsk, DisputeEndedAsk, FeeBackAsk, Outcome, PayOutEndedAsk, RefundAsk,
    RefundFailedAsk,
};
use ledger::{
    AuthorId, Dispute, FeeBack, PayoutEnd, PayoutId, RailNumber, Refund, RefundId, SettlementId,
    Shortfall, TabId, Verdict,
};
use std::collections::VecDeque;

/// Settlements, refunds and disputes that are remembered.
const REMEMBERED: usize = 60;

/// What may go back, as far as somebody has heard of it.
#[derive(Default)]
pub(super) struct Returns {
    settled: VecDeque<(TabId, SettlementId, RailNumber)>,
    refunds: VecDeque<(TabId, RefundId, SettlementId)>,
    /// Tabs that were closed by a dispute, of those who left them.
    left: VecDeque<TabId>,
    disputes: VecDeque<(TabId, SettlementId, String)>,
    payouts: VecDeque<(PayoutId, AuthorId)>,
}

fn remember<T>(known: &mut VecDeque<T>, one: T) {
    known.push_back(one);
    if known.len() > REMEMBERED {
        known.pop_front();
    }
}

impl Crowd {
    /// Whoever heard that money came in or went back remembers it.
    pub(super) fn money_answered(&mut self, command: &Command, outcome: &Outcome) {
        let returns = &mut self.returns;
        match (command, outcome) {
            (Command::Settle(ask), Ok(_)) => {
                remember(&mut returns.settled, (ask.tab, ask.settle.id, ask.settle.rail));
            }
            (Command::Refund(ask), Ok(_)) => {
                remember(&mut returns.refunds, (ask.tab, ask.refund.id, ask.refund.settlement));
            }
            (Command::Dispute(ask), Ok(_)) => {
                let one = (ask.tab, ask.dispute.settlement, ask.name.clone());
                remember(&mut returns.disputes, one);
            }
            (Command::PayOut(ask), Ok(_)) => {
                remember(&mut returns.payouts, (ask.pay_out.id, ask.pay_out.author));
            }
            (_, Ok(Answer::DisputeEnded { now, .. })) if now.tab.disputes_lost > 0 => {
                let tab = now.tab.id;
                // A few stay, and ask to be let in again.
                if self.chance.percent(90) {
                    self.leave(tab);
                }
                remember(&mut self.returns.left, tab);
            }
            _ => {}
        }
    }

    /// Whoever has a tab that is closed for good comes back as somebody else.
    fn leave(&mut self, tab: TabId) {
        if let Some(place) = self.readers.iter().position(|reader| reader.tab == tab) {
            self.readers[place] = self.new_reader();
        }
    }

    pub(super) fn money_back(&mut self, naive: &Naive) -> Command {
        match self.chance.below(27) {
            0..7 => self.refund(naive),
            7..10 => self.refund_fails(),
            10 | 26 => self.dispute(naive),
            11..14 => self.dispute_ends(),
            14..18 => Command::WriteOff(self.some_tab()),
            18 => Command::Bind(self.some_tab()),
            19..22 => self.goes_elsewhere(naive),
            22..24 => self.fee_back(),
            24 => Command::Reopen(self.some_closed_tab()),
            _ => Command::Unbind(self.some_tab()),
        }
    }

    fn some_tab(&mut self) -> TabId {
        self.readers[self.chance.index(self.readers.len())].tab
    }

    /// A settlement that somebody has heard of, or one that never was.
    fn some_settlement(&mut self) -> (TabId, SettlementId, RailNumber) {
        let place = self.chance.index(self.returns.settled.len());
        let known = self.returns.settled.get(place).copied();
        let known = known.filter(|_| !self.chance.percent(3));
        let (tab, id) = (self.some_tab(), SettlementId::from_bytes(self.id()));
        known.unwrap_or((tab, id, RailNumber(1)))
    }

    /// As a rule of a settlement whose tab has credit.
    fn refund(&mut self, naive: &Naive) -> Command {
        let mut of = self.some_settlement();
        for _ in 0..8 {
            if naive.credit(of.0) > 0 {
                break;
            }
            of = self.some_settlement();
        }
        let (tab, settlement, rail) = of;
        let (credit, left) = (naive.credit(tab), naive.left(settlement));
        let micros = match self.chance.below(8) {
            0 => credit + 1,
            1 => left + 1,
            2 => 0,
            3 => credit.min(left) / 2,
            _ => credit.min(left),
        };
        let rail = if self.chance.percent(2) { RailNumber(0) } else { rail };
        let id = RefundId::from_bytes(self.id());
        let refund = Refund { id, settlement, rail, amount: self.money(micros) };
        let shortfall = Shortfall::Refused;
        Command::Refund(RefundAsk { tab, refund, shortfall, reference: "G1".into() })
    }

    /// The operator sends money back at the provider's own page, whatever credit there is.
    fn goes_elsewhere(&mut self, naive: &Naive) -> Command {
        let (tab, settlement, rail) = self.some_settlement();
        let left = naive.left(settlement);
        let micros = match self.chance.below(6) {
            0 => left + 1,
            1 => 0,
            2 => left / 3,
            3 => naive.credit(tab).min(left),
            _ => left,
        };
        let id = RefundId::from_bytes(self.id());
        let refund = Refund { id, settlement, rail, amount: self.money(micros) };
        let shortfall = Shortfall::Borne;
        Command::Refund(RefundAsk { tab, refund, shortfall, reference: "E1".into() })
    }

    /// The rail gives a part of its fee back, or more than all of it.
    fn fee_back(&mut self) -> Command {
        let amount = match self.chance.below(4) {
            0 => 0,
            1 => self.chance.below(2_000_000) as i64,
            _ => self.chance.below(60_000) as i64,
        };
        let amount = self.money(amount);
        if self.chance.percent(30) {
            let (tab, settlement, _) = self.some_settlement();
            let name = pick(&mut self.chance, &["dp_1", "dp_2"]).to_owned();
            let fee_back = FeeBack::Dispute(settlement, name);
            return Command::FeeBack(FeeBackAsk { tab, settlement, fee_back, amount });
        }
        let (tab, refund, settlement) = self.some_refund();
        let fee_back = FeeBack::Refund(refund);
        Command::FeeBack(FeeBackAsk { tab, settlement, fee_back, amount })
    }

    fn some_closed_tab(&mut self) -> TabId {
        let place = self.chance.index(self.returns.left.len());
        let known = self.returns.left.get(place).copied();
        let any = self.some_tab();
        known.filter(|_| !self.chance.percent(20)).unwrap_or(any)
    }

    /// A refund that somebody has heard of, or one that never was.
    fn some_refund(&mut self) -> (TabId, RefundId, SettlementId) {
        let place = self.chance.index(self.returns.refunds.len());
        let known = self.returns.refunds.get(place).copied();
        let (tab, id) = (self.some_tab(), RefundId::from_bytes(self.id()));
        let (_, settlement, _) = self.some_settlement();
        known.filter(|_| !self.chance.percent(3)).unwrap_or((tab, id, settlement))
    }

    fn refund_fails(&mut self) -> Command {
        let (tab, refund, _) = self.some_refund();
        Command::RefundFailed(RefundFailedAsk { tab, refund, reference: "closed".into() })
    }

    /// What a rail says of a payout: as often as it likes, and not always the same.
    pub(super) fn payout_ends(&mut self) -> Option<Command> {
        let place = self.chance.index(self.returns.payouts.len());
        let (payout, author) = self.returns.payouts.get(place).copied()?;
        let author = if self.chance.percent(3) { self.authors[0] } else { author };
        let end = pick(&mut self.chance, &[PayoutEnd::Sent, PayoutEnd::Sent, PayoutEnd::Returned]);
        let fee = pick(&mut self.chance, &[0, 70_000, 250_000]);
        let (fee, reference) = (self.money(fee), "late".into());
        Some(Command::PayOutEnded(PayOutEndedAsk { payout, author, end, fee, reference }))
    }

    fn dispute(&mut self, naive: &Naive) -> Command {
        let (tab, settlement, rail) = self.some_settlement();
        let micros = match self.chance.below(4) {
            0 => self.chance.below(2_000_000) as i64,
            _ => naive.left(settlement),
        };
        let fee = pick(&mut self.chance, &[0, 15_000_000]);
        let (amount, fee) = (self.money(micros), self.money(fee));
        let dispute = Dispute { settlement, rail, amount, fee };
        let name = pick(&mut self.chance, &["dp_1", "dp_2"]).to_owned();
        Command::Dispute(DisputeAsk { tab, dispute, name })
    }

    fn dispute_ends(&mut self) -> Command {
        let place = self.chance.index(self.returns.disputes.len());
        let known = self.returns.disputes.get(place).cloned();
        let (tab, settlement, _) = self.some_settlement();
        let known = known.filter(|_| !self.chance.percent(3));
        let (tab, settlement, name) = known.unwrap_or((tab, settlement, "dp_1".into()));
        let verdict =
            pick(&mut self.chance, &[Verdict::Won, Verdict::Won, Verdict::Won, Verdict::Lost]);
        Command::DisputeEnded(DisputeEndedAsk { tab, settlement, name, verdict })
    }
}
