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
//! On a server, where each batch waits for several trips and other processes write as well, there are two such threads, each
//! with a number of its own, and the processors have something to do while one of them waits. What concerns one tab, or one
//! author's payouts, always goes to the same thread.
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
mod writer;

use crate::clock::Clock;
use crate::store::{Db, StoreError};
use command::{Command, Outcome};
use counters::Counters;
use ledger::{AuthorId, Currency, Rules};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, TrySendError};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, broadcast, oneshot};
use writer::{Job, Work, Writer};

/// Commands that may wait: two batches. A till that decides thousands a second has them answered within a fraction of one,
/// and whoever comes beyond is told "ask again" at once: that is better than an answer for which nobody waits any more.
const QUEUE: usize = 2 * BATCH;
/// How long whoever asks waits for an answer. A disk or a server that hangs keeps the till, but not those who asked: they
/// can ask again with the same id.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The thread that does everything else than commands.
const FIRST: usize = 0;
/// Commands decided in one transaction at most.
pub(crate) const BATCH: usize = 512;
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

/// A handle on the till. Copies share its queues; the till stops when the last one is gone.
#[derive(Clone)]
pub struct Till {
    /// One for each thread.
    queues: Arc<[mpsc::SyncSender<Job>]>,
    news: broadcast::Sender<AuthorId>,
    to_tell: Arc<Notify>,
    counters: Arc<Counters>,
    generation: Arc<AtomicU64>,
    alive: Weak<()>,
}

impl Till {
    /// Starts a thread on each of `stores`, which write to the same one and of which there is one at least. What is returned
    /// beside the till is for whoever must know that they ended.
    ///
    /// # Errors
    /// [`std::io::Error`] when no thread can be had.
    pub fn start<S: TillStore>(
        stores: Vec<S>,
        tariff: &Tariff,
        clock: &Clock,
    ) -> std::io::Result<(Self, Threads)> {
        let (news, _) = broadcast::channel(NEWS);
        let counters = Arc::new(Counters::default());
        let to_tell = Arc::new(Notify::new());
        let generation = Arc::new(AtomicU64::new(0));
        let life = Arc::new(());
        // However many they are, no more wait, so that everybody is answered as soon.
        let many = stores.len().max(1);
        let (mut queues, mut threads) = (Vec::new(), Vec::new());
        for mut store in stores {
            let (queue, waiting) = mpsc::sync_channel(QUEUE / many);
            let mut writer = Writer {
                batch: BATCH / many,
                tariff: tariff.clone(),
                clock: clock.clone(),
                news: news.clone(),
                to_tell: to_tell.clone(),
                counters: counters.clone(),
                generation: generation.clone(),
                // What was written before the last stop may not have been followed yet.
                behind_since: Some(Instant::now()),
                to_announce: BTreeSet::new(),
                others_followed: None,
                _life: life.clone(),
            };
            let thread = std::thread::Builder::new().name("till".into());
            threads.push(thread.spawn(move || writer.run(&mut store, &waiting))?);
            queues.push(queue);
        }
        let alive = Arc::downgrade(&life);
        let till = Self { queues: queues.into(), news, to_tell, counters, generation, alive };
        Ok((till, Threads(threads)))
    }

    /// Has a command decided; answers after the commit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too many are waiting, and whatever the engine says: nothing was
    /// charged, and the same command can be asked again. [`StoreError::Unknown`] when it is not known in time: asking
    /// again tells.
    pub async fn ask(&self, command: Command) -> Result<Outcome, StoreError> {
        let (answer, answered) = oneshot::channel();
        let thread = self.thread_for(&command);
        self.put(thread, Job::Command(Box::new(command), answer))?;
        in_time(answered).await
    }

    /// The thread that decides a command: always the same for one tab, and for one author's payouts.
    fn thread_for(&self, command: &Command) -> usize {
        let mut about = DefaultHasher::new();
        command.about().hash(&mut about);
        (about.finish() % self.queues.len().max(1) as u64) as usize
    }

    fn put(&self, thread: usize, job: Job) -> Result<(), StoreError> {
        // Where one thread has stopped, no other takes anything either.
        let queue = self.queues.get(thread).filter(|_| self.is_open()).ok_or(StoreError::Closed)?;
        queue.try_send(job).map_err(|error| match error {
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
        self.put(FIRST, Job::Write(work, durable, answer))?;
        in_time(answered).await?;
        made.lock().ok().and_then(|mut made| made.take()).ok_or(StoreError::Closed)
    }

    /// Waits until the totals and the gains say all that the journal says.
    ///
    /// # Errors
    /// Whatever the engine says.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.put(FIRST, Job::Follow(answer))?;
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

    /// Whether the till takes everything: false once one of its threads has stopped.
    pub fn is_open(&self) -> bool {
        self.alive.strong_count() == self.queues.len()
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

/// The threads of a till.
pub struct Threads(Vec<JoinHandle<()>>);

impl Threads {
    /// Waits until all of them have ended.
    ///
    /// # Errors
    /// What the first of those panicked with that did.
    pub fn join(self) -> std::thread::Result<()> {
        let ends: Vec<_> = self.0.into_iter().map(JoinHandle::join).collect();
        ends.into_iter().collect()
    }
}

/// The till's answer, if it comes in time.
async fn in_time<T>(answered: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
    match tokio::time::timeout(ANSWER_WITHIN, answered).await {
        Ok(answer) => answer.map_err(|_| StoreError::Closed)?,
        Err(_) => Err(StoreError::Unknown("the till takes too long".into())),
    }
}
