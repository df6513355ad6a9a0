//! The bench measures every phase, and counts only what survived.

use std::time::Duration;

use simulator::auditor::Violation;
use simulator::bench::{Options, Round, run};
use simulator::fault::Fault;
use simulator::purchase_id::PurchaseId;
use simulator::report;
use tempfile::tempdir;

use crate::stub::{Lie, Stub};

fn options() -> Options {
    Options {
        readers: 8,
        also: vec![2],
        rounds: 2,
        length: Duration::from_millis(20),
        rate: Some(500.0),
        seed: 3,
    }
}

fn bench(lie: Lie, lost: usize) -> Result<Vec<Round>, Fault> {
    let data = tempdir().expect("a temporary folder can be made");
    let mut shop = Stub::new(lie);
    let seeded = shop.fill(&options().shop());
    let found = |purchases: &[PurchaseId]| Ok(purchases.len() - lost);
    run(&mut shop, (data.path(), seeded), &options(), &found, &|_| ())
}

#[test]
fn every_phase_of_every_round_is_measured_and_shown() {
    let rounds = bench(Lie::Nothing, 0).unwrap();
    assert_eq!(rounds.len(), 2);
    for Round { flush, echo, uniform, hot, single, also, paced } in &rounds {
        for measured in [flush, echo, uniform, hot, single, &also[0], &paced.unwrap()] {
            assert!(measured.per_second > 0.0, "{measured:?}");
            assert!(measured.p50 <= measured.p99 && measured.p99 <= measured.longest);
        }
        let per_commit = uniform.per_commit.unwrap();
        assert!(per_commit > 1.5, "the stub commits every four: {per_commit}");
    }
    let table = report::table(&rounds, &options());
    for name in
        ["flush", "JSON echo", "uniform", "hot author", "one reader", "2 readers", "paced", "aim:"]
    {
        assert!(table.contains(name), "{name} in\n{table}");
    }
    let json = report::json(&rounds, &options());
    assert_eq!(json["rounds"][1]["purchases, uniform"]["per_second"], rounds[1].uniform.per_second);
    assert_eq!(json["ratios"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_purchase_that_did_not_survive_spoils_the_bench() {
    let lost = bench(Lie::Nothing, 1);
    assert!(matches!(lost, Err(Fault::Violation(Violation::Missing { .. }))), "{lost:?}");
}

#[test]
fn a_refusal_spoils_the_bench_and_is_shown() {
    let refused = bench(Lie::RefusesEverySecond, 0).unwrap_err();
    assert!(refused.to_string().contains("tab.limit"), "{refused}");
}
