//! The bench's result for people (a table) and for programs (JSON), and whether it meets the aims.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Measured, Options, Round};

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
    /// Of at least one figure; of none, zeroes.
    pub fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        let at = |place: usize| figures.get(place).copied().unwrap_or(0.0);
        let last = figures.len().saturating_sub(1);
        Self { median: at(figures.len() / 2), least: at(0), most: at(last) }
    }
}

/// Whether a ratio should be large or small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

/// A ratio taken inside each round, so that a busy neighbour slows both sides.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    /// What is divided by what.
    pub name: &'static str,
    /// Over the rounds.
    pub spread: Spread,
    /// What this project promises for its first release.
    pub aim: Aim,
}

impl Ratio {
    /// Whether the median keeps the promise.
    pub fn is_met(&self) -> bool {
        match self.aim {
            Aim::AtLeast(least) => self.spread.median >= least,
            Aim::AtMost(most) => self.spread.median <= most && self.spread.median > 0.0,
        }
    }
}

/// The ratios that carry an aim.
pub fn ratios(rounds: &[Round]) -> [Ratio; 3] {
    let ratio = |name, aim, of: fn(&Round) -> f64| Ratio {
        name,
        spread: Spread::of(rounds.iter().map(of)),
        aim,
    };
    [
        ratio("uniform ÷ echo", Aim::AtLeast(0.25), |round| {
            round.uniform.per_second / round.echo.per_second
        }),
        ratio("hot author ÷ uniform", Aim::AtLeast(0.85), |round| {
            round.hot.per_second / round.uniform.per_second
        }),
        ratio("p50 at one reader ÷ p50 of a flush", Aim::AtMost(5.0), |round| {
            round.single.p50.as_secs_f64() / round.flush.p50.as_secs_f64()
        }),
    ]
}

