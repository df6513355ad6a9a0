//! What the second ledger comes to, command by command.

use super::arithmetic::{parts, shares};
use super::moving::{bought, made, shared};
use super::receipts::Receipts;
use super::returning::CameIn;
use super::{Held, Naive, NaiveTab, OnShelf};
use ardoise::till::command::{Answer, BuyAsk, Command, Outcome, Purchase, SettleAsk, UndoAsk};
use ledger::time::{MICROS_PER_DAY, MICROS_PER_MINUTE};
use ledger::{
    Account, Excess, LedgerRefusal, Line, LineState, Money, Payment, Price, RailNumber, Reason,
    Settle, Settled, SettlementId, Shares, Subject, TabId, Timestamp, Transfer, UndoneBy,
};

impl Naive {
    /// What a command must come to now; from here on it has.
    pub fn decide(&mut self, command: &Command, now: Timestamp) -> Outcome {
        match command {
            Command::Buy(ask) => self.buy(ask, now),
            Command::Undo(ask) => self.undo(ask, now),
            Command::Settle(ask) => self.settle(ask, now),
            Command::PayOut(ask) => self.pay_out(ask, now),
            Command::PayOutEnded(ask) => self.pay_out_ended(ask, now),
            Command::Refund(ask) => self.refund(ask, now),
            Command::RefundFailed(ask) => self.refund_failed(ask, now),
            Command::Dispute(ask) => self.dispute(ask, now),
            Command::DisputeEnded(ask) => self.dispute_ended(ask, now),
            Command::FeeBack(ask) => self.fee_back(ask, now),
            Command::Reopen(tab) => self.reopen(*tab, now),
            Command::WriteOff(tab) => self.write_off(*tab, now),
            Command::Bind(tab) => self.bind(*tab, true),
            Command::Unbind(tab) => self.bind(*tab, false),
        }
    }

    fn buy(&mut self, ask: &BuyAsk, now: Timestamp) -> Outcome {
        let named = self.shelf.iter().find(|work| work.slug == ask.slug);
        let work = named.cloned().ok_or(LedgerRefusal::NoLink)?;
        let tab = ask.tab.id;
        let is_theirs = match self.tabs.get(&tab) {
            Some(known) => known.secret == ask.tab.secret_hash,
            None => ask.tab.opens,
        };
        if !is_theirs {
            return Err(LedgerRefusal::NoTab);
        }
        let (purchase, line) = if let Some(held) = self.held(ask.buy.line) {
            let line = &held.line;
            if (line.tab, line.work, line.shares.gross) != (tab, work.work, ask.buy.amount) {
                return Err(LedgerRefusal::IdConflict);
            }
            let undone = held.state == LineState::Undone;
            (if undone { Purchase::UndoneSince } else { Purchase::Again }, line.id)
        } else if let Some(line) = self.access(tab, work.work) {
            (Purchase::Owned, line)
        } else {
            self.check_price(&work, ask.buy.amount)?;
            self.check_room(tab, ask.buy.amount, now)?;
            self.put(ask, &work, now);
            (Purchase::Bought, ask.buy.line)
        };
        let now = self.now(tab)?;
        let (link, amount) = (work.link, ask.buy.amount);
        Ok(Answer::Bought { purchase, line, work: work.work, link, amount, now })
    }

    fn check_price(&self, work: &OnShelf, amount: Money) -> Result<(), LedgerRefusal> {
        if !work.for_sale {
            return Err(LedgerRefusal::NotForSale);
        }
        let asked = amount.micros();
        match work.price {
            Price::Free if asked != 0 => Err(LedgerRefusal::PriceChanged { now: self.money(0) }),
            Price::Fixed(now) if asked != now.micros() => Err(LedgerRefusal::PriceChanged { now }),
            Price::Chosen { minimum, .. } if asked < minimum.micros() => {
                Err(LedgerRefusal::BelowMinimum { minimum })
            }
            _ => Ok(()),
        }
    }

