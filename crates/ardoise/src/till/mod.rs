//! The till: the one place where purchases are decided and written.
//!
//! # One purchase, from here on
//! 1. Whoever asks puts a command into a bounded queue. When it is full the answer is "ask again",
//!    at once: nothing was decided.
//! 2. One thread takes everything that is waiting, opens one transaction, reads what the commands
//!    name, decides each ([`batch`]) and writes. **One commit**, then everybody is answered.
//! 3. Whoever arrives during a flush rides the next one: no timer, no added delay.
//!
//! If the process stops before the commit, nothing happened and nobody was told anything. If it stops
//! after the commit and before the answers, the purchases stand, and asking again with the same id
//! gets the same answer. If one command breaks a rule of the schema, each is tried alone, so that it
//! spoils nothing for the others.
//!
//! All other writing of the shop goes through the same thread ([`Till::write`]), in transactions of
//! its own: there is one writer, and nobody waits for a lock.
//!
//! A panic while money is decided stops the till for good: whoever waits or asks from then on is told
//! that it is closed, and nothing more is taken. A panic in other writing only fails that writing.

pub mod batch;
#[cfg(test)]
mod batch_tests;
pub mod command;
pub mod counters;
pub mod followers;
#[cfg(test)]
mod till_tests;

use crate::clock::Clock;
use crate::store::{Db, StoreError};
use command::{Command, Outcome};
use counters::Counters;
use ledger::{AuthorId, Currency, Rules};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, TrySendError};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, broadcast, oneshot};

/// Commands that may wait: two batches. A till that decides thousands a second has them answered within a fraction of one,
/// and whoever comes beyond is told "ask again" at once: that is better than an answer for which nobody waits any more.
const QUEUE: usize = 2 * BATCH;
/// How long whoever asks waits for an answer. A disk or a server that hangs keeps the till, but not those who asked: they
/// can ask again with the same id.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Commands decided in one transaction at most.
pub(crate) const BATCH: usize = 512;
/// How long the followers of the journal may lag behind. Many purchases share what they do then, and it is
/// still so little that whoever buys meanwhile hardly waits.
const FOLLOW_WITHIN: Duration = Duration::from_millis(50);
/// How often what other tills wrote is followed, too: one whose process has ended has nobody else who would.
const FOLLOW_OTHERS_EVERY: Duration = Duration::from_secs(10);
/// How many authors' news may wait for a slow listener before it only hears that it missed some.
const NEWS: usize = 1_024;

/// A till's number in its store. An embedded store has one; several processes on one server have each their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TillNumber(pub i64);

impl TillNumber {
    /// The one till of an embedded store.
    pub const ONLY: Self = Self(1);
}

impl From<TillNumber> for crate::store::Value<'_> {
    fn from(till: TillNumber) -> Self {
        Self::Int(till.0)
    }
}

/// What the shop decides by.
#[derive(Debug, Clone)]
pub struct Tariff {
    /// The rules about tabs.
    pub rules: Rules,
    /// The shop's currency.
    pub currency: Currency,
    /// Tax rates by class of work, in basis points.
    pub vat: BTreeMap<String, i64>,
}

