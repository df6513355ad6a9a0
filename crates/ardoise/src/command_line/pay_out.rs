//! `ardoise pay-out`.

use super::invite::the_one;
use super::place::{Place, told};
use super::settle::{amount, used_before};
use super::{Done, Failure};
use crate::app::App;
use crate::desk::paying_out::{Sent, pay_out};
use crate::people::known_author;
use crate::problem::PURCHASE_CONFLICT;
use clap::Args;
use ledger::PayoutId;
use std::process::ExitCode;

/// Write down money that you sent to an author; their gains show it as paid out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise pay-out \"Ada Belkacem\" --amount 42.50
  ardoise pay-out aut_01h2xcejqtf2n --amount 42.50 --reference \"SEPA 4711\"

At most what is available can be paid out: gains on lines that readers have settled. With --id, the same command can
be sent again without harm.")]
pub struct PayOut {
    /// The author's name or id (aut_…)
    #[arg(value_name = "AUTHOR")]
    author: String,
    /// How much you sent
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// What the bank or you call it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reference: String,
    /// Names this payout (what an earlier run printed)
    #[arg(long, value_name = "ID")]
    id: Option<PayoutId>,
}

impl PayOut {
    /// Writes it down, and prints what stays available.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| self.send(app).await)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn send(&self, app: &App) -> Result<(), Failure> {
        let name = &self.author;
        let author = the_one(name, known_author(app, name).await?)?;
        let author = author.ok_or_else(|| format!("no author of this shop is called {name}"))?;
        let sent = Sent {
            id: self.id.unwrap_or_else(|| app.mint.id()),
            author: author.id,
            amount: amount(app, "--amount", &self.amount)?,
            reference: self.reference.clone(),
        };
        let (id, amount) = (sent.id, sent.amount);
        let paid = pay_out(app, sent).await.map_err(|problem| {
            if problem.kind.code == PURCHASE_CONFLICT.code {
                return used_before(&id);
            }
            told(problem)
        })?;
        if paid.again {
            say!("Payout {id} was written down before; nothing new happened.");
        } else {
            say!("Paid {amount} out to {}, as payout {id}.", author.name);
        }
        say!("{} stays available.", paid.available);
        Ok(())
    }
}
