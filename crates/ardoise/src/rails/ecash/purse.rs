//! What the shop has in e-cash, and how its operator takes it out: as tokens for a wallet of their own.
//!
//! Until then it stands with the charges that brought it. It leaves under the name of an export, which is written at every charge
//! in one transaction before anything is shown: nothing leaves twice by itself, and what was not copied in time is shown again by that
//! name. Whether a token was redeemed since, only its mint knows.

use super::kept::Kept;
use super::keysets::UNIT;
use super::token::{PIECES_MOST, Proof, Token, sum};
use crate::app::App;
use crate::rails::ECASH;
use crate::store::charge::{self, State, Stored};
use crate::store::{Db, StoreError};
use ledger::Currency;
use std::collections::BTreeMap;

/// Charges that are read at once.
const PAGE: i64 = 500;

/// What leaves, or left, together.
pub struct Export {
    /// Its name; empty for what has not left.
    pub name: String,
    /// The pieces, by their mint.
    by_mint: BTreeMap<String, Vec<Proof>>,
}

impl Export {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), by_mint: BTreeMap::new() }
    }

    fn add(&mut self, mint: &str, proofs: &[Proof]) {
        self.by_mint.entry(mint.to_owned()).or_default().extend_from_slice(proofs);
    }

    /// How many satoshis.
    pub fn sats(&self) -> u64 {
        sum(self.by_mint.values().flatten().map(|proof| proof.amount))
    }

    /// As tokens that wallets read: of one mint each, and not too long.
    pub fn tokens(&self) -> Vec<String> {
        let of_mint = |(mint, proofs): (&String, &Vec<Proof>)| {
            let token = |proofs: &[Proof]| {
                let (mint, unit) = (mint.clone(), Some(UNIT.to_owned()));
                Token { mint, unit, proofs: proofs.to_vec() }.write()
            };
            proofs.chunks(PIECES_MOST).map(token).collect::<Vec<String>>()
        };
        self.by_mint.iter().flat_map(of_mint).collect()
    }
}

/// All that the shop has and had: what has not left first, then each export by its name, in the order of names.
///
/// # Errors
/// The store's.
pub async fn all(app: &App) -> Result<Vec<Export>, StoreError> {
    let currency = app.currency();
    app.store
        .read(|db| {
            let mut found = BTreeMap::from([(String::new(), Export::named(""))]);
            each_held(db, currency, |_, kept| {
                let (Some(given), Some(held)) = (&kept.given, &kept.held) else { return Ok(()) };
                let export =
                    found.entry(held.left.clone()).or_insert_with(|| Export::named(&held.left));
                export.add(&given.mint, &held.proofs);
                Ok(())
            })?;
            Ok(found.into_values().collect())
        })
        .await
}

/// Takes everything out that has not left, under `name`.
///
/// # Errors
/// The store's: nothing has left.
pub async fn take_out(app: &App, name: String) -> Result<Export, StoreError> {
    let currency = app.currency();
    let write = move |db: &dyn Db| {
        let mut export = Export::named(&name);
        each_held(db, currency, |stored, mut kept| {
            let (Some(given), Some(held)) = (&kept.given, &mut kept.held) else { return Ok(()) };
            if !held.left.is_empty() {
                return Ok(());
            }
            held.left.clone_from(&name);
            export.add(&given.mint, &held.proofs);
            let after = kept.to_keep();
            if charge::rewrite_kept(db, stored.id, (&stored.kept, &after))? {
                return Ok(());
            }
            Err(StoreError::Busy("somebody takes e-cash out at this moment".into()))
        })?;
        Ok(export)
    };
    app.store.write(write).await
}

/// Does something for every charge that has brought e-cash and is over.
fn each_held(
    db: &dyn Db,
    currency: Currency,
    mut each: impl FnMut(&Stored, Kept) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = charge::of_rail(db, ECASH.number, after, PAGE, currency)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for stored in &page {
            // Until a charge is over, its own flow writes what is kept with it.
            if !matches!(stored.state, State::Settled | State::Refused) {
                continue;
            }
            let kept = serde_json::from_str(&stored.kept);
            each(stored, kept.map_err(|_| StoreError::Corrupt("a charge of e-cash".into()))?)?;
        }
    }
}