/// What an engine does for the till.
pub trait TillStore: Send + 'static {
    /// The number under which this till writes.
    fn number(&self) -> TillNumber;

    /// Decides and writes a whole batch in one durable transaction.
    ///
    /// # Errors
    /// [`StoreError`]: nothing of the batch was written.
    fn apply(
        &mut self,
        tariff: &Tariff,
        now: ledger::Timestamp,
        batch: &[Command],
    ) -> Result<Applied, StoreError>;

    /// Runs `work` in one transaction.
    ///
    /// # Errors
    /// Whatever `work` or the engine says: nothing was written.
    fn write(
        &mut self,
        durable: Durable,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Tells other processes that write to the same store, where there can be some, that something happened to these authors.
    ///
    /// # Errors
    /// Whatever the engine says: then they find out later, by themselves.
    fn announce(&mut self, _authors: &BTreeSet<AuthorId>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// When what is written must be safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// Before anybody is told.
    AtOnce,
    /// With the next that is durable at once: until then a power cut may lose it, which only means that
    /// it is computed again, or that a visit is not counted. Nothing that a purchase is decided by is written so, nor
    /// anything that a page shows to everybody.
    InTime,
}

/// What a batch came to.
#[derive(Debug, Default)]
pub struct Applied {
    /// One outcome for each command, in order.
    pub outcomes: Vec<Outcome>,
    /// New lines written.
    pub purchases: u64,
    /// Whether something was committed.
    pub committed: bool,
    /// Authors to whom something happened.
    pub authors: BTreeSet<AuthorId>,
}

type Answer = oneshot::Sender<Result<Outcome, StoreError>>;
type Work = Box<dyn FnMut(&dyn Db) -> Result<(), StoreError> + Send>;

enum Job {
    Command(Box<Command>, Answer),
    Write(Work, Durable, oneshot::Sender<Result<(), StoreError>>),
    Follow(oneshot::Sender<Result<(), StoreError>>),
}

/// A handle on the till. Copies share one queue; the till stops when the last one is gone.
#[derive(Clone)]
pub struct Till {
    queue: mpsc::SyncSender<Job>,
    news: broadcast::Sender<AuthorId>,
    to_tell: Arc<Notify>,
    counters: Arc<Counters>,
    generation: Arc<AtomicU64>,
    alive: Weak<()>,
}

impl Till {
    /// Starts the till's thread on `store`. The handle to join is for whoever must know that it ended.
    ///
    /// # Errors
    /// [`std::io::Error`] when no thread can be had.
    pub fn start(
        mut store: impl TillStore,
        tariff: Tariff,
        clock: Clock,
    ) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (queue, waiting) = mpsc::sync_channel(QUEUE);
        let (news, _) = broadcast::channel(NEWS);
        let counters = Arc::new(Counters::default());
        let to_tell = Arc::new(Notify::new());
        let generation = Arc::new(AtomicU64::new(0));
        let life = Arc::new(());
        let till = Self {
            queue,
            news: news.clone(),
            to_tell: to_tell.clone(),
            counters: counters.clone(),
            generation: generation.clone(),
            alive: Arc::downgrade(&life),
        };
        // What was written before the last stop may not have been followed yet.
        let behind_since = Some(Instant::now());
        let mut writer = Writer {
            tariff,
            clock,
            news,
            to_tell,
            counters,
            generation,
            behind_since,
            to_announce: BTreeSet::new(),
            others_followed: None,
            _life: life,
        };
        let thread = std::thread::Builder::new().name("till".into());
        let joined = thread.spawn(move || writer.run(&mut store, &waiting))?;
        Ok((till, joined))
    }

    /// Has a command decided; answers after the commit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too many are waiting, and whatever the engine says: nothing was
    /// charged, and the same command can be asked again. [`StoreError::Unknown`] when it is not known in time: asking
    /// again tells.
    pub async fn ask(&self, command: Command) -> Result<Outcome, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.put(Job::Command(Box::new(command), answer))?;
        in_time(answered).await
    }

    fn put(&self, job: Job) -> Result<(), StoreError> {
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => {
                self.counters.turned_away.fetch_add(1, Ordering::Relaxed);
                StoreError::Busy("the till's queue is full".into())
            }
            TrySendError::Disconnected(_) => StoreError::Closed,
        })
    }

    /// Writes something that moves no money; answers after the commit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too many are waiting; whatever `work` or the engine says: nothing was
    /// written. [`StoreError::Unknown`] when that is not known in time.
    pub async fn write<T: Send + 'static>(
        &self,
        durable: Durable,
        mut work: impl FnMut(&dyn Db) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let made = Arc::new(Mutex::new(None));
        let keep = Arc::clone(&made);
        let work: Work = Box::new(move |db| {
            let value = work(db)?;
            if let Ok(mut made) = keep.lock() {
                *made = Some(value);
            }
            Ok(())
        });
        let (answer, answered) = oneshot::channel();
        self.put(Job::Write(work, durable, answer))?;
        in_time(answered).await?;
        made.lock().ok().and_then(|mut made| made.take()).ok_or(StoreError::Closed)
    }

    /// Waits until the totals and the gains say all that the journal says.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.put(Job::Follow(answer))?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Where news of other processes can be passed on; it keeps nobody waiting once the till has stopped.
    pub fn herald(&self) -> broadcast::WeakSender<AuthorId> {
        self.news.downgrade()
    }

    /// The authors to whom something happens, from now on.
    pub fn news(&self) -> broadcast::Receiver<AuthorId> {
        self.news.subscribe()
    }

    /// Wakes whoever tells webhooks, each time there is something new to tell.
    pub fn to_tell(&self) -> &Notify {
        &self.to_tell
    }

    /// Whether the till takes anything: false once it has stopped.
    pub fn is_open(&self) -> bool {
        self.alive.strong_count() > 0
    }

    /// How often something other than purchases was written durably. What was read from the store while this was the same as
    /// now is still so, as far as this process knows: a write raises it before whoever wrote is answered.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Figures since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// The till's answer, if it comes in time.
async fn in_time<T>(answered: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER_WITHIN, answered).await {
        Ok(answer) => answer.map_err(|_| StoreError::Closed)?,
        Err(_) => Err(StoreError::Unknown("the till takes too long".into())),
    }
}

struct Writer {
    tariff: Tariff,
    clock: Clock,
    news: broadcast::Sender<AuthorId>,
    to_tell: Arc<Notify>,
    counters: Arc<Counters>,
    generation: Arc<AtomicU64>,
    /// Since when there is something that the followers have not read.
    behind_since: Option<Instant>,
    /// To whom something happened that other processes have not been told.
    to_announce: BTreeSet<AuthorId>,
    /// When what other tills wrote was last followed, too.
    others_followed: Option<Instant>,
    /// Gone with the thread.
    _life: Arc<()>,
}

impl Writer {
    fn run(&mut self, store: &mut impl TillStore, waiting: &mpsc::Receiver<Job>) {
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
            let room = commands.len() < BATCH && others.is_empty();
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
