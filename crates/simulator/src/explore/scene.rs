//! [`Scene`]: the shop of one history, drawn from its seed: rules, prices, tempers. Every seed is another shop, so that
//! what never goes wrong in one of them may in the next.

use super::naive::OnShelf;
use crate::chance::Chance;
use ardoise::store::link::Link;
use ardoise::store::people::Author;
use ardoise::store::webhook::Webhook;
use ardoise::store::work::{Kind, State, Work};
use ardoise::store::{Db, StoreError, link, people, shop, webhook, work};
use ardoise::till::Tariff;
use ledger::receipts::version_digest;
use ledger::{
    AuthorId, Currency, LinkId, Money, Price, Rules, ShopId as _, Timestamp, WebhookId, WorkId,
};

/// 22 November 2026, noon.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);
/// What every shop names its lines with.
pub const LINE_KEY: [u8; 32] = [1; 32];
/// Classes of works.
pub const CLASSES: [&str; 3] = ["standard", "reduced", "press"];
/// Ids of works begin here, so that they are not taken for those of authors.
const FIRST_WORK: i64 = 1_000;
/// Ids of links begin here.
const FIRST_LINK: i64 = 2_000;

/// How often what happens, in percent; drawn for each history.
#[derive(Debug, Clone, Copy)]
pub struct Temper {
    /// Requests that arrive twice or more often.
    pub repeated: u64,
    /// Requests that arrive late, after others.
    pub delayed: u64,
    /// Requests that never arrive.
    pub lost: u64,
    /// Requests with an id that was used before, for something else.
    pub mistaken: u64,
    /// Requests with another tab's secret.
    pub stolen: u64,
    /// Batches that fail, or whose answers are lost.
    pub failing: u64,
    /// Failed batches after which the process starts again.
    pub restarting: u64,
    /// Webhooks' messages that are not heard.
    pub deaf: u64,
    /// Batches after which the followers catch up.
    pub following: u64,
    /// The most commands of a batch.
    pub batch: u64,
    /// The most minutes between two batches; a few batches in a hundred come much later, or earlier.
    pub minutes: u64,
}

/// The shop of one history.
#[derive(Debug, Clone)]
pub struct Scene {
    /// What the shop decides by.
    pub tariff: Tariff,
    /// What it sells.
    pub shelf: Vec<OnShelf>,
    /// Authors, with the webhook of those who listen.
    pub authors: Vec<(AuthorId, Option<WebhookId>)>,
    /// Readers at the same time.
    pub readers: usize,
    /// How often what happens.
    pub temper: Temper,
}

impl Scene {
    /// The shop that `chance` makes.
    pub fn drawn(chance: &mut Chance) -> Self {
        let currency = pick(chance, &Currency::ALL);
        let tariff = tariff(chance, currency);
        let mut authors = Vec::new();
        for number in 1..=1 + chance.below(5) as i64 {
            let listens = chance.percent(70).then(|| WebhookId::from_raw(number));
            authors.push((AuthorId::from_raw(number), listens));
        }
        let works = 6 + chance.index(40);
        let shelf = (0..works).map(|number| on_shelf(chance, number, &authors, &tariff)).collect();
        let (readers, temper) = (3 + chance.index(40), temper(chance));
        Self { tariff, shelf, authors, readers, temper }
    }

    /// Puts the shop into an empty store.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub fn fill(&self, db: &dyn Db) -> Result<(), StoreError> {
        shop::found(db, self.tariff.currency, &LINE_KEY, NOON)?;
        for &(id, listens) in &self.authors {
            let name = format!("Author {}", id.raw());
            people::insert_author(db, &Author { id, name, created_at: NOON })?;
            if let Some(hook) = listens {
                webhook::insert(db, &a_webhook(hook, id))?;
            }
        }
        for on_shelf in &self.shelf {
            let made = as_kept(on_shelf);
            work::insert(db, &made)?;
            work::keep_version(db, &made, &[], NOON)?;
            let OnShelf { link: id, work, slug, .. } = on_shelf.clone();
            link::insert(db, &Link { id, work, slug, label: String::new(), created_at: NOON })?;
        }
        Ok(())
    }
}

fn a_webhook(id: WebhookId, author: AuthorId) -> Webhook {
    Webhook {
        id,
        author,
        url: "https://ada.example/told".into(),
        secret: [7; 32],
        created_at: NOON,
        delivered_at: None,
        failure: None,
        gone_at: None,
    }
}

