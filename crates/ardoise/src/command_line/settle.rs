//! `ardoise settle`.

use super::place::{Place, told};
use super::{Done, Failure};
use crate::app::App;
use crate::bank::tab_named;
use crate::problem::PURCHASE_CONFLICT;
use crate::rails::{self, manual};
use crate::store::statement::Paid;
use crate::store::{statement, tab};
use crate::tabs::{Received, settle};
use clap::Args;
use ledger::{Excess, Money, SettlementId, TabId};
use std::process::ExitCode;

/// Write down money that arrived for a tab; it pays the oldest lines first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise settle tab_01h2xcejqtf2n --received 1.90
  ardoise settle tab_01h2xcejqtf2n --received 1,90 --rail cash --reference \"at the fair\"
  ardoise settle tab_01h2xcejqtf2n --received 1.90 --id 0190b5a4-7c1e-7d3f-9a2b-0123456789ab

The tab is what the reader wrote on the transfer; the desk lists those that owe. With --id, the same command can be
sent again without harm: a program that does not know whether the first one got through should choose the id itself.")]
pub struct Settle {
    /// The tab (tab_…)
    #[arg(value_name = "TAB")]
    tab: String,
    /// How much arrived
    #[arg(long, value_name = "AMOUNT")]
    received: String,
    /// How it arrived
    #[arg(long, value_name = "RAIL", default_value = "transfer", value_parser = ["transfer", "cash"])]
    rail: String,
    /// What the bank or you call it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reference: String,
    /// Names this settlement (a UUID, or what an earlier run printed)
    #[arg(long, value_name = "ID")]
    id: Option<SettlementId>,
}

impl Settle {
    /// Writes it down, and prints what it paid and what is left.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| self.receive(app).await)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn receive(&self, app: &App) -> Result<(), Failure> {
        let tab = known_tab(app, &self.tab).await?;
        let amount = amount(app, "--received", &self.received)?;
        let way = manual::Way::from_name(&self.rail).unwrap_or(manual::Way::Transfer);
        let id = self.id.unwrap_or_else(|| app.mint.settlement());
        let received = Received {
            id,
            rail: rails::MANUAL.number,
            amount,
            rail_fee: app.nothing(),
            reference: way.reference(&self.reference),
            excess: Excess::Refused,
        };
        let currency = app.currency();
        let before = app.store.read(|db| tab::settlement(db, id, currency)).await?;
        let (_, now) = settle(app, tab, received).await.map_err(|problem| {
            if problem.kind.code == PURCHASE_CONFLICT.code {
                return used_before(&id);
            }
            told(problem)
        })?;
        let paid = app.store.read(|db| statement::paid_by(db, id, tab, currency)).await?;
        if before.is_some() {
            say!("Settlement {id} was received before; nothing new happened.");
        } else {
            say!("Received {amount} for {tab} as settlement {id}.");
        }
        print_paid(&paid);
        say!("{} is left to pay on the tab.", now.owed);
        Ok(())
    }
}

/// The tab of this shop that somebody typed.
///
/// # Errors
/// What a tab looks like, or that there is no such one.
pub async fn known_tab(app: &App, text: &str) -> Result<TabId, Failure> {
    let tab = tab_named(text);
    let tab =
        tab.ok_or_else(|| format!("{text:?} is not a tab: it looks like tab_01h2xcejqtf2n"))?;
    let currency = app.currency();
    let found = app.store.read(|db| tab::by_id(db, tab, currency)).await?;
    found
        .map(|stored| stored.tab.id)
        .ok_or_else(|| format!("there is no tab {tab} in this shop").into())
}

fn print_paid(paid: &[Paid]) {
    match paid {
        [] => say!("It does not pay a whole line yet: it stays on the tab until more arrives."),
        lines => {
            say!("It paid:");
            for line in lines {
                say!("  {:>12}  {}", line.gross.to_string(), line.title);
            }
        }
    }
}

/// Reads an amount in the shop's currency.
///
/// # Errors
/// What it should look like.
pub fn amount(app: &App, option: &str, text: &str) -> Result<Money, Failure> {
    Money::parse(text, app.currency())
        .map_err(|error| format!("{option} {text}: {error} ({})", app.currency()).into())
}

/// The same id for something else.
pub fn used_before(id: &impl std::fmt::Display) -> Failure {
    let next = "choose another --id, or leave it out";
    format!("{id} was used before, for another tab, author or amount; nothing was written; {next}")
        .into()
}
