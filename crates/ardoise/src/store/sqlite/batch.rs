//! The till on SQLite: one transaction per batch, point look-ups by key, rows written in key order.

use super::checkpoint::Checkpoints;
use super::persist::persist;
use crate::store::{
    Db, StoreError, books, dispute, fee_back, payout, refund, statement, tab, work,
};
use crate::till::batch::{Batch, NewConsent, Snapshot, StoredOffer};
use crate::till::command::{Command, FeeBackAsk, UndoAsk};
use crate::till::{Applied, Durable, Tariff, TillNumber, TillStore};
use ledger::{
    Account, AuthorId, Currency, FeeBack, LineId, PayoutId, RefundId, SettlementId, TabId,
    Timestamp,
};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// Offers that are remembered, a megabyte or so. Beyond it all are forgotten and asked for again.
const OFFERS: usize = 4_096;

/// The one connection that writes.
pub struct Writer {
    connection: Connection,
    memory: Memory,
    /// Keep the log short, where the store is in a file.
    checkpoints: Option<Checkpoints>,
}

impl Writer {
    /// Writes through `connection`.
    pub fn new(connection: Connection) -> Self {
        Self { connection, memory: Memory::default(), checkpoints: None }
    }

    /// Lets another thread bring what is committed from the log into the store's file.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn with_checkpoints(self) -> Result<Self, StoreError> {
        let path = self.connection.path().filter(|path| !path.is_empty()).map(PathBuf::from);
        let checkpoints = path.map(|path| Checkpoints::start(&path)).transpose()?;
        Ok(Self { checkpoints, ..self })
    }

    fn committed(&mut self) {
        if let Some(checkpoints) = &mut self.checkpoints {
            checkpoints.committed(&self.connection);
        }
    }

    /// The connection, for whoever needs the engine itself before the till starts.
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    #[cfg(test)]
    pub(super) const fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// What the till need not ask its store again.
#[derive(Debug, Default)]
pub struct Memory {
    /// Words that are stored: they are never removed.
    consents: HashSet<i64>,
    /// What is offered under a slug, as long as nothing but purchases is written.
    offers: HashMap<String, StoredOffer>,
    /// The engine's number for what other connections have written, when the offers were read.
    others: i64,
}

impl Memory {
    /// Forgets the offers when another connection has written since they were read. To be asked inside a transaction that
    /// writes, so that no other comes in between.
    fn follow_others(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let db: &dyn Db = connection;
        let others = db.number("pragma data_version", &[])?;
        if others != self.others {
            self.others = others;
            self.offers.clear();
        }
        Ok(())
    }

    fn learn(&mut self, learned: Learned) {
        self.consents.extend(learned.consents);
        if self.offers.len() + learned.offers.len() > OFFERS {
            self.offers.clear();
        }
        self.offers.extend(learned.offers);
    }
}

/// What a batch adds to the till's memory.
#[derive(Debug, Default)]
pub struct Learned {
    consents: Vec<i64>,
    offers: Vec<(String, StoredOffer)>,
}

impl TillStore for Writer {
    fn number(&self) -> TillNumber {
        TillNumber::ONLY
    }

    fn apply(
        &mut self,
        tariff: &Tariff,
        now: Timestamp,
        commands: &[Command],
    ) -> Result<Applied, StoreError> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.memory.follow_others(&transaction)?;
        let done = carry_out(&*transaction, tariff, now, commands, &self.memory)?;
        if done.applied.committed {
            if let Some(checkpoints) = &mut self.checkpoints {
                checkpoints.committing();
            }
            transaction.commit()?;
            self.memory.learn(done.learned);
            self.committed();
        }
        Ok(done.applied)
    }

    fn write(
        &mut self,
        durable: Durable,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if durable == Durable::AtOnce {
            self.memory.offers.clear();
            return in_one_transaction(&mut self.connection, work);
        }
        self.connection.execute_batch("pragma synchronous = normal")?;
        let hasty = Hasty(&mut self.connection);
        let written = in_one_transaction(hasty.0, work);
        drop(hasty);
        self.committed();
        written
    }
}

/// A connection whose commits are not flushed for as long as this lasts, also where the work panics.
struct Hasty<'a>(&'a mut Connection);

impl Drop for Hasty<'_> {
    fn drop(&mut self) {
        // Outside of a transaction this touches no file, so there is nothing that can fail.
        let _ = self.0.execute_batch("pragma synchronous = full");
    }
}

/// What a batch did, once it is committed.
pub struct Done {
    /// What the batch came to.
    pub applied: Applied,
    /// What need not be asked again.
    pub learned: Learned,
}

