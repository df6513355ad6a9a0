//! The crash test: kill the shop at random moments under load, start it again, and compare what it
//! remembers with what it acknowledged.

use ledger::LineId;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::{LocalSet, spawn_local};

use crate::auditor::{TabId, Violation};
use crate::chance::Chance;
use crate::fault::Fault;
use crate::reader::{Reader, Tally, World};
use crate::shop::{Seeded, Shop, wait_until_healthy};

/// A kill comes at most this long after the readers began.
const LONGEST_TRADE: Duration = Duration::from_millis(150);
/// A kill comes at most this many acknowledgements after the readers began.
const MOST_ACKNOWLEDGEMENTS: u64 = 300;
/// One start in ten is killed within this time, often before the shop answers.
const LONGEST_START: Duration = Duration::from_millis(20);
/// A first start, which makes the store, is killed within this time.
const LONGEST_FIRST_START: Duration = Duration::from_millis(60);
/// When a kill by count has not come by then, the shop is not selling.
const TRADE_MAX: Duration = Duration::from_secs(30);
/// Tabs that nobody used lately, looked at after each kill.
const OLD_TABS_LOOKED_AT: usize = 8;

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Kills under load.
    pub kills: u32,
    /// Readers at the same time.
    pub readers: usize,
    /// What all chance follows from, except the order in which the machine runs things.
    pub seed: u64,
    /// The price of every work, in micro-units.
    pub price_micros: i64,
    /// A reader takes another tab once this many lines are on it; their sum must stay below the
    /// shop's limit.
    pub lines_per_tab: usize,
}

/// What a run that found nothing wrong did.
#[derive(Debug, Clone)]
pub struct Survived {
    /// The counts.
    pub tally: Tally,
    /// Every acknowledged purchase, undone or not.
    pub lines: Vec<LineId>,
}

/// When the shop is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    AfterAcknowledgements(u64),
    After(Duration),
}

impl Moment {
    fn any(chance: &mut Chance) -> Self {
        if chance.percent(50) {
            Self::AfterAcknowledgements(1 + chance.below(MOST_ACKNOWLEDGEMENTS))
        } else {
            Self::After(any_duration(chance, LONGEST_TRADE))
        }
    }
}

fn any_duration(chance: &mut Chance, longest: Duration) -> Duration {
    Duration::from_micros(chance.below(u64::try_from(longest.as_micros()).unwrap_or(u64::MAX)))
}

/// Kills `shop` as often as `options` say and checks it after each start; `progress` hears of each
/// kill.
///
/// # Errors
/// [`Fault::Violation`] when the shop lost or invented something; any other fault when that could
/// not be found out.
pub fn run(
    shop: &mut dyn Shop,
    seeded: &Seeded,
    options: &Options,
    progress: &dyn Fn(&Tally),
) -> Result<Survived, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::io("starting the readers"))?;
    let crashed =
        runtime.block_on(LocalSet::new().run_until(crash(shop, seeded, options, progress)));
    shop.kill()?;
    let survived = crashed?;
    shop.check_books()?;
    if survived.tally.acknowledged < u64::from(options.kills) {
        return Err(Fault::Run(format!("too little was bought to prove anything: {survived:?}")));
    }
    Ok(survived)
}

async fn crash(
    shop: &mut dyn Shop,
    seeded: &Seeded,
    options: &Options,
    progress: &dyn Fn(&Tally),
) -> Result<Survived, Fault> {
    let mut chance = Chance::new(options.seed);
    let world = Rc::new(World::new(seeded, options.price_micros, options.lines_per_tab)?);
    let reader = |_| Reader::new(Rc::clone(&world), chance.branch());
    let mut readers: Vec<Reader> = (0..options.readers).map(reader).collect();
    for _ in 0..options.kills {
        let address = bring_up(shop, &world, &mut chance).await?;
        readers = resolve(readers, address).await?;
        let tabs = tabs_to_look_at(&world, &mut readers, &mut chance);
        readers = verify(readers, tabs).await?;
        readers = trade_until_killed(shop, &world, readers, Moment::any(&mut chance)).await?;
        shop.check_books()?;
        world.count(|tally| tally.kills += 1);
        progress(&world.tally.get());
    }
    let address = bring_up(shop, &world, &mut chance).await?;
    let readers = resolve(readers, address).await?;
    let every_tab = world.auditor.borrow().tabs().collect();
    verify(readers, every_tab).await?;
    let lines = world.auditor.borrow().acknowledged().collect();
    Ok(Survived { tally: world.tally.get(), lines })
}

/// Kills `shop` while it starts for the first time, on an empty folder; it must come up all the same
/// when it is started again, with sound books.
///
/// # Errors
/// [`Fault::Shop`] when it does not come up, [`Fault::Violation`] when its books do not balance.
pub fn first_start(shop: &mut dyn Shop, chance: &mut Chance) -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Fault::io("starting a runtime"))?;
    shop.start()?;
    std::thread::sleep(any_duration(chance, LONGEST_FIRST_START));
    shop.kill()?;
    let address = shop.start()?;
    runtime.block_on(wait_until_healthy(shop, address))?;
    shop.kill()?;
    shop.check_books()
}

