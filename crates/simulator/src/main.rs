//! `simulator`: put the shop through everything (`explore`, `mutations`), measure it (`bench`) or kill it (`crash`).

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use simulator::bench::course::Course;
use simulator::bench::rows::{Phase, Row, Subject};
use simulator::bench::{aims, report};
use simulator::chance::{Chance, fresh_seed};
use simulator::explore::mutations;
use simulator::explore::stand::Stores;
use simulator::fault::Fault;
use simulator::place::{self, Place};
use simulator::process::ShopProcess;
use simulator::shop::{Seed, Shop};
use simulator::stand::Stand;
use simulator::struck::{Outages, Struck};
use simulator::{bench, crash, explore, growth, peer, product};

/// So many kills under load go with one of a shop that starts for the first time.
const KILLS_FOR_EACH_FIRST_START: u32 = 5;

/// Readers against an Ardoise shop: whether its books are right whatever happens, how fast it sells, and whether it forgets
/// anything when it is killed.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure purchases beside the disk's and the framework's own ceilings, and beside what else one could take.
    Bench(BenchArguments),
    /// Let a shop's books grow and see what changes: purchases, memory, disk, starts.
    Grow(GrowArguments),
    /// Kill the shop at random moments and check that every acknowledged purchase is there, once.
    Crash(CrashArguments),
    /// Put the shop's own code below HTTP through random histories, beside a second ledger that knows every answer.
    Explore(ExploreArguments),
    /// Plant mistakes around the shop, one at a time, and see that each is found.
    Mutations(PlaceArguments),
    /// Serve a shop with the bench's own routes beside it (the bench starts this itself).
    #[command(hide = true)]
    Serve(ServeArguments),
    /// Serve what one would write instead of a shop (the bench starts this itself); it keeps nothing in the folder.
    #[command(hide = true)]
    Peer(ServeArguments),
}

#[derive(Debug, Args)]
struct ServeArguments {
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long, env = "ARDOISE_STORE", default_value = "", hide_env_values = true)]
    store: String,
}

#[derive(Debug, Args)]
struct BenchArguments {
    /// Readers at the same time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    readers: u16,
    /// More phases of purchases, with other numbers of readers at the same time.
    #[arg(long, value_delimiter = ',', default_value = "1,8,256", value_parser = clap::value_parser!(u16).range(1..))]
    also: Vec<u16>,
    /// Rounds; each has every phase.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How long each phase lasts, in seconds.
    #[arg(long, default_value_t = 2.0, value_parser = positive)]
    seconds: f64,
    /// Connections where more purchases fall due than can be served; the till keeps 1024 waiting.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u16).range(1..9_000))]
    crowd: u16,
    /// Writes every figure to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Fails when a ratio is below its floor.
    #[arg(long)]
    check: bool,
    /// What all chance follows from; printed when not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the shop's data is put for the run: the disk that is measured.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// A PostgreSQL server, `postgres://…/DATABASE`, on the same disk: measures the shop there, too, and its rivals.
    /// Databases are made for the run.
    #[arg(long)]
    store: Option<String>,
    /// The `pgbench` program, one of the rivals.
    #[arg(long, default_value = "pgbench")]
    pgbench: PathBuf,
    /// The `ardoise` program, for check-books and for starts; by default the one beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct GrowArguments {
    /// Lines in the books, each time the shop is measured.
    #[arg(long, value_delimiter = ',', default_value = "100000,1000000,10000000")]
    lines: Vec<usize>,
    /// Rounds at each size.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How long purchases are made in each round, in seconds.
    #[arg(long, default_value_t = 2.0, value_parser = positive)]
    seconds: f64,
    /// What all chance follows from.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the shop's data is put for the run: the disk that is measured.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
    /// A PostgreSQL server, `postgres://…/DATABASE`, on which a database is made for the run's books.
    #[arg(long)]
    store: Option<String>,
    /// The `ardoise` program, for check-books; by default the one beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct CrashArguments {
    /// Kills under load.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
    /// Readers at the same time.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    readers: u16,
    /// What all chance follows from; printed when not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the shop's data is put for the run.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// A PostgreSQL server, `postgres://…/DATABASE`, on which a database is made for the run's books.
    #[arg(long)]
    store: Option<String>,
    /// A shell command that prepares the empty store in `$DATABASE`, for instance by spreading it over several machines.
    #[arg(long, requires = "store")]
    prepare: Option<String>,
    /// A shell command that strikes the store's server: each kill falls on it instead of the shop.
    #[arg(long, requires = "store")]
    strike: Option<String>,
    /// The `ardoise` program; by default the one beside this program.
    #[arg(long)]
    server: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ExploreArguments {
    /// About so many commands in all, half of them in histories that are always the same.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    operations: u64,
    /// Only the history of this seed.
    #[arg(long, conflicts_with = "operations")]
    seed: Option<u64>,
    /// A PostgreSQL server (postgres://…) instead of the embedded store; each history makes a database of its own there.
    #[arg(long, conflicts_with = "folder")]
    store: Option<String>,
    /// A shell command that prepares the empty store in `$DATABASE`, for instance by spreading it over several machines.
    #[arg(long, requires = "store")]
    prepare: Option<String>,
    #[command(flatten)]
    place: PlaceArguments,
}

#[derive(Debug, Args)]
struct PlaceArguments {
    /// Where the stores are put for the run; by default in memory, where the system has files there.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Histories at the same time; by default one for each core.
    #[arg(long)]
    threads: Option<usize>,
}

impl PlaceArguments {
    fn folder(&self) -> Stores {
        let memory = PathBuf::from("/dev/shm");
        let usual = || if memory.is_dir() { memory } else { std::env::temp_dir() };
        Stores::Folder(self.folder.clone().unwrap_or_else(usual))
    }

    fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or_else(cores)
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Bench(arguments) => run_bench(&arguments),
        Command::Grow(arguments) => run_growth(&arguments),
        Command::Crash(arguments) => run_crash(&arguments),
        Command::Explore(arguments) => run_explore(&arguments),
        Command::Mutations(arguments) => run_mutations(&arguments),
        Command::Serve(ServeArguments { data, listen, store }) => {
            product::serve(&data, listen, &store).map(|()| true)
        }
        Command::Peer(ServeArguments { listen, store, .. }) => {
            peer::serve(listen, &store).map(|()| true)
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn run_bench(arguments: &BenchArguments) -> Result<bool, Fault> {
    let options = bench::Options {
        readers: usize::from(arguments.readers),
        also: arguments.also.iter().copied().map(usize::from).collect(),
        rounds: usize::from(arguments.rounds),
        length: Duration::from_secs_f64(arguments.seconds),
        crowd: usize::from(arguments.crowd),
        seed: arguments.seed.unwrap_or_else(fresh_seed),
    };
    let bar = progress_bar(options.rounds as u64);
    let begins = |row: Row| {
        let is_first = row == Row(Subject::Machine, Phase::Flush);
        bar.inc(u64::from(is_first && !bar.message().starts_with("filling")));
        bar.set_message(row.to_string());
    };
    bar.set_message("filling the shops");
    let course = Course {
        folder: &arguments.folder,
        server: arguments.store.as_deref(),
        pgbench: &arguments.pgbench,
        simulator: std::env::current_exe().map_err(Fault::io("finding this program"))?,
        ardoise: ardoise(arguments.server.as_deref())?,
    };
    let rounds = course.run(&options, &begins)?;
    bar.finish_and_clear();
    println!("{}", report::table(&rounds, &options));
    println!("Every acknowledged purchase survived a kill.");
    if let Some(path) = &arguments.json {
        let text = report::json(&rounds, &options).to_string();
        fs::write(path, text).map_err(Fault::io(format!("writing {}", path.display())))?;
    }
    Ok(!arguments.check || aims::ratios(&rounds, &options).iter().all(aims::Ratio::is_met))
}

fn run_growth(arguments: &GrowArguments) -> Result<bool, Fault> {
    let options = bench::Options {
        rounds: usize::from(arguments.rounds),
        length: Duration::from_secs_f64(arguments.seconds),
        seed: arguments.seed.unwrap_or_else(fresh_seed),
        ..bench::Options::default()
    };
    let garden = growth::Garden {
        folder: &arguments.folder,
        server: arguments.store.as_deref(),
        simulator: std::env::current_exe().map_err(Fault::io("finding this program"))?,
        ardoise: ardoise(arguments.server.as_deref())?,
    };
    let sizes = garden.grow(&arguments.lines, &options, &|step| eprintln!("{step}"))?;
    println!("{}", growth::table(&sizes));
    println!("Every acknowledged purchase survived a kill.");
    Ok(true)
}

fn run_crash(arguments: &CrashArguments) -> Result<bool, Fault> {
    let seed = arguments.seed.unwrap_or_else(fresh_seed);
    eprintln!("seed {seed}");
    let options = crash::Options {
        kills: arguments.kills,
        readers: usize::from(arguments.readers),
        seed,
        price_micros: 10_000,
        lines_per_tab: 40,
    };
    let stand = Stand::new(&arguments.folder)?;
    let mut chance = Chance::new(options.seed);
    let mut place = Place::new(
        stand.data().to_owned(),
        arguments.store.as_deref(),
        &place::any_name(&mut chance),
    )?;
    let outages = Outages::default();
    let crashed = crash_at((&stand, &place), arguments, &options, &outages, &mut chance);
    if !outages.borrow().is_empty() {
        println!("The store was gone for {:.1?}.", outages.borrow());
    }
    match crashed {
        Ok(tally) => {
            println!("seed {seed}: {tally}");
            Ok(true)
        }
        Err(fault) => {
            place.keep();
            let kept = stand.keep();
            eprintln!(
                "seed {seed}: {fault}\nThe shop's data and log are kept in {}",
                kept.display()
            );
            Ok(false)
        }
    }
}

fn run_explore(arguments: &ExploreArguments) -> Result<bool, Fault> {
    let stores = match &arguments.store {
        Some(url) => Stores::Server { url: url.clone(), prepare: arguments.prepare.clone() },
        None => arguments.place.folder(),
    };
    let seeds = match arguments.seed {
        Some(seed) => vec![seed],
        None => explore::seeds(arguments.operations, fresh_seed()),
    };
    let bar = progress_bar(seeds.len() as u64);
    let progress = |tally: &explore::Tally| {
        bar.set_position(tally.histories);
        bar.set_message(format!("{} operations", tally.operations));
    };
    let tally = explore::explore(&seeds, &stores, arguments.place.threads(), &progress);
    bar.finish_and_clear();
    println!("{}", tally?);
    Ok(true)
}

fn run_mutations(arguments: &PlaceArguments) -> Result<bool, Fault> {
    let (stores, threads) = (arguments.folder(), arguments.threads());
    // What is found where no mistake is planted says nothing about one that is.
    explore::explore(&mutations::SEEDS, &stores, threads, &|_| ())?;
    let bar = progress_bar(mutations::ALL.len() as u64);
    let verdicts = mutations::run(&stores, threads, &|| bar.inc(1))?;
    bar.finish_and_clear();
    println!("| mistake | found after so many operations | by this check |\n|---|---|---|");
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
    Ok(verdicts.iter().all(|verdict| verdict.finding.is_some()))
}

fn crash_at(
    (stand, place): (&Stand, &Place),
    arguments: &CrashArguments,
    options: &crash::Options,
    outages: &Outages,
    chance: &mut Chance,
) -> Result<simulator::reader::Tally, Fault> {
    let server = ardoise(arguments.server.as_deref())?;
    // A tab takes 40 lines and a kill comes after a few hundred, so this many are never used up. A strike takes a while.
    let tabs_for_each = if arguments.strike.is_some() { 5_000 } else { 30 };
    let tabs = 100 + options.readers + tabs_for_each * options.kills as usize;
    let seed = Seed { works: 200, authors: 5, tabs, price_micros: options.price_micros };
    if let Some(prepare) = &arguments.prepare {
        place.prepare(prepare)?;
    }
    let seeded = product::fill(place, &seed)?;
    let new_shop = |place: &Place, chance: &mut Chance| -> Result<ShopProcess, Fault> {
        let shop = stand.shop([server.clone(), server.clone()], place, chance)?;
        Ok(shop.with("ARDOISE_TAB_NEW_PER_HOUR", product::NEW_TABS_PER_HOUR))
    };
    let first_starts = options.kills / KILLS_FOR_EACH_FIRST_START;
    for number in 0..if arguments.strike.is_some() { 0 } else { first_starts } {
        let data = stand.folder().join(format!("first-{number}"));
        let empty = Place::new(data, arguments.store.as_deref(), &place::any_name(chance))?;
        crash::first_start(&mut new_shop(&empty, chance)?, chance)?;
    }
    let shop = new_shop(place, chance)?;
    let mut shop: Box<dyn Shop> = match &arguments.strike {
        Some(command) => Box::new(Struck::new(shop, command.clone(), outages.clone())),
        None => Box::new(shop),
    };
    let bar = progress_bar(u64::from(options.kills));
    let killed = |tally: &simulator::reader::Tally| {
        bar.set_position(u64::from(tally.kills));
        bar.set_message(format!("{} acknowledged", tally.acknowledged));
    };
    let survived = crash::run(&mut *shop, &seeded, options, &killed)?;
    bar.finish_and_clear();
    crash::recount(&survived.lines, &|lines| product::count(place, lines))?;
    Ok(survived.tally)
}

/// The shop's program: the one named, or the one built beside this one.
fn ardoise(named: Option<&Path>) -> Result<PathBuf, Fault> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let this = std::env::current_exe().map_err(Fault::io("finding this program"))?;
    let beside = this.with_file_name("ardoise");
    if beside.is_file() {
        return Ok(beside);
    }
    let what = "there is no `ardoise` beside this program; build it or name it with --server";
    Err(Fault::Run(what.into()))
}

fn progress_bar(length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    let positive = number.filter(|&number| number.is_finite() && number > 0.0);
    positive.ok_or_else(|| "a number above zero is needed, such as 2 or 0.5".to_owned())
}