    fn check_room(&self, tab: TabId, amount: Money, now: Timestamp) -> Result<(), LedgerRefusal> {
        if amount.micros() == 0 {
            return Ok(());
        }
        let owed = self.money(self.owed(tab));
        if self.count_disputes(tab, None) > 0 {
            return Err(LedgerRefusal::TabDisputed);
        }
        if !self.lost(tab).is_empty() || self.lost_disputes(tab) > 0 {
            return Err(LedgerRefusal::TabClosed { owed });
        }
        let due = self.rules.due_days * MICROS_PER_DAY;
        if self.waits_since(tab).is_some_and(|since| now.micros() - since.micros() >= due) {
            return Err(LedgerRefusal::TabDue { owed });
        }
        if amount.micros() > self.room(tab) {
            return Err(LedgerRefusal::OverLimit { owed, limit: self.limit(tab) });
        }
        Ok(())
    }

    fn put(&mut self, ask: &BuyAsk, work: &OnShelf, now: Timestamp) {
        let gross = ask.buy.amount.micros();
        let split = shares(gross, work.vat_basis_points, self.rules.fee_basis_points);
        let line = Line {
            id: ask.buy.line,
            tab: ask.tab.id,
            work: work.work,
            version: work.version,
            version_digest: work.digest,
            author: work.author,
            shares: Shares {
                gross: ask.buy.amount,
                vat: self.money(split.vat),
                fee: self.money(split.fee),
                author: self.money(split.author),
            },
            vat_basis_points: work.vat_basis_points,
            consent: ask.buy.consent,
            bought_at: now,
        };
        let tab = self.tabs.entry(line.tab).or_insert_with(|| NaiveTab {
            secret: ask.tab.secret_hash,
            lines: Vec::new(),
            opened_at: now,
            credit: 0,
            borne: 0,
            forgiven: 0,
            settlements: 0,
            purchases: 0,
            undone: 0,
            mandate: false,
            receipts: Receipts::of(line.tab),
        });
        tab.purchases += 1;
        tab.receipts.bought(&line);
        let (link, channel) = (work.link, ask.channel.clone());
        tab.lines.push(Held { line, state: LineState::Open, link, channel });
        self.whose.insert(line.id, line.tab);
        self.consents.insert(ask.buy.consent, (ask.locale, ask.label.clone()));
        self.effects.purchases += 1;
        for transfer in bought(&line) {
            self.post(&transfer);
        }
        self.count(line.id, [1, 0, gross, split.author]);
        self.tell("bought", &line, now);
        self.spend_credit(line.tab, now);
    }

    fn undo(&mut self, ask: &UndoAsk, now: Timestamp) -> Outcome {
        let held = self.held(ask.line).cloned().ok_or(LedgerRefusal::NoLine)?;
        let line = held.line;
        let tab = &self.tabs[&line.tab];
        if ask.tab.is_some_and(|claimed| claimed != (line.tab, tab.secret)) {
            return Err(LedgerRefusal::NoLine);
        }
        if held.state == LineState::Undone {
            let now = self.now(line.tab)?;
            return Ok(Answer::Undone { line: line.id, work: line.work, at: None, now });
        }
        if ask.by == UndoneBy::Reader {
            let patience = self.rules.undo_minutes * MICROS_PER_MINUTE;
            if now.micros() - line.bought_at.micros() > patience {
                return Err(LedgerRefusal::UndoOver);
            }
            if tab.purchases >= self.rules.undo_watch_from && 2 * tab.undone > tab.purchases {
                return Err(LedgerRefusal::UndoWithheld);
            }
        }
        self.take_back(&held, ask.by, now);
        let stand = self.now(line.tab)?;
        Ok(Answer::Undone { line: line.id, work: line.work, at: Some(now), now: stand })
    }

    fn take_back(&mut self, held: &Held, by: UndoneBy, now: Timestamp) {
        let line = held.line;
        let was_paid = held.state == LineState::Paid;
        let Some(tab) = self.tabs.get_mut(&line.tab) else { return };
        match by {
            UndoneBy::Reader => tab.undone += 1,
            UndoneBy::Shop => tab.purchases -= 1,
        }
        tab.receipts.undone(line.id, now);
        let is_lost = held.state == LineState::WrittenOff;
        for transfer in bought(&line).into_iter().filter(|_| !is_lost) {
            let from = match transfer.credit {
                Account::Pending(author) if was_paid => Account::Available(author),
                other => other,
            };
            let (at, reason, credit) = (now, Reason::Undone, transfer.debit);
            self.post(&Transfer { at, reason, debit: from, credit, ..transfer });
        }
        if was_paid {
            self.add_credit(line.tab, held.micros());
        }
        self.turn_into(line.id, LineState::Undone);
        let (gross, share) = (line.shares.gross.micros(), line.shares.author.micros());
        self.count(line.id, [0, 1, -gross, -share]);
        self.tell("undone", &line, now);
        self.spend_credit(line.tab, now);
    }