type Phase = (&'static str, fn(&Round) -> Option<Measured>);

const PHASES: [Phase; 6] = [
    ("flush 4 KiB", |round| Some(round.flush)),
    ("JSON echo", |round| Some(round.echo)),
    ("purchases, uniform", |round| Some(round.uniform)),
    ("purchases, hot author", |round| Some(round.hot)),
    ("purchases, one reader", |round| Some(round.single)),
    ("purchases, paced", |round| round.paced),
];

/// The table. Each figure is the median over the rounds.
pub fn table(rounds: &[Round], options: &Options) -> String {
    let mut text = format!(
        "{} rounds of {:?} a phase, {} readers, seed {}; medians [least–most]\n\n\
         {:<24}{:>30}{:>10}{:>10}{:>10}{:>10}{:>12}\n",
        options.rounds,
        options.length,
        options.readers,
        options.seed,
        "",
        "per second",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
        "max µs",
        "per commit",
    );
    for (name, phase) in PHASES {
        let measured: Vec<Measured> = rounds.iter().filter_map(phase).collect();
        if !measured.is_empty() {
            text.push_str(&row(name, &measured));
        }
    }
    for (place, readers) in options.also.iter().enumerate() {
        let measured: Vec<Measured> =
            rounds.iter().filter_map(|round| round.also.get(place).copied()).collect();
        text.push_str(&row(&format!("purchases, {readers} readers"), &measured));
    }
    text.push('\n');
    for ratio in ratios(rounds) {
        text.push_str(&ratio_row(&ratio));
    }
    text
}

fn row(name: &str, measured: &[Measured]) -> String {
    let rate = Spread::of(measured.iter().map(|one| one.per_second));
    let rate = format!("{:.0} [{:.0}–{:.0}]", rate.median, rate.least, rate.most);
    let micros = |of: fn(&Measured) -> Duration| {
        Spread::of(measured.iter().map(|one| of(one).as_secs_f64() * 1e6)).median
    };
    let mut row = format!("{name:<24}{rate:>30}");
    let columns: [fn(&Measured) -> Duration; 4] =
        [|one| one.p50, |one| one.p99, |one| one.p999, |one| one.longest];
    for column in columns {
        let written = write!(row, "{:>10.0}", micros(column));
        written.expect("writing to a String cannot fail");
    }
    if measured.iter().any(|one| one.per_commit.is_some()) {
        let per_commit = Spread::of(measured.iter().filter_map(|one| one.per_commit)).median;
        row.push_str(&format!("{per_commit:>12.1}"));
    }
    row.push('\n');
    row
}

fn ratio_row(ratio: &Ratio) -> String {
    let Spread { median, least, most } = ratio.spread;
    let aim = match ratio.aim {
        Aim::AtLeast(figure) => format!("at least {figure}"),
        Aim::AtMost(figure) => format!("at most {figure}"),
    };
    let met = if ratio.is_met() { "met" } else { "MISSED" };
    format!("{:<36}{median:>6.2} [{least:.2}–{most:.2}]  aim: {aim}, {met}\n", ratio.name)
}

/// Everything measured, round by round, for programs.
pub fn json(rounds: &[Round], options: &Options) -> Value {
    let phases = |round: &Round| -> Value {
        let named = PHASES.into_iter().filter_map(|(name, phase)| Some((name, phase(round)?)));
        let named = named.map(|(name, measured)| (name.to_owned(), measured));
        let also = options.also.iter().zip(&round.also);
        let also = also.map(|(readers, one)| (format!("purchases, {readers} readers"), *one));
        named.chain(also).map(|(name, measured)| (name, figures(&measured))).collect()
    };
    let ratios = ratios(rounds).into_iter().map(|ratio| {
        let Spread { median, least, most } = ratio.spread;
        let (name, met) = (ratio.name, ratio.is_met());
        json!({"name": name, "median": median, "least": least, "most": most, "met": met})
    });
    json!({
        "seed": options.seed,
        "readers": options.readers,
        "phase_seconds": options.length.as_secs_f64(),
        "rounds": rounds.iter().map(phases).collect::<Vec<_>>(),
        "ratios": ratios.collect::<Vec<_>>(),
    })
}

fn figures(measured: &Measured) -> Value {
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    json!({
        "per_second": measured.per_second,
        "p50_micros": micros(measured.p50),
        "p99_micros": micros(measured.p99),
        "p999_micros": micros(measured.p999),
        "longest_micros": micros(measured.longest),
        "purchases_per_commit": measured.per_commit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(uniform: f64, hot: f64, single_micros: u64) -> Round {
        let measured = |per_second, p50| {
            let p50 = Duration::from_micros(p50);
            Measured { per_second, p50, p99: p50, p999: p50, longest: p50, per_commit: None }
        };
        Round {
            flush: measured(5_000.0, 100),
            echo: measured(1_000.0, 500),
            uniform: measured(uniform, 900),
            hot: measured(hot, 900),
            single: measured(2_000.0, single_micros),
            also: Vec::new(),
            paced: None,
        }
    }

    fn met(rounds: &[Round]) -> [bool; 3] {
        ratios(rounds).map(|ratio| ratio.is_met())
    }

    #[test]
    fn each_aim_can_be_missed_alone() {
        assert_eq!(met(&[round(250.0, 250.0, 500)]), [true, true, true]);
        assert_eq!(met(&[round(249.0, 249.0, 500)]), [false, true, true]);
        assert_eq!(met(&[round(250.0, 200.0, 500)]), [true, false, true]);
        assert_eq!(met(&[round(250.0, 250.0, 501)]), [true, true, false]);
        assert_eq!(met(&[]), [false, false, false]);
    }

    #[test]
    fn one_bad_round_does_not_decide() {
        let rounds = [round(300.0, 300.0, 300), round(10.0, 1.0, 9_000), round(300.0, 300.0, 300)];
        assert_eq!(met(&rounds), [true, true, true]);
        let spread = ratios(&rounds)[0].spread;
        assert_eq!((spread.least, spread.median, spread.most), (0.01, 0.3, 0.3));
    }
}
