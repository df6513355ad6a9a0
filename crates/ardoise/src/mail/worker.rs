//! Works the list of letters off.
//!
//! # One letter, and where it may stop
//! 1. It is due. The worker takes it up: one transaction counts the attempt and makes it due again only when the time to send
//!    it is over, so that no other worker takes it meanwhile.
//! 2. It is put into words and handed to the server. No transaction is open.
//! 3. It is struck off, put off, or given up: one transaction.
//!
//! Stopped after 1 or 2, it is sent again once its time is over, under the same `Message-ID`. It is never lost, and may arrive
//! twice: mail programs tell that by its name.

use super::letter;
use super::post::{Outcome, Post};
use crate::app::{App, Shared};
use crate::notices::words::was_charged;
use crate::outbox::schedule;
use crate::pages::Locale;
use crate::store::letter::{self as stored, Letter};
use crate::store::{Db, StoreError, tab};
use std::time::Duration;

/// Letters that are taken up at once, and sent one after the other: servers count connections.
const AT_ONCE: i64 = 10;
/// Minutes for which a letter that was taken up is left alone: longer than any round of sending takes.
const TAKEN_MINUTES: i64 = 30;
/// How long the worker sleeps at most.
const IDLE: Duration = Duration::from_secs(10);

/// Why letters cannot be worked off now.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no means to send.
    #[error("no letter can be sent: {0}")]
    Post(String),
}

/// Sends for ever, where letters are on: stopping it anywhere loses nothing.
pub async fn run(app: Shared) {
    if app.settings.mail.is_none() {
        return;
    }
    loop {
        let wait = match work_off(&app).await {
            Ok(_) => until_next(&app).await.unwrap_or(IDLE),
            Err(error) => {
                tracing::error!(%error, "letters are not sent");
                IDLE
            }
        };
        tokio::select! {
            () = app.to_mail.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn until_next(app: &App) -> Result<Duration, StoreError> {
    let next = app.store.read(stored::next).await?;
    let wait = next.map(|next| next.micros_since(app.now()).max(0));
    let wait = wait.and_then(|micros| u64::try_from(micros).ok());
    Ok(wait.map_or(IDLE, Duration::from_micros).min(IDLE))
}

/// Sends everything that is due now; answers how many letters that were.
///
/// # Errors
/// [`WorkError`].
pub async fn work_off(app: &App) -> Result<usize, WorkError> {
    let Some(settings) = &app.settings.mail else { return Ok(0) };
    let post = Post::new(settings, &app.settings.url).map_err(WorkError::Post)?;
    let mut sent = 0;
    loop {
        let taken = take_due(app).await?;
        if taken.is_empty() {
            return Ok(sent);
        }
        for letter in taken {
            sent += 1;
            let outcome = send(app, &post, &letter).await?;
            write_down(app, letter, outcome).await?;
        }
    }
}

/// Takes up what is due.
///
/// # Errors
/// The store's.
pub async fn take_due(app: &App) -> Result<Vec<Letter>, StoreError> {
    let now = app.now();
    let due = app.store.read(|db| stored::due(db, now, AT_ONCE)).await?;
    if due.is_empty() {
        return Ok(due);
    }
    let until = now.plus_minutes(TAKEN_MINUTES);
    let take = move |db: &dyn Db| {
        let mut taken = Vec::new();
        for letter in &due {
            if stored::take(db, &letter.notice, now, until)? {
                taken.push(letter.clone());
            }
        }
        Ok(taken)
    };
    app.store.write(take).await
}

/// Sends one letter.
///
/// # Errors
/// The store's.
pub async fn send(app: &App, post: &Post, letter: &Letter) -> Result<Outcome, StoreError> {
    let notice = &letter.notice;
    if letter::is_stale(notice, app.now()) {
        return Ok(Outcome::Refused("late".into()));
    }
    let Ok(to) = super::read_address(&letter.address, "email") else {
        return Ok(Outcome::Refused("address".into()));
    };
    let currency = app.currency();
    let read = app.store.read(|db| {
        let stored = tab::by_id(db, notice.tab, currency)?;
        let owed = stored.and_then(|stored| stored.tab.owed().ok());
        Ok((owed.unwrap_or(app.nothing()), was_charged(db, notice, currency)?))
    });
    let locale = Locale::from_code(&letter.locale).unwrap_or_default();
    match letter::write(app, notice, locale, read.await?) {
        Ok(written) => Ok(post.send(to, &written).await),
        Err(_) => Ok(Outcome::Refused("unwritten".into())),
    }
}

async fn write_down(app: &App, letter: Letter, outcome: Outcome) -> Result<(), StoreError> {
    log(&letter, &outcome);
    let (now, attempts) = (app.now(), letter.attempts + 1);
    let next = schedule::next(attempts, None, now, app.mint.chance());
    let notice = letter.notice;
    let write = move |db: &dyn Db| match &outcome {
        Outcome::Taken => stored::remove(db, notice.tab, (notice.kind, &notice.subject)),
        Outcome::Refused(word) => stored::give_up(db, &notice, word, now),
        Outcome::Failed(word) => match next {
            Some(then) => stored::put_off(db, &notice, then),
            None => stored::give_up(db, &notice, word, now),
        },
    };
    app.store.write(write).await
}

/// Neither an address nor what a letter says is ever written down.
fn log(letter: &Letter, outcome: &Outcome) {
    let (kind, attempt) = (letter.notice.kind.name(), letter.attempts + 1);
    match outcome {
        Outcome::Taken => tracing::debug!(kind, attempt, "a letter is on its way"),
        Outcome::Refused(word) => tracing::warn!(kind, attempt, word, "nobody takes a letter"),
        Outcome::Failed(word) => {
            tracing::info!(kind, attempt, word, "a letter is sent again later")
        }
    }
}
