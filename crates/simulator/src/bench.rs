//! The bench: purchases beside the machine's own ceilings, in the same minute, round by round.
//!
//! Absolute rates belong to the machine and the moment; the ratios inside one round are what to
//! keep. Only purchases whose effect survives a kill count: at the end the shop is killed and every
//! acknowledged purchase looked up.

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use crate::chance::Chance;
use crate::crash;
use crate::fault::Fault;
use crate::flush;
use crate::http::Connection;
use crate::load::{self, Answers, Load, Pace, Script};
use crate::purchases::{Echoes, Purchases};
use crate::shop::{Recount, Seed, Seeded, Shop, wait_until_healthy};
use crate::wire;

/// Purchases a second for which the bench keeps fresh (tab, work) pairs: more than any machine has
/// reached. With five rounds of two seconds that is a shop of eight thousand readers.
const FASTEST: usize = 40_000;
/// Lines the bench puts on one tab at most: 1.50 euros at a cent each, below the limit of a new
/// tab.
const LINES_PER_TAB: usize = 150;
/// Authors of a bench's shop; one of them is the hot one.
const AUTHORS: usize = 10;
/// Works of a bench's shop.
const WORKS: usize = 1_000;

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections of the phases with many readers.
    pub readers: usize,
    /// Connections of one more phase of purchases each.
    pub also: Vec<usize>,
    /// Rounds, each with every phase.
    pub rounds: usize,
    /// How long each phase lasts.
    pub length: Duration,
    /// Purchases a second of one more phase in which they fall due whether or not the shop keeps
    /// up.
    pub rate: Option<f64>,
    /// What all chance follows from.
    pub seed: u64,
}

impl Options {
    /// A shop large enough that no purchase of the run repeats a reader and a work, nor fills a
    /// tab.
    pub fn shop(&self) -> Seed {
        let seconds = self.length.as_secs_f64() * self.rounds as f64;
        let phases = 3 + self.also.len() + usize::from(self.rate.is_some());
        let purchases = (seconds * phases as f64 * FASTEST as f64) as usize;
        let tabs = purchases.div_ceil(LINES_PER_TAB).max(1);
        Seed { works: WORKS, authors: AUTHORS, tabs, price_micros: 10_000 }
    }
}

/// What one phase of one round gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Right answers, or flushes, a second.
    pub per_second: f64,
    /// Half took at most this long.
    pub p50: Duration,
    /// 99 % took at most this long.
    pub p99: Duration,
    /// 99.9 % took at most this long.
    pub p999: Duration,
    /// None took longer.
    pub longest: Duration,
    /// Purchases that shared one commit, on average, where purchases were made.
    pub per_commit: Option<f64>,
}

/// All phases of one round.
#[derive(Debug, Clone)]
pub struct Round {
    /// `write 4 KiB + fdatasync`, one after the other.
    pub flush: Measured,
    /// The same JSON to a route that does nothing.
    pub echo: Measured,
    /// Purchases spread over readers, works and authors.
    pub uniform: Measured,
    /// Purchases of one author's works.
    pub hot: Measured,
    /// Purchases one after the other.
    pub single: Measured,
    /// Purchases with other numbers of readers, in the order of [`Options::also`].
    pub also: Vec<Measured>,
    /// Purchases at a given rate, latency from the due time.
    pub paced: Option<Measured>,
}

/// A shop that serves, and what the bench knows of it.
struct Bench<'a> {
    address: SocketAddr,
    options: &'a Options,
    chance: Chance,
    price: String,
    uniform: Option<Purchases>,
    hot: Option<Purchases>,
}

/// Runs every round on a shop that was filled as [`Options::shop`] says; `progress` hears of each
/// phase done. At the end the shop is killed, lets its books be checked, and `count` looks up each
/// acknowledged purchase.
///
/// # Errors
/// [`Fault::Violation`] when a counted purchase did not survive; any other fault when the shop
/// answered one wrongly.
pub fn run(
    shop: &mut dyn Shop,
    (data, seeded): (&Path, Seeded),
    options: &Options,
    count: &Recount<'_>,
    progress: &dyn Fn(&str),
) -> Result<Vec<Round>, Fault> {
    let address = shop.start()?;
    block_on(wait_until_healthy(shop, address))??;
    let mut bench = Bench::new(address, options, seeded)?;
    let rounds = (0..options.rounds).map(|_| bench.round(data, progress));
    let rounds = rounds.collect::<Result<Vec<_>, _>>()?;
    shop.kill()?;
    progress("recount");
    shop.check_books()?;
    let stocks = [bench.uniform, bench.hot].into_iter().flatten();
    let acknowledged: Vec<_> = stocks.flat_map(|stock| stock.acknowledged().to_vec()).collect();
    crash::recount(&acknowledged, count)?;
    let address = shop.start()?;
    block_on(wait_until_healthy(shop, address))??;
    shop.kill()?;
    Ok(rounds)
}

