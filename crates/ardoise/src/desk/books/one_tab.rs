//! The check of one tab: its figures, its receipts, and what the journal must say about it.

mod credit;
mod transfers;

use super::Findings;
use super::journal::Journal;
use crate::store::audit::{
    Kept, KeptDispute, KeptLine, KeptLoss, KeptRefund, KeptReopening, KeptSettlement, KeptUndo,
};
use ledger::receipts::{Chain, Entry};
use ledger::{
    Account, LineId, LineState, Payment, RailNumber, Settle, SettlementId, Tab, Timestamp,
    UndoneBy, Verdict,
};
use std::collections::{BTreeMap, HashMap};

/// Checks `tab` against what is `kept` about it, and explains its transfers to the journal.
pub fn check(tab: &Tab, kept: &Kept, journal: &mut Journal, findings: &mut Findings) {
    let rows = Rows::of(tab, kept);
    rows.check_lines(findings);
    rows.check_figures(journal, findings);
    rows.check_receipts(findings);
    rows.check_credit(findings);
    rows.check_rail_fees(findings);
    rows.check_returns(findings);
    for transfer in rows.transfers(findings) {
        journal.explain(&transfer);
    }
}

/// What is kept about a tab, by what it is about.
struct Rows<'a> {
    tab: &'a Tab,
    kept: &'a Kept,
    undos: HashMap<LineId, &'a KeptUndo>,
    settlements: HashMap<SettlementId, &'a KeptSettlement>,
    payments: HashMap<LineId, (&'a Payment, SettlementId)>,
    losses: HashMap<LineId, &'a KeptLoss>,
}

impl<'a> Rows<'a> {
    fn of(tab: &'a Tab, kept: &'a Kept) -> Self {
        let settlements = kept.settlements.iter().map(|made| (made.settle.id, made));
        let payments = kept.payments.iter().map(|(paid, by)| (paid.line, (paid, *by)));
        Self {
            tab,
            kept,
            undos: kept.undos.iter().map(|undo| (undo.line, undo)).collect(),
            settlements: settlements.collect(),
            payments: payments.collect(),
            losses: kept.losses.iter().map(|loss| (loss.line, loss)).collect(),
        }
    }

