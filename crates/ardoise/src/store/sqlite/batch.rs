//! The till on SQLite: one transaction per batch, point look-ups by key, rows written in key order.

use super::checkpoint::Checkpoints;
use crate::store::{Db, StoreError, Value, books, id, payout, shop, statement, tab, work};
use crate::till::batch::{
    Batch, NewConsent, NewLine, NewSettlement, NewUndo, Snapshot, StoredOffer, WriteSet,
};
use crate::till::command::{Command, UndoAsk};
use crate::till::{Applied, Durable, Tariff, TillNumber, TillStore};
use ledger::{Account, Currency, PayOut, TabId, Timestamp, Transfer, UndoneBy};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::HashSet;
use std::path::PathBuf;

/// The one connection that writes.
pub struct Writer {
    connection: Connection,
    /// Words that are known to be stored: they are never removed.
    consents: HashSet<i64>,
    /// Keep the log short, where the store is in a file.
    checkpoints: Option<Checkpoints>,
}

impl Writer {
    /// Writes through `connection`.
    pub fn new(connection: Connection) -> Self {
        Self { connection, consents: HashSet::new(), checkpoints: None }
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
            checkpoints.count();
        }
    }

    /// The connection, for whoever needs the engine itself before the till starts.
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    #[cfg(test)]
    pub(super) const fn stored_consents(&self) -> &HashSet<i64> {
        &self.consents
    }
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
        let done = carry_out(&*transaction, tariff, now, commands, &self.consents)?;
        if done.applied.committed {
            transaction.commit()?;
            self.consents.extend(done.consents);
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
            return in_one_transaction(&mut self.connection, work);
        }
        self.connection.execute_batch("pragma synchronous = normal")?;
        let written = in_one_transaction(&mut self.connection, work);
        self.connection.execute_batch("pragma synchronous = full")?;
        self.committed();
        written
    }
}

/// What a batch did, once it is committed.
pub struct Done {
    /// What the batch came to.
    pub applied: Applied,
    /// Words that are stored from now on.
    pub consents: Vec<i64>,
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
    stored_consents: &HashSet<i64>,
) -> Result<Done, StoreError> {
    let known = load(db, tariff, commands)?;
    let mut batch = Batch::new(&tariff.rules, tariff.currency, now, known);
    let outcomes = commands.iter().map(|command| batch.decide(command)).collect();
    let Batch { known, writes, .. } = batch;
    let applied = writes.applied(outcomes);
    if !applied.committed {
        return Ok(Done { applied, consents: Vec::new() });
    }
    let new_consents = unknown(&writes.consents, stored_consents);
    persist(db, &known, &writes, &new_consents, now)?;
    Ok(Done { applied, consents: new_consents.iter().map(|consent| consent.id).collect() })
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

fn load(db: &dyn Db, tariff: &Tariff, commands: &[Command]) -> Result<Snapshot, StoreError> {
    let mut loader = Loader { db, tariff, known: Snapshot::default() };
    for command in commands {
        match command {
            Command::Buy(ask) => {
                loader.offer(&ask.slug)?;
                loader.tab(ask.tab.id)?;
                loader.line(ask.buy.line)?;
                loader.access(ask.tab.id, &ask.slug)?;
            }
            Command::Undo(ask) => loader.undo(ask, commands)?,
            Command::Settle(ask) => {
                loader.tab(ask.tab)?;
                loader.open_lines(ask.tab)?;
                loader.settlement(ask.settle.id)?;
            }
            Command::PayOut(ask) => loader.payout(&ask.pay_out)?,
        }
    }
    Ok(loader.known)
}

struct Loader<'a> {
    db: &'a dyn Db,
    tariff: &'a Tariff,
    known: Snapshot,
}

