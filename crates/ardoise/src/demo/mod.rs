//! A made-up shop to look at: works, their authors, and readers who come, take, undo and settle.
//!
//! Everything is written through the product's own verbs, by a clock that is moved by hand through the last thirty days, so
//! that the books balance and the gains are what they would be. Then the clock is let go, and the readers go on.

mod catalogue;
mod crowd;
mod leaflet;
mod picture;
mod sound;

use crate::app::{App, Shared};
use crate::clock::Clock;
use crate::desk::paying_out::{Sent, pay_out};
use crate::links::visits;
use crate::pages::author::Draft as Typed;
use crate::people::{accept_invite, invite_author};
use crate::problem::{Problem, SHOP_FAILED};
use crate::store::{StoreError, books, link, work};
use crate::works::draft::Draft;
use crate::works::parts::{Cover, Parts};
use crate::works::publishing::{self, New};
use crate::works::uploads;
use bytes::Bytes;
use catalogue::{AUTHORS, Planned, WORKS};
use crowd::{Crowd, OnSale};
use futures_util::stream;
use ledger::time::{MICROS_PER_MINUTE, MICROS_PER_SECOND};
use ledger::{Account, AuthorId, Money, ShopId as _, Timestamp, UploadId, WorkId};
use std::convert::Infallible;
use std::time::Duration;

/// Settings of the made-up shop, as its `ardoise.toml`.
pub const SETTINGS: &str = include_str!("ardoise.toml");
/// Days that are made up.
pub const DAYS: i64 = 30;
/// What all made-up chance follows from.
const SEED: u64 = 1_848;
/// Minutes that are made up at once.
const STEP_MINUTES: i64 = 15;
/// Steps in a day.
const STEPS_A_DAY: i64 = 24 * 60 / STEP_MINUTES;
/// Visits on the first day; each day brings a few more.
const VISITS_A_DAY: i64 = 180;
/// Visits that each day brings more than the one before.
const VISITS_MORE: i64 = 5;
/// How readers are spread over the hours of a day (UTC).
const HOURS: [i64; 24] =
    [3, 2, 1, 1, 1, 2, 5, 9, 9, 7, 6, 7, 10, 8, 6, 6, 7, 9, 10, 11, 13, 13, 10, 6];
/// Days on which authors are paid what is available.
const PAYDAYS: [i64; 2] = [14, 28];
/// The day on which everybody talks of one work, and which of [`WORKS`] that is.
const TALK: (i64, usize) = (23, 2);
/// How many readers come for a work that somebody makes while they look around, compared with the others.
const NEW_APPEAL: u32 = 24;
/// Works that readers choose among.
const LOOKED_AT: i64 = 50;
/// Between two visits once the shop is open, at most.
const APART: Duration = Duration::from_millis(1_600);

/// The made-up shop, as far as whoever goes on with it must know it.
pub struct Made {
    works: Vec<OnSale>,
    crowd: Crowd,
    /// The author whose gains move most.
    pub author: AuthorId,
    /// Their name.
    pub author_name: &'static str,
}

impl Made {
    /// The slug of the link that is opened first.
    pub fn slug(&self) -> &str {
        self.works.last().map_or("", |work| work.slug.as_str())
    }
}

/// Told now and then: steps made up, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Fills an empty shop with works and with `days` of readers, up to `until`. `clock` is the one the shop was opened with; it
/// is moved by hand.
///
/// # Errors
/// Whatever the shop says.
pub async fn fill(
    app: &App,
    clock: &Clock,
    until: Timestamp,
    days: i64,
    progress: Progress<'_>,
) -> Result<Made, Problem> {
    let start = until.plus_days(-days);
    clock.set(start);
    let mut authors = Vec::new();
    for name in AUTHORS {
        authors.push(arrive(app, name).await?);
    }
    let mut story = Story { app, clock, authors, works: Vec::new(), crowd: Crowd::new(SEED), days };
    let steps = days * STEPS_A_DAY;
    for number in 0..steps {
        story.step(start, number).await?;
        progress(number.unsigned_abs() + 1, steps.unsigned_abs());
    }
    clock.set(until);
    story.crowd.undo(app).await?;
    visits::write(app).await?;
    let best = WORKS.last().map_or(0, |work| work.author);
    let Story { authors, works, crowd, .. } = story;
    Ok(Made { works, crowd, author: authors[best], author_name: AUTHORS[best] })
}

