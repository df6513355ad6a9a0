//! The bench's result for people (a table) and for programs (JSON).

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::Options;
use super::aims::{Ratio, Spread, Wanted, ratios};
use super::rows::{Crowd, Latency, Measured, Phase, Round, Row, Subject};

/// The table: every row, its figures medians over the rounds, then every ratio that carries an aim.
pub fn table(rounds: &[Round], options: &Options) -> String {
    let Options { rounds: number, length, readers, seed, .. } = options;
    let mut text = format!(
        "{number} rounds of {length:?} a phase, {readers} readers, seed {seed}; medians [least–most]\n\n\
         {:<34}{:>28}{:>9}{:>10}{:>10}{:>10}{:>10}{:>12}\n",
        "", "per second", "÷ flush", "p50 µs", "p99 µs", "p99.9 µs", "max µs", "per commit",
    );
    for row in rows(rounds) {
        text.push_str(&line(row, rounds));
    }
    text.push_str(&format!("\n{:<50}{:>28}{:>10}{:>10}\n", "", "", "floor", "target"));
    for ratio in ratios(rounds, options) {
        text.push_str(&ratio_line(&ratio));
    }
    text
}

fn rows(rounds: &[Round]) -> BTreeSet<Row> {
    rounds.iter().flat_map(|round| round.keys().copied()).collect()
}

fn line(row: Row, rounds: &[Round]) -> String {
    let measured: Vec<&Measured> = rounds.iter().filter_map(|round| round.get(&row)).collect();
    let rate = spread(measured.iter().map(|one| one.per_second), 0);
    let flush = Row(Subject::Machine, Phase::Flush);
    let over_flush = rounds
        .iter()
        .filter_map(|round| Some(round.get(&row)?.per_second / round.get(&flush)?.per_second));
    let over_flush = median(over_flush, 2);
    let mut line = format!("{:<34}{rate:>28}{over_flush:>9}", row.to_string());
    let columns: [fn(&Latency) -> Duration; 4] =
        [|one| one.p50, |one| one.p99, |one| one.p999, |one| one.longest];
    for column in columns {
        let latencies = measured.iter().filter_map(|one| one.latency.as_ref());
        let micros = median(latencies.map(|one| column(one).as_secs_f64() * 1e6), 0);
        line.push_str(&format!("{micros:>10}"));
    }
    let counted = measured.iter().filter_map(|one| one.counted);
    let per_commit = median(counted.filter_map(|one| one.per_commit()), 1);
    line.push_str(&format!("{per_commit:>12}"));
    let crowds: Vec<Crowd> = measured.iter().filter_map(|one| one.crowd).collect();
    if !crowds.is_empty() {
        let of = |take: fn(&Crowd) -> f64, digits| median(crowds.iter().map(take), digits);
        let turned_away = of(|crowd| crowd.turned_away as f64, 0);
        let (asked, in_time) =
            (of(|crowd| crowd.asked as f64, 0), of(|crowd| crowd.in_time * 100.0, 1));
        line.push_str(&format!(
            "  of {asked}, {turned_away} turned away, {in_time} % answered in time"
        ));
    }
    line.trim_end().to_owned() + "\n"
}

/// The middle figure; empty where there is none.
fn median(figures: impl Iterator<Item = f64>, digits: usize) -> String {
    Spread::of(figures).map_or_else(String::new, |spread| format!("{:.digits$}", spread.median))
}

fn spread(figures: impl Iterator<Item = f64>, digits: usize) -> String {
    Spread::of(figures).map_or_else(String::new, |spread| spread.shown(digits))
}

fn ratio_line(ratio: &Ratio) -> String {
    let figures = ratio.spread.shown(2);
    let sign = match ratio.wanted {
        Wanted::Most => "≥",
        Wanted::Least => "≤",
    };
    let [floor, target] = [ratio.floor, ratio.target].map(|aim| format!("{sign} {aim}"));
    let name = format!("{} {}", ratio.goal, ratio.name);
    format!("{name:<50}{figures:>28}{floor:>10}{target:>10}  {}\n", word(ratio))
}

fn word(ratio: &Ratio) -> &'static str {
    match (ratio.is_met(), ratio.is_on_target()) {
        (false, _) => "BELOW THE FLOOR",
        (true, false) => "met",
        (true, true) => "target met",
    }
}

/// Everything measured, round by round, for programs.
pub fn json(rounds: &[Round], options: &Options) -> Value {
    let round = |round: &Round| -> Value {
        round.iter().map(|(row, measured)| (row.to_string(), figures(measured))).collect()
    };
    let ratios = ratios(rounds, options).into_iter().map(|ratio| {
        let Spread { median, least, most } = ratio.spread;
        json!({
            "goal": ratio.goal, "name": ratio.name, "median": median, "least": least, "most": most,
            "floor": ratio.floor, "target": ratio.target,
            "met": ratio.is_met(), "on_target": ratio.is_on_target(),
        })
    });
    json!({
        "seed": options.seed,
        "readers": options.readers,
        "crowd": options.crowd,
        "phase_seconds": options.length.as_secs_f64(),
        "rounds": rounds.iter().map(round).collect::<Vec<_>>(),
        "ratios": ratios.collect::<Vec<_>>(),
    })
}

fn figures(measured: &Measured) -> Value {
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let latency = measured.latency.map(|latency| {
        json!({
            "p50_micros": micros(latency.p50), "p99_micros": micros(latency.p99),
            "p999_micros": micros(latency.p999), "longest_micros": micros(latency.longest),
        })
    });
    let counted = measured
        .counted
        .map(|counted| json!({"purchases": counted.purchases, "commits": counted.commits}));
    let crowd = measured.crowd.map(|crowd| {
        json!({
            "asked": crowd.asked, "turned_away": crowd.turned_away, "in_time": crowd.in_time,
        })
    });
    json!({
        "per_second": measured.per_second, "latency": latency, "counted": counted, "crowd": crowd,
    })
}