impl Loader<'_> {
    fn currency(&self) -> Currency {
        self.tariff.currency
    }

    fn offer(&mut self, slug: &str) -> Result<(), StoreError> {
        if !self.known.offers.contains_key(slug)
            && let Some(offer) = work::offer(self.db, slug, self.tariff)?
        {
            self.known.offers.insert(slug.to_owned(), offer);
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

    fn line(&mut self, line: ledger::LineId) -> Result<(), StoreError> {
        if !self.known.lines.contains_key(&line)
            && let Some(found) = statement::line(self.db, line, self.currency())?
        {
            self.known.lines.insert(line, found);
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
        self.line(ask.line)?;
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

    fn settlement(&mut self, settlement: ledger::SettlementId) -> Result<(), StoreError> {
        if let Some(found) = tab::settlement(self.db, settlement, self.currency())? {
            self.known.settlements.insert(settlement, found);
        }
        Ok(())
    }

    fn payout(&mut self, ask: &PayOut) -> Result<(), StoreError> {
        if let Some(found) = payout::by_id(self.db, ask.id, self.currency())? {
            self.known.payouts.insert(ask.id, found);
        }
        let available = books::balance(self.db, Account::Available(ask.author))?;
        self.known.available.insert(ask.author, available);
        Ok(())
    }
}

fn persist(
    db: &dyn Db,
    known: &Snapshot,
    writes: &WriteSet,
    consents: &[NewConsent],
    now: Timestamp,
) -> Result<(), StoreError> {
    for consent in consents {
        statement::keep_consent(db, consent, now)?;
    }
    persist_tabs(db, known, writes)?;
    let mut news =
        Outbox { db, next: shop::next_number(db, TillNumber::ONLY, shop::Numbered::Outbox)?, now };
    for new in &writes.lines {
        persist_line(db, new)?;
        news.tell("bought", new.line.author, new.line.id)?;
    }
    for undo in &writes.undos {
        persist_undo(db, undo, now)?;
        news.tell("undone", undo.line.author, undo.line.id)?;
    }
    for made in &writes.settlements {
        persist_settlement(db, made, now)?;
        for (payment, author) in &made.payments {
            news.tell("paid", *author, payment.line)?;
        }
    }
    persist_access(db, known, writes)?;
    for made in &writes.payouts {
        payout::insert(db, made, now)?;
    }
    persist_transfers(db, &writes.transfers)
}

/// Who may read what after the batch: a work bought, undone and bought again in it is written once.
fn persist_access(db: &dyn Db, known: &Snapshot, writes: &WriteSet) -> Result<(), StoreError> {
    for &(tab, work) in &writes.access {
        match known.access.get(&(tab, work)) {
            Some(line) => statement::give_access(db, tab, work, *line)?,
            None => statement::take_access(db, tab, work)?,
        }
    }
    Ok(())
}

/// In key order, so that neighbours are written together.
fn persist_tabs(db: &dyn Db, known: &Snapshot, writes: &WriteSet) -> Result<(), StoreError> {
    for (tab, secret_hash) in &writes.opened {
        let Some(stored) = known.tabs.get(tab) else { continue };
        tab::open(db, &stored.tab, secret_hash)?;
    }
    let opened: HashSet<TabId> = writes.opened.iter().map(|(tab, _)| *tab).collect();
    let mut changed: Vec<TabId> =
        writes.changed.iter().copied().filter(|tab| !opened.contains(tab)).collect();
    changed.sort_unstable();
    for tab in changed {
        let Some(stored) = known.tabs.get(&tab) else { continue };
        tab::update(db, &stored.tab)?;
    }
    Ok(())
}

fn persist_line(db: &dyn Db, new: &NewLine) -> Result<(), StoreError> {
    let line = &new.line;
    let line_id = line.id.bytes();
    let values = [
        Value::Blob(&line_id),
        id(line.tab),
        id(line.work),
        Value::Int(line.version.into()),
        id(line.author),
        id(new.link),
        Value::Text(&new.channel),
        line.shares.gross.into(),
        line.shares.vat.into(),
        line.shares.fee.into(),
        line.shares.author.into(),
        Value::Int(line.vat_basis_points),
        Value::Int(line.consent),
        line.bought_at.into(),
        Value::Int(new.before.length.cast_signed()),
        Value::Blob(&new.before.head),
    ];
    db.execute(
        "insert into line (id, tab_id, work_id, version, author_id, link_id, channel, gross_micros, vat_micros, \
         fee_micros, author_micros, vat_basis_points, consent_id, bought_at, chain_number, chain_before) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        &values,
    )?;
    Ok(())
}

fn persist_undo(db: &dyn Db, undo: &NewUndo, now: Timestamp) -> Result<(), StoreError> {
    let line = undo.line.id.bytes();
    let by = match undo.by {
        UndoneBy::Reader => "reader",
        UndoneBy::Shop => "shop",
    };
    let values = [
        Value::Blob(&line),
        id(undo.line.tab),
        Value::Text(by),
        now.into(),
        Value::Int(undo.was_paid.into()),
        Value::Int(undo.before.length.cast_signed()),
        Value::Blob(&undo.before.head),
    ];
    db.execute(
        "insert into undo (line_id, tab_id, undone_by, undone_at, was_paid, chain_number, chain_before) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &values,
    )?;
    Ok(())
}

fn persist_settlement(db: &dyn Db, made: &NewSettlement, now: Timestamp) -> Result<(), StoreError> {
    let settlement = made.settle.id.bytes();
    let values = [
        Value::Blob(&settlement),
        id(made.tab),
        Value::Int(made.settle.rail.0.into()),
        made.settle.received.into(),
        made.settle.rail_fee.into(),
        Value::Text(&made.reference),
        now.into(),
        Value::Int(made.before.length.cast_signed()),
        Value::Blob(&made.before.head),
    ];
    db.execute(
        "insert into settlement (id, tab_id, rail, received_micros, rail_fee_micros, reference, settled_at, \
         chain_number, chain_before) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &values,
    )?;
    for (payment, _) in &made.payments {
        let line = payment.line.bytes();
        let values = [Value::Blob(&line), Value::Blob(&settlement), payment.rail_fee.into()];
        db.execute(
            "insert into payment (line_id, settlement_id, rail_fee_micros) values (?1, ?2, ?3)",
            &values,
        )?;
    }
    Ok(())
}

fn persist_transfers(db: &dyn Db, transfers: &[Transfer]) -> Result<(), StoreError> {
    let first = shop::next_number(db, TillNumber::ONLY, shop::Numbered::Transfer)?;
    for (number, transfer) in (first..).zip(transfers) {
        let subject = transfer.subject.bytes();
        let (debit_kind, debit_owner) = transfer.debit.stored();
        let (credit_kind, credit_owner) = transfer.credit.stored();
        let values = [
            TillNumber::ONLY.into(),
            Value::Int(number),
            transfer.at.into(),
            Value::Int(transfer.reason.stored()),
            Value::Blob(&subject),
            Value::Int(debit_kind),
            Value::Int(debit_owner),
            Value::Int(credit_kind),
            Value::Int(credit_owner),
            transfer.amount.into(),
        ];
        db.execute(
            "insert into transfer (till, id, made_at, reason, subject, debit_kind, debit_owner, credit_kind, \
             credit_owner, micros) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            &values,
        )?;
    }
    Ok(())
}

struct Outbox<'a> {
    db: &'a dyn Db,
    next: i64,
    now: Timestamp,
}

impl Outbox<'_> {
    fn tell(
        &mut self,
        kind: &'static str,
        author: ledger::AuthorId,
        line: ledger::LineId,
    ) -> Result<(), StoreError> {
        let line = line.bytes();
        let values = [
            TillNumber::ONLY.into(),
            Value::Int(self.next),
            self.now.into(),
            Value::Text(kind),
            id(author),
            Value::Blob(&line),
        ];
        self.db.execute(
            "insert into outbox (till, id, happened_at, kind, author_id, subject) values (?1, ?2, ?3, ?4, ?5, ?6)",
            &values,
        )?;
        self.next += 1;
        Ok(())
    }
}
