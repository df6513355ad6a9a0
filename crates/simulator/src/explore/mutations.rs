//! Mistakes on purpose, each at a seam around the product: what it is asked, the statements that it makes, what they find,
//! when it commits. The simulator is worth something if it finds every one of them.

use super::finding::Finding;
use super::history::{History, OPERATIONS};
use super::planted::Planted;
use super::stand::Stores;
use crate::fault::Fault;
use ardoise::store::Value;
use ardoise::till::Tariff;
use ardoise::till::command::Command;
use ledger::Money;
use std::fmt;
use std::sync::Mutex;

/// Histories in which a mistake may hide at most; it is found in the first of them, as a rule.
pub const SEEDS: [u64; 4] = [1, 2, 3, 4];

/// A mistake.
#[derive(Debug, Clone, Copy)]
pub struct Mutation {
    /// What it is called.
    pub name: &'static str,
    /// Of so many occasions it takes one.
    pub(super) every: u32,
    /// Where it is made.
    pub(super) seams: &'static [Seam],
}

/// Where a mistake is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seam {
    /// In what the shop decides by.
    Tariff(fn(&mut Tariff)),
    /// In what it is asked.
    Command(fn(&mut Command)),
    /// In a statement that writes.
    Written(for<'a> fn(&str, &[Value<'a>]) -> Written<'a>),
    /// In what a question finds.
    Found(fn(&str) -> Found),
    /// By a statement too many at the end of a batch.
    TooMuch(&'static str),
    /// A batch is answered and never committed.
    Unwritten,
    /// What a batch wrote before it failed is committed.
    Torn,
    /// The tax of a price is rounded down, here and in the journal.
    TaxRoundedDown,
}

/// What becomes of a statement that writes.
pub(super) enum Written<'a> {
    AsItIs,
    Skipped,
    /// Another statement, with the same values.
    Otherwise(&'static str),
    /// The same statement, with other values.
    With(Vec<Value<'a>>),
}

/// What a question finds.
pub(super) enum Found {
    WhatIsThere,
    Nothing,
    /// Zero in this column.
    ZeroIn(usize),
    /// What another question finds.
    Otherwise(&'static str),
}

/// The beginning of the question about a settlement.
const SETTLEMENT: &str = "select s.id, s.tab_id, s.rail, s.received_micros";
/// A payout that is looked for.
const PAYOUT: &str = "select p.id, p.author_id, p.rail, p.micros, coalesce(f.micros, 0), r.payout_id is not null from";
/// A column of a refund, as it is written.
const REFUNDED: usize = 4;
/// Columns of a transfer, as they are written.
const REASON: usize = 3;
/// Reasons, as they are written.
const GIVEN_BACK: Value = Value::Int(6);
const RECOVERED: Value = Value::Int(12);
const BORNE: Value = Value::Int(13);
/// More columns of a transfer.
const DEBIT_OWNER: usize = 6;
const CREDIT_KIND: usize = 7;
const CREDIT_OWNER: usize = 8;
const AMOUNT: usize = 9;
/// Kinds of accounts, as they are written.
const PENDING: Value = Value::Int(2);
const AVAILABLE: Value = Value::Int(3);
const VAT: Value = Value::Int(5);

/// How a mistake was found.
#[derive(Debug)]
pub struct Verdict {
    /// The mistake.
    pub mutation: &'static Mutation,
    /// Operations until then, or in all where it was not found.
    pub operations: u64,
    /// What has found it; nothing when nothing has.
    pub finding: Option<Box<Finding>>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.mutation.name;
        match &self.finding {
            Some(finding) => {
                write!(f, "| {name} | {} | {} |", self.operations, finding.wrong.check)
            }
            None => write!(f, "| {name} | NOT FOUND in {} | |", self.operations),
        }
    }
}

/// Plants every mistake, one at a time, as many at once as there are `threads`.
///
/// # Errors
/// [`Fault::Shop`] when a store cannot be made.
pub fn run(
    stores: &Stores,
    threads: usize,
    found: &(dyn Fn() + Sync),
) -> Result<Vec<Verdict>, Fault> {
    let shared = Mutex::new((ALL.iter(), Vec::new()));
    let next = || shared.lock().ok().and_then(|mut shared| shared.0.next());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(mutation) = next() {
                    let verdict = verdict(mutation, stores);
                    if let Ok(mut shared) = shared.lock() {
                        shared.1.push(verdict);
                    }
                    found();
                }
            });
        }
    });
    let verdicts = shared.into_inner().map_err(|_| Fault::Run("a history panicked".into()))?.1;
    let mut verdicts = verdicts.into_iter().collect::<Result<Vec<Verdict>, Fault>>()?;
    let place_of = |verdict: &Verdict| ALL.iter().position(|one| one.name == verdict.mutation.name);
    verdicts.sort_by_key(place_of);
    Ok(verdicts)
}

