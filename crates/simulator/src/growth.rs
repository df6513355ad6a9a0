//! What changes as a shop's books grow: the rate of purchases and of reading, memory, disk, and the time it takes to start
//! and to check the books.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ardoise::bench::Sales;
use ardoise::clock::Clock;
use ardoise::store::sqlite::FILE_NAME;
use ardoise::store::{Address, engine};

use crate::bench::Options;
use crate::bench::aims::Spread;
use crate::bench::rows::Subject;
use crate::bench::seller::{Open, Seller, Stock, cold_start};
use crate::chance::Chance;
use crate::fault::Fault;
use crate::place::{Place, any_name};
use crate::product;
use crate::purchases::Echoes;
use crate::shop::{Seed, Seeded, Shop as _};
use crate::stand::Stand;
use crate::wire;

/// Lines on each tab of the shop that has grown.
const LINES_PER_TAB: usize = 10;
/// Works of the shop. The first half is what was sold before, the second half what is sold while it is measured, other works
/// at each size, so that nobody buys a work twice.
const WORKS: usize = 1_000;
/// Authors of the shop.
const AUTHORS: usize = 10;
/// The price of a work, a cent.
const PRICE_MICROS: i64 = 10_000;
/// Starts, of which the middle one counts.
const STARTS: usize = 5;

/// Where a shop grows, and with what.
#[derive(Debug)]
pub struct Garden<'a> {
    /// Where its data is put: the disk that is measured.
    pub folder: &'a Path,
    /// A PostgreSQL server on the same disk, when its books are there.
    pub server: Option<&'a str>,
    /// This program, which serves the shop with the bench's own routes beside it.
    pub simulator: PathBuf,
    /// The shop's program.
    pub ardoise: PathBuf,
}

/// A shop of one size.
#[derive(Debug, Clone)]
pub struct Size {
    /// Lines in the books before it was measured.
    pub lines: usize,
    /// Tabs that they are on.
    pub tabs: usize,
    /// Lines a second that were put in without HTTP.
    pub filled_per_second: f64,
    /// What was measured.
    pub measured: Measured,
}

/// What is measured of a shop of one size.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Bytes of the books on the disk for each line.
    pub disk_bytes_per_line: f64,
    /// How long `check-books` took.
    pub checked_in: Duration,
    /// From starting the program to its first answer, in milliseconds.
    pub started_in_ms: Spread,
    /// Resident memory once it answers, in bytes.
    pub idle_bytes: u64,
    /// Resident memory after everything was measured, in bytes.
    pub busy_bytes: u64,
    /// Purchases a second, each round.
    pub purchases: Spread,
    /// Purchases ÷ the same JSON to a route that writes it back, in each round.
    pub purchases_over_echo: Spread,
    /// Bought works read ÷ the same, in each round.
    pub content_over_echo: Spread,
}

impl Garden<'_> {
    /// Lets a shop grow to each of these numbers of lines and measures it there; `progress` hears of each step.
    ///
    /// # Errors
    /// [`Fault::Violation`] when a counted purchase did not survive; whatever else goes wrong with the shop.
    pub fn grow(
        &self,
        marks: &[usize],
        options: &Options,
        progress: &dyn Fn(&str),
    ) -> Result<Vec<Size>, Fault> {
        let mut chance = Chance::new(options.seed);
        let stand = Stand::new(self.folder)?;
        let place = Place::new(stand.data().to_owned(), self.server, &any_name(&mut chance))?;
        let seed = Seed { works: WORKS, authors: AUTHORS, tabs: 0, price_micros: PRICE_MICROS };
        let Seeded { mut slugs, .. } = product::fill(&place, &seed)?;
        let fresh = slugs.split_off(WORKS / 2);
        // A whole number of works of each author for every size.
        let works = fresh.len() / marks.len().max(1) / AUTHORS * AUTHORS;
        let mut grown = Seeded::default();
        let mut sizes = Vec::new();
        for (&lines, fresh) in marks.iter().zip(fresh.chunks_exact(works.max(1))) {
            grown.slugs = fresh.to_vec();
            progress(&format!("selling, up to {lines} lines"));
            let tabs = (lines / LINES_PER_TAB).saturating_sub(grown.tab_tokens.len());
            let began = Instant::now();
            grown.tab_tokens.extend(sell(&place, slugs.clone(), tabs)?);
            let filled_per_second = (tabs * LINES_PER_TAB) as f64 / began.elapsed().as_secs_f64();
            progress(&format!("measuring at {lines} lines"));
            let measured = self.measure((&stand, &place), &grown, options, &mut chance)?;
            sizes.push(Size { lines, tabs: grown.tab_tokens.len(), filled_per_second, measured });
        }
        Ok(sizes)
    }

    fn measure(
        &self,
        (stand, place): (&Stand, &Place),
        grown: &Seeded,
        options: &Options,
        chance: &mut Chance,
    ) -> Result<Measured, Fault> {
        let disk_bytes_per_line = disk_bytes_per_line(place)?;
        let programs = [self.simulator.clone(), self.ardoise.clone()];
        let mut shop = stand.shop(programs, place, chance)?;
        let began = Instant::now();
        shop.check_books()?;
        let checked_in = began.elapsed();
        let starts = (0..STARTS).map(|_| cold_start(&mut shop)).collect::<Result<Vec<_>, _>>()?;
        let seller = Seller {
            subject: self.server.map_or(Subject::Sqlite, |_| Subject::Postgres),
            shop: Box::new(shop),
            seeded: grown.clone(),
            count: Box::new(|lines| product::count(place, lines)),
            cold_start: None,
        };
        let mut open = Open::start(seller, options, chance)?;
        let idle_bytes = open.memory_bytes()?;
        let (mut purchases, mut over_echo, mut content) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            let script = Echoes::new(wire::decimal(PRICE_MICROS)?, chance.branch());
            let echo = open.ask(options.readers, script)?.per_second;
            let bought = open.buy(Stock::Uniform, options.readers)?.per_second;
            purchases.push(bought);
            over_echo.push(bought / echo);
            content.push(open.show_bought(options.readers)?.per_second / echo);
        }
        let busy_bytes = open.memory_bytes()?;
        open.recount()?;
        Ok(Measured {
            disk_bytes_per_line,
            checked_in,
            started_in_ms: spread(starts.iter().map(|took| took.as_secs_f64() * 1e3))?,
            idle_bytes,
            busy_bytes,
            purchases: spread(purchases.into_iter())?,
            purchases_over_echo: spread(over_echo.into_iter())?,
            content_over_echo: spread(content.into_iter())?,
        })
    }
}

