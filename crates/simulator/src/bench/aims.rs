//! The ratios that this project promises, each taken inside one round, so that a busy neighbour slows both sides.

use super::rows::{Measured, Phase, Round, Row, Subject, maximum};
use super::{Options, pgbench};

/// The middle of the rounds, with the least and the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The median; of an even number of rounds the upper of the two in the middle.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// Of at least one figure.
    pub fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        let median = *figures.get(figures.len() / 2)?;
        Some(Self { median, least: *figures.first()?, most: *figures.last()? })
    }

    /// `median [least–most]`, with so many digits behind the point.
    pub fn shown(self, digits: usize) -> String {
        let Self { median, least, most } = self;
        format!("{median:.digits$} [{least:.digits$}–{most:.digits$}]")
    }
}

/// Whether a ratio should be large or small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// At least the figure.
    Most,
    /// At most the figure.
    Least,
}

impl Wanted {
    fn is_met(self, figure: f64, aim: f64) -> bool {
        match self {
            Self::Most => figure >= aim,
            Self::Least => figure <= aim,
        }
    }
}

/// What is taken of a row.
#[derive(Debug, Clone, Copy)]
enum Take {
    Rate(Row),
    /// The best rate of all numbers of readers.
    Maximum(Subject),
    P50(Row),
    P99(Row),
    PerCommit(Row),
    Commits(Row),
    InTime(Row),
}

impl Take {
    fn of(self, round: &Round) -> Option<f64> {
        let of = |row| -> Option<&Measured> { round.get(&row) };
        match self {
            Self::Rate(row) => Some(of(row)?.per_second),
            Self::Maximum(subject) => maximum(round, subject),
            Self::P50(row) => Some(of(row)?.latency?.p50.as_secs_f64()),
            Self::P99(row) => Some(of(row)?.latency?.p99.as_secs_f64()),
            Self::PerCommit(row) => of(row)?.counted?.per_commit(),
            Self::Commits(row) => Some(of(row)?.counted?.commits),
            Self::InTime(row) => Some(of(row)?.crowd?.in_time * 100.0),
        }
    }
}

/// A figure of every round: what is taken of a row, alone or divided by what is taken of another.
#[derive(Debug, Clone, Copy)]
struct Figure {
    above: Take,
    below: Option<Take>,
}

impl Take {
    const fn alone(self) -> Figure {
        Figure { above: self, below: None }
    }

    const fn over(self, below: Self) -> Figure {
        Figure { above: self, below: Some(below) }
    }
}

impl Figure {
    fn at_least(self, goal: &'static str, name: impl Into<String>, aims: [f64; 2]) -> Aim {
        let (name, wanted, [floor, target]) = (name.into(), Wanted::Most, aims);
        Aim { goal, name, wanted, floor, target, figure: self }
    }

    fn at_most(self, goal: &'static str, name: impl Into<String>, aims: [f64; 2]) -> Aim {
        Aim { wanted: Wanted::Least, ..self.at_least(goal, name, aims) }
    }

    fn of(self, round: &Round) -> Option<f64> {
        let below = self.below.map_or(Some(1.0), |below| below.of(round))?;
        Some(self.above.of(round)? / below)
    }
}

/// What is promised of a figure.
#[derive(Debug, Clone)]
struct Aim {
    goal: &'static str,
    name: String,
    wanted: Wanted,
    floor: f64,
    target: f64,
    figure: Figure,
}

/// What came of an aim.
#[derive(Debug, Clone)]
pub struct Ratio {
    /// The goal's number, `G1`.
    pub goal: &'static str,
    /// What is divided by what.
    pub name: String,
    /// Over the rounds.
    pub spread: Spread,
    /// Whether it should be large or small.
    pub wanted: Wanted,
    /// Short of this, the promise is broken.
    pub floor: f64,
    /// What is worked for.
    pub target: f64,
}

impl Ratio {
    /// Whether the median keeps the promise.
    pub fn is_met(&self) -> bool {
        self.wanted.is_met(self.spread.median, self.floor)
    }

