//! A made-up shop, filled at once, for benches and crash tests; and years of sales, for a shop that has grown.

mod sales;

pub use sales::Sales;

use crate::clock::Clock;
use crate::ids::{Chance, Mint};
use crate::request::Claim;
use crate::store::link::Link;
use crate::store::people::Author;
use crate::store::work::{Kind, State, Work};
use crate::store::{Address, Db, StoreError, engine, link, people, shop, tab, work};
use crate::till::{Durable, TillStore as _};
use ledger::receipts::version_digest;
use ledger::{Currency, Money, Price, Tab, TabId, Timestamp};
use std::path::Path;

/// How large the shop is.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// Works for sale. Work `i` is by author `i % authors`, and its link is the `i`-th slug.
    pub works: usize,
    /// Authors.
    pub authors: usize,
    /// Open tabs that owe nothing.
    pub tabs: usize,
    /// The price of every work, in micro-units.
    pub price_micros: i64,
}

impl Seed {
    /// Whose work it is.
    pub const fn author_of(&self, work: usize) -> usize {
        work % self.authors
    }
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
    let line_key = Chance::System.bytes();
    let mint = Mint::new(clock, Chance::System);
    let mut seeded = Seeded::default();
    writer.write(Durable::AtOnce, &mut |db| {
        shop::found(db, Currency::Eur, &line_key, now)?;
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

fn refused(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Constraint(why.to_string())
}
