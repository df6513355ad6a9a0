//! Making a receipt: what is kept about a tab, in the order in which it happened, signed.

use super::document::{
    About, Bought, Consent, DisputeEnded, Disputed, Document, Entry, FORMAT, Head, Refunded,
    Returned, Settled, Shop, Sums, Undone, What, WrittenOff, hex,
};
use crate::api::wire::{Amount, instant};
use crate::app::App;
use crate::rails;
use crate::store::audit::{
    self, Kept, KeptDispute, KeptLine, KeptLoss, KeptRefund, KeptSettlement, KeptUndo,
};
use crate::store::{Db, StoreError, people, statement, tab, work};
use ledger::receipts::{Chain, Entry as Happened};
use ledger::{
    AuthorId, Currency, LineId, LineState, Money, SettlementId, Tab, TabId, Timestamp, UndoneBy,
    WorkId,
};
use std::collections::{HashMap, HashSet};

/// The receipt of everything that ever happened to a tab; nothing when there is no such tab.
///
/// # Errors
/// Whatever the store says.
pub async fn of_tab(app: &App, tab: TabId) -> Result<Option<Document>, StoreError> {
    let Some(told) = read(app, tab, None).await? else { return Ok(None) };
    Ok(Some(sign(app, About::Tab, told)))
}

/// The receipt of one line of a tab, with what became of it; nothing when it does not stand there.
///
/// # Errors
/// Whatever the store says.
pub async fn of_line(app: &App, tab: TabId, line: LineId) -> Result<Option<Document>, StoreError> {
    let told = read(app, tab, Some(line)).await?.filter(|told| !told.entries.is_empty());
    Ok(told.map(|told| sign(app, About::Line, told)))
}

/// What a receipt tells of a tab.
struct Told {
    tab: Tab,
    entries: Vec<Entry>,
    sums: Option<Sums>,
}

/// Reads one moment of the store, in a thread where that may take its time: tabs can be long.
async fn read(app: &App, tab: TabId, line: Option<LineId>) -> Result<Option<Told>, StoreError> {
    let currency = app.currency();
    app.store.study(move |db| tell(db, tab, line, currency)).await
}

fn tell(
    db: &dyn Db,
    tab: TabId,
    line: Option<LineId>,
    currency: Currency,
) -> Result<Option<Told>, StoreError> {
    let Some(stored) = tab::by_id(db, tab, currency)? else { return Ok(None) };
    let mut kept = audit::kept(db, tab, currency)?;
    let sums = match line {
        None => Some(sums(&kept, stored.tab.borne, currency)?),
        Some(line) => {
            keep_only(&mut kept, line);
            None
        }
    };
    let mut entries = Teller::new(db, &kept).entries()?;
    entries.sort_by_key(|entry| entry.number);
    Ok(Some(Told { tab: stored.tab, entries, sums }))
}

fn keep_only(kept: &mut Kept, line: LineId) {
    kept.lines.retain(|kept| kept.line.id == line);
    kept.undos.retain(|undo| undo.line == line);
    kept.payments.retain(|(payment, _)| payment.line == line);
    kept.losses.retain(|loss| loss.line == line);
    kept.refunds.clear();
    kept.disputes.clear();
    kept.reopenings.clear();
    let Kept { settlements, payments, .. } = kept;
    settlements.retain(|made| payments.iter().any(|(_, by)| *by == made.settle.id));
}

fn sums(kept: &Kept, borne: Money, currency: Currency) -> Result<Sums, StoreError> {
    let undone: HashSet<LineId> = kept.undos.iter().map(|undo| undo.line).collect();
    let prices = || kept.lines.iter().map(|kept| (kept.line.id, kept.line.shares.gross));
    let bought = total(prices().map(|(_, gross)| gross), currency)?;
    let taken_back = prices().filter(|(line, _)| undone.contains(line));
    let taken_back = total(taken_back.map(|(_, gross)| gross), currency)?;
    let received = total(kept.settlements.iter().map(|made| made.settle.received), currency)?;
    let less = |one: Money, other: Money| one.saturating_sub(other).map_err(corrupt);
    let due = less(bought, taken_back)?;
    let back = kept.refunds.iter().filter(|made| made.failed.is_none());
    let back = total(back.map(|made| made.refund.amount), currency)?;
    // What the shop bears is as if it had not gone back.
    let stays = less(received.checked_add(borne).map_err(corrupt)?, back)?;
    Ok(Sums {
        bought: bought.into(),
        undone: taken_back.into(),
        received: received.into(),
        given_back: (!back.is_zero()).then(|| back.into()),
        borne: (!borne.is_zero()).then(|| borne.into()),
        owed: less(due, stays)?.into(),
        credit: less(stays, due)?.into(),
    })
}