/// An author who was invited and came.
async fn arrive(app: &App, name: &str) -> Result<AuthorId, Problem> {
    let (author, link) = invite_author(app, name).await?;
    let token = link.rsplit('/').next().unwrap_or_default();
    accept_invite(app, token, None).await?;
    Ok(author)
}

/// The story while it is told.
struct Story<'a> {
    app: &'a App,
    clock: &'a Clock,
    authors: Vec<AuthorId>,
    works: Vec<OnSale>,
    crowd: Crowd,
    days: i64,
}

impl Story<'_> {
    /// A quarter of an hour: what is due is published and paid, and readers come.
    async fn step(&mut self, start: Timestamp, number: i64) -> Result<(), Problem> {
        let (app, begin) = (self.app, start.plus_minutes(number * STEP_MINUTES));
        self.clock.set(begin);
        let (day, step) = (number / STEPS_A_DAY, number % STEPS_A_DAY);
        if step == 0 {
            self.open_the_day(day).await?;
        }
        self.crowd.undo(app).await?;
        let visits = self.visits(day, begin);
        for visit in 0..visits {
            let micros = visit * STEP_MINUTES * MICROS_PER_MINUTE / visits.max(1);
            self.clock.set(Timestamp::from_micros(begin.micros() + micros));
            let talked_of = Some(TALK.1).filter(|_| self.day_of_story(day) == TALK.0);
            self.crowd.visit(app, &self.works, talked_of).await?;
        }
        if step % 4 == 3 {
            visits::write(app).await?;
        }
        Ok(())
    }

    /// A shorter story has the same days, further apart.
    const fn day_of_story(&self, day: i64) -> i64 {
        day * DAYS / self.days
    }

    async fn open_the_day(&mut self, day: i64) -> Result<(), Problem> {
        let (from, to) = (self.day_of_story(day), self.day_of_story(day + 1));
        for planned in WORKS.iter().filter(|planned| (from..to).contains(&planned.day)) {
            let author = self.authors[planned.author];
            self.works.push(publish(self.app, author, planned).await?);
        }
        if PAYDAYS.iter().any(|payday| (from..to).contains(payday)) {
            for author in &self.authors {
                pay(self.app, *author).await?;
            }
        }
        Ok(())
    }

    /// How many come in a step: more each day, more at the weekend, most on the day of the talk.
    fn visits(&self, day: i64, at: Timestamp) -> i64 {
        let day = self.day_of_story(day);
        let hour = at.micros().div_euclid(60 * MICROS_PER_MINUTE);
        let weekend = [2, 3].contains(&hour.div_euclid(24).rem_euclid(7));
        let percent = if weekend { 120 } else { 100 } * if day == TALK.0 { 2 } else { 1 };
        let share = HOURS[usize::try_from(hour.rem_euclid(24)).unwrap_or(0)];
        let all = (VISITS_A_DAY + VISITS_MORE * day) * percent * share;
        let steps_an_hour = 60 / STEP_MINUTES;
        let whole = 100 * HOURS.iter().sum::<i64>() * steps_an_hour;
        // What is left over comes with the probability that it is.
        let rest = u32::try_from(all % whole).unwrap_or(0);
        all / whole + i64::from(self.crowd.below(u32::try_from(whole).unwrap_or(1)) < rest)
    }
}