/// Everything of a batch between the beginning of its transaction and the commit, so that whoever tests it can stop it
/// anywhere.
///
/// # Errors
/// Whatever the engine says: then the transaction must not be committed.
pub fn carry_out(
    db: &dyn Db,
    tariff: &Tariff,
    now: Timestamp,
    commands: &[Command],
    memory: &Memory,
) -> Result<Done, StoreError> {
    let (known, mut learned) = load(db, tariff, commands, memory)?;
    let mut batch = Batch::new(&tariff.rules, tariff.currency, now, known);
    let outcomes = commands.iter().map(|command| batch.decide(command)).collect();
    let Batch { known, writes, .. } = batch;
    let applied = writes.applied(outcomes);
    if applied.committed {
        let new_consents = unknown(&writes.consents, &memory.consents);
        persist(db, &known, &writes, &new_consents, now)?;
        learned.consents = new_consents.iter().map(|consent| consent.id).collect();
    }
    Ok(Done { applied, learned })
}

fn in_one_transaction(
    connection: &mut Connection,
    work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    work(&*transaction)?;
    Ok(transaction.commit()?)
}

fn unknown(seen: &[NewConsent], known: &HashSet<i64>) -> Vec<NewConsent> {
    let mut new: Vec<NewConsent> = Vec::new();
    for consent in seen {
        if !known.contains(&consent.id) && new.iter().all(|other| other.id != consent.id) {
            new.push(consent.clone());
        }
    }
    new
}

fn load(
    db: &dyn Db,
    tariff: &Tariff,
    commands: &[Command],
    memory: &Memory,
) -> Result<(Snapshot, Learned), StoreError> {
    let (known, learned) = (Snapshot::default(), Learned::default());
    let mut loader = Loader { db, tariff, memory, known, learned };
    for command in commands {
        match command {
            Command::Buy(ask) => {
                loader.offer(&ask.slug)?;
                loader.tab(ask.tab.id)?;
                loader.line(ask.buy.line, Some(ask.tab.id))?;
                loader.access(ask.tab.id, &ask.slug)?;
            }
            Command::Undo(ask) => loader.undo(ask, commands)?,
            Command::Settle(ask) => {
                loader.tab(ask.tab)?;
                loader.open_lines(ask.tab)?;
                loader.settlement(ask.settle.id)?;
            }
            Command::PayOut(ask) => loader.payout(ask.pay_out.id, ask.pay_out.author)?,
            Command::PayOutEnded(ask) => loader.payout(ask.payout, ask.author)?,
            Command::Refund(ask) => {
                loader.tab(ask.tab)?;
                loader.refund(ask.refund.id)?;
                loader.settlement(ask.refund.settlement)?;
            }
            Command::RefundFailed(ask) => {
                loader.tab(ask.tab)?;
                loader.open_lines(ask.tab)?;
                loader.refund(ask.refund)?;
                loader.fee_parts(&FeeBack::Refund(ask.refund))?;
            }
            Command::Dispute(ask) => {
                loader.tab(ask.tab)?;
                loader.disputes(ask.dispute.settlement)?;
            }
            Command::DisputeEnded(ask) => {
                loader.tab(ask.tab)?;
                loader.open_lines(ask.tab)?;
                loader.disputes(ask.settlement)?;
            }
            Command::FeeBack(ask) => {
                loader.tab(ask.tab)?;
                loader.fee_back(ask)?;
            }
            Command::WriteOff(tab) => {
                loader.tab(*tab)?;
                loader.open_lines(*tab)?;
            }
            Command::Reopen(tab) | Command::Bind(tab) | Command::Unbind(tab) => loader.tab(*tab)?,
        }
    }
    Ok((loader.known, loader.learned))
}

struct Loader<'a> {
    db: &'a dyn Db,
    tariff: &'a Tariff,
    memory: &'a Memory,
    known: Snapshot,
    learned: Learned,
}