fn total(
    mut amounts: impl Iterator<Item = Money>,
    currency: Currency,
) -> Result<Money, StoreError> {
    amounts.try_fold(Money::zero(currency), Money::checked_add).map_err(corrupt)
}

fn corrupt(error: ledger::MoneyError) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

/// Turns what is kept into entries, and asks for each title, name and wording once.
struct Teller<'a> {
    db: &'a dyn Db,
    kept: &'a Kept,
    prices: HashMap<LineId, Money>,
    undone: HashSet<LineId>,
    paid_by: HashMap<LineId, SettlementId>,
    lost: HashSet<LineId>,
    memory: Memory,
}

#[derive(Default)]
struct Memory {
    versions: HashMap<(WorkId, u32), work::Version>,
    authors: HashMap<AuthorId, String>,
    consents: HashMap<i64, Consent>,
}

impl<'a> Teller<'a> {
    fn new(db: &'a dyn Db, kept: &'a Kept) -> Self {
        let lines = kept.lines.iter().map(|kept| (kept.line.id, kept.line.shares.gross));
        Self {
            db,
            kept,
            prices: lines.collect(),
            undone: kept.undos.iter().map(|undo| undo.line).collect(),
            paid_by: kept.payments.iter().map(|(payment, by)| (payment.line, *by)).collect(),
            lost: kept.losses.iter().map(|loss| loss.line).collect(),
            memory: Memory::default(),
        }
    }

    fn entries(&mut self) -> Result<Vec<Entry>, StoreError> {
        let kept = self.kept;
        let mut entries = Vec::new();
        for line in &kept.lines {
            let what = What::Bought(Box::new(self.bought(line)?));
            entries.push(entry(line.before, &line.line.entry(), line.line.bought_at, what));
        }
        for undo in &kept.undos {
            entries.push(self.undone(undo)?);
        }
        entries.extend(kept.settlements.iter().map(settled));
        entries.extend(kept.refunds.iter().flat_map(refunded));
        entries.extend(kept.disputes.iter().flat_map(disputed));
        entries.extend(kept.reopenings.iter().map(|made| {
            let (before, happened) = made.entry();
            entry(before, &happened, made.at, What::Reopened {})
        }));
        for loss in &kept.losses {
            entries.push(self.written_off(loss)?);
        }
        Ok(entries)
    }

    fn written_off(&self, loss: &KeptLoss) -> Result<Entry, StoreError> {
        let gross = self.prices.get(&loss.line).copied();
        let gross = gross.ok_or_else(|| gone("the line", loss.line))?;
        let what = WrittenOff { line: loss.line.to_string(), amount: gross.into() };
        let happened = Happened::WrittenOff { line: loss.line, at: loss.at };
        Ok(entry(loss.before, &happened, loss.at, What::WrittenOff(what)))
    }

    fn bought(&mut self, kept: &KeptLine) -> Result<Bought, StoreError> {
        let line = &kept.line;
        let paid_by = self.paid_by.get(&line.id).copied();
        let version = self.version(line.work, line.version)?;
        Ok(Bought {
            line: line.id.to_string(),
            work: line.work.to_string(),
            title: version.title,
            author: self.author(line.author)?,
            version: hex(&line.version_digest),
            parts: version.parts.iter().map(hex).collect(),
            price: line.shares.gross.into(),
            tax: line.shares.vat.into(),
            tax_rate_basis_points: line.vat_basis_points,
            consent: self.consent(line.consent)?,
            state: LineState::of(
                self.undone.contains(&line.id),
                paid_by.is_some(),
                self.lost.contains(&line.id),
            )
            .into(),
            paid_by: paid_by.map(|by| by.to_string()),
        })
    }

    fn undone(&self, undo: &KeptUndo) -> Result<Entry, StoreError> {
        let gross = self.prices.get(&undo.line).copied();
        let gross = gross.ok_or_else(|| gone("the line", undo.line))?;
        let by = match undo.by {
            UndoneBy::Reader => "reader",
            UndoneBy::Shop => "shop",
        };
        let what = Undone { line: undo.line.to_string(), by: by.into(), amount: gross.into() };
        let happened = Happened::Undone { line: undo.line, at: undo.at };
        Ok(entry(undo.before, &happened, undo.at, What::Undone(what)))
    }