/// Lives with a mistake until it is found.
fn verdict(mutation: &'static Mutation, stores: &Stores) -> Result<Verdict, Fault> {
    let mut operations = 0;
    for seed in SEEDS {
        match History::open(seed, stores, Some(Planted::new(*mutation)))?.live(OPERATIONS) {
            Ok(tally) => operations += tally.operations,
            Err(finding) => {
                operations += finding.operations;
                return Ok(Verdict { mutation, operations, finding: Some(finding) });
            }
        }
    }
    Ok(Verdict { mutation, operations, finding: None })
}

/// Every mistake that must be found.
pub const ALL: &[Mutation] = &[
    Mutation {
        name: "a leg of a purchase is skipped",
        every: 5,
        seams: &[Seam::Written(|sql, values| {
            skip(sql.starts_with("insert into transfer") && values[CREDIT_KIND] == VAT)
        })],
    },
    Mutation {
        name: "a transfer is posted twice",
        every: 20,
        seams: &[Seam::TooMuch(
            "insert into transfer (till, id, made_at, reason, subject, debit_kind, debit_owner, credit_kind, credit_owner, \
             micros) select till, id + 1, made_at, reason, subject, debit_kind, debit_owner, credit_kind, credit_owner, \
             micros from transfer where id = (select max(id) from transfer)",
        )],
    },
    Mutation {
        name: "an event is not put into the outbox",
        every: 5,
        seams: &[Seam::Written(|sql, values| {
            skip(sql.starts_with("insert into outbox") && values[3] == Value::Text("paid"))
        })],
    },
    Mutation {
        name: "a delivery is lost on its way out of the outbox",
        every: 20,
        seams: &[Seam::Written(|sql, _| skip(sql.starts_with("insert into delivery")))],
    },
    Mutation {
        name: "a batch is acknowledged and not committed",
        every: 30,
        seams: &[Seam::Unwritten],
    },
    Mutation { name: "half of a failed batch is committed", every: 1, seams: &[Seam::Torn] },
    Mutation { name: "the tax is rounded down", every: 1, seams: &[Seam::TaxRoundedDown] },
    Mutation {
        name: "a rail's fee is rounded to cents",
        every: 1,
        seams: &[Seam::Command(|command| {
            if let Command::Settle(ask) = command {
                ask.settle.rail_fee = ask.settle.rail_fee.round_down_to_minor();
            }
        })],
    },
    Mutation {
        name: "a rail's fee is forgotten",
        every: 1,
        seams: &[Seam::Command(|command| {
            if let Command::Settle(ask) = command {
                ask.settle.rail_fee = Money::zero(ask.settle.rail_fee.currency());
            }
        })],
    },
    Mutation {
        name: "a limit is off by a micro-unit",
        every: 1,
        seams: &[Seam::Tariff(|tariff| {
            let rules = &mut tariff.rules;
            for limit in [
                &mut rules.limit_device,
                &mut rules.limit_mandate,
                &mut rules.limit_settled,
                &mut rules.limit_trusted,
            ] {
                let more = Money::from_micros(limit.micros() + 1, limit.currency());
                *limit = more.expect("a small amount");
            }
        })],
    },
    Mutation {
        name: "a line can be undone a minute longer",
        every: 1,
        seams: &[Seam::Tariff(|tariff| tariff.rules.undo_minutes += 1)],
    },
    Mutation {
        name: "a tab is due a day later",
        every: 1,
        seams: &[Seam::Tariff(|tariff| tariff.rules.due_days += 1)],
    },
    Mutation {
        name: "a line is undone twice",
        every: 1,
        seams: &[
            Seam::Found(|sql| {
                let is_one =
                    sql.ends_with("l.id = ?1") || sql.ends_with("l.id = ?1 and l.tab_id = ?2");
                let is_line = sql.starts_with("select l.id, l.tab_id") && is_one;
                if is_line { Found::ZeroIn(13) } else { Found::WhatIsThere }
            }),
            Seam::Written(|sql, _| {
                or_not(
                    sql,
                    "insert into undo",
                    "insert into undo (line_id, tab_id, undone_by, undone_at, was_paid, chain_number, chain_before) \
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict (line_id) do nothing",
                )
            }),
        ],
    },
    Mutation {
        name: "a work is sold to its reader again",
        every: 3,
        seams: &[Seam::Found(|sql| nothing(sql, "select line_id from access"))],
    },
    Mutation {
        name: "a right to read is not given",
        every: 10,
        seams: &[Seam::Written(|sql, _| skip(sql.starts_with("insert into access")))],
    },
    Mutation {
        name: "a right to read is not taken back",
        every: 3,
        seams: &[Seam::Written(|sql, _| skip(sql.starts_with("delete from access")))],
    },
    Mutation {
        name: "the newest line is paid first",
        every: 1,
        seams: &[Seam::Found(|sql| {
            let is_open = sql.starts_with("select l.id, l.gross_micros");
            if !is_open {
                return Found::WhatIsThere;
            }
            Found::Otherwise(
                "select l.id, l.gross_micros, l.author_id, l.author_micros, l.bought_at, l.tab_id, l.vat_micros, \
                 l.fee_micros, lost.line_id is not null from access a join line l on l.id = a.line_id \
                 left join payment p on p.line_id = l.id left join write_off lost on lost.line_id = l.id \
                 where a.tab_id = ?1 and p.line_id is null and l.gross_micros > 0 \
                 order by lost.line_id is null, l.bought_at desc, l.id desc",
            )
        })],
    },
    Mutation {
        name: "a settlement is received twice",
        every: 1,
        seams: &[
            Seam::Found(|sql| nothing(sql, SETTLEMENT)),
            Seam::Written(|sql, _| {
                or_not(
                    sql,
                    "insert into settlement",
                    "insert into settlement (id, tab_id, rail, received_micros, rail_fee_micros, reference, settled_at, \
                     chain_number, chain_before) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict (id) do nothing",
                )
            }),
        ],
    },
    Mutation {
        name: "a dispute is posted twice",
        every: 1,
        seams: &[
            Seam::Found(|sql| nothing(sql, "select d.settlement_id, d.name, d.tab_id")),
            Seam::Written(|sql, _| {
                or_not(
                    sql,
                    "insert into dispute (",
                    "insert into dispute (settlement_id, name, tab_id, rail, micros, fee_micros, opened_at, \
                     chain_number, chain_before) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
                     on conflict (settlement_id, name) do nothing",
                )
            }),
        ],
    },
    Mutation {
        name: "a line that was written off is recovered twice",
        every: 2,
        seams: &[Seam::TooMuch(
            "insert into transfer (till, id, made_at, reason, subject, debit_kind, debit_owner, credit_kind, credit_owner, \
             micros) select till, (select max(id) from transfer) + 1, made_at, reason, subject, debit_kind, debit_owner, \
             credit_kind, credit_owner, micros from transfer where reason = 12 order by id desc limit 1",
        )],
    },
    Mutation {
        name: "a line that was written off is paid and not recovered",
        every: 1,
        seams: &[Seam::Written(|sql, values| {
            skip(sql.starts_with("insert into transfer") && values[REASON] == RECOVERED)
        })],
    },
    Mutation {
        name: "more is given back than came in",
        every: 1,
        seams: &[Seam::Found(|sql| {
            if sql.starts_with(SETTLEMENT) { Found::ZeroIn(4) } else { Found::WhatIsThere }
        })],
    },
    Mutation {
        name: "a refund is larger than the credit that it takes",
        every: 1,
        seams: &[
            Seam::Written(|sql, values| more(sql, "insert into refund (", values, REFUNDED)),
            Seam::Written(|sql, values| match values.get(REASON) {
                Some(&GIVEN_BACK) => more(sql, "insert into transfer", values, AMOUNT),
                _ => Written::AsItIs,
            }),
        ],
    },
    Mutation {
        name: "what went back elsewhere is not borne",
        every: 1,
        seams: &[Seam::Written(|sql, values| {
            skip(sql.starts_with("insert into transfer") && values[REASON] == BORNE)
        })],
    },
    Mutation {
        name: "a fee is given back twice",
        every: 1,
        seams: &[
            Seam::Found(|sql| {
                nothing(sql, "select subject, name, author_id, micros from fee_back")
            }),
            Seam::Written(|sql, _| {
                or_not(
                    sql,
                    "insert into fee_back",
                    "insert into fee_back (subject, name, author_id, tab_id, settlement_id, rail, micros, given_at) \
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (subject, name, author_id) do nothing",
                )
            }),
        ],
    },
    Mutation {
        name: "that a tab was opened again is not written down",
        every: 1,
        seams: &[Seam::Written(|sql, _| skip(sql.starts_with("insert into reopening")))],
    },
    Mutation {
        name: "a payout is made twice",
        every: 1,
        seams: &[
            Seam::Found(|sql| nothing(sql, PAYOUT)),
            Seam::Written(|sql, _| {
                or_not(
                    sql,
                    "insert into payout (",
                    "insert into payout (id, author_id, rail, micros, reference, paid_at) \
                     values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (id) do nothing",
                )
            }),
        ],
    },
    Mutation {
        name: "a payout comes back twice",
        every: 1,
        seams: &[
            Seam::Found(|sql| {
                if sql.starts_with(PAYOUT) { Found::ZeroIn(5) } else { Found::WhatIsThere }
            }),
            Seam::Written(|sql, _| {
                or_not(
                    sql,
                    "insert into payout_return",
                    "insert into payout_return (payout_id, fee_back_micros, reference, returned_at) \
                     values (?1, ?2, ?3, ?4) on conflict (payout_id) do nothing",
                )
            }),
        ],
    },
    Mutation {
        name: "a share goes to another author",
        every: 7,
        seams: &[Seam::Written(|sql, values| {
            let is_share =
                sql.starts_with("insert into transfer") && values[CREDIT_KIND] == PENDING;
            if is_share { with(values, CREDIT_OWNER, Value::Int(99)) } else { Written::AsItIs }
        })],
    },
    Mutation {
        name: "a paid share is taken from another author",
        every: 7,
        seams: &[Seam::Written(|sql, values| {
            let is_paid =
                sql.starts_with("insert into transfer") && values[CREDIT_KIND] == AVAILABLE;
            if is_paid { with(values, DEBIT_OWNER, Value::Int(99)) } else { Written::AsItIs }
        })],
    },
    Mutation {
        name: "the journal is added up twice",
        every: 10,
        seams: &[Seam::Written(|sql, values| {
            let is_cursor = sql.starts_with("update cursor set read_through = ?3");
            skip(is_cursor && values[1] == Value::Text("accounts"))
        })],
    },
    Mutation {
        name: "a receipt is left out of its chain",
        every: 30,
        seams: &[Seam::Written(|sql, values| {
            if sql.starts_with("update tab") {
                with(values, 9, Value::Blob(&[0; 32]))
            } else {
                Written::AsItIs
            }
        })],
    },
];

const fn skip(is_it: bool) -> Written<'static> {
    if is_it { Written::Skipped } else { Written::AsItIs }
}

fn or_not(sql: &str, begins: &str, otherwise: &'static str) -> Written<'static> {
    if sql.starts_with(begins) { Written::Otherwise(otherwise) } else { Written::AsItIs }
}

fn nothing(sql: &str, begins: &str) -> Found {
    if sql.starts_with(begins) { Found::Nothing } else { Found::WhatIsThere }
}

fn with<'a>(values: &[Value<'a>], place: usize, value: Value<'a>) -> Written<'a> {
    let mut changed = values.to_vec();
    changed[place] = value;
    Written::With(changed)
}

/// A micro-unit more in this column.
fn more<'a>(sql: &str, begins: &str, values: &[Value<'a>], place: usize) -> Written<'a> {
    match values.get(place) {
        Some(Value::Int(micros)) if sql.starts_with(begins) => {
            with(values, place, Value::Int(micros + 1))
        }
        _ => Written::AsItIs,
    }
}