/// A work as the product keeps it.
pub fn as_kept(on_shelf: &OnShelf) -> Work {
    Work {
        id: on_shelf.work,
        author: on_shelf.author,
        author_name: String::new(),
        kind: Kind::Article,
        state: if on_shelf.for_sale { State::Published } else { State::Unpublished },
        title: title(on_shelf.version),
        description: String::new(),
        price: on_shelf.price,
        vat_class: CLASSES[on_shelf.class].into(),
        version: on_shelf.version,
        digest: on_shelf.digest,
        cover_key: None,
        created_at: NOON,
        updated_at: NOON,
        published_at: Some(NOON),
    }
}

fn title(version: u32) -> String {
    format!("Night bus, edition {version}")
}

/// What a version of a work is.
pub fn digest(version: u32) -> [u8; 32] {
    version_digest(&title(version), &[])
}

fn tariff(chance: &mut Chance, currency: Currency) -> Tariff {
    let cents = |cents: u64| Money::from_cents(cents as i64, currency).expect("a small amount");
    let device = 50 + chance.below(400);
    let settled = device + chance.below(1_000);
    let due_days = pick(chance, &[1, 7, 40]);
    let rules = Rules {
        limit_device: cents(device),
        limit_mandate: cents(device + chance.below(400)),
        limit_settled: cents(settled),
        limit_trusted: cents(settled + chance.below(1_000)),
        undo_minutes: pick(chance, &[0, 1, 30, 1_440]),
        due_days,
        settle_at: cents(500),
        retry_days: [due_days + 1, due_days + 2],
        write_off_days: due_days + 3,
        remind_days: 1,
        notice_days: 2,
        fee_basis_points: pick(chance, &[0, 250, 500, 3_333, 10_000]),
        undo_watch_from: pick(chance, &[2, 10, 30]),
    };
    let rates = CLASSES.map(|class| (class.to_owned(), pick(chance, &[0, 210, 550, 1_999, 2_000])));
    Tariff { rules, currency, vat: rates.into() }
}

/// A price as an author might choose it; the odd ones leave something to round.
pub fn price(chance: &mut Chance, currency: Currency) -> Price {
    let money = |micros: u64| Money::from_micros(micros as i64, currency).expect("a small amount");
    let micros = match chance.below(4) {
        0 => 10_000 * (1 + chance.below(300)),
        1 => 1 + chance.below(3_000_000),
        2 => 1 + chance.below(20),
        _ => 100_000 * (1 + chance.below(9)),
    };
    match chance.below(10) {
        0 => Price::Free,
        1..4 => Price::Chosen { minimum: money(micros / 2), suggestion: money(micros) },
        _ => Price::Fixed(money(micros)),
    }
}

fn on_shelf(
    chance: &mut Chance,
    number: usize,
    authors: &[(AuthorId, Option<WebhookId>)],
    tariff: &Tariff,
) -> OnShelf {
    let class = chance.index(CLASSES.len());
    // The first author is popular.
    let author = if chance.percent(50) { 0 } else { chance.index(authors.len()) };
    OnShelf {
        work: WorkId::from_raw(FIRST_WORK + number as i64),
        link: LinkId::from_raw(FIRST_LINK + number as i64),
        slug: format!("work-{number}"),
        author: authors[author].0,
        class,
        vat_basis_points: tariff.vat[CLASSES[class]],
        price: price(chance, tariff.currency),
        for_sale: chance.percent(95),
        version: 1,
        digest: digest(1),
    }
}

fn temper(chance: &mut Chance) -> Temper {
    // Some histories are calm and some are not: what hides behind much trouble shows in a calm one.
    let calm = chance.percent(20);
    let mut upto = |most: u64| if calm { 0 } else { chance.below(most + 1) };
    Temper {
        repeated: upto(30),
        delayed: upto(30),
        lost: upto(10),
        mistaken: upto(5),
        stolen: upto(4),
        failing: upto(8),
        restarting: upto(100),
        deaf: upto(40),
        following: 2 + upto(30),
        batch: pick(chance, &[1, 4, 16, 64]),
        minutes: pick(chance, &[0, 2, 30, 600]),
    }
}

/// One of these.
pub fn pick<T: Copy>(chance: &mut Chance, choices: &[T]) -> T {
    choices[chance.index(choices.len())]
}