    fn version(&mut self, id: WorkId, number: u32) -> Result<work::Version, StoreError> {
        if let Some(known) = self.memory.versions.get(&(id, number)) {
            return Ok(known.clone());
        }
        let found = work::version(self.db, id, number)?;
        let version = found.ok_or_else(|| gone("a version", id))?;
        self.memory.versions.insert((id, number), version.clone());
        Ok(version)
    }

    fn author(&mut self, id: AuthorId) -> Result<String, StoreError> {
        if let Some(known) = self.memory.authors.get(&id) {
            return Ok(known.clone());
        }
        let found = people::author(self.db, id)?.ok_or_else(|| gone("an author", id))?;
        self.memory.authors.insert(id, found.name.clone());
        Ok(found.name)
    }

    fn consent(&mut self, id: i64) -> Result<Consent, StoreError> {
        if let Some(known) = self.memory.consents.get(&id) {
            return Ok(known.clone());
        }
        let found = statement::consent(self.db, id)?.ok_or_else(|| gone("a wording", id))?;
        let consent = Consent { locale: found.0, label: found.1 };
        self.memory.consents.insert(id, consent.clone());
        Ok(consent)
    }
}

fn gone(what: &str, id: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(format!("{what} of {id} is not kept"))
}

fn settled(made: &KeptSettlement) -> Entry {
    let ledger::Settle { id: settlement, received, rail, .. } = made.settle;
    let what = Settled {
        settlement: settlement.to_string(),
        received: received.into(),
        rail: rails::name_of(rail),
    };
    let happened = Happened::Settled { settlement, received, at: made.at };
    entry(made.before, &happened, made.at, What::Settled(what))
}

fn refunded(made: &KeptRefund) -> impl Iterator<Item = Entry> {
    let (refund, amount) = (made.refund.id.to_string(), made.refund.amount.into());
    let rail = rails::name_of(made.refund.rail);
    made.entries().map(move |(before, happened)| {
        let (refund, amount): (String, Amount) = (refund.clone(), Clone::clone(&amount));
        match happened {
            Happened::Returned { at, .. } => {
                entry(before, &happened, at, What::Returned(Returned { refund, amount }))
            }
            Happened::GivenElsewhere { .. } => {
                let what = Refunded { refund, amount, rail: rail.clone() };
                entry(before, &happened, made.at, What::RefundedElsewhere(what))
            }
            _ => {
                let what = Refunded { refund, amount, rail: rail.clone() };
                entry(before, &happened, made.at, What::Refunded(what))
            }
        }
    })
}

fn disputed(one: &KeptDispute) -> impl Iterator<Item = Entry> {
    one.entries().map(|(before, happened)| {
        let settlement = one.dispute.settlement.to_string();
        let amount = one.dispute.amount.into();
        match happened {
            Happened::DisputeEnded { won, at, .. } => {
                let what = DisputeEnded { settlement, amount, won };
                entry(before, &happened, at, What::DisputeEnded(what))
            }
            _ => {
                let what = What::Disputed(Disputed { settlement, amount });
                entry(before, &happened, one.at, what)
            }
        }
    })
}

fn entry(before: Chain, happened: &Happened, at: Timestamp, what: What) -> Entry {
    Entry {
        number: before.length,
        at: instant(at),
        what,
        before: hex(&before.head),
        hash: hex(&before.with(happened).head),
    }
}

fn sign(app: &App, about: About, told: Told) -> Document {
    let settings = &app.settings;
    let mut document = Document {
        format: FORMAT.into(),
        about,
        shop: Shop {
            name: settings.shop_name.clone(),
            url: settings.url.clone(),
            seller: settings.seller.clone(),
        },
        tab: told.tab.id.to_string(),
        currency: app.currency().code().into(),
        made_at: instant(app.now()),
        entries: told.entries,
        head: Head { length: told.tab.chain.length, hash: hex(&told.tab.chain.head) },
        sums: told.sums,
        key: app.receipt_key.public(),
        signature: String::new(),
    };
    document.signature = app.receipt_key.sign(document.signed_text().as_bytes());
    document
}
