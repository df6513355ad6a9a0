//! The comparison of everything that the store keeps with what the second ledger says.

use super::finding::Wrong;
use super::naive::{Cell, Held, Naive, Sold};
use super::scene::Scene;
use super::stand::Stand;
use ardoise::desk::books as desk;
use ardoise::store::gains::{self, Hours};
use ardoise::store::{Db, StoreError, audit, books, statement, tab};
use ledger::{Account, LineId, ShopId as _, Tab, TabId};
use std::collections::{BTreeMap, BTreeSet};

/// Whether everything that changed since the last time stands as it should, whatever the followers have read.
///
/// # Errors
/// [`Wrong`].
pub fn what_changed(stand: &Stand, naive: &mut Naive) -> Result<(), Wrong> {
    let touched = std::mem::take(&mut naive.touched);
    read(stand, |db| {
        balances(db, naive)?;
        lines(db, naive, &touched)
    })
}

/// Whether what the followers remember is what happened, once they have read everything.
///
/// # Errors
/// [`Wrong`].
pub fn what_is_remembered(stand: &Stand, naive: &Naive, scene: &Scene) -> Result<(), Wrong> {
    read(stand, |db| {
        remembered_totals(db, naive)?;
        gains_of(db, naive, scene)?;
        let left = gains::outbox_length(db).map_err(Wrong::store)?;
        Wrong::unless_same("outbox", &"rows that nobody has read", &left, &0)
    })
}

/// Whether every tab and every right is as it should be, and whether the product's own check of the books agrees.
///
/// # Errors
/// [`Wrong`].
pub fn everything(stand: &Stand, naive: &Naive, scene: &Scene) -> Result<(), Wrong> {
    read(stand, |db| {
        let all: BTreeSet<LineId> =
            naive.tabs.values().flat_map(|tab| &tab.lines).map(|held| held.line.id).collect();
        lines(db, naive, &all)?;
        let currency = scene.tariff.currency;
        let kept = tab::page(db, TabId::from_raw(i64::MIN), i64::MAX, currency);
        let kept: Vec<Tab> = kept.map_err(Wrong::store)?;
        let expected: Vec<Tab> = naive.tabs.keys().filter_map(|id| naive.tab(*id)).collect();
        Wrong::unless_same("tab", &"all tabs", &kept, &expected)?;
        consents(db, naive)?;
        let checked = desk::check(db, currency, &mut |_, _| ()).map_err(Wrong::store)?;
        match checked.findings.first() {
            Some(finding) => Err(Wrong::new("check-books", finding)),
            None => Ok(()),
        }
    })
}

fn read(stand: &Stand, work: impl FnOnce(&dyn Db) -> Result<(), Wrong>) -> Result<(), Wrong> {
    stand.read(|db| Ok(work(db))).map_err(Wrong::store)?
}

fn balances(db: &dyn Db, naive: &Naive) -> Result<(), Wrong> {
    for (&account, &expected) in &naive.balances {
        if let Account::Tab(tab) = account {
            // The second ledger keeps its tabs twice: by their lines, and by what was moved.
            let stands = naive.tab(tab).map_or(0, |tab| tab.open.micros() - tab.credit.micros());
            Wrong::unless_same(
                "second ledger",
                &format!("{account:?}"),
                &stands.into(),
                &expected,
            )?;
            continue;
        }
        let found = books::balance(db, account).map_err(Wrong::store)?;
        Wrong::unless_same("balance", &format!("{account:?}"), &found, &expected)?;
    }
    Ok(())
}

/// Lines with what became of them, the tabs they stand on, and the rights they give.
fn lines(db: &dyn Db, naive: &Naive, touched: &BTreeSet<LineId>) -> Result<(), Wrong> {
    let mut tabs = BTreeMap::new();
    for &id in touched {
        let Some(Held { line, state, .. }) = naive.held(id) else { continue };
        let currency = line.shares.gross.currency();
        let found = statement::line(db, id, currency).map_err(Wrong::store)?;
        Wrong::unless_same("line", &id, &found, &Some((*line, *state)))?;
        let access = statement::access(db, line.tab, line.work).map_err(Wrong::store)?;
        let expected = naive.access(line.tab, line.work);
        let whose = format!("{} on {}", line.work, line.tab);
        Wrong::unless_same("access", &whose, &access, &expected)?;
        tabs.insert(line.tab, currency);
    }
    for (id, currency) in tabs {
        let found = tab::by_id(db, id, currency).map_err(Wrong::store)?;
        let found = found.map(|stored| (stored.secret_hash, stored.tab));
        let expected = naive.tabs.get(&id).map(|tab| tab.secret).zip(naive.tab(id));
        Wrong::unless_same("tab", &id, &found, &expected)?;
    }
    Ok(())
}

fn remembered_totals(db: &dyn Db, naive: &Naive) -> Result<(), Wrong> {
    let mut found = BTreeMap::new();
    let each = books::each_total(db, &mut |account, total| {
        found.insert(account, total.balance(account));
        Ok(())
    });
    each.map_err(Wrong::store)?;
    let is_remembered = |account: &Account| !matches!(account, Account::Tab(_));
    let expected = naive.balances.iter().filter(|(account, _)| is_remembered(account));
    let expected: BTreeMap<Account, i128> =
        expected.map(|(&account, &sum)| (account, sum)).collect();
    Wrong::unless_same("balance", &"what is remembered", &found, &expected)
}

fn gains_of(db: &dyn Db, naive: &Naive, scene: &Scene) -> Result<(), Wrong> {
    let mut found: BTreeMap<Cell, Sold> = BTreeMap::new();
    for &(author, _) in &scene.authors {
        let mut each = |hour, way: gains::Way, sums: gains::Figures| -> Result<(), StoreError> {
            let sold = [sums.taps, sums.undone, sums.gross.micros(), sums.share.micros()];
            found.insert((author, hour, way.work, way.link, way.channel), sold);
            Ok(())
        };
        gains::by_cell(db, author, Hours::EVER, scene.tariff.currency, &mut each)
            .map_err(Wrong::store)?;
    }
    for (cell, expected) in &naive.sold {
        let sold = found.remove(cell);
        Wrong::unless_same("gains", &format!("{cell:?}"), &sold, &Some(*expected))?;
    }
    Wrong::unless_same("gains", &"sales that never were", &found, &BTreeMap::new())
}

fn consents(db: &dyn Db, naive: &Naive) -> Result<(), Wrong> {
    let mut found = BTreeMap::new();
    let each = audit::each_consent(db, &mut |id, locale, label| {
        found.insert(id, (locale.to_owned(), label.to_owned()));
        Ok(())
    });
    each.map_err(Wrong::store)?;
    let words = naive
        .consents
        .iter()
        .map(|(id, (locale, label))| (*id, ((*locale).to_owned(), label.clone())));
    Wrong::unless_same("consent", &"words agreed to", &found, &words.collect())
}