    fn settle(&mut self, ask: &SettleAsk, now: Timestamp) -> Outcome {
        let stand = self.now(ask.tab)?;
        let settle = ask.settle;
        if let Some(&earlier) = self.settlements.get(&settle.id) {
            let same = (earlier.tab, earlier.rail, earlier.received)
                == (ask.tab, settle.rail, settle.received.micros());
            let again = Answer::Settled { settled: None, now: stand };
            return if same { Ok(again) } else { Err(LedgerRefusal::IdConflict) };
        }
        let may_mistype = ask.excess == Excess::Refused;
        if settle.received.micros() == 0 || may_mistype && stand.owed.micros() == 0 {
            return Err(LedgerRefusal::NothingOwed);
        }
        if may_mistype && settle.received.micros() > stand.owed.micros() {
            return Err(LedgerRefusal::MoreThanOwed { owed: stand.owed });
        }
        let settled = self.receive(ask.tab, &settle, now);
        if let Some(tab) = self.tabs.get_mut(&ask.tab) {
            tab.settlements += u32::from(!settled.payments.is_empty());
        }
        Ok(Answer::Settled { settled: Some(settled), now: self.now(ask.tab)? })
    }

    /// Pays what the tab's credit reaches, once something was bought or taken back.
    pub(super) fn spend_credit(&mut self, tab: TabId, now: Timestamp) {
        let oldest = self.waiting(tab).first().map(|line| line.shares.gross.micros());
        let (credit, chain) = (self.tabs[&tab].credit, self.tabs[&tab].receipts.chain());
        if oldest.is_some_and(|gross| gross <= credit) {
            let mut id = [0; 16];
            id.copy_from_slice(&chain.head[..16]);
            let nothing = self.money(0);
            let (id, rail) = (SettlementId::from_bytes(id), RailNumber(0));
            self.receive(tab, &Settle { id, rail, received: nothing, rail_fee: nothing }, now);
        }
    }

    /// Takes money in, and pays the oldest lines from it and from the credit there was.
    fn receive(&mut self, id: TabId, settle: &Settle, now: Timestamp) -> Settled {
        let Settle { rail, received, rail_fee, .. } = *settle;
        let mut credit = self.tabs[&id].credit + received.micros();
        let mut paid = Vec::new();
        for line in self.waiting(id) {
            let gross = line.shares.gross.micros();
            if gross > credit {
                break;
            }
            credit -= gross;
            paid.push(line);
        }
        if let Some(tab) = self.tabs.get_mut(&id) {
            tab.credit = credit;
            tab.receipts.settled(settle.id, received, now);
        }
        self.settlements.insert(settle.id, CameIn::new(id, rail, received.micros()));
        let mut moves =
            vec![(Reason::Settled, Account::Rail(rail), Account::Tab(id), received.micros())];
        if paid.is_empty() {
            let fee = rail_fee.micros();
            moves.push((Reason::RailFee, Account::OperatorFees, Account::Rail(rail), fee));
        }
        let whole = Subject::Settlement(settle.id);
        let mut transfers = made(now, whole, moves, self.currency);
        let prices: Vec<i64> = paid.iter().map(|line| line.shares.gross.micros()).collect();
        let mut payments = Vec::new();
        for (line, fee) in paid.iter().zip(parts(rail_fee.micros(), &prices)) {
            if self.held(line.id).is_some_and(|held| held.state == LineState::WrittenOff) {
                let again = bought(line).into_iter();
                let reason = Reason::Recovered;
                transfers.extend(again.map(|made| Transfer { at: now, reason, ..made }));
            }
            transfers.extend(made(
                now,
                Subject::Line(line.id),
                shared(line, rail, fee),
                self.currency,
            ));
            self.bore.entry(settle.id).or_default().push((line.author, fee));
            payments.push(Payment { line: line.id, rail_fee: self.money(fee) });
            self.turn_into(line.id, LineState::Paid);
            self.tell("paid", line, now);
        }
        transfers.iter().for_each(|transfer| self.post(transfer));
        Settled { payments, transfers }
    }
}