    /// Whether the median is where it should be.
    pub fn is_on_target(&self) -> bool {
        self.wanted.is_met(self.spread.median, self.target)
    }
}

/// The ratios that carry an aim, of those whose both sides were measured.
pub fn ratios(rounds: &[Round], options: &Options) -> Vec<Ratio> {
    let readers = options.readers;
    let either = [Subject::Sqlite, Subject::Postgres];
    let own = aims_of_embedded(readers).into_iter().chain(aims_on_server(readers));
    let aims = own.chain(either.into_iter().flat_map(|shop| aims_of_either(shop, readers)));
    aims.filter_map(|aim| aim.over(rounds)).collect()
}

impl Aim {
    fn over(self, rounds: &[Round]) -> Option<Ratio> {
        let Self { goal, name, wanted, floor, target, figure } = self;
        let spread = Spread::of(rounds.iter().filter_map(|round| figure.of(round)))?;
        Some(Ratio { goal, name, spread, wanted, floor, target })
    }
}

const FLUSH: Row = Row(Subject::Machine, Phase::Flush);
const HELLO: Row = Row(Subject::Machine, Phase::Hello);
const ECHO: Row = Row(Subject::Machine, Phase::Echo);
const RIVAL_UNIFORM: Row = Row(Subject::Pgbench, Phase::Uniform(pgbench::CLIENTS));
const RIVAL_HOT: Row = Row(Subject::Pgbench, Phase::Hot(pgbench::CLIENTS));

/// What is promised of the shop as it comes, with its books in files.
fn aims_of_embedded(readers: usize) -> Vec<Aim> {
    use Take::{P50, P99, PerCommit, Rate};
    let row = |phase| Row(Subject::Sqlite, phase);
    let (uniform, hot) = (row(Phase::Uniform(readers)), row(Phase::Hot(readers)));
    let (alone, half) = (row(Phase::Uniform(1)), row(Phase::Half));
    let (peer, flush) = (Row(Subject::Peer, Phase::Half), P50(FLUSH));
    let server = Row(Subject::Postgres, Phase::Uniform(readers));
    let rate = |above, below| Rate(above).over(Rate(below));
    vec![
        rate(uniform, RIVAL_UNIFORM).at_least("G1", "uniform ÷ pgbench uniform", [2.5, 4.0]),
        rate(hot, RIVAL_HOT).at_least("G2", "hot ÷ pgbench hot", [6.0, 9.0]),
        rate(uniform, ECHO).at_least("G4", "uniform ÷ JSON echo", [0.25, 0.40]),
        rate(uniform, FLUSH).at_least("G5", "uniform ÷ flushes", [3.0, 5.0]),
        PerCommit(uniform).alone().at_least("G5", "purchases for each commit", [12.0, 24.0]),
        P50(alone).over(flush).at_most("G6", "p50 alone ÷ p50 of a flush", [5.0, 3.0]),
        P99(half).over(P99(peer)).at_most("G7", "p99 at half ÷ the peer's at its half", [1.0, 0.6]),
        P50(half).over(flush).at_most("G7", "p50 at half ÷ p50 of a flush", [12.0, 8.0]),
        rate(uniform, server).at_least("G9", "SQLite ÷ PostgreSQL, uniform", [1.5, 2.5]),
    ]
}

/// What is promised of the shop with its books on PostgreSQL.
fn aims_on_server(readers: usize) -> Vec<Aim> {
    let rate = |phase, below| Take::Rate(Row(Subject::Postgres, phase)).over(Take::Rate(below));
    let (uniform, hot) = (Phase::Uniform(readers), Phase::Hot(readers));
    let names = ["PostgreSQL uniform ÷ pgbench uniform", "PostgreSQL hot ÷ pgbench hot"];
    vec![
        rate(uniform, RIVAL_UNIFORM).at_least("G8", names[0], [1.0, 1.5]),
        rate(hot, RIVAL_HOT).at_least("G8", names[1], [2.5, 3.5]),
    ]
}