impl Loader<'_> {
    fn currency(&self) -> Currency {
        self.tariff.currency
    }

    fn offer(&mut self, slug: &str) -> Result<(), StoreError> {
        if self.known.offers.contains_key(slug) {
            return Ok(());
        }
        if let Some(offer) = self.memory.offers.get(slug) {
            self.known.offers.insert(slug.to_owned(), *offer);
        } else if let Some(offer) = work::offer(self.db, slug, self.tariff)? {
            self.known.offers.insert(slug.to_owned(), offer);
            self.learned.offers.push((slug.to_owned(), offer));
        }
        Ok(())
    }

    fn tab(&mut self, tab: TabId) -> Result<(), StoreError> {
        if !self.known.tabs.contains_key(&tab)
            && let Some(stored) = tab::by_id(self.db, tab, self.currency())?
        {
            if !stored.tab.credit.is_zero() {
                self.open_lines(tab)?;
            }
            self.known.tabs.insert(tab, stored);
        }
        Ok(())
    }

    /// A line of `tab`; whoever names none asks on every tab.
    fn line(&mut self, line: LineId, tab: Option<TabId>) -> Result<(), StoreError> {
        if !self.known.lines.contains_key(&line) {
            let found = match tab {
                Some(tab) => statement::line_of(self.db, line, tab, self.currency())?,
                None => statement::line(self.db, line, self.currency())?,
            };
            if let Some(found) = found {
                self.known.lines.insert(line, found);
            }
        }
        Ok(())
    }

    fn access(&mut self, tab: TabId, slug: &str) -> Result<(), StoreError> {
        let Some(StoredOffer { offer, .. }) = self.known.offers.get(slug) else { return Ok(()) };
        let key = (tab, offer.work);
        if self.known.tabs.contains_key(&tab)
            && !self.known.access.contains_key(&key)
            && let Some(line) = statement::access(self.db, tab, offer.work)?
        {
            self.known.access.insert(key, line);
        }
        Ok(())
    }

    fn open_lines(&mut self, tab: TabId) -> Result<(), StoreError> {
        if !self.known.open_lines.contains_key(&tab) {
            let open = statement::open_lines(self.db, tab, self.currency())?;
            self.known.open_lines.insert(tab, open);
        }
        Ok(())
    }

    fn undo(&mut self, ask: &UndoAsk, commands: &[Command]) -> Result<(), StoreError> {
        self.line(ask.line, ask.tab.map(|(tab, _)| tab))?;
        let Some((line, _)) = self.known.lines.get(&ask.line) else {
            return self.undo_in_the_same_batch(ask, commands);
        };
        let (tab, work) = (line.tab, line.work);
        self.tab(tab)?;
        self.open_lines(tab)?;
        if let Some(holder) = statement::access(self.db, tab, work)? {
            self.known.access.entry((tab, work)).or_insert(holder);
        }
        Ok(())
    }

    /// The line may be bought by another command of this batch: the tab's other lines must be known then.
    fn undo_in_the_same_batch(
        &mut self,
        ask: &UndoAsk,
        commands: &[Command],
    ) -> Result<(), StoreError> {
        for command in commands {
            if let Command::Buy(bought) = command
                && bought.buy.line == ask.line
            {
                self.open_lines(bought.tab.id)?;
            }
        }
        Ok(())
    }

    fn refund(&mut self, refund: RefundId) -> Result<(), StoreError> {
        if let Some(found) = refund::by_id(self.db, refund, self.currency())? {
            self.known.refunds.insert(refund, found);
            self.settlement(found.refund.settlement)?;
        }
        Ok(())
    }

    fn fee_back(&mut self, ask: &FeeBackAsk) -> Result<(), StoreError> {
        self.settlement(ask.settlement)?;
        self.fee_parts(&ask.fee_back)?;
        if let FeeBack::Refund(refund) = ask.fee_back {
            self.refund(refund)?;
            let of = (ask.tab, ask.settlement);
            let bore = fee_back::bearers(self.db, of, self.currency())?;
            self.known.bearers.insert(of, bore);
        }
        Ok(())
    }

    fn fee_parts(&mut self, of: &FeeBack) -> Result<(), StoreError> {
        let parts = fee_back::parts(self.db, of, self.currency())?;
        if !parts.is_empty() {
            self.known.fees_back.insert(of.clone(), parts);
        }
        Ok(())
    }

    fn disputes(&mut self, settlement: SettlementId) -> Result<(), StoreError> {
        self.settlement(settlement)?;
        for (name, found) in dispute::of_settlement(self.db, settlement, self.currency())? {
            self.known.disputes.insert((settlement, name), found);
        }
        Ok(())
    }

    fn settlement(&mut self, settlement: SettlementId) -> Result<(), StoreError> {
        if let Some(found) = tab::settlement(self.db, settlement, self.currency())? {
            self.known.settlements.insert(settlement, found);
        }
        Ok(())
    }

    fn payout(&mut self, id: PayoutId, author: AuthorId) -> Result<(), StoreError> {
        if let Some(found) = payout::by_id(self.db, id, self.currency())? {
            self.known.payouts.insert(id, found);
        }
        let available = books::balance(self.db, Account::Available(author))?;
        self.known.available.insert(author, available);
        Ok(())
    }
}
