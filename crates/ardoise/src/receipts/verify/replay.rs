//! A tab told once more, from the entries of its receipt alone.

use super::{Refused, micros};
use crate::api::wire::{Amount, SaleState};
use crate::receipts::document::What;
use ledger::receipts::Entry as Happened;
use ledger::{LineId, LineState, Money, RefundId, SettlementId, Timestamp};

/// A tab, replayed: money pays the lines that wait, those written off first, then the oldest, as far as it reaches.
#[derive(Default)]
pub(super) struct Replay {
    pub(super) lines: Vec<Replayed>,
    credit: i128,
    pub(super) received: i128,
    pub(super) given_back: i128,
    /// What went back beyond the credit.
    pub(super) borne: i128,
    /// What was given back and may still fail, with what was borne of it.
    refunds: Vec<(RefundId, Money, i128)>,
    /// What is disputed.
    disputes: Vec<(SettlementId, Money)>,
}

pub(super) struct Replayed {
    pub(super) line: LineId,
    at: Timestamp,
    pub(super) gross: Money,
    pub(super) undone: bool,
    pub(super) paid_by: Option<SettlementId>,
    lost: bool,
}

impl Replayed {
    pub(super) fn state(&self) -> SaleState {
        LineState::of(self.undone, self.paid_by.is_some(), self.lost).into()
    }
}

impl Replay {
    pub(super) fn step(
        &mut self,
        happened: &Happened,
        told: &What,
        number: u64,
    ) -> Result<(), Refused> {
        let wrong = |what| Err(Refused::Entry { number, what });
        match *happened {
            Happened::Bought { line, gross, at, .. } => {
                if self.lines.iter().any(|known| known.line == line) {
                    return wrong("is a line that was bought before");
                }
                self.lines.push(Replayed {
                    line,
                    at,
                    gross,
                    undone: false,
                    paid_by: None,
                    lost: false,
                });
            }
            Happened::Undone { line, .. } => {
                let known = self.lines.iter_mut().find(|known| known.line == line);
                let Some(known) = known.filter(|known| !known.undone) else {
                    return wrong("takes back what is not there");
                };
                known.undone = true;
                let told_amount = matches!(told, What::Undone(undone)
                    if undone.amount == Amount::from(known.gross));
                if !told_amount {
                    return wrong("takes back another amount than the line's");
                }
                self.credit += if known.paid_by.is_some() { micros(known.gross) } else { 0 };
            }
            Happened::Settled { settlement, received, .. } => {
                self.received += micros(received);
                self.credit += micros(received);
                self.pay(settlement);
            }
            Happened::WrittenOff { line, .. } => {
                let known = self.lines.iter_mut().find(|known| known.line == line);
                let Some(known) = known.filter(|known| known.state() == SaleState::Open) else {
                    return wrong("writes off what is not open");
                };
                known.lost = true;
                let is_told = matches!(told, What::WrittenOff(lost)
                    if lost.amount == Amount::from(known.gross));
                if !is_told {
                    return wrong("writes off another amount than the line's");
                }
            }
            Happened::Reopened { .. } => {}
            Happened::GivenBack { .. }
            | Happened::GivenElsewhere { .. }
            | Happened::Returned { .. }
            | Happened::Disputed { .. }
            | Happened::DisputeEnded { .. } => {
                if !self.give_back(happened) {
                    return wrong("gives back or disputes what is not there");
                }
            }
        }
        Ok(())
    }

    /// Whether what goes back, or is disputed, is there.
    fn give_back(&mut self, happened: &Happened) -> bool {
        match *happened {
            Happened::GivenBack { refund, amount, .. } => {
                let is_there = micros(amount) <= self.credit;
                self.send_back(refund, amount);
                is_there
            }
            // It is gone, whether or not there is credit.
            Happened::GivenElsewhere { refund, amount, .. } => {
                self.send_back(refund, amount);
                true
            }
            Happened::Returned { refund, amount, .. } => {
                let is_it =
                    |known: &(RefundId, Money, i128)| (known.0, known.1) == (refund, amount);
                let place = self.refunds.iter().position(is_it);
                let Some((.., borne)) = place.map(|place| self.refunds.swap_remove(place)) else {
                    return false;
                };
                self.given_back -= micros(amount);
                self.borne -= borne;
                self.credit += micros(amount) - borne;
                true
            }
            Happened::Disputed { settlement, amount, .. } => {
                self.disputes.push((settlement, amount));
                true
            }
            Happened::DisputeEnded { settlement, amount, .. } => {
                take(&mut self.disputes, (settlement, amount))
            }
            _ => false,
        }
    }

    fn send_back(&mut self, refund: RefundId, amount: Money) {
        let from_credit = micros(amount).min(self.credit.max(0));
        let lacking = micros(amount) - from_credit;
        self.refunds.push((refund, amount, lacking));
        self.given_back += micros(amount);
        self.credit -= from_credit;
        self.borne += lacking;
    }

    fn pay(&mut self, settlement: SettlementId) {
        let is_open =
            |line: &&mut Replayed| !line.undone && line.paid_by.is_none() && !line.gross.is_zero();
        let mut open: Vec<&mut Replayed> = self.lines.iter_mut().filter(is_open).collect();
        open.sort_by_key(|line| (!line.lost, line.at, line.line));
        for line in open {
            if self.credit < micros(line.gross) {
                break;
            }
            self.credit -= micros(line.gross);
            line.paid_by = Some(settlement);
        }
    }
}

/// Takes one away; answers whether it was there.
fn take<T: PartialEq>(from: &mut Vec<T>, one: T) -> bool {
    let place = from.iter().position(|known| *known == one);
    place.map(|place| from.swap_remove(place)).is_some()
}
