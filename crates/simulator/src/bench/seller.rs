//! One that sells over HTTP, whichever it is, and every phase that it goes through.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::rows::{Counted, Measured, Subject};
use super::{FASTEST, Options, block_on, broken};
use crate::chance::Chance;
use crate::crash;
use crate::fault::Fault;
use crate::http::{Answer, Connection};
use crate::load::{self, Answers, Load, Pace, Script};
use crate::purchases::{Purchases, Repeats, is_bought};
use crate::shop::{Recount, Seeded, Shop, wait_until_healthy};
use crate::wire::{self, BuyAnswer};

/// Connections where purchases fall due by themselves and can be served: so many that hardly one waits for another's.
const DUE_CONNECTIONS: usize = 256;
/// How long whoever is one of too many may wait for an answer.
const DEADLINE: Duration = Duration::from_secs(1);
/// Bought works that are read in turn.
const READ_IN_TURN: usize = 256;

/// Starts a shop that has never been started and says how long it took until it answered.
pub type ColdStart<'a> = dyn Fn(&mut Chance) -> Result<Duration, Fault> + 'a;

/// One that sells, as the bench is given it.
pub struct Seller<'a> {
    /// Which one.
    pub subject: Subject,
    /// Its process.
    pub shop: Box<dyn Shop + 'a>,
    /// What was put into it.
    pub seeded: Seeded,
    /// Counts what it remembers after it was killed.
    pub count: Box<Recount<'a>>,
    /// Starts another one like it, on nothing.
    pub cold_start: Option<Box<ColdStart<'a>>>,
}

/// Which of the two stocks is sold from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stock {
    /// Every author's works but the first's.
    Uniform,
    /// The first author's.
    Hot,
}

/// A seller that serves.
pub struct Open<'a> {
    seller: Seller<'a>,
    seeded: Rc<Seeded>,
    address: SocketAddr,
    length: Duration,
    crowd: usize,
    chance: Chance,
    uniform: Option<Purchases>,
    hot: Option<Purchases>,
}

/// Starts `shop` and says how long it took until it answered.
///
/// # Errors
/// [`Fault::Shop`] when it does not.
pub fn cold_start(shop: &mut dyn Shop) -> Result<Duration, Fault> {
    let start = Instant::now();
    let address = shop.start()?;
    block_on(wait_until_healthy(shop, address))??;
    let took = start.elapsed();
    shop.kill()?;
    Ok(took)
}

impl<'a> Open<'a> {
    /// Starts `seller`, which was filled as [`Options::shop`] says.
    ///
    /// # Errors
    /// [`Fault::Shop`] when it does not answer.
    pub fn start(
        mut seller: Seller<'a>,
        options: &Options,
        chance: &mut Chance,
    ) -> Result<Self, Fault> {
        let address = seller.shop.start()?;
        block_on(wait_until_healthy(&mut *seller.shop, address))??;
        let seeded = Rc::new(std::mem::take(&mut seller.seeded));
        let mut chance = chance.branch();
        let stocks = Purchases::uniform_and_hot(&seeded, &options.shop(), &mut chance)?;
        let (uniform, hot) = (Some(stocks.0), Some(stocks.1));
        let (length, crowd) = (options.length, options.crowd);
        Ok(Self { seller, seeded, address, length, crowd, chance, uniform, hot })
    }

    /// Which one.
    pub const fn subject(&self) -> Subject {
        self.seller.subject
    }

    /// Where it serves.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes of memory that its process holds now.
    ///
    /// # Errors
    /// [`Fault::Shop`] when that is not known.
    pub fn memory_bytes(&self) -> Result<u64, Fault> {
        self.seller.shop.memory_bytes()
    }

    /// Purchases by so many readers, each as soon as the last was answered.
    ///
    /// # Errors
    /// [`Fault::Answer`] when one was not bought.
    pub fn buy(&mut self, stock: Stock, readers: usize) -> Result<Measured, Fault> {
        let load = self.load(readers, Pace::AsFastAsAnswered);
        let (answers, counted) = self.sell(stock, load)?;
        all_right(&answers)?;
        Ok(Measured::of(&answers).counting(counted))
    }