/// Starts the shop, sometimes killing it once while it starts.
async fn bring_up(
    shop: &mut dyn Shop,
    world: &World,
    chance: &mut Chance,
) -> Result<SocketAddr, Fault> {
    if chance.percent(10) {
        shop.start()?;
        tokio::time::sleep(any_duration(chance, LONGEST_START)).await;
        shop.kill()?;
        world.count(|tally| tally.kills_while_starting += 1);
    }
    let address = shop.start()?;
    wait_until_healthy(shop, address).await?;
    world.killed.set(false);
    Ok(address)
}

fn tabs_to_look_at(world: &World, readers: &mut [Reader], chance: &mut Chance) -> BTreeSet<TabId> {
    let mut tabs: BTreeSet<TabId> = readers.iter_mut().flat_map(Reader::take_touched).collect();
    let known: Vec<TabId> = world.auditor.borrow().tabs().collect();
    let old = (0..OLD_TABS_LOOKED_AT).filter_map(|_| known.get(chance.index(known.len())));
    tabs.extend(old);
    tabs
}

/// Connects the readers again and lets them ask what became of their lost answers. Only then can
/// totals be foretold.
async fn resolve(readers: Vec<Reader>, address: SocketAddr) -> Result<Vec<Reader>, Fault> {
    all_at_once(readers, |mut reader, _| async move {
        let resolved = match reader.connect(address).await {
            Ok(()) => reader.resolve().await,
            Err(fault) => Err(fault),
        };
        (reader, resolved)
    })
    .await
}

/// Shares the tabs out among the readers and compares each with our own books.
async fn verify(readers: Vec<Reader>, tabs: BTreeSet<TabId>) -> Result<Vec<Reader>, Fault> {
    let (count, tabs) = (readers.len(), Vec::from_iter(tabs));
    all_at_once(readers, move |mut reader, place| {
        let share: Vec<TabId> = tabs.iter().skip(place).step_by(count).copied().collect();
        async move {
            let verified = reader.verify(&share).await;
            (reader, verified)
        }
    })
    .await
}

async fn trade_until_killed(
    shop: &mut dyn Shop,
    world: &Rc<World>,
    readers: Vec<Reader>,
    moment: Moment,
) -> Result<Vec<Reader>, Fault> {
    let trading = spawn_local(all_at_once(readers, |mut reader, _| async move {
        let traded = reader.trade().await;
        (reader, traded)
    }));
    let came = wait_for(moment, world).await;
    if let Some(mut command) = shop.strike() {
        let struck = command.status().await.map_err(Fault::io("striking the store"))?;
        if !struck.success() {
            return Err(Fault::Run(format!("the strike failed: {struck}")));
        }
    }
    world.killed.set(true);
    shop.kill()?;
    let readers = trading.await.map_err(|error| Fault::Run(format!("the readers: {error}")))??;
    came.map(|()| readers)
}

async fn wait_for(moment: Moment, world: &World) -> Result<(), Fault> {
    match moment {
        Moment::AfterAcknowledgements(count) => {
            world.acknowledgements_left.set(count);
            let slow = |_| Fault::Shop(format!("no {count} acknowledgements in {TRADE_MAX:?}"));
            tokio::time::timeout(TRADE_MAX, world.moment.notified()).await.map_err(slow)
        }
        Moment::After(duration) => {
            // The runtime's timer knows milliseconds; the rest is spent letting the readers run.
            let due = Instant::now() + duration;
            let whole = Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(0));
            tokio::time::sleep(whole.saturating_sub(Duration::from_millis(1))).await;
            while Instant::now() < due {
                tokio::task::yield_now().await;
            }
            Ok(())
        }
    }
}

/// Runs something for every reader at the same time and gives them all back, or the first fault.
async fn all_at_once<Doing>(
    readers: Vec<Reader>,
    what: impl Fn(Reader, usize) -> Doing,
) -> Result<Vec<Reader>, Fault>
where
    Doing: Future<Output = (Reader, Result<(), Fault>)> + 'static,
{
    let started = readers.into_iter().enumerate();
    let tasks: Vec<_> = started.map(|(place, reader)| spawn_local(what(reader, place))).collect();
    let mut back = Vec::with_capacity(tasks.len());
    let mut first_fault = None;
    for task in tasks {
        let done = task.await.map_err(|error| Fault::Run(format!("a reader: {error}")))?;
        back.push(done.0);
        first_fault = first_fault.or(done.1.err());
    }
    first_fault.map_or(Ok(back), Err)
}

/// The last word after a run: the books must hold each acknowledged purchase as one line.
///
/// # Errors
/// [`Violation::Missing`], or why the books cannot be read.
pub fn recount(lines: &[LineId], count: &crate::shop::Recount<'_>) -> Result<(), Fault> {
    let (acknowledged, found) = (lines.len(), count(lines)?);
    if found == acknowledged {
        Ok(())
    } else {
        Err(Violation::Missing { acknowledged, found }.into())
    }
}
