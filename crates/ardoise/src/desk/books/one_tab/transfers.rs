//! What the journal must say about a tab, besides what its operator bears.

use super::Rows;
use crate::desk::books::Findings;
use crate::store::audit::{KeptDispute, KeptLine};
use ledger::{Reason, Transfer, borne_by_operator};

impl Rows<'_> {
    /// The transfers that the rows of this tab explain.
    pub(super) fn transfers(&self, findings: &mut Findings) -> Vec<Transfer> {
        let mut transfers = Vec::new();
        for kept in &self.kept.lines {
            self.add_line(kept, &mut transfers, findings);
        }
        for made in &self.kept.settlements {
            transfers.extend(made.settle.receipt(self.tab.id, made.at));
            if self.paid_with(made.settle.id).next().is_none() {
                transfers.extend(made.settle.unborne(made.at));
            }
        }
        for made in &self.kept.refunds {
            let (tab, refund) = (self.tab.id, made.refund);
            let borne = borne_by_operator(tab, refund.id, made.borne, made.at);
            for went in std::iter::once(refund.transfer(tab, made.at)).chain(borne) {
                transfers.push(went);
                transfers.extend(made.failed.map(|(at, _)| went.reversed(at, Reason::Returned)));
            }
        }
        for KeptDispute { dispute, at, ended, .. } in &self.kept.disputes {
            transfers.extend(dispute.opening(*at));
            if let Some((verdict, at, _)) = ended {
                transfers.extend(dispute.ending(*verdict, *at));
            }
        }
        let given = self.kept.fees_back.iter();
        transfers.extend(given.map(|one| one.fee_back.transfer(one.rail, one.part, one.at)));
        let taken = self.kept.fees_taken_again();
        transfers.extend(taken.map(|(one, at)| {
            let given = one.fee_back.transfer(one.rail, one.part, one.at);
            given.reversed(at, Reason::Returned)
        }));
        transfers
    }

    fn add_line(&self, kept: &KeptLine, transfers: &mut Vec<Transfer>, findings: &mut Findings) {
        let line = &kept.line;
        transfers.extend(line.transfers());
        if let Some(loss) = self.losses.get(&line.id) {
            transfers.extend(line.as_open().loss(self.tab.id, loss.at));
        }
        if let Some(undo) = self.undos.get(&line.id) {
            let state = self.state_before_undo(line.id, undo);
            transfers.extend(line.reversal(state, undo.at));
        }
        if let (Some((paid, _)), Some(by)) = (self.payments.get(&line.id), self.paid_by(line.id)) {
            if self.losses.contains_key(&line.id) {
                transfers.extend(line.as_open().posted(self.tab.id, by.at, Reason::Recovered));
            }
            match by.settle.share(&line.as_open(), paid.rail_fee, by.at) {
                Ok(moved) => transfers.extend(moved),
                Err(refusal) => findings.tell(format!("line {}: {refusal}", line.id)),
            }
        }
    }
}