/// What is promised of the shop wherever its books are.
fn aims_of_either(shop: Subject, readers: usize) -> Vec<Aim> {
    use Take::{Commits, InTime, Maximum, Rate};
    let name = |what: &str| format!("{shop}: {what}");
    let rate = |phase| Rate(Row(shop, phase));
    let (uniform, hello) = (rate(Phase::Uniform(readers)), Rate(HELLO));
    let hot = rate(Phase::Hot(readers)).over(uniform);
    let (page, bought) = (rate(Phase::Page).over(hello), rate(Phase::Content).over(hello));
    let overrun = rate(Phase::Overload).over(Maximum(shop));
    let in_time = InTime(Row(shop, Phase::Overload)).alone();
    let again = rate(Phase::Again).over(uniform);
    let commits = Commits(Row(shop, Phase::Again)).alone();
    vec![
        hot.at_least("G3", name("hot ÷ uniform"), [0.85, 0.95]),
        page.at_least("G16", name("a work's page ÷ hello"), [0.5, 0.7]),
        bought.at_least("G16", name("a bought work ÷ hello"), [0.5, 0.7]),
        overrun.at_least("G17", name("in time at twice ÷ maximum"), [0.8, 0.95]),
        in_time.at_least("G17", name("answered in time at twice, %"), [99.0, 99.9]),
        again.at_least("G18", name("the same ids again ÷ uniform"), [1.0, 1.3]),
        commits.at_most("G18", name("commits of the same ids again"), [0.0, 0.0]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rows::{Counted, Crowd, Latency};
    use std::time::Duration;

    fn measured(per_second: f64, micros: u64) -> Measured {
        let p50 = Duration::from_micros(micros);
        let latency = Some(Latency { p50, p99: p50 * 4, p999: p50 * 5, longest: p50 * 6 });
        Measured { per_second, latency, ..Measured::default() }
    }

    /// A round in which every floor is just reached.
    fn round() -> Round {
        let (own, server) = (Subject::Sqlite, Subject::Postgres);
        let mut round = Round::from([
            (Row(Subject::Machine, Phase::Flush), measured(3_000.0, 100)),
            (Row(Subject::Machine, Phase::Hello), measured(80_000.0, 400)),
            (Row(Subject::Machine, Phase::Echo), measured(40_000.0, 400)),
            (Row(Subject::Pgbench, Phase::Uniform(8)), measured(4_000.0, 400)),
            (Row(Subject::Pgbench, Phase::Hot(8)), measured(1_500.0, 400)),
            (Row(Subject::Peer, Phase::Half), measured(1_000.0, 1_200)),
            (Row(own, Phase::Uniform(1)), measured(1_000.0, 500)),
            (Row(own, Phase::Half), measured(5_000.0, 1_200)),
        ]);
        for (shop, uniform, hot) in [(own, 10_000.0, 9_000.0), (server, 4_000.0, 3_750.0)] {
            let counted = |commits| Some(Counted { purchases: 120.0, commits });
            let crowd = Some(Crowd { asked: 100, turned_away: 50, in_time: 0.99 });
            round.extend([
                (Row(shop, Phase::Uniform(64)), measured(uniform, 900).counting(counted(10.0))),
                (Row(shop, Phase::Hot(64)), measured(hot, 900)),
                (Row(shop, Phase::Again), measured(uniform, 900).counting(counted(0.0))),
                (Row(shop, Phase::Page), measured(40_000.0, 900)),
                (Row(shop, Phase::Content), measured(40_000.0, 900)),
                (Row(shop, Phase::Overload), Measured { crowd, ..measured(0.8 * uniform, 900) }),
            ]);
        }
        round
    }

    fn missed(rounds: &[Round]) -> Vec<String> {
        let missed = ratios(rounds, &Options::default()).into_iter().filter(|one| !one.is_met());
        missed.map(|ratio| format!("{} {}", ratio.goal, ratio.name)).collect()
    }

    fn missed_with(row: Row, of: fn(&mut Measured)) -> Vec<String> {
        let mut round = round();
        of(round.get_mut(&row).expect("it is measured"));
        missed(&[round])
    }

    #[test]
    fn every_aim_is_shown_and_met_at_its_floor() {
        assert_eq!(ratios(&[round()], &Options::default()).len(), 25);
        assert_eq!(missed(&[round()]), [""; 0]);
    }

    #[test]
    fn each_aim_can_be_missed() {
        let (own, server) = (Subject::Sqlite, Subject::Postgres);
        let slower: fn(&mut Measured) = |one| one.per_second *= 0.99;
        let faster: fn(&mut Measured) = |one| one.per_second *= 1.01;
        let later: fn(&mut Measured) = |one| {
            let latency = one.latency.as_mut().expect("it is known");
            (latency.p50, latency.p99) = (latency.p50 * 2, latency.p99 * 2);
        };
        for (row, of, expected) in [
            (Row(Subject::Pgbench, Phase::Uniform(8)), faster, "G1 uniform ÷ pgbench uniform"),
            (Row(own, Phase::Hot(64)), slower, "G2 hot ÷ pgbench hot"),
            (Row(Subject::Machine, Phase::Echo), faster, "G4 uniform ÷ JSON echo"),
            (
                Row(Subject::Machine, Phase::Flush),
                |one| one.per_second *= 1.2,
                "G5 uniform ÷ flushes",
            ),
            (
                Row(own, Phase::Uniform(64)),
                |one| one.counted = Some(Counted { purchases: 11.0, commits: 1.0 }),
                "G5 purchases for each commit",
            ),
            (Row(own, Phase::Uniform(1)), later, "G6 p50 alone ÷ p50 of a flush"),
            (Row(own, Phase::Half), later, "G7 p99 at half ÷ the peer's at its half"),
            (Row(own, Phase::Half), later, "G7 p50 at half ÷ p50 of a flush"),
            (Row(server, Phase::Uniform(64)), slower, "G8 PostgreSQL uniform ÷ pgbench uniform"),
            (Row(server, Phase::Hot(64)), slower, "G8 PostgreSQL hot ÷ pgbench hot"),
            (
                Row(server, Phase::Uniform(64)),
                |one| one.per_second = 6_700.0,
                "G9 SQLite ÷ PostgreSQL, uniform",
            ),
            (Row(own, Phase::Hot(64)), |one| one.per_second = 8_400.0, "G3 SQLite: hot ÷ uniform"),
            (Row(server, Phase::Page), slower, "G16 PostgreSQL: a work's page ÷ hello"),
            (Row(own, Phase::Content), slower, "G16 SQLite: a bought work ÷ hello"),
            (Row(own, Phase::Overload), slower, "G17 SQLite: in time at twice ÷ maximum"),
            (
                Row(own, Phase::Uniform(1)),
                |one| one.per_second = 10_100.0,
                "G17 SQLite: in time at twice ÷ maximum",
            ),
            (
                Row(own, Phase::Overload),
                |one| one.crowd.as_mut().expect("a crowd").in_time = 0.98,
                "G17 SQLite: answered in time at twice, %",
            ),
            (Row(server, Phase::Again), slower, "G18 PostgreSQL: the same ids again ÷ uniform"),
            (
                Row(own, Phase::Again),
                |one| one.counted.as_mut().expect("counted").commits = 1.0,
                "G18 SQLite: commits of the same ids again",
            ),
        ] {
            let missed = missed_with(row, of);
            assert!(missed.iter().any(|name| name == expected), "{expected} in {missed:?}");
        }
    }

    #[test]
    fn one_bad_round_does_not_decide() {
        let bad = round().into_keys().map(|row| (row, measured(1.0, 1))).collect();
        let rounds = [round(), bad, round()];
        assert_eq!(missed(&rounds), [""; 0]);
        let spread = ratios(&rounds, &Options::default())[0].spread;
        assert_eq!((spread.least, spread.median, spread.most), (1.0, 2.5, 2.5));
    }

    #[test]
    fn without_rivals_their_ratios_are_left_out() {
        let alone = |row: &Row| matches!(row.0, Subject::Machine | Subject::Sqlite);
        let round = round().into_iter().filter(|(row, _)| alone(row)).collect();
        assert_eq!(ratios(&[round], &Options::default()).len(), 12);
    }
}