fn spread(figures: impl Iterator<Item = f64>) -> Result<Spread, Fault> {
    Spread::of(figures).ok_or_else(|| Fault::Run("a shop cannot be measured in no rounds".into()))
}

/// Opens so many tabs with lines on them, as the till does it; answers their cookies.
fn sell(place: &Place, slugs: Vec<String>, tabs: usize) -> Result<Vec<String>, Fault> {
    let unsold = |error| Fault::Shop(format!("selling without HTTP: {error}"));
    let sales = Sales::open((&place.store(), place.data()), slugs, PRICE_MICROS);
    sales.and_then(|mut sales| sales.sell(tabs, LINES_PER_TAB)).map_err(unsold)
}

/// Bytes of the books for each of their lines: the store's files in the data folder, or the database.
fn disk_bytes_per_line(place: &Place) -> Result<f64, Fault> {
    let unread = |error| Fault::Shop(format!("asking for the size of the books: {error}"));
    let opened = engine::open(&place.store(), place.data(), Clock::System.now());
    // The embedded store has one file only once nobody has it open.
    let (lines, database) = {
        let (_writer, readers) = opened.map_err(unread)?;
        let lines = readers.read(|db| db.number("select count(*) from line", &[]));
        let database = match place.store() {
            Address::Folder => None,
            Address::Server(_) => {
                let size = "select pg_database_size(current_database())";
                Some(readers.read(|db| db.number(size, &[])).map_err(unread)?)
            }
        };
        (lines.map_err(unread)?, database)
    };
    let bytes = match database {
        Some(bytes) => bytes.unsigned_abs(),
        None => {
            let file = fs::metadata(place.data().join(FILE_NAME));
            file.map_err(Fault::io("looking at the store's file"))?.len()
        }
    };
    Ok(bytes as f64 / lines.max(1) as f64)
}

/// The table: a column for each size, and how much more a purchase costs at the last than at the first.
pub fn table(sizes: &[Size]) -> String {
    let mut text = String::new();
    let mut row = |name: &str, cell: &dyn Fn(&Size) -> String| {
        let cells: String = sizes.iter().map(|size| format!("{:>26}", cell(size))).collect();
        text.push_str(&format!("{name:<38}{cells}\n"));
    };
    row("lines", &|size| size.lines.to_string());
    row("tabs", &|size| size.tabs.to_string());
    row("lines a second, without HTTP", &|size| format!("{:.0}", size.filled_per_second));
    row("bytes on disk for each line", &|size| format!("{:.0}", size.measured.disk_bytes_per_line));
    row("check-books, s", &|size| format!("{:.1}", size.measured.checked_in.as_secs_f64()));
    row("start to first answer, ms", &|size| size.measured.started_in_ms.shown(0));
    row("memory when idle, MB", &|size| megabytes(size.measured.idle_bytes));
    row("memory after serving, MB", &|size| megabytes(size.measured.busy_bytes));
    row("purchases a second", &|size| size.measured.purchases.shown(0));
    row("purchases ÷ JSON echo", &|size| size.measured.purchases_over_echo.shown(3));
    row("bought works read ÷ JSON echo", &|size| size.measured.content_over_echo.shown(3));
    if let [first, .., last] = sizes {
        let costs =
            |of: fn(&Measured) -> Spread| of(&first.measured).median / of(&last.measured).median;
        text.push_str(&format!(
            "\nFrom {} to {} lines a purchase came to cost {:.2} times as much, and reading a bought work {:.2} times.\n",
            first.lines,
            last.lines,
            costs(|measured| measured.purchases_over_echo),
            costs(|measured| measured.content_over_echo),
        ));
    }
    text
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(lines: usize, purchases_over_echo: f64) -> Size {
        let spread = |median| Spread { median, least: median, most: median };
        let measured = Measured {
            disk_bytes_per_line: 600.0,
            checked_in: Duration::from_secs(3),
            started_in_ms: spread(20.0),
            idle_bytes: 17_000_000,
            busy_bytes: 42_000_000,
            purchases: spread(9_000.0),
            purchases_over_echo: spread(purchases_over_echo),
            content_over_echo: spread(0.5),
        };
        Size { lines, tabs: lines / LINES_PER_TAB, filled_per_second: 40_000.0, measured }
    }

    #[test]
    fn what_a_purchase_came_to_cost_is_the_first_ratio_over_the_last() {
        let table = table(&[size(1_000, 0.24), size(10_000, 0.22), size(100_000, 0.20)]);
        assert!(
            table.contains("From 1000 to 100000 lines a purchase came to cost 1.20 times"),
            "{table}"
        );
        let disk = table.lines().find(|line| line.starts_with("bytes on disk")).unwrap_or_default();
        assert_eq!(disk.split_whitespace().filter(|&cell| cell == "600").count(), 3, "{table}");
    }
}
