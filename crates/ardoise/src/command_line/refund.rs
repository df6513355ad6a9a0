//! `ardoise refund`.

use super::place::{Place, told};
use super::settle::{amount, known_tab};
use super::{Done, Failure};
use crate::app::App;
use crate::problem::Problem;
use crate::rails::refunds::{self, GiveBack, RefundLine};
use crate::store::refund_order::{Order, State};
use crate::store::tab::{self, Brought};
use clap::Args;
use ledger::{LineId, Money, RefundId, SettlementId, TabId};
use std::process::ExitCode;

/// Give credit of a tab back by the way it came, or take a line back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise refund tab_01h2xcejqtf2n
  ardoise refund tab_01h2xcejqtf2n --amount 1.20 --settlement 01k9w3x0rzev4b3n8m6q5t2yfd
  ardoise refund tab_01h2xcejqtf2n --line 01k9w2v6aze3dbq0n7xk4y5mjc --send
  ardoise refund tab_01h2xcejqtf2n --amount 1.20 --by-hand --reference \"SEPA 2026-12-01 0815\"

Without --settlement, the newest payment of the tab of which something is left. What a way of paying cannot send (Lightning,
transfers, cash) you send by hand, and write down with --by-hand. A line that is taken back makes credit, which first pays what waits
on the tab; --send gives the rest back. With --id, the same command can be sent again without harm.")]
pub struct Refund {
    /// The tab (tab_…)
    #[arg(value_name = "TAB")]
    tab: String,
    /// How much [default: all that can be given back]
    #[arg(long, value_name = "AMOUNT", conflicts_with = "line")]
    amount: Option<String>,
    /// By which payment it came
    #[arg(long, value_name = "ID", conflicts_with = "line")]
    settlement: Option<SettlementId>,
    /// The line to take back
    #[arg(long, value_name = "LINE", conflicts_with = "by_hand")]
    line: Option<LineId>,
    /// Give what the line cost back, too
    #[arg(long, requires = "line")]
    send: bool,
    /// You have sent it yourself: only write it down
    #[arg(long)]
    by_hand: bool,
    /// What the bank or you call it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    #[arg(requires = "by_hand")]
    reference: String,
    /// Names this refund (what an earlier run printed)
    #[arg(long, value_name = "ID")]
    id: Option<RefundId>,
}

impl Refund {
    /// Gives it back, and prints what became of it.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| self.give_back(app).await)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn give_back(&self, app: &App) -> Result<(), Failure> {
        let tab = known_tab(app, &self.tab).await?;
        let id = self.id.unwrap_or_else(|| app.mint.refund());
        if let Some(line) = self.line {
            let ask = RefundLine { id, tab, line, send: self.send };
            let order = refunds::refund_line(app, ask).await.map_err(told)?;
            say!("Line {line} is taken back.");
            order.iter().for_each(print_order);
            return print_credit(app, tab).await;
        }
        let came = self.payment(app, tab).await?;
        let ask =
            GiveBack { id, tab, settlement: came.id, amount: self.sum(app, tab, &came).await? };
        if self.by_hand {
            refunds::by_hand(app, ask, &self.reference).await.map_err(told)?;
            say!("Wrote down that you sent {} back, as refund {id}.", ask.amount);
        } else {
            print_order(&refunds::begin(app, ask).await.map_err(told)?);
        }
        print_credit(app, tab).await
    }

    /// The payment that goes back: the one that was named, or the newest of which something is left.
    async fn payment(&self, app: &App, tab: TabId) -> Result<Brought, Failure> {
        let currency = app.currency();
        let brought = app.store.read(|db| tab::brought(db, tab, refunds::BROUGHT_MOST, currency));
        let mut brought = brought.await?.into_iter();
        let has_left = |came: &Brought| came.now.left().is_ok_and(|left| !left.is_zero());
        let found = match self.settlement {
            Some(named) => brought.find(|came| came.id == named),
            None => brought.find(has_left),
        };
        found.ok_or_else(|| format!("no such payment of {tab}, or nothing is left of it").into())
    }

    async fn sum(&self, app: &App, tab: TabId, came: &Brought) -> Result<Money, Failure> {
        if let Some(text) = &self.amount {
            return amount(app, "--amount", text);
        }
        let credit = credit(app, tab).await?;
        refunds::most(app, credit, &came.now).map_err(|refusal| told(Problem::from(refusal)))
    }
}

async fn credit(app: &App, tab: TabId) -> Result<Money, Failure> {
    let currency = app.currency();
    let stored = app.store.read(|db| tab::by_id(db, tab, currency)).await?;
    Ok(stored.map_or(app.nothing(), |stored| stored.tab.credit))
}

fn print_order(order: &Order) {
    let (id, amount) = (order.refund.id, order.refund.amount);
    match order.state {
        State::Done => say!("Gave {amount} back, as refund {id}."),
        State::Begun => {
            say!("{amount} is on its way back, as refund {id}; the running shop goes on asking.")
        }
        State::Declined | State::Refused => {
            say!("{amount} was not sent ({}): it is credit of the tab again.", order.reason);
        }
    }
}

async fn print_credit(app: &App, tab: TabId) -> Result<(), Failure> {
    say!("{} stays credit of the tab.", credit(app, tab).await?);
    Ok(())
}
