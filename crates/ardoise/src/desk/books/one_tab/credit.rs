//! The credit of a tab, gone through in the order in which things happened.

use super::{Rows, micros};
use crate::desk::books::Findings;
use ledger::receipts::Entry;
use ledger::{LineId, Money, RefundId, Subject, Timestamp, Transfer, borne_by_operator, made_good};
use std::collections::HashMap;

/// The credit of a tab, what its operator bears, and the transfers that say the latter.
struct Stand {
    credit: i128,
    borne: i128,
    made: Vec<Transfer>,
}

impl Rows<'_> {
    /// What was received must cover what it paid, and what the shop gave back, at every moment. Answers the transfers of what the
    /// operator bears of what went back elsewhere.
    pub(super) fn check_credit(&self, findings: &mut Findings) -> Vec<Transfer> {
        let lines = self.kept.lines.iter();
        let prices: HashMap<LineId, i128> =
            lines.map(|kept| (kept.line.id, micros(kept.line.shares.gross))).collect();
        let price = |line: LineId| prices.get(&line).copied().unwrap_or(0);
        let mut stand = Stand { credit: 0, borne: 0, made: Vec::new() };
        for (_, entry) in self.entries().values() {
            match entry {
                Entry::Bought { .. }
                | Entry::WrittenOff { .. }
                | Entry::Disputed { .. }
                | Entry::DisputeEnded { .. }
                | Entry::Reopened { .. } => {}
                Entry::Returned { refund, amount, at } => {
                    self.regain(&mut stand, micros(*amount), Subject::Refund(*refund), *at);
                }
                Entry::GivenBack { refund, amount, .. } => {
                    stand.credit -= micros(*amount);
                    if stand.credit < 0 {
                        findings.tell(format!("refund {refund} gave more back than there was"));
                    }
                }
                Entry::GivenElsewhere { refund, amount, at } => {
                    self.bear(&mut stand, micros(*amount), *refund, *at);
                }
                Entry::Undone { line, at } => {
                    if self.undos.get(line).is_some_and(|undo| undo.was_paid) {
                        self.regain(&mut stand, price(*line), Subject::Line(*line), *at);
                    }
                }
                Entry::Settled { settlement, received, .. } => {
                    let paid: i128 = self.paid_with(*settlement).map(|paid| price(paid.line)).sum();
                    stand.credit += micros(*received) - paid;
                    if stand.credit < 0 {
                        findings.tell(format!("settlement {settlement} paid more than there was"));
                    }
                }
            }
        }
        let what = format!("the credit of tab {}", self.tab.id);
        findings.compare(&what, micros(self.tab.credit), stand.credit);
        let what = format!("what the operator bears of tab {}", self.tab.id);
        findings.compare(&what, micros(self.tab.borne), stand.borne);
        stand.made
    }

    /// Money went back whether or not there was credit.
    fn bear(&self, stand: &mut Stand, amount: i128, refund: RefundId, at: Timestamp) {
        let lacking = (amount - stand.credit.max(0)).max(0);
        stand.credit -= amount - lacking;
        stand.borne += lacking;
        let money = self.money(lacking);
        stand.made.extend(borne_by_operator(self.tab.id, refund, money, at));
    }

    /// Credit arose of what was paid before.
    fn regain(&self, stand: &mut Stand, amount: i128, subject: Subject, at: Timestamp) {
        let good = amount.min(stand.borne);
        stand.borne -= good;
        stand.credit += amount - good;
        stand.made.extend(made_good(self.tab.id, subject, self.money(good), at));
    }

    fn money(&self, micros: i128) -> Money {
        let currency = self.tab.credit.currency();
        let micros = i64::try_from(micros).unwrap_or(i64::MAX);
        Money::from_micros(micros, currency).unwrap_or(Money::zero(currency))
    }
}
