//! What is measured: who does what, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::histogram::Histogram;
use crate::load::Answers;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The disk and the framework, without a shop.
    Machine,
    /// The shop, its books in files.
    Sqlite,
    /// The shop, its books on PostgreSQL.
    Postgres,
    /// PostgreSQL's own load generator.
    Pgbench,
    /// What one would write first ([`crate::peer`]).
    Peer,
}

impl Subject {
    /// Whether it is the shop that this project is about.
    pub const fn is_shop(self) -> bool {
        matches!(self, Self::Sqlite | Self::Postgres)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "machine",
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Pgbench => "pgbench",
            Self::Peer => "peer",
        })
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `write 4 KiB + fdatasync`, one after the other.
    Flush,
    /// The same, for whoever comes at any moment: what is left of the flush that is under way.
    Met,
    /// Records appended to a log, a few for each flush.
    Log,
    /// A route that says hello.
    Hello,
    /// The same JSON as a purchase to a route that writes it back.
    Echo,
    /// Purchases of anybody's works, by so many at the same time.
    Uniform(usize),
    /// Purchases of one author's works, by so many at the same time.
    Hot(usize),
    /// Purchases that fall due at half of the rate that it has just reached with many readers, answered or not.
    Half,
    /// Purchases that fall due at twice the best rate that it has just reached ([`maximum`]).
    Overload,
    /// Purchases that were made, asked for again under the same ids.
    Again,
    /// The page of a work.
    Page,
    /// What was bought, to whoever bought it.
    Content,
    /// From starting the program on nothing to its first answer.
    ColdStart,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flush => f.write_str("4 KiB flushes"),
            Self::Met => f.write_str("a flush met by chance"),
            Self::Log => f.write_str("log records"),
            Self::Hello => f.write_str("hello"),
            Self::Echo => f.write_str("JSON echo"),
            Self::Uniform(readers) => write!(f, "uniform, {readers} at once"),
            Self::Hot(readers) => write!(f, "hot author, {readers} at once"),
            Self::Half => f.write_str("at half that rate"),
            Self::Overload => f.write_str("at twice its maximum"),
            Self::Again => f.write_str("the same ids again"),
            Self::Page => f.write_str("a work's page"),
            Self::Content => f.write_str("a bought work"),
            Self::ColdStart => f.write_str("cold start"),
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(pub Subject, pub Phase);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0, self.1)
    }
}

/// Every row of one round.
pub type Round = BTreeMap<Row, Measured>;

/// The best rate of purchases of `subject` in this round, whatever the number of readers: more of them share a commit.
pub fn maximum(round: &Round, subject: Subject) -> Option<f64> {
    let uniform = |row: &Row| row.0 == subject && matches!(row.1, Phase::Uniform(_));
    let rates = round.iter().filter(|(row, _)| uniform(row)).map(|(_, one)| one.per_second);
    rates.max_by(f64::total_cmp)
}

/// What one phase of one round gave.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measured {
    /// Right answers, flushes or starts a second; those in time where there are too many.
    pub per_second: f64,
    /// How long they took, where that is known.
    pub latency: Option<Latency>,
    /// What the shop counted meanwhile, where it counts.
    pub counted: Option<Counted>,
    /// How many came and how they fared, where more come than can be served.
    pub crowd: Option<Crowd>,
}

/// How long answers took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// Half took at most this long.
    pub p50: Duration,
    /// 99 % took at most this long.
    pub p99: Duration,
    /// 99.9 % took at most this long.
    pub p999: Duration,
    /// None took longer.
    pub longest: Duration,
}

/// The shop's own counters, over one phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// Lines written.
    pub purchases: f64,
    /// Commits of batches.
    pub commits: f64,
}

impl Counted {
    /// Purchases that shared one commit, on average; nothing where there was no commit.
    pub fn per_commit(&self) -> Option<f64> {
        (self.commits > 0.0).then(|| self.purchases / self.commits)
    }
}

/// What became of more people than can be served.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Crowd {
    /// How many asked.
    pub asked: u64,
    /// How many were turned away with a time to ask again.
    pub turned_away: u64,
    /// The share that was answered in time, either way.
    pub in_time: f64,
}

impl Latency {
    /// Of what was recorded.
    pub fn of(recorded: &Histogram) -> Self {
        let [p50, p99, p999] = [500, 990, 999].map(|per_mille| recorded.within(per_mille));
        Self { p50, p99, p999, longest: recorded.longest() }
    }
}

impl Measured {
    /// Of a load whose every answer was right.
    pub fn of(answers: &Answers) -> Self {
        let latency = Some(Latency::of(&answers.latency));
        Self { per_second: answers.per_second(), latency, ..Self::default() }
    }

    /// Of what was done once and took so long.
    pub fn once(took: Duration) -> Self {
        let latency = Some(Latency { p50: took, p99: took, p999: took, longest: took });
        Self { per_second: 1.0 / took.as_secs_f64(), latency, ..Self::default() }
    }

    /// Of a load that was too much: only answers within `deadline` of their due time count.
    pub fn of_crowd(answers: &Answers, deadline: Duration) -> Self {
        let served = answers.latency.recorded_within(deadline) as f64;
        let in_time = served + answers.turned_away.recorded_within(deadline) as f64;
        let asked = answers.all();
        let crowd = Crowd {
            asked,
            turned_away: answers.turned_away.recorded(),
            in_time: in_time / (asked as f64).max(1.0),
        };
        let seconds = answers.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        let (per_second, crowd) = (served / seconds, Some(crowd));
        Self { per_second, crowd, latency: Some(Latency::of(&answers.latency)), counted: None }
    }

    /// With what the shop counted meanwhile.
    #[must_use]
    pub fn counting(self, counted: Option<Counted>) -> Self {
        Self { counted, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_crowd_only_answers_in_time_count() {
        let mut answers = Answers { elapsed: Duration::from_secs(2), ..Answers::default() };
        answers.statuses.extend([(200, 6), (503, 4)]);
        let [early, late] = [100, 3_000].map(Duration::from_millis);
        (0..6).for_each(|place| answers.latency.record(if place < 4 { early } else { late }));
        (0..4).for_each(|place| answers.turned_away.record(if place < 3 { early } else { late }));
        let measured = Measured::of_crowd(&answers, Duration::from_secs(1));
        assert_eq!(measured.crowd, Some(Crowd { asked: 10, turned_away: 4, in_time: 0.7 }));
        assert!((measured.per_second - 2.0).abs() < 1e-9, "{measured:?}");
    }

    #[test]
    fn the_best_rate_is_of_whatever_number_of_readers() {
        let measured = |per_second| Measured { per_second, ..Measured::default() };
        let round = Round::from([
            (Row(Subject::Sqlite, Phase::Uniform(1)), measured(1.0)),
            (Row(Subject::Sqlite, Phase::Uniform(64)), measured(5.0)),
            (Row(Subject::Sqlite, Phase::Uniform(256)), measured(3.0)),
            (Row(Subject::Sqlite, Phase::Hot(64)), measured(9.0)),
            (Row(Subject::Postgres, Phase::Uniform(64)), measured(7.0)),
        ]);
        assert_eq!(maximum(&round, Subject::Sqlite), Some(5.0));
        assert_eq!(maximum(&round, Subject::Peer), None);
    }
}