impl<'a> Bench<'a> {
    fn new(address: SocketAddr, options: &'a Options, seeded: Seeded) -> Result<Self, Fault> {
        let mut chance = Chance::new(options.seed);
        let seed = options.shop();
        let (uniform, hot) = Purchases::uniform_and_hot(&Rc::new(seeded), &seed, &mut chance)?;
        let price = wire::decimal(seed.price_micros)?;
        Ok(Self { address, options, chance, price, uniform: Some(uniform), hot: Some(hot) })
    }

    fn round(&mut self, data: &Path, progress: &dyn Fn(&str)) -> Result<Round, Fault> {
        let (many, fast) = (self.options.readers, Pace::AsFastAsAnswered);
        progress("flush");
        let flush = measured_flush(data, self.options.length)?;
        progress("echo");
        let echo = self.echo(many)?;
        progress("uniform");
        let uniform = self.buy(|bench| &mut bench.uniform, many, fast)?;
        progress("hot author");
        let hot = self.buy(|bench| &mut bench.hot, many, fast)?;
        progress("one reader");
        let single = self.buy(|bench| &mut bench.uniform, 1, fast)?;
        let mut also = Vec::new();
        for &readers in &self.options.also {
            progress(&format!("{readers} readers"));
            also.push(self.buy(|bench| &mut bench.uniform, readers, fast)?);
        }
        let mut paced = None;
        if let Some(per_second) = self.options.rate {
            progress("paced");
            let pace = Pace::Poisson { per_second, seed: self.chance.bits() };
            paced = Some(self.buy(|bench| &mut bench.uniform, many, pace)?);
        }
        Ok(Round { flush, echo, uniform, hot, single, also, paced })
    }

    fn echo(&mut self, connections: usize) -> Result<Measured, Fault> {
        let script = Echoes::new(self.price.clone(), self.chance.branch());
        let (answers, _) = self.load(connections, Pace::AsFastAsAnswered, script)?;
        Ok(measured(&answers, None))
    }

    fn buy(
        &mut self,
        stock: impl Fn(&mut Self) -> &mut Option<Purchases>,
        connections: usize,
        pace: Pace,
    ) -> Result<Measured, Fault> {
        let before = Counters::read(self.address)?;
        let mut script = stock(self).take().ok_or_else(|| broken("its stock is gone"))?;
        script.make_room((self.options.length.as_secs_f64() * FASTEST as f64) as usize);
        let (answers, script) = self.load(connections, pace, script)?;
        *stock(self) = Some(script);
        let after = Counters::read(self.address)?;
        Ok(measured(&answers, Some(after.purchases_per_commit_since(&before))))
    }

    fn load<S: Script>(
        &self,
        connections: usize,
        pace: Pace,
        script: S,
    ) -> Result<(Answers, S), Fault> {
        let (address, length) = (self.address, self.options.length);
        let (answers, script) = load::run(&Load { address, connections, length, pace }, script)?;
        if answers.ran_out {
            return Err(broken("it ran out of fresh pairs of reader and work"));
        }
        if let Some(wrong) = answers.first_wrong.as_ref().or(answers.first_turned_away.as_ref()) {
            let statuses = &answers.statuses;
            return Err(Fault::Answer(format!("{wrong} (answers by status: {statuses:?})")));
        }
        Ok((answers, script))
    }
}

fn broken(why: &str) -> Fault {
    Fault::Run(format!("the bench cannot go on: {why}"))
}

fn measured_flush(data: &Path, length: Duration) -> Result<Measured, Fault> {
    let flushes = flush::measure(data, length)?;
    let latency = flushes.latency;
    Ok(quantiles(flushes.per_second, &latency, None))
}

fn measured(answers: &Answers, per_commit: Option<f64>) -> Measured {
    quantiles(answers.per_second(), &answers.latency, per_commit)
}

fn quantiles(
    per_second: f64,
    latency: &crate::histogram::Histogram,
    per_commit: Option<f64>,
) -> Measured {
    let [p50, p99, p999] = [500, 990, 999].map(|per_mille| latency.within(per_mille));
    Measured { per_second, p50, p99, p999, longest: latency.longest(), per_commit }
}

/// What the shop has counted since it started.
struct Counters {
    purchases: f64,
    commits: f64,
}

impl Counters {
    fn read(address: SocketAddr) -> Result<Self, Fault> {
        let metrics = block_on(page(address, "/metrics"))??;
        let counter = |name: &str| {
            let missing = || Fault::Answer(format!("/metrics has no {name}"));
            wire::counter(&metrics, name).ok_or_else(missing)
        };
        Ok(Self {
            purchases: counter("ardoise_till_purchases_total")?,
            commits: counter("ardoise_till_commits_total")?,
        })
    }

    fn purchases_per_commit_since(&self, before: &Self) -> f64 {
        (self.purchases - before.purchases) / (self.commits - before.commits).max(1.0)
    }
}

async fn page(address: SocketAddr, path: &str) -> Result<String, Fault> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(&wire::get(path)).await?;
    if answer.status != 200 {
        return Err(Fault::Answer(format!("{path}: {}", answer.excerpt())));
    }
    Ok(String::from_utf8_lossy(answer.body).into_owned())
}

fn block_on<F: Future>(future: F) -> Result<F::Output, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Fault::io("starting a runtime"))?.block_on(future))
}
