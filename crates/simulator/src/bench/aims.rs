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

/// What is promised of one figure in every round.
#[derive(Debug, Clone)]
struct Aim {
    goal: &'static str,
    name: String,
    wanted: Wanted,
    floor: f64,
    target: f64,
    above: Take,
    /// What it is divided by; nothing where the figure is promised as it is.
    below: Option<Take>,
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
    aims(options).into_iter().filter_map(|aim| aim.over(rounds)).collect()
}

impl Aim {
    fn over(self, rounds: &[Round]) -> Option<Ratio> {
        let figures = rounds.iter().filter_map(|round| {
            let below = self.below.map_or(Some(1.0), |below| below.of(round))?;
            Some(self.above.of(round)? / below)
        });
        let spread = Spread::of(figures)?;
        let Self { goal, name, wanted, floor, target, .. } = self;
        Some(Ratio { goal, name, spread, wanted, floor, target })
    }
}

fn aims(options: &Options) -> Vec<Aim> {
    let most = |goal, name: &str, [floor, target]: [f64; 2], above, below| {
        let (name, wanted) = (name.to_owned(), Wanted::Most);
        Aim { goal, name, wanted, floor, target, above, below }
    };
    let least = |goal, name: &str, aims, above, below| Aim {
        wanted: Wanted::Least,
        ..most(goal, name, aims, above, below)
    };
    let uniform = |subject| Row(subject, Phase::Uniform(options.readers));
    let hot = |subject| Row(subject, Phase::Hot(options.readers));
    let rival = |phase: fn(usize) -> Phase| Row(Subject::Pgbench, phase(pgbench::CLIENTS));
    let (rival_uniform, rival_hot) = (rival(Phase::Uniform), rival(Phase::Hot));
    let flush = Row(Subject::Machine, Phase::Flush);
    let echo = Row(Subject::Machine, Phase::Echo);
    let half = |subject| Row(subject, Phase::Half);
    let (own, server) = (Subject::Sqlite, Subject::Postgres);
    let over = |one, other| (Take::Rate(one), Some(Take::Rate(other)));
    let rates = |goal, name: &str, aims, one, other| {
        let (above, below) = over(one, other);
        most(goal, name, aims, above, below)
    };
    let alone = Take::P50(Row(own, Phase::Uniform(1)));
    let mut aims = vec![
        rates("G1", "uniform ÷ pgbench uniform", [2.5, 4.0], uniform(own), rival_uniform),
        rates("G2", "hot ÷ pgbench hot", [6.0, 9.0], hot(own), rival_hot),
        rates("G4", "uniform ÷ JSON echo", [0.25, 0.40], uniform(own), echo),
        rates("G5", "uniform ÷ flushes", [3.0, 5.0], uniform(own), flush),
        most("G5", "purchases for each commit", [12.0, 24.0], Take::PerCommit(uniform(own)), None),
        least("G6", "p50 alone ÷ p50 of a flush", [5.0, 3.0], alone, Some(Take::P50(flush))),
        least(
            "G7",
            "p99 at half ÷ the peer's at half of its own",
            [1.0, 0.6],
            Take::P99(half(own)),
            Some(Take::P99(half(Subject::Peer))),
        ),
        least(
            "G7",
            "p50 at half ÷ p50 of a flush",
            [12.0, 8.0],
            Take::P50(half(own)),
            Some(Take::P50(flush)),
        ),
        rates(
            "G8",
            "PostgreSQL uniform ÷ pgbench uniform",
            [1.0, 1.5],
            uniform(server),
            rival_uniform,
        ),
        rates("G8", "PostgreSQL hot ÷ pgbench hot", [2.5, 3.5], hot(server), rival_hot),
        rates("G9", "SQLite ÷ PostgreSQL, uniform", [1.5, 2.5], uniform(own), uniform(server)),
    ];
    aims.extend([own, server].into_iter().flat_map(|shop| aims_of_either(shop, options.readers)));
    aims
}

/// What is promised of the shop wherever its books are.
fn aims_of_either(shop: Subject, readers: usize) -> Vec<Aim> {
    let aim = |goal, what: &str, [floor, target]: [f64; 2], above, below| {
        let name = format!("{shop}: {what}");
        Aim { goal, name, wanted: Wanted::Most, floor, target, above, below }
    };
    let rate = |phase| Take::Rate(Row(shop, phase));
    let uniform = Some(rate(Phase::Uniform(readers)));
    let hello = Some(Take::Rate(Row(Subject::Machine, Phase::Hello)));
    let best = Some(Take::Maximum(shop));
    let crowd = Take::InTime(Row(shop, Phase::Overload));
    let commits = Take::Commits(Row(shop, Phase::Again));
    let again = aim("G18", "commits of the same ids again", [0.0, 0.0], commits, None);
    vec![
        aim("G3", "hot ÷ uniform", [0.85, 0.95], rate(Phase::Hot(readers)), uniform),
        aim("G16", "a work's page ÷ hello", [0.5, 0.7], rate(Phase::Page), hello),
        aim("G16", "a bought work ÷ hello", [0.5, 0.7], rate(Phase::Content), hello),
        aim("G17", "in time at twice ÷ maximum", [0.8, 0.95], rate(Phase::Overload), best),
        aim("G17", "answered in time at twice, %", [99.0, 99.9], crowd, None),
        aim("G18", "the same ids again ÷ uniform", [1.0, 1.3], rate(Phase::Again), uniform),
        Aim { wanted: Wanted::Least, ..again },
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
            (Row(own, Phase::Half), later, "G7 p99 at half ÷ the peer's at half of its own"),
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
