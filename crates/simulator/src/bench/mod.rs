//! The bench: the shop on each of its stores beside the machine's own ceilings and beside its rivals, in the same minute,
//! round by round.
//!
//! Absolute rates belong to the machine and the moment; the ratios inside one round are what to keep, so whatever is
//! compared stands side by side: a phase is gone through by everybody before the next one begins. Only purchases whose
//! effect survives a kill count: at the end every seller is killed and each acknowledged purchase looked up.

pub mod aims;
pub mod course;
mod disk;
pub mod pgbench;
pub mod report;
pub mod rows;
pub mod seller;

use std::path::Path;
use std::time::Duration;

use self::pgbench::{Pgbench, Sellers};
use self::rows::{Measured, Phase, Round, Row, Subject, maximum};
use self::seller::{Open, Seller, Stock};
use crate::chance::{Chance, fresh_seed};
use crate::fault::Fault;
use crate::purchases::Echoes;
use crate::shop::Seed;
use crate::wire;

/// Purchases a second for which the bench keeps fresh (tab, work) pairs: more than any machine has
/// reached.
pub(crate) const FASTEST: usize = 40_000;
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
    /// How long each phase lasts; those without purchases half as long.
    pub length: Duration,
    /// Connections where more fall due than can be served. The till keeps 1,024 waiting beside the 512 of a batch before it
    /// turns anybody away, so with fewer connections nobody is: they wait for each other instead. Many more only cost the
    /// machine, which the load shares with the shop.
    pub crowd: usize,
    /// What all chance follows from.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 64,
            also: vec![1, 8, 256],
            rounds: 5,
            length: Duration::from_secs(2),
            crowd: 2_000,
            seed: fresh_seed(),
        }
    }
}

impl Options {
    /// A shop large enough that no purchase of the run repeats a reader and a work, nor fills a
    /// tab.
    pub fn shop(&self) -> Seed {
        // Uniform, hot, half and twice as many as can be served come to five.
        let phases = 5 + self.also.len();
        let seconds = self.length.as_secs_f64() * self.rounds as f64;
        let purchases = (seconds * phases as f64 * FASTEST as f64) as usize;
        let tabs = purchases.div_ceil(LINES_PER_TAB).max(1);
        Seed { works: WORKS, authors: AUTHORS, tabs, price_micros: 10_000 }
    }

    /// How many readers there are at the same time, in one phase each: one alone is always among them.
    fn crowds(&self) -> Vec<usize> {
        let mut crowds = self.also.clone();
        crowds.push(1);
        crowds.sort_unstable();
        crowds.dedup();
        crowds.retain(|&readers| readers != self.readers);
        crowds
    }
}

/// Who is measured.
pub struct Subjects<'a> {
    /// Those who sell over HTTP. The first one serves what shows the framework's own ceilings, too.
    pub sellers: Vec<Seller<'a>>,
    /// The rival below HTTP.
    pub pgbench: Option<Pgbench>,
}

/// Everybody, serving.
struct Bench<'a> {
    options: &'a Options,
    chance: Chance,
    folder: &'a Path,
    price: String,
    sellers: Vec<Open<'a>>,
    pgbench: Option<Pgbench>,
    progress: &'a dyn Fn(Row),
    round: Round,
}

/// Runs every round; `folder` is where the disk is measured, and `progress` hears of each row before it is measured. At the
/// end every seller is killed, its books are checked, and each acknowledged purchase is looked up.
///
/// # Errors
/// [`Fault::Violation`] when a counted purchase did not survive; any other fault when a seller answered one wrongly.
pub fn run<'a>(
    subjects: Subjects<'a>,
    folder: &'a Path,
    options: &'a Options,
    progress: &'a dyn Fn(Row),
) -> Result<Vec<Round>, Fault> {
    let mut chance = Chance::new(options.seed);
    let open = |seller| Open::start(seller, options, &mut chance);
    let sellers = subjects.sellers.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let price = wire::decimal(options.shop().price_micros)?;
    let (pgbench, round) = (subjects.pgbench, Round::new());
    let mut bench = Bench { options, chance, folder, price, sellers, pgbench, progress, round };
    let rounds = (0..options.rounds).map(|_| bench.round());
    let rounds = rounds.collect::<Result<Vec<_>, _>>()?;
    bench.sellers.into_iter().try_for_each(Open::recount)?;
    bench.pgbench.iter().try_for_each(Pgbench::recount)?;
    Ok(rounds)
}

