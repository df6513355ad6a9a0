//! A thread of the till: what waits is decided, written and answered, and now and then the journal is followed.

use super::command::{Command, Outcome};
use super::counters::Counters;
use super::{Durable, Tariff, TillStore, followers};
use crate::clock::Clock;
use crate::store::{Db, StoreError};
use ledger::AuthorId;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, broadcast, oneshot};

/// How long the followers of the journal may lag behind. Many purchases share what they do then, and it is
/// still so little that whoever buys meanwhile hardly waits.
const FOLLOW_WITHIN: Duration = Duration::from_millis(50);
/// How often what other tills wrote is followed, too: one whose process has ended has nobody else who would.
const FOLLOW_OTHERS_EVERY: Duration = Duration::from_secs(10);

pub(super) type Answer = oneshot::Sender<Result<Outcome, StoreError>>;
pub(super) type Work = Box<dyn FnMut(&dyn Db) -> Result<(), StoreError> + Send>;

/// What a thread of the till is asked to do.
pub(super) enum Job {
    Command(Box<Command>, Answer),
    Write(Work, Durable, oneshot::Sender<Result<(), StoreError>>),
    Follow(oneshot::Sender<Result<(), StoreError>>),
}

/// What a thread of the till knows.
pub(super) struct Writer {
    /// Commands that it decides in one transaction at most.
    pub(super) batch: usize,
    pub(super) tariff: Tariff,
    pub(super) clock: Clock,
    pub(super) news: broadcast::Sender<AuthorId>,
    pub(super) to_tell: Arc<Notify>,
    pub(super) counters: Arc<Counters>,
    pub(super) generation: Arc<AtomicU64>,
    /// Since when there is something that the followers have not read.
    pub(super) behind_since: Option<Instant>,
    /// To whom something happened that other processes have not been told.
    pub(super) to_announce: BTreeSet<AuthorId>,
    /// When what other tills wrote was last followed, too.
    pub(super) others_followed: Option<Instant>,
    /// Gone with the thread.
    pub(super) _life: Arc<()>,
}

impl Writer {
    pub(super) fn run(&mut self, store: &mut impl TillStore, waiting: &mpsc::Receiver<Job>) {
        loop {
            match self.next(waiting) {
                Ok(first) => self.turn(store, first, waiting),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.until_following().is_some_and(|left| left.is_zero()) {
                self.follow_quietly(store);
            }
        }
        if self.behind_since.is_some() {
            self.follow_quietly(store);
        }
    }

    /// How long the followers may still lag behind; nothing when they do not.
    fn until_following(&self) -> Option<Duration> {
        self.behind_since.map(|since| FOLLOW_WITHIN.saturating_sub(since.elapsed()))
    }

    /// The next job, or the end of the time for which the followers may lag behind.
    fn next(&self, waiting: &mpsc::Receiver<Job>) -> Result<Job, RecvTimeoutError> {
        match self.until_following() {
            Some(left) => waiting.recv_timeout(left),
            None => waiting.recv().map_err(RecvTimeoutError::from),
        }
    }

    /// Takes everything that is waiting: commands in one batch, other work after it.
    fn turn(&mut self, store: &mut impl TillStore, first: Job, waiting: &mpsc::Receiver<Job>) {
        let mut commands = Vec::new();
        let mut answers = Vec::new();
        let mut others = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Command(command, answer) => {
                    commands.push(*command);
                    answers.push(answer);
                }
                other => others.push(other),
            }
            let room = commands.len() < self.batch && others.is_empty();
            next = if room { waiting.try_recv().ok() } else { None };
        }
        if !commands.is_empty() {
            self.serve(store, &commands, answers);
        }
        for job in others {
            self.other(store, job);
        }
    }

    fn serve(&mut self, store: &mut impl TillStore, commands: &[Command], answers: Vec<Answer>) {
        match self.apply(store, commands) {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // Whoever asked may have gone away; the purchase stands all the same.
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) if commands.len() > 1 && error.is_of_one_command() => {
                tracing::warn!(%error, commands.count = commands.len(), "trying a batch one by one");
                for (command, answer) in commands.iter().zip(answers) {
                    self.serve(store, std::slice::from_ref(command), vec![answer]);
                }
            }
            Err(error) => {
                let count = commands.len();
                tracing::error!(%error, commands.count = count, "the store failed");
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }

    fn apply(
        &mut self,
        store: &mut impl TillStore,
        commands: &[Command],
    ) -> Result<Vec<Outcome>, StoreError> {
        let applied = store.apply(&self.tariff, self.clock.now(), commands)?;
        self.counters.commands.fetch_add(commands.len() as u64, Ordering::Relaxed);
        self.counters.purchases.fetch_add(applied.purchases, Ordering::Relaxed);
        if applied.committed {
            self.counters.commits.fetch_add(1, Ordering::Relaxed);
            self.behind_since.get_or_insert_with(Instant::now);
        }
        for &author in &applied.authors {
            // Nobody may be looking just now.
            let _ = self.news.send(author);
        }
        self.to_announce.extend(applied.authors);
        Ok(applied.outcomes)
    }

    fn other(&mut self, store: &mut impl TillStore, job: Job) {
        match job {
            Job::Write(mut work, durable, answer) => {
                let written = write_or_fail(store, durable, &mut *work);
                if durable == Durable::AtOnce {
                    // Also after a failure: what was lost during the commit may stand.
                    self.generation.fetch_add(1, Ordering::Release);
                }
                let _ = answer.send(written);
            }
            Job::Follow(answer) => {
                let _ = answer.send(self.follow(store, Tills::All));
            }
            Job::Command(..) => {}
        }
    }

    fn follow(&mut self, store: &mut impl TillStore, tills: Tills) -> Result<(), StoreError> {
        let now = self.clock.now();
        let own = store.number();
        let mut is_to_tell = false;
        store.write(Durable::InTime, &mut |db| {
            let tills = match tills {
                Tills::Own => vec![own],
                Tills::All => crate::store::books::tills(db)?,
            };
            is_to_tell = followers::catch_up(db, &tills, now)?;
            Ok(())
        })?;
        if is_to_tell {
            self.to_tell.notify_one();
        }
        self.behind_since = None;
        if tills == Tills::All {
            self.others_followed = Some(Instant::now());
        }
        let authors = std::mem::take(&mut self.to_announce);
        if !authors.is_empty()
            && let Err(error) = store.announce(&authors)
        {
            tracing::debug!(%error, "other processes hear of it later");
        }
        Ok(())
    }

    /// A follower that fails now tries again after the next batch: it only falls behind.
    fn follow_quietly(&mut self, store: &mut impl TillStore) {
        let others = self.others_followed.is_none_or(|then| then.elapsed() >= FOLLOW_OTHERS_EVERY);
        let tills = if others { Tills::All } else { Tills::Own };
        if let Err(error) = self.follow(store, tills) {
            tracing::error!(%error, "the gains could not be brought up to date");
            self.behind_since = Some(Instant::now());
        }
    }
}

/// Whose journal is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tills {
    /// This till's.
    Own,
    /// Every till's that writes to the same store.
    All,
}

/// Work that panics is rolled back and fails; the thread goes on for everybody else.
fn write_or_fail(
    store: &mut impl TillStore,
    durable: Durable,
    work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let written = catch_unwind(AssertUnwindSafe(|| store.write(durable, work)));
    written.unwrap_or_else(|_| Err(StoreError::Engine("the work panicked".into())))
}
