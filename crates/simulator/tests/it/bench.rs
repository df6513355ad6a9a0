//! The bench measures every phase of everybody, and counts only what survived.

use std::time::Duration;

use ledger::LineId;
use simulator::auditor::Violation;
use simulator::bench::report;
use simulator::bench::rows::{Measured, Phase, Round, Row, Subject};
use simulator::bench::seller::{Seller, cold_start};
use simulator::bench::{Options, Subjects, run};
use simulator::fault::Fault;
use tempfile::tempdir;

use crate::stub::{Lie, Stub};

fn options() -> Options {
    Options {
        readers: 8,
        also: vec![2],
        rounds: 2,
        length: Duration::from_millis(20),
        crowd: 16,
        seed: 3,
    }
}

fn seller(subject: Subject, lie: Lie, lost: usize) -> Seller<'static> {
    let shop = Stub::new(lie);
    let seeded = shop.fill(&options().shop());
    Seller {
        subject,
        shop: Box::new(shop),
        seeded,
        count: Box::new(move |lines: &[LineId]| Ok(lines.len() - lost)),
        cold_start: Some(Box::new(|_| cold_start(&mut Stub::new(Lie::Nothing)))),
    }
}

fn bench(sellers: Vec<Seller<'static>>) -> Result<Vec<Round>, Fault> {
    let folder = tempdir().expect("a temporary folder can be made");
    run(Subjects { sellers, pgbench: None }, folder.path(), &options(), &|_| ())
}

fn honest(subject: Subject) -> Seller<'static> {
    seller(subject, Lie::Nothing, 0)
}

#[test]
fn every_phase_of_every_round_is_measured_and_shown() {
    let rounds = bench(vec![honest(Subject::Sqlite), honest(Subject::Peer)]).unwrap();
    assert_eq!(rounds.len(), 2);
    let machine = [Phase::Flush, Phase::Met, Phase::Log, Phase::Hello, Phase::Echo];
    let both = [Phase::Uniform(8), Phase::Hot(8), Phase::Half].map(|phase| (true, phase));
    let (page, bought) = (Phase::Page, Phase::Content);
    let shop = [Phase::Uniform(1), Phase::Uniform(2), Phase::Again, page, bought, Phase::Overload];
    let shop = shop.into_iter().chain([Phase::ColdStart]).map(|phase| (false, phase));
    let mut expected: Vec<Row> = machine.map(|phase| Row(Subject::Machine, phase)).to_vec();
    for (peer, phase) in both.into_iter().chain(shop) {
        expected.push(Row(Subject::Sqlite, phase));
        expected.extend(peer.then_some(Row(Subject::Peer, phase)));
    }
    expected.push(Row(Subject::Peer, Phase::ColdStart));
    expected.sort();
    for round in &rounds {
        assert_eq!(round.keys().copied().collect::<Vec<_>>(), expected);
        for (row, Measured { per_second, latency, .. }) in round {
            let latency = latency.expect("everything here is timed");
            assert!(*per_second > 0.0, "{row}");
            assert!(latency.p50 <= latency.p99 && latency.p99 <= latency.longest, "{row}");
        }
    }
    let table = report::table(&rounds, &options());
    for row in expected {
        assert!(table.contains(&row.to_string()), "{row} in\n{table}");
    }
    let json = report::json(&rounds, &options());
    let uniform = Row(Subject::Sqlite, Phase::Uniform(8));
    let figures = &json["rounds"][1]["SQLite: uniform, 8 at once"];
    assert_eq!(figures["per_second"], rounds[1][&uniform].per_second);
    let goals: Vec<_> = json["ratios"].as_array().into_iter().flatten().collect();
    assert!(goals.iter().any(|ratio| ratio["goal"] == "G7" && ratio["floor"] == 1.0));
}

#[test]
fn what_the_shop_counts_is_of_the_phase_alone() {
    let round = bench(vec![honest(Subject::Sqlite)]).unwrap().remove(1);
    let counted = |phase| round[&Row(Subject::Sqlite, phase)].counted.unwrap();
    let per_commit = counted(Phase::Uniform(8)).per_commit().unwrap();
    assert!(per_commit > 1.5, "the stub commits every four: {per_commit}");
    let again = counted(Phase::Again);
    assert_eq!((again.purchases, again.commits), (0.0, 0.0), "nothing is bought twice");
}

#[test]
fn a_crowd_is_neither_lost_nor_wrong() {
    let round = bench(vec![honest(Subject::Sqlite)]).unwrap().remove(0);
    let crowd = round[&Row(Subject::Sqlite, Phase::Overload)].crowd.unwrap();
    assert!(crowd.asked > 0 && crowd.turned_away == 0, "{crowd:?}");
    assert!(crowd.in_time > 0.0 && crowd.in_time <= 1.0, "{crowd:?}");
}

#[test]
fn a_purchase_that_did_not_survive_spoils_the_bench() {
    let lost = bench(vec![honest(Subject::Sqlite), seller(Subject::Peer, Lie::Nothing, 1)]);
    assert!(matches!(lost, Err(Fault::Violation(Violation::Missing { .. }))), "{lost:?}");
}

#[test]
fn books_that_do_not_balance_spoil_the_bench() {
    let off = bench(vec![seller(Subject::Sqlite, Lie::DoesNotBalance, 0)]);
    assert!(matches!(off, Err(Fault::Violation(Violation::BooksDoNotBalance(_)))), "{off:?}");
}

#[test]
fn a_refusal_spoils_the_bench_and_is_shown() {
    for (lie, said) in
        [(Lie::RefusesEverySecond, "tab.limit"), (Lie::TurnsAwayEverySecond, "store.busy")]
    {
        let refused = bench(vec![seller(Subject::Sqlite, lie, 0)]).unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
    }
}