impl Bench<'_> {
    fn round(&mut self) -> Result<Round, Fault> {
        let readers = self.options.readers;
        self.machine()?;
        self.each(Phase::Uniform(readers), |seller, _| {
            seller.buy(Stock::Uniform, readers).map(Some)
        })?;
        self.rival(Phase::Uniform(pgbench::CLIENTS), Sellers::All)?;
        self.each(Phase::Hot(readers), |seller, _| seller.buy(Stock::Hot, readers).map(Some))?;
        self.rival(Phase::Hot(pgbench::CLIENTS), Sellers::One)?;
        for number in self.options.crowds() {
            self.shops(Phase::Uniform(number), |shop, _| shop.buy(Stock::Uniform, number))?;
        }
        self.each(Phase::Half, |seller, round| {
            let uniform = round.get(&Row(seller.subject(), Phase::Uniform(readers)));
            let reached = uniform.ok_or_else(|| broken("its rate is not known"))?.per_second;
            seller.buy_when_due(reached / 2.0).map(Some)
        })?;
        self.shops(Phase::Again, |shop, _| shop.ask_again(readers))?;
        self.shops(Phase::Page, |shop, _| shop.show_pages(readers))?;
        self.shops(Phase::Content, |shop, _| shop.show_bought(readers))?;
        // Last: of what is asked for here, not all is bought.
        self.shops(Phase::Overload, |shop, round| {
            let reached = maximum(round, shop.subject());
            shop.be_overrun(2.0 * reached.ok_or_else(|| broken("it sold nothing"))?)
        })?;
        self.each(Phase::ColdStart, |seller, _| seller.start_another())?;
        Ok(std::mem::take(&mut self.round))
    }

    /// What the machine can do without a shop.
    fn machine(&mut self) -> Result<(), Fault> {
        let (length, readers) = (self.options.length, self.options.readers);
        let folder = self.folder;
        self.of_machine(Phase::Flush, |_| disk::flush(folder, length))?;
        self.of_machine(Phase::Met, |_| disk::meet(folder, length))?;
        self.of_machine(Phase::Log, |_| disk::append(folder, length / 2))?;
        self.of_machine(Phase::Hello, |bench| {
            let is_hello = |answer: &crate::http::Answer<'_>| answer.body == b"hello\n";
            bench.first()?.repeat(readers, vec![wire::get("/bench/hello")], is_hello)
        })?;
        self.of_machine(Phase::Echo, |bench| {
            let script = Echoes::new(bench.price.clone(), bench.chance.branch());
            bench.first()?.ask(readers, script)
        })
    }

    fn first(&self) -> Result<&Open<'_>, Fault> {
        self.sellers.first().ok_or_else(|| broken("nobody sells"))
    }

    /// One phase, gone through by every seller that can, knowing what this round has brought so far.
    fn each(
        &mut self,
        phase: Phase,
        mut measure: impl FnMut(&mut Open<'_>, &Round) -> Result<Option<Measured>, Fault>,
    ) -> Result<(), Fault> {
        for seller in &mut self.sellers {
            let row = Row(seller.subject(), phase);
            (self.progress)(row);
            if let Some(measured) = measure(seller, &self.round)? {
                self.round.insert(row, measured);
            }
        }
        Ok(())
    }

    /// One phase, gone through by our shops alone.
    fn shops(
        &mut self,
        phase: Phase,
        mut measure: impl FnMut(&mut Open<'_>, &Round) -> Result<Measured, Fault>,
    ) -> Result<(), Fault> {
        self.each(phase, |seller, round| {
            seller.subject().is_shop().then(|| measure(seller, round)).transpose()
        })
    }

    fn rival(&mut self, phase: Phase, sellers: Sellers) -> Result<(), Fault> {
        let length = self.options.length;
        let Some(pgbench) = &mut self.pgbench else { return Ok(()) };
        let row = Row(Subject::Pgbench, phase);
        (self.progress)(row);
        self.round.insert(row, pgbench.measure(sellers, length)?);
        Ok(())
    }

    fn of_machine(
        &mut self,
        phase: Phase,
        measure: impl FnOnce(&mut Self) -> Result<Measured, Fault>,
    ) -> Result<(), Fault> {
        let row = Row(Subject::Machine, phase);
        (self.progress)(row);
        let measured = measure(self)?;
        self.round.insert(row, measured);
        Ok(())
    }
}

fn broken(why: &str) -> Fault {
    Fault::Run(format!("the bench cannot go on: {why}"))
}

fn block_on<F: Future>(future: F) -> Result<F::Output, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Fault::io("starting a runtime"))?.block_on(future))
}
