//! A made-up shop, filled at once, for benches and crash tests; and years of sales, for a shop that has grown.

use crate::clock::Clock;
use crate::ids::{Chance, Mint};
use crate::pages::Locale;
use crate::pages::work::consent_text;
use crate::request::Claim;
use crate::settings::Values;
use crate::store::engine::Writer;
use crate::store::link::Link;
use crate::store::people::Author;
use crate::store::work::{Kind, State, Work};
use crate::store::{Address, Db, StoreError, engine, link, people, shop, tab, work};
use crate::till::command::{BuyAsk, Command, TabClaim};
use crate::till::{Durable, Tariff, TillStore as _, followers};
use ledger::receipts::{consent_number, version_digest};
use ledger::{Buy, Currency, Money, Price, Tab, TabId, Timestamp};
use std::path::Path;

/// How large the shop is.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// Works for sale.
    pub works: usize,
    /// Authors; work `i` is by author `i % authors`.
    pub authors: usize,
    /// Open tabs that owe nothing.
    pub tabs: usize,
    /// The price of every work.
    pub price_micros: i64,
}

/// What was made.
#[derive(Debug, Clone, Default)]
pub struct Seeded {
    /// The slug of each work's link.
    pub slugs: Vec<String>,
    /// The cookie of each tab.
    pub tab_tokens: Vec<String>,
}

/// Fills an empty data folder.
///
/// # Errors
/// Whatever the store says.
pub fn seed(store: &Address, data: &Path, seed: &Seed) -> Result<Seeded, StoreError> {
    let clock = Clock::System;
    let now = clock.now();
    let (mut writer, _) = engine::open(store, data, now)?;
    let mint = Mint::new(clock, Chance::System);
    let mut seeded = Seeded::default();
    writer.write(Durable::AtOnce, &mut |db| {
        shop::found(db, Currency::Eur, now)?;
        seeded =
            Seeded { slugs: works(db, seed, &mint, now)?, tab_tokens: tabs(db, seed, &mint, now)? };
        Ok(())
    })?;
    Ok(seeded)
}

fn works(db: &dyn Db, seed: &Seed, mint: &Mint, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let author =
        |number: usize| Author { id: mint.id(), name: format!("Author {number}"), created_at: now };
    let authors: Vec<Author> = (0..seed.authors.max(1)).map(author).collect();
    authors.iter().try_for_each(|author| people::insert_author(db, author))?;
    let price =
        Money::from_micros(seed.price_micros, Currency::Eur).map_err(|error| refused(&error))?;
    let mut slugs = Vec::with_capacity(seed.works);
    for number in 0..seed.works {
        let author = &authors[number % authors.len()];
        let made = made_work(number, author, price, mint, now);
        work::insert(db, &made)?;
        work::keep_version(db, &made, &[], now)?;
        work::write_article(db, made.id, "Made for the bench.")?;
        let slug = mint.slug();
        let link = Link {
            id: mint.id(),
            work: made.id,
            slug: slug.clone(),
            label: String::new(),
            created_at: now,
        };
        link::insert(db, &link)?;
        slugs.push(slug);
    }
    Ok(slugs)
}

fn made_work(number: usize, author: &Author, price: Money, mint: &Mint, now: Timestamp) -> Work {
    let title = format!("Work {number}");
    Work {
        id: mint.id(),
        author: author.id,
        author_name: author.name.clone(),
        kind: Kind::Article,
        state: State::Published,
        digest: version_digest(&title, &[]),
        title,
        description: String::new(),
        price: Price::Fixed(price),
        vat_class: "standard".into(),
        version: 1,
        cover_key: None,
        created_at: now,
        updated_at: now,
        published_at: Some(now),
    }
}

fn tabs(db: &dyn Db, seed: &Seed, mint: &Mint, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let mut tokens = Vec::with_capacity(seed.tabs);
    for _ in 0..seed.tabs {
        let claim = Claim::<TabId> { id: mint.id(), secret: mint.secret() };
        tab::open(db, &Tab::opened(claim.id, now, Money::zero(Currency::Eur)), &claim.hash())?;
        tokens.push(claim.reveal());
    }
    Ok(tokens)
}

/// Purchases that are written together.
const TOGETHER: usize = 512;
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
        Ok(Self { writer, tariff: settings.tariff, clock, mint, slugs, price })
    }

    /// Opens `tabs` tabs by selling `lines` works on each, all tabs in turn and in no order; answers their cookies.
    ///
    /// # Errors
    /// Whatever the store says; [`StoreError::Constraint`] when something is not sold.
    pub fn sell(&mut self, tabs: usize, lines: usize) -> Result<Vec<String>, StoreError> {
        let claim = |_| Claim::<TabId> { id: self.mint.id(), secret: self.mint.secret() };
        let mut claims: Vec<Claim<TabId>> = (0..tabs).map(claim).collect();
        claims.sort_by_key(Claim::hash);
        let asked = (0..lines).flat_map(|line| (0..tabs).map(move |tab| (tab, line)));
        let asked: Vec<(usize, usize)> = asked.collect();
        for (number, batch) in asked.chunks(TOGETHER).enumerate() {
            let tap = |&(tab, line): &(usize, usize)| self.tap(&claims[tab], tab + line);
            let batch: Vec<Command> = batch.iter().map(tap).collect();
            let applied = self.writer.apply(&self.tariff, self.clock.now(), &batch)?;
            if applied.purchases != batch.len() as u64 {
                return Err(StoreError::Constraint(format!("not sold: {:?}", applied.outcomes)));
            }
            if number % BATCHES_BETWEEN == 0 {
                self.catch_up()?;
            }
        }
        self.catch_up()?;
        Ok(claims.iter().map(Claim::reveal).collect())
    }

    fn tap(&self, claim: &Claim<TabId>, work: usize) -> Command {
        let label = consent_text(Locale::En, self.price);
        let locale = Locale::En.code();
        let consent = consent_number(locale, &label);
        Command::Buy(BuyAsk {
            tab: TabClaim { id: claim.id, secret_hash: claim.hash(), opens: true },
            slug: self.slugs[work % self.slugs.len()].clone(),
            channel: String::new(),
            buy: Buy { line: self.mint.purchase(), amount: self.price, consent },
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

fn refused(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Constraint(why.to_string())
}
