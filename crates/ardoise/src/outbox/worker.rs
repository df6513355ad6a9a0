//! Works the list of deliveries off.
//!
//! # One delivery, and where it may stop
//! 1. It is due. The worker takes it up: one transaction counts the attempt and makes it due again only when the time to
//!    send it is over, so that no other worker takes it meanwhile.
//! 2. It is sent. No transaction is open.
//! 3. It is struck off, put off, or given up, with what went wrong noted on the webhook: one transaction.
//!
//! Stopped after 1 or 2, it is sent again once its time is over, under the same name. It is never lost, and may be heard
//! twice: receivers tell that by its name.

use super::address::Reach;
use super::post::{Outcome, Post};
use super::schedule;
use crate::app::Shared;
use crate::store::delivery::{self, Delivery, Load};
use crate::store::{Db, StoreError, webhook};
use ledger::{Timestamp, WebhookId};
use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;
use tokio::task::JoinSet;

/// Messages under way at once.
const MOST: usize = 64;
/// Messages under way to one webhook at once: a slow one leaves the others their room.
const MOST_TO_ONE: usize = 4;
/// Minutes for which a delivery that was taken up is left alone: longer than any sending takes.
const TAKEN_MINUTES: i64 = 3;
/// How long the worker sleeps at most.
const IDLE: Duration = Duration::from_secs(30);

/// Why deliveries cannot be worked off now.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no means to send.
    #[error("nothing can be sent; are this machine's certificates installed (ca-certificates)?")]
    Post(#[from] reqwest::Error),
}

/// Works the list off.
pub struct Worker {
    app: Shared,
    /// Made when something is due for the first time: reading the machine's certificates takes time and room.
    post: Option<Post>,
    under_way: JoinSet<(Delivery, Outcome)>,
    /// Messages under way, by webhook.
    busy: HashMap<WebhookId, usize>,
}

impl Worker {
    /// A worker with nothing under way.
    pub fn new(app: Shared) -> Self {
        Self { app, post: None, under_way: JoinSet::new(), busy: HashMap::new() }
    }