async fn publish(
    app: &App,
    author: AuthorId,
    planned: &'static Planned,
) -> Result<OnSale, Problem> {
    let painted = |error: image::ImageError| Problem::new(&SHOP_FAILED).because(error);
    let mut parts = Parts::default();
    if let Some((name, bytes)) = planned.content.file().map_err(painted)? {
        parts.uploads.push(upload(app, author, name, bytes).await?);
    }
    if let Some(picture) = planned.cover {
        let bytes = picture.cover().map_err(painted)?;
        parts.cover = Cover::Put(upload(app, author, "cover.png", bytes).await?);
    }
    let (pricing, sum) = planned.price;
    let typed = Typed {
        title: planned.title.into(),
        description: planned.description.into(),
        article: planned.content.text().into(),
        pricing,
        price: sum.into(),
        suggestion: sum.into(),
        minimum: "0.20".into(),
        ..Typed::default()
    };
    let draft = Draft::read(&typed, &app.settings);
    let draft = draft.map_err(|mut wrong| wrong.remove(0))?;
    let new = New { id: app.mint.id(), draft, parts, publish: true };
    let made = publishing::create(app, author, new).await?;
    Ok(OnSale {
        appeal: planned.appeal,
        is_french: planned.is_french,
        author,
        work: made.work.id,
        link: made.link.id,
        slug: made.link.slug,
        price: made.work.price,
    })
}

async fn upload(
    app: &App,
    author: AuthorId,
    name: &str,
    bytes: Vec<u8>,
) -> Result<UploadId, Problem> {
    let pieces = stream::iter([Ok::<_, Infallible>(Bytes::from(bytes))]);
    let most = app.settings.upload_max_bytes;
    Ok(uploads::receive(app, author, name, most, pieces).await?.id)
}

/// Pays an author everything that is available, in whole cents.
async fn pay(app: &App, author: AuthorId) -> Result<(), Problem> {
    let available = app.store.read(|db| books::balance(db, Account::Available(author))).await?;
    let micros = i64::try_from(available.max(0)).unwrap_or(0);
    let amount = Money::from_micros(micros, app.currency()).map_err(ledger::LedgerRefusal::from)?;
    let amount = amount.round_down_to_minor();
    if amount.is_zero() {
        return Ok(());
    }
    let reference = "virement du mois".to_owned();
    pay_out(app, Sent { id: app.mint.id(), author, amount, reference }).await.map(drop)
}

/// Readers who come as long as the shop is open.
pub async fn go_on(app: Shared, mut made: Made) {
    let mut closing = app.closing();
    let mut undone_at = app.now();
    loop {
        let wait = APART.mul_f32(made.crowd.below(1_000) as f32 / 1_000.0);
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            () = tokio::time::sleep(wait) => {}
        }
        let mut done = match on_sale(&app, &made.works).await {
            Ok(works) => {
                made.works = works;
                // Whoever follows that author's gains has something to see.
                let newest = made.works.iter().position(|work| work.author == made.author);
                let talked_of = newest.filter(|_| made.crowd.below(2) == 0);
                made.crowd.visit(&app, &made.works, talked_of).await
            }
            Err(error) => Err(error.into()),
        };
        if app.now().micros_since(undone_at) > 20 * MICROS_PER_SECOND {
            undone_at = app.now();
            done = done.and(made.crowd.undo(&app).await);
        }
        if let Err(problem) = done {
            tracing::warn!(cause = problem.words(), "a made-up reader was turned away");
        }
    }
}

/// What is on sale now: prices may have changed, works may have gone, and somebody who looks around may have made one.
async fn on_sale(app: &App, known: &[OnSale]) -> Result<Vec<OnSale>, StoreError> {
    let currency = app.currency();
    let read = app.store.read(|db| {
        let mut works = Vec::new();
        for found in work::published(db, WorkId::from_raw(i64::MAX), LOOKED_AT, currency)? {
            let Some(link) = link::by_work(db, found.id, 1)?.pop() else { continue };
            let before = known.iter().find(|work| work.work == found.id);
            works.push(OnSale {
                appeal: before.map_or(NEW_APPEAL, |work| work.appeal),
                is_french: before.is_some_and(|work| work.is_french),
                author: found.author,
                work: found.id,
                link: link.id,
                slug: link.slug,
                price: found.price,
            });
        }
        Ok(works)
    });
    read.await
}
