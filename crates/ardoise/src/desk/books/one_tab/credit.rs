//! The credit of a tab, gone through in the order in which things happened.

use super::{Rows, micros};
use crate::desk::books::Findings;
use ledger::receipts::Entry;
use ledger::{LineId, RefundId};
use std::collections::HashMap;

impl Rows<'_> {
    /// What was received must cover what it paid, and what the shop gave back, at every moment; what went back elsewhere is borne as
    /// far as it did not.
    pub(super) fn check_credit(&self, findings: &mut Findings) {
        let lines = self.kept.lines.iter();
        let prices: HashMap<LineId, i128> =
            lines.map(|kept| (kept.line.id, micros(kept.line.shares.gross))).collect();
        let price = |line: LineId| prices.get(&line).copied().unwrap_or(0);
        let (mut credit, mut borne) = (0, HashMap::<RefundId, i128>::new());
        for (_, entry) in self.entries().values() {
            match entry {
                Entry::Bought { .. }
                | Entry::WrittenOff { .. }
                | Entry::Disputed { .. }
                | Entry::DisputeEnded { .. }
                | Entry::Reopened { .. } => {}
                Entry::Returned { refund, amount, .. } => {
                    credit += micros(*amount) - borne.remove(refund).unwrap_or(0);
                }
                Entry::GivenBack { refund, amount, .. } => {
                    credit -= micros(*amount);
                    if credit < 0 {
                        findings.tell(format!("refund {refund} gave more back than there was"));
                    }
                }
                Entry::GivenElsewhere { refund, amount, .. } => {
                    let lacking = (micros(*amount) - credit.max(0)).max(0);
                    credit -= micros(*amount) - lacking;
                    borne.insert(*refund, lacking);
                    self.check_borne(*refund, lacking, findings);
                }
                Entry::Undone { line, .. } => {
                    let was_paid = self.undos.get(line).is_some_and(|undo| undo.was_paid);
                    credit += if was_paid { price(*line) } else { 0 };
                }
                Entry::Settled { settlement, received, .. } => {
                    let paid: i128 = self.paid_with(*settlement).map(|paid| price(paid.line)).sum();
                    credit += micros(*received) - paid;
                    if credit < 0 {
                        findings.tell(format!("settlement {settlement} paid more than there was"));
                    }
                }
            }
        }
        let what = format!("the credit of tab {}", self.tab.id);
        findings.compare(&what, micros(self.tab.credit), credit);
        let what = format!("what the operator bears of tab {}", self.tab.id);
        findings.compare(&what, micros(self.tab.borne), borne.into_values().sum());
    }

    fn check_borne(&self, refund: RefundId, lacking: i128, findings: &mut Findings) {
        let kept = self.kept.refunds.iter().find(|made| made.refund.id == refund);
        let kept = kept.map_or(0, |made| micros(made.borne));
        findings.compare(&format!("what the operator bears of refund {refund}"), kept, lacking);
    }
}