    /// Works for ever: stopping it anywhere loses nothing.
    pub async fn run(mut self) {
        let till = self.app.store.till().clone();
        loop {
            let wait = self.start_due().await.unwrap_or_else(|error| {
                tracing::error!(error = &error as &dyn Error, "webhooks are not told");
                IDLE
            });
            tokio::select! {
                () = till.to_tell().notified() => {}
                Some(first) = self.under_way.join_next() => self.finish(first.ok()).await,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Sends everything that is due now, and waits for what comes of it.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn work_off(&mut self) -> Result<(), WorkError> {
        loop {
            self.start_due().await?;
            let Some(first) = self.under_way.join_next().await else { return Ok(()) };
            self.finish(first.ok()).await;
        }
    }

    /// Starts what is due, as far as there is room; answers how long to wait before looking again.
    async fn start_due(&mut self) -> Result<Duration, WorkError> {
        let room = MOST - self.under_way.len();
        let now = self.app.now();
        // What is due to busy webhooks is read too, and must not stand in the way of the others.
        let most = room + MOST_TO_ONE * self.busy.len();
        let load = Load { most: most as i64, most_to_one: MOST_TO_ONE as i64 };
        let mut due = self.app.store.read(|db| delivery::due(db, now, load)).await?;
        let found = due.len();
        self.leave_out_too_much(&mut due, room);
        let is_held_back = due.len() < found || due.len() == room;
        if !due.is_empty() {
            let post = self.post()?;
            for delivery in self.take(due).await? {
                self.start(post.clone(), delivery);
            }
        }
        // What is held back starts when something under way has ended.
        if is_held_back { Ok(IDLE) } else { Ok(self.until_next().await?) }
    }

    /// Leaves out what would be too much for one webhook, and what there is no room for.
    fn leave_out_too_much(&self, due: &mut Vec<Delivery>, room: usize) {
        let mut busy = self.busy.clone();
        due.retain(|delivery| {
            let busy = busy.entry(delivery.webhook).or_default();
            *busy += 1;
            *busy <= MOST_TO_ONE
        });
        due.truncate(room);
    }

    fn post(&mut self) -> Result<Post, WorkError> {
        if let Some(post) = &self.post {
            return Ok(post.clone());
        }
        let settings = &self.app.settings;
        let timeout = Duration::from_secs(settings.webhook_timeout_seconds.into());
        let post = Post::new(Reach::of(settings.webhooks_to_private), timeout)?;
        Ok(self.post.insert(post).clone())
    }

    async fn take(&self, due: Vec<Delivery>) -> Result<Vec<Delivery>, StoreError> {
        let now = self.app.now();
        let until = now.plus_minutes(TAKEN_MINUTES);
        let take = move |db: &dyn Db| {
            let mut taken = Vec::new();
            for delivery in &due {
                if delivery::take(db, delivery, now, until)? {
                    taken.push(delivery.clone());
                }
            }
            Ok(taken)
        };
        self.app.store.write(take).await
    }

    fn start(&mut self, post: Post, delivery: Delivery) {
        *self.busy.entry(delivery.webhook).or_default() += 1;
        let now = self.app.now();
        self.under_way.spawn(async move {
            let outcome = post.send(&delivery, now).await;
            (delivery, outcome)
        });
    }

    async fn until_next(&self) -> Result<Duration, StoreError> {
        let next = self.app.store.read(delivery::next).await?;
        let wait = next.map(|next| next.micros_since(self.app.now()).max(0));
        let wait = wait.and_then(|micros| u64::try_from(micros).ok());
        Ok(wait.map_or(IDLE, Duration::from_micros).min(IDLE))
    }

    /// Writes down what came of everything that has ended, in one transaction.
    async fn finish(&mut self, first: Option<(Delivery, Outcome)>) {
        let mut ended: Vec<(Delivery, Outcome)> = first.into_iter().collect();
        while let Some(next) = self.under_way.try_join_next() {
            ended.extend(next.ok());
        }
        if self.under_way.is_empty() {
            self.busy.clear();
        }
        for (delivery, outcome) in &ended {
            if let Some(busy) = self.busy.get_mut(&delivery.webhook) {
                *busy = busy.saturating_sub(1);
            }
            log(delivery, outcome);
        }
        self.busy.retain(|_, busy| *busy > 0);
        let (now, chance) = (self.app.now(), self.app.mint.chance().clone());
        let put_down = move |db: &dyn Db| {
            ended.iter().try_for_each(|(delivery, outcome)| {
                let attempts = delivery.attempts + 1;
                let next = |wait| schedule::next(attempts, wait, now, &chance);
                write_down(db, delivery, outcome, now, next)
            })
        };
        if let Err(error) = self.app.store.write(put_down).await {
            tracing::error!(%error, "what came of webhooks is not written; they are told again");
        }
    }
}

fn write_down(
    db: &dyn Db,
    delivery: &Delivery,
    outcome: &Outcome,
    now: Timestamp,
    next: impl Fn(Option<i64>) -> Option<Timestamp>,
) -> Result<(), StoreError> {
    match outcome {
        Outcome::Heard => {
            delivery::remove(db, delivery)?;
            webhook::heard(db, delivery.webhook, now)
        }
        Outcome::Gone => webhook::gone(db, delivery.webhook, now),
        Outcome::Failed { word, wait } => {
            webhook::failed(db, delivery.webhook, word)?;
            match next(*wait) {
                Some(then) => delivery::put_off(db, delivery, then),
                None => delivery::remove(db, delivery),
            }
        }
    }
}

/// Neither the address nor the secret of a webhook is ever written down.
fn log(delivery: &Delivery, outcome: &Outcome) {
    let (webhook, message) = (delivery.webhook, &delivery.message);
    let attempt = delivery.attempts + 1;
    match outcome {
        Outcome::Heard => {
            tracing::debug!(%webhook, message, attempt, "a webhook has heard");
        }
        Outcome::Gone => tracing::info!(%webhook, "a webhook is gone: it is told nothing more"),
        Outcome::Failed { word, .. } => {
            tracing::info!(%webhook, message, attempt, word, "a webhook has not heard");
        }
    }
}
