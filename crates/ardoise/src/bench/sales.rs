//! Sales of years, made at once, for a shop that has grown.

use super::refused;
use crate::clock::Clock;
use crate::ids::{Chance, Mint};
use crate::pages::Locale;
use crate::pages::work::consent_text;
use crate::request::Claim;
use crate::settings::Values;
use crate::store::engine::{self, Writer};
use crate::store::{Address, Db, StoreError};
use crate::till::command::{BuyAsk, Command, TabClaim};
use crate::till::{BATCH, Durable, Tariff, TillStore as _, followers};
use ledger::receipts::consent_number;
use ledger::{Buy, Currency, LineId, Money, TabId};
use std::path::Path;

/// Batches after which totals and gains catch up.
const BATCHES_BETWEEN: usize = 16;

/// Sells as the till does, without anybody who waits for an answer.
pub struct Sales {
    writer: Writer,
    tariff: Tariff,
    clock: Clock,
    mint: Mint,
    slugs: Vec<String>,
    price: Money,
    /// The words that readers agree to.
    label: String,
}

impl Sales {
    /// In a shop that [`seed`] filled; `slugs` names what is sold.
    ///
    /// # Errors
    /// Whatever the store says.
    pub fn open(
        (store, data): (&Address, &Path),
        slugs: Vec<String>,
        price_micros: i64,
    ) -> Result<Self, StoreError> {
        let clock = Clock::System;
        let (writer, _) = engine::open(store, data, clock.now())?;
        let settings = Values::default().check().map_err(|error| refused(&error))?;
        let price =
            Money::from_micros(price_micros, Currency::Eur).map_err(|error| refused(&error))?;
        let mint = Mint::new(clock.clone(), Chance::System);
        let label = consent_text(Locale::En, price);
        Ok(Self { writer, tariff: settings.tariff, clock, mint, slugs, price, label })
    }

    /// Opens `tabs` tabs by selling `lines` works on each, all tabs in turn and in no order; answers their cookies.
    ///
    /// # Errors
    /// Whatever the store says; [`StoreError::Constraint`] when something is not sold.
    pub fn sell(&mut self, tabs: usize, lines: usize) -> Result<Vec<String>, StoreError> {
        let claim = |_| Claim::<TabId> { id: self.mint.id(), secret: self.mint.secret() };
        let mut claims: Vec<Claim<TabId>> = (0..tabs).map(claim).collect();
        claims.sort_by_cached_key(Claim::hash);
        for line in 0..lines {
            for (number, batch) in claims.chunks(BATCH).enumerate() {
                let work = |place: usize| number * BATCH + place + line;
                let taps = batch.iter().enumerate();
                let taps: Vec<_> = taps.map(|(place, tab)| self.tap(tab, work(place))).collect();
                self.apply(&taps)?;
                if number % BATCHES_BETWEEN == 0 {
                    self.catch_up()?;
                }
            }
        }
        self.catch_up()?;
        Ok(claims.iter().map(Claim::reveal).collect())
    }

    fn apply(&mut self, taps: &[Command]) -> Result<(), StoreError> {
        let applied = self.writer.apply(&self.tariff, self.clock.now(), taps)?;
        if applied.purchases == taps.len() as u64 {
            return Ok(());
        }
        Err(StoreError::Constraint(format!("not sold: {:?}", applied.outcomes)))
    }

    fn tap(&self, claim: &Claim<TabId>, work: usize) -> Command {
        let locale = Locale::En.code();
        let label = self.label.clone();
        let consent = consent_number(locale, &label);
        Command::Buy(BuyAsk {
            tab: TabClaim { id: claim.id, secret_hash: claim.hash(), opens: true },
            slug: self.slugs[work % self.slugs.len()].clone(),
            channel: String::new(),
            buy: Buy {
                line: LineId::from_bytes(self.mint.purchase().bytes()),
                amount: self.price,
                consent,
            },
            locale,
            label,
        })
    }

    fn catch_up(&mut self) -> Result<(), StoreError> {
        let (tills, now) = ([self.writer.number()], self.clock.now());
        let mut follow = |db: &dyn Db| followers::catch_up(db, &tills, now).map(drop);
        self.writer.write(Durable::InTime, &mut follow)
    }
}