    /// The settlement that paid a line.
    fn paid_by(&self, line: LineId) -> Option<&'a KeptSettlement> {
        let (_, by) = self.payments.get(&line)?;
        self.settlements.get(by).copied()
    }

    fn state(&self, line: LineId) -> LineState {
        let (undone, paid) = (self.undos.contains_key(&line), self.payments.contains_key(&line));
        LineState::of(undone, paid, self.losses.contains_key(&line))
    }

    /// What became of a line before it was undone.
    fn state_before_undo(&self, line: LineId, undo: &KeptUndo) -> LineState {
        LineState::of(false, undo.was_paid, self.losses.contains_key(&line))
    }

    fn that_are(&self, state: LineState) -> impl Iterator<Item = &'a KeptLine> {
        self.kept.lines.iter().filter(move |kept| self.state(kept.line.id) == state)
    }

    fn open(&self) -> impl Iterator<Item = &'a KeptLine> {
        self.that_are(LineState::Open)
    }

    /// What happened to each line must have happened in an order that can be.
    fn check_lines(&self, findings: &mut Findings) {
        for KeptLine { line, before, gives_access } in &self.kept.lines {
            let mut tell = |what: &str| findings.tell(format!("line {} {what}", line.id));
            let undo = self.undos.get(&line.id);
            let paid = self.payments.get(&line.id).and(self.paid_by(line.id));
            if *gives_access == undo.is_some() {
                tell("gives access though it was undone, or none though it was not");
            }
            let vat = line.shares.gross.tax_within(line.vat_basis_points).map(|(vat, _)| vat);
            if vat != Ok(line.shares.vat) {
                tell("holds another tax than its rate makes");
            }
            if undo.is_some_and(|undo| undo.was_paid != self.payments.contains_key(&line.id)) {
                tell("was undone as paid and was not, or the other way round");
            }
            let place = before.length;
            if paid.is_some_and(|paid| paid.before.length <= place)
                || undo.is_some_and(|undo| undo.before.length <= place)
            {
                tell("was paid or undone before it was bought");
            }
            let loss = self.losses.get(&line.id).map(|loss| loss.before.length);
            if loss.is_some_and(|loss| {
                loss <= place
                    || paid.is_some_and(|paid| paid.before.length <= loss)
                    || undo.is_some_and(|undo| undo.before.length <= loss)
            }) {
                tell("was written off before it was bought, or after it was paid or undone");
            }
            if paid.zip(undo).is_some_and(|(paid, undo)| undo.before.length <= paid.before.length) {
                tell("was paid after it was undone");
            }
        }
    }

    fn check_figures(&self, journal: &Journal, findings: &mut Findings) {
        let tab = self.tab;
        let open: i128 = self.open().map(|kept| micros(kept.line.shares.gross)).sum();
        let costly = || self.open().filter(|kept| !kept.line.shares.gross.is_zero());
        let oldest: Option<Timestamp> = costly().map(|kept| kept.line.bought_at).min();
        let by = |who| self.kept.undos.iter().filter(move |undo| undo.by == who).count();
        let purchases = self.kept.lines.len() - by(UndoneBy::Shop).min(self.kept.lines.len());
        let paying = |made: &&KeptSettlement| {
            made.settle.rail != RailNumber::CREDIT
                && self.paid_with(made.settle.id).next().is_some()
        };
        let settlements = self.kept.settlements.iter().filter(paying).count();
        let credit = micros(tab.credit);
        let lost: i128 =
            self.that_are(LineState::WrittenOff).map(|kept| micros(kept.line.shares.gross)).sum();
        let still = self.kept.disputes.iter().filter(|one| one.ended.is_none()).count();
        let mut compare = |what: &str, kept: i128, computed: i128| {
            findings.compare(&format!("{what} of tab {}", tab.id), kept, computed);
        };
        compare("the open total", micros(tab.open), open);
        compare("the written-off total", micros(tab.written_off), lost);
        compare("the open disputes", tab.disputes_open.into(), still as i128);
        let opened = self.kept.reopenings.iter().map(|made| made.before.length).max();
        let since = |before: &Chain| opened.is_none_or(|opened| before.length > opened);
        let lost_disputes = self.kept.disputes.iter().filter_map(|one| one.ended.as_ref());
        let lost_disputes = lost_disputes
            .filter(|(verdict, _, before)| *verdict == Verdict::Lost && since(before))
            .count();
        compare("the lost disputes", tab.disputes_lost.into(), lost_disputes as i128);
        compare("the open lines", tab.open_lines.into(), costly().count() as i128);
        compare("the purchases", tab.purchases.into(), purchases as i128);
        compare("the undone lines", tab.undone.into(), by(UndoneBy::Reader) as i128);
        compare("the settlements", tab.settlements.into(), settlements as i128);
        compare("the balance", open - credit, journal.books.balance(Account::Tab(tab.id)));
        let what = format!("the oldest open line of tab {}", tab.id);
        findings.compare(&what, tab.oldest_open_at, oldest);
    }

    fn paid_with(&self, settlement: SettlementId) -> impl Iterator<Item = &'a Payment> {
        let payments = self.kept.payments.iter();
        payments.filter(move |(_, by)| *by == settlement).map(|(payment, _)| payment)
    }

    /// Every entry, by its place in the chain.
    fn entries(&self) -> BTreeMap<(u64, usize), (Chain, Entry)> {
        let bought = self.kept.lines.iter().map(|kept| (kept.before, kept.line.entry()));
        let undone = self.kept.undos.iter();
        let undone =
            undone.map(|undo| (undo.before, Entry::Undone { line: undo.line, at: undo.at }));
        let settled = self.kept.settlements.iter().map(|made| {
            let Settle { id: settlement, received, .. } = made.settle;
            (made.before, Entry::Settled { settlement, received, at: made.at })
        });
        let all = bought.chain(undone).chain(settled).chain(self.returns()).enumerate();
        all.map(|(index, entry)| ((entry.0.length, index), entry)).collect()
    }

    /// The entries of money that went back, and of lines that nobody paid.
    fn returns(&self) -> impl Iterator<Item = (Chain, Entry)> {
        let lost = self.kept.losses.iter();
        let lost =
            lost.map(|loss| (loss.before, Entry::WrittenOff { line: loss.line, at: loss.at }));
        lost.chain(self.kept.refunds.iter().flat_map(KeptRefund::entries))
            .chain(self.kept.disputes.iter().flat_map(KeptDispute::entries))
            .chain(self.kept.reopenings.iter().map(KeptReopening::entry))
    }

    /// Hashes the receipts again, from the first to the last.
    fn check_receipts(&self, findings: &mut Findings) {
        let mut chain = Chain::of(self.tab.id);
        for (before, entry) in self.entries().values() {
            if *before != chain {
                let number = chain.length;
                findings.tell(format!("receipt {number} of tab {} does not follow", self.tab.id));
                return;
            }
            chain = chain.with(entry);
        }
        if chain != self.tab.chain {
            findings.tell(format!("the receipts of tab {} end elsewhere", self.tab.id));
        }
    }

    fn check_rail_fees(&self, findings: &mut Findings) {
        for made in &self.kept.settlements {
            let settle = &made.settle;
            let shared: i128 = self.paid_with(settle.id).map(|paid| micros(paid.rail_fee)).sum();
            if self.paid_with(settle.id).next().is_some() && shared != micros(settle.rail_fee) {
                findings.tell(format!("the rail's fee of settlement {} is not shared", settle.id));
            }
        }
    }

    /// What was given back, or is disputed, is of a settlement of this tab and its rail; no more was given back than it
    /// brought.
    fn check_returns(&self, findings: &mut Findings) {
        let refunds =
            self.kept.refunds.iter().map(|made| (made.refund.settlement, made.refund.rail));
        let disputes =
            self.kept.disputes.iter().map(|one| (one.dispute.settlement, one.dispute.rail));
        for (settlement, rail) in refunds.chain(disputes) {
            let found = self.settlements.get(&settlement);
            if found.is_none_or(|made| made.settle.rail != rail) {
                let what = "is given back or disputed on another tab or rail than its own";
                findings.tell(format!("settlement {settlement} {what}"));
            }
        }
        for made in &self.kept.settlements {
            let back = self.kept.refunds.iter();
            let back =
                back.filter(|one| one.refund.settlement == made.settle.id && one.failed.is_none());
            let back: i128 = back.map(|one| micros(one.refund.amount)).sum();
            if back > micros(made.settle.received) {
                let settlement = made.settle.id;
                findings.tell(format!("more than settlement {settlement} brought was given back"));
            }
        }
    }
}

fn micros(amount: ledger::Money) -> i128 {
    amount.micros().into()
}