    /// Purchases that fall due `per_second`, answered or not; latency counts from then.
    ///
    /// # Errors
    /// [`Fault::Answer`] when one was not bought.
    pub fn buy_when_due(&mut self, per_second: f64) -> Result<Measured, Fault> {
        let pace = self.poisson(per_second);
        let (answers, counted) = self.sell(Stock::Uniform, self.load(DUE_CONNECTIONS, pace))?;
        all_right(&answers)?;
        Ok(Measured::of(&answers).counting(counted))
    }

    /// More purchases than can be served.
    ///
    /// # Errors
    /// [`Fault::Answer`] when one was neither bought nor turned away.
    pub fn be_overrun(&mut self, per_second: f64) -> Result<Measured, Fault> {
        let pace = self.poisson(per_second);
        let (answers, counted) = self.sell(Stock::Uniform, self.load(self.crowd, pace))?;
        none_wrong(&answers)?;
        self.uniform.iter_mut().for_each(Purchases::forget_recent);
        Ok(Measured::of_crowd(&answers, DEADLINE).counting(counted))
    }

    /// The newest purchases, asked for again under the ids that they have.
    ///
    /// # Errors
    /// [`Fault::Answer`] when one is not as it was.
    pub fn ask_again(&mut self, readers: usize) -> Result<Measured, Fault> {
        let stock = self.uniform.as_ref().ok_or_else(gone)?;
        let written = |dealt| {
            let mut request = Vec::new();
            stock.write(dealt, &mut request);
            request
        };
        let requests = stock.recent().into_iter().map(written).collect();
        let before = self.counters()?;
        let measured = self.repeat(readers, requests, is_bought)?;
        Ok(measured.counting(self.counted_since(before)?))
    }

    /// Pages of works, to devices without a tab.
    ///
    /// # Errors
    /// [`Fault::Answer`] when one does not come.
    pub fn show_pages(&self, readers: usize) -> Result<Measured, Fault> {
        let written = |slug: &String| {
            let mut request = Vec::new();
            wire::write_page(&mut request, slug);
            request
        };
        self.repeat(readers, self.seeded.slugs.iter().map(written).collect(), is_ok)
    }

    /// What was bought, to those who bought it.
    ///
    /// # Errors
    /// [`Fault::Answer`] when they do not get it.
    pub fn show_bought(&self, readers: usize) -> Result<Measured, Fault> {
        let requests = block_on(self.bought())??;
        self.repeat(readers, requests, is_ok)
    }

    /// Requests for works that were bought: the shop says how they are called when it is asked for the purchase again.
    async fn bought(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let stock = self.uniform.as_ref().ok_or_else(gone)?;
        let mut connection = Connection::open(self.address).await?;
        let (mut request, mut requests) = (Vec::new(), Vec::new());
        for dealt in stock.recent().into_iter().rev().take(READ_IN_TURN) {
            stock.write(dealt, &mut request);
            let answer = BuyAnswer::read(&connection.exchange(&request).await?)?;
            requests.push(wire::content(&answer.work, &self.seeded.tab_tokens[dealt.tab]));
        }
        Ok(requests)
    }

