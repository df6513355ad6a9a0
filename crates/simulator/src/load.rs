//! The load generator: many connections from one thread, so that it takes little from the cores the
//! shop runs on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, mpsc};
use tokio::task::LocalSet;

use crate::chance::Chance;
use crate::fault::Fault;
use crate::histogram::Histogram;
use crate::http::{Answer, Connection};

/// How long the shop may be silent after a load's end before the run gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// Due requests that wait for a free connection; beyond this the shop is hopelessly behind the
/// asked rate.
const BACKLOG_MAX: usize = 1 << 20;

/// What is asked, and which answers are the right ones.
pub trait Script: 'static {
    /// Replaces what is in `request` by the next one and gives it a number; `None` when there is
    /// nothing left to ask.
    fn next(&mut self, request: &mut Vec<u8>) -> Option<u128>;

    /// What the answer to request `number` is worth.
    fn judge(&mut self, number: u128, answer: &Answer<'_>) -> Verdict;
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What was asked for was done.
    Right,
    /// Nothing was done, and whoever asks is told when to ask again: a 503 with `Retry-After`.
    TurnedAway,
    /// Neither.
    Wrong,
}

impl Verdict {
    /// Of an answer that is right or not, where nobody may be turned away for want of time.
    pub fn right_if(right: bool, answer: &Answer<'_>) -> Self {
        match right {
            true => Self::Right,
            false if answer.status == 503 && answer.header("retry-after").is_some() => {
                Self::TurnedAway
            }
            false => Self::Wrong,
        }
    }
}

/// When requests leave.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// Each connection asks again as soon as it was answered; latency counts from sending.
    AsFastAsAnswered,
    /// Requests fall due by a Poisson process, answered or not; latency counts from the due time,
    /// so that a shop that stalls cannot hide the wait of those who would have come.
    Poisson {
        /// Requests that fall due in a second, on average.
        per_second: f64,
        /// The seed of the due times.
        seed: u64,
    },
}

/// A load on the shop.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Where the shop serves.
    pub address: SocketAddr,
    /// Connections, opened before the clock starts.
    pub connections: usize,
    /// How long requests are sent; the last answers are waited for.
    pub length: Duration,
    /// When requests leave.
    pub pace: Pace,
}

/// What came of a load.
#[derive(Debug, Default)]
pub struct Answers {
    /// Right answers.
    pub right: u64,
    /// All answers by status code.
    pub statuses: BTreeMap<u16, u64>,
    /// The first answer that was wrong, for a message to a person.
    pub first_wrong: Option<String>,
    /// The first that turned somebody away.
    pub first_turned_away: Option<String>,
    /// Whether the script ran out before the time did.
    pub ran_out: bool,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// How long right answers took.
    pub latency: Histogram,
    /// How long it took to turn somebody away.
    pub turned_away: Histogram,
}

impl Answers {
    /// Right answers a second.
    pub fn per_second(&self) -> f64 {
        self.right as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// All answers.
    pub fn all(&self) -> u64 {
        self.statuses.values().sum()
    }

    fn count(&mut self, took: Duration, verdict: Verdict, answer: &Answer<'_>) {
        *self.statuses.entry(answer.status).or_insert(0) += 1;
        match verdict {
            Verdict::Right => {
                self.right += 1;
                self.latency.record(took);
            }
            Verdict::TurnedAway => {
                self.turned_away.record(took);
                self.first_turned_away.get_or_insert_with(|| answer.excerpt());
            }
            Verdict::Wrong => {
                self.first_wrong.get_or_insert_with(|| answer.excerpt());
            }
        }
    }
}

/// What the connections of one load share; they run on one thread.
struct Shared<S> {
    script: S,
    answers: Answers,
}

/// Puts `load` on the shop and gives the script back with what came of it.
///
/// # Errors
/// [`Fault::Lost`] when a connection breaks, [`Fault::Answer`] when an answer is not HTTP,
/// [`Fault::Shop`] when the shop falls silent.
pub fn run<S: Script>(load: &Load, script: S) -> Result<(Answers, S), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::io("starting the load generator"))?;
    runtime.block_on(async {
        let limit = load.length + PATIENCE;
        let silent = |_| Fault::Shop(format!("the shop did not answer within {limit:?}"));
        LocalSet::new()
            .run_until(tokio::time::timeout(limit, put(load, script)))
            .await
            .map_err(silent)?
    })
}

async fn put<S: Script>(load: &Load, script: S) -> Result<(Answers, S), Fault> {
    let mut connections = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        connections.push(Connection::open(load.address).await?);
    }
    let shared = Rc::new(RefCell::new(Shared { script, answers: Answers::default() }));
    let start = Instant::now();
    let end = start + load.length;
    let due = match load.pace {
        Pace::AsFastAsAnswered => None,
        Pace::Poisson { per_second, seed } => Some(fall_due(per_second, seed, start, end)),
    };
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| {
            let asking = ask(connection, Rc::clone(&shared), due.clone(), end);
            tokio::task::spawn_local(asking)
        })
        .collect();
    for task in tasks {
        task.await.map_err(|error| Fault::Run(format!("a connection's task: {error}")))??;
    }
    let shared = Rc::into_inner(shared).expect("every task that held a copy has ended");
    let Shared { script, mut answers } = shared.into_inner();
    answers.elapsed = start.elapsed();
    Ok((answers, script))
}

type Due = Rc<Mutex<mpsc::Receiver<Instant>>>;

/// A thread of its own keeps the due times, because the runtime's timer only knows milliseconds. It
/// sleeps.
fn fall_due(per_second: f64, seed: u64, start: Instant, end: Instant) -> Due {
    let (sender, receiver) = mpsc::channel(BACKLOG_MAX);
    std::thread::spawn(move || {
        let mut chance = Chance::new(seed);
        let mut due = start;
        loop {
            due += chance.until_next_arrival(per_second);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if due >= end || sender.blocking_send(due).is_err() {
                break;
            }
        }
    });
    Rc::new(Mutex::new(receiver))
}

async fn ask<S: Script>(
    mut connection: Connection,
    shared: Rc<RefCell<Shared<S>>>,
    due: Option<Due>,
    end: Instant,
) -> Result<(), Fault> {
    let mut request = Vec::with_capacity(1024);
    loop {
        let since = match &due {
            Some(due) => due.lock().await.recv().await,
            None => Some(Instant::now()).filter(|&now| now < end),
        };
        let Some(since) = since else { return Ok(()) };
        let Some(number) = shared.borrow_mut().script.next(&mut request) else {
            shared.borrow_mut().answers.ran_out = true;
            return Ok(());
        };
        let answer = connection.exchange(&request).await?;
        let took = since.elapsed();
        let Shared { script, answers } = &mut *shared.borrow_mut();
        let verdict = script.judge(number, &answer);
        answers.count(took, verdict, &answer);
    }
}