    /// The same requests, round and round.
    ///
    /// # Errors
    /// [`Fault::Answer`] when an answer is not right.
    pub fn repeat(
        &self,
        readers: usize,
        requests: Vec<Vec<u8>>,
        is_right: fn(&Answer<'_>) -> bool,
    ) -> Result<Measured, Fault> {
        let script = Repeats::new(requests, is_right);
        self.ask(readers, script)
    }

    /// What `script` asks, by so many at the same time.
    ///
    /// # Errors
    /// [`Fault::Answer`] when an answer is not right.
    pub fn ask<S: Script>(&self, readers: usize, script: S) -> Result<Measured, Fault> {
        let load = Load { length: self.length / 2, ..self.load(readers, Pace::AsFastAsAnswered) };
        let (answers, _) = load::run(&load, script)?;
        all_right(&answers)?;
        Ok(Measured::of(&answers))
    }

    /// How long another one takes to start on nothing, where that is asked.
    ///
    /// # Errors
    /// [`Fault::Shop`] when it does not.
    pub fn start_another(&mut self) -> Result<Option<Measured>, Fault> {
        let Some(start) = &self.seller.cold_start else { return Ok(None) };
        start(&mut self.chance).map(|took| Some(Measured::once(took)))
    }

    /// Kills the seller, lets its books be checked, looks up every acknowledged purchase, and starts it once more.
    ///
    /// # Errors
    /// [`Fault::Violation`] when one did not survive.
    pub fn recount(self) -> Result<(), Fault> {
        let Self { mut seller, uniform, hot, .. } = self;
        seller.shop.kill()?;
        seller.shop.check_books()?;
        for stock in [uniform, hot].into_iter().flatten() {
            crash::recount(stock.acknowledged(), &*seller.count)?;
        }
        let address = seller.shop.start()?;
        block_on(wait_until_healthy(&mut *seller.shop, address))??;
        seller.shop.kill()
    }

    const fn load(&self, connections: usize, pace: Pace) -> Load {
        Load { address: self.address, connections, length: self.length, pace }
    }

    const fn poisson(&mut self, per_second: f64) -> Pace {
        Pace::Poisson { per_second, seed: self.chance.bits() }
    }

    fn sell(&mut self, from: Stock, load: Load) -> Result<(Answers, Option<Counted>), Fault> {
        let before = self.counters()?;
        let mut stock = self.stock(from).take().ok_or_else(gone)?;
        stock.make_room((load.length.as_secs_f64() * FASTEST as f64) as usize);
        let (answers, stock) = load::run(&load, stock)?;
        *self.stock(from) = Some(stock);
        Ok((answers, self.counted_since(before)?))
    }

    const fn stock(&mut self, stock: Stock) -> &mut Option<Purchases> {
        match stock {
            Stock::Uniform => &mut self.uniform,
            Stock::Hot => &mut self.hot,
        }
    }

    /// What the shop has counted since it started; others than ours do not count.
    fn counters(&self) -> Result<Option<Counted>, Fault> {
        if !self.subject().is_shop() {
            return Ok(None);
        }
        let metrics = block_on(page(self.address, "/metrics"))??;
        let counter = |name: &str| {
            let missing = || Fault::Answer(format!("/metrics has no {name}"));
            wire::counter(&metrics, name).ok_or_else(missing)
        };
        let purchases = counter("ardoise_till_purchases_total")?;
        Ok(Some(Counted { purchases, commits: counter("ardoise_till_commits_total")? }))
    }

    fn counted_since(&self, before: Option<Counted>) -> Result<Option<Counted>, Fault> {
        let since = |(before, now): (Counted, Counted)| Counted {
            purchases: now.purchases - before.purchases,
            commits: now.commits - before.commits,
        };
        Ok(before.zip(self.counters()?).map(since))
    }
}

fn gone() -> Fault {
    broken("its stock is gone")
}

fn is_ok(answer: &Answer<'_>) -> bool {
    answer.status == 200
}

fn all_right(answers: &Answers) -> Result<(), Fault> {
    none_wrong(answers)?;
    answers.first_turned_away.as_ref().map_or(Ok(()), |away| Err(unlike(answers, away)))
}

fn none_wrong(answers: &Answers) -> Result<(), Fault> {
    if answers.ran_out {
        return Err(broken("it ran out of what to ask"));
    }
    answers.first_wrong.as_ref().map_or(Ok(()), |wrong| Err(unlike(answers, wrong)))
}

fn unlike(answers: &Answers, first: &str) -> Fault {
    Fault::Answer(format!("{first} (answers by status: {:?})", answers.statuses))
}

async fn page(address: SocketAddr, path: &str) -> Result<String, Fault> {
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(&wire::get(path)).await?;
    if answer.status != 200 {
        return Err(Fault::Answer(format!("{path}: {}", answer.excerpt())));
    }
    Ok(String::from_utf8_lossy(answer.body).into_owned())
}
