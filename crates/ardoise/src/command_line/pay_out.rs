//! `ardoise pay-out`.

use super::invite::the_one;
use super::place::{Place, told};
use super::settle::{amount, used_before};
use super::{Done, Failure};
use crate::app::App;
use crate::desk::paying_out::{Sent, pay_out};
use crate::people::known_author;
use crate::problem::{PURCHASE_CONFLICT, Problem};
use crate::rails::payouts::{self, Send};
use crate::rails::port::Waits;
use crate::store::payout_order::{Order, State};
use crate::store::people::{self, Author};
use crate::store::{StoreError, books, payout_address};
use clap::Args;
use ledger::{Account, AuthorId, Money, PayOut as PaidOut, PayoutId, ShopId as _};
use std::process::ExitCode;

/// Authors that are paid at once.
const AUTHORS: i64 = 10_000;

/// Send an author what is available to them, or write down that you did; their gains show it as paid out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise pay-out \"Ada Belkacem\" --amount 42.50
  ardoise pay-out aut_01h2xcejqtf2n --amount 42.50 --reference \"SEPA 4711\"
  ardoise pay-out \"Ada Belkacem\" --by paypal
  ardoise pay-out --all --by paypal

Without --by you have sent it yourself, and it is only written down. With --by the way of paying sends it to the address that the author
has given on the page of their gains; without --amount, all that is available. --all sends everybody theirs who has an address and at least
payout.minimum.

At most what is available can be paid out: gains on lines that readers have settled. With --id, the same command can
be sent again without harm.")]
pub struct PayOut {
    /// The author's name or id (aut_…)
    #[arg(value_name = "AUTHOR", required_unless_present = "all")]
    author: Option<String>,
    /// How much [with --by, default: all that is available]
    #[arg(long, value_name = "AMOUNT", required_unless_present = "by")]
    amount: Option<String>,
    /// Have it sent this way: paypal
    #[arg(long, value_name = "WAY", conflicts_with = "reference")]
    by: Option<String>,
    /// Everybody who has an address and enough
    #[arg(long, requires = "by", conflicts_with_all = ["author", "amount", "id"])]
    all: bool,
    /// What the bank or you call it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reference: String,
    /// Names this payout (what an earlier run printed)
    #[arg(long, value_name = "ID")]
    id: Option<PayoutId>,
}

impl PayOut {
    /// Sends it or writes it down, and prints what stays available.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| self.pay(app).await)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn pay(&self, app: &App) -> Result<(), Failure> {
        let (Some(name), false) = (&self.author, self.all) else {
            return send_all(app, self.by.as_deref().unwrap_or("")).await;
        };
        let author = the_one(name, known_author(app, name).await?)?;
        let author = author.ok_or_else(|| format!("no author of this shop is called {name}"))?;
        let id = self.id.unwrap_or_else(|| app.mint.id());
        match &self.by {
            Some(way) => self.send_by(app, id, author.id, way).await?,
            None => self.write_down(app, id, &author).await?,
        }
        say!("{} stays available.", available(app, author.id).await?);
        Ok(())
    }

    async fn write_down(&self, app: &App, id: PayoutId, author: &Author) -> Result<(), Failure> {
        let amount = amount(app, "--amount", self.amount.as_deref().unwrap_or(""))?;
        let reference = self.reference.clone();
        let sent = Sent { id, author: author.id, amount, reference };
        let paid = pay_out(app, sent).await.map_err(|problem| refused(&id, problem))?;
        if paid.again {
            say!("Payout {id} was written down before; nothing new happened.");
        } else {
            say!("Paid {amount} out to {}, as payout {id}.", author.name);
        }
        Ok(())
    }

    async fn send_by(
        &self,
        app: &App,
        id: PayoutId,
        author: AuthorId,
        way: &str,
    ) -> Result<(), Failure> {
        let amount = match &self.amount {
            Some(text) => amount(app, "--amount", text)?,
            None => available(app, author).await?.round_down_to_minor(),
        };
        let send = Send { id, author, rail: way.to_owned(), amount };
        let order = payouts::begin(app, &send).await.map_err(|problem| refused(&id, problem))?;
        print_order(&order);
        Ok(())
    }
}

fn refused(id: &PayoutId, problem: Problem) -> Failure {
    if problem.kind.code == PURCHASE_CONFLICT.code { used_before(id) } else { told(problem) }
}

/// What an author may be paid now.
async fn available(app: &App, author: AuthorId) -> Result<Money, Failure> {
    let balance = app.store.read(|db| books::balance(db, Account::Available(author))).await?;
    let micros = i64::try_from(balance.max(0)).unwrap_or(i64::MAX);
    Ok(Money::from_micros(micros, app.currency()).map_err(|error| error.to_string())?)
}

/// Sends everybody theirs who has an address and enough, one after the other; what one is refused for does not keep the others
/// from theirs.
async fn send_all(app: &App, way: &str) -> Result<(), Failure> {
    let (rail, _) = payouts::rail(app, way).map_err(told)?;
    let number = rail.terms().number;
    let read = app.store.read(|db| {
        let authors = people::authors(db, AuthorId::from_raw(0), AUTHORS)?.into_iter();
        let given = authors.filter_map(|author| {
            let address = payout_address::by_rail(db, author.id, number).transpose()?;
            Some(address.map(|_| author))
        });
        given.collect::<Result<Vec<Author>, StoreError>>()
    });
    let mut sent = 0;
    for author in read.await? {
        let amount = available(app, author.id).await?;
        if amount < app.settings.payout_minimum {
            continue;
        }
        let (id, amount) = (app.mint.id(), amount.round_down_to_minor());
        let send = Send { id, author: author.id, rail: way.to_owned(), amount };
        match payouts::begin(app, &send).await {
            Ok(order) => {
                sent += 1;
                say!("{}:", author.name);
                print_order(&order);
            }
            Err(problem) => say!("{}: {}", author.name, told(problem)),
        }
    }
    if sent == 0 {
        let least = app.settings.payout_minimum;
        say!("Nobody who has given an address has at least {least} to be paid.");
    }
    Ok(())
}

fn print_order(order: &Order) {
    let PaidOut { id, amount, .. } = order.pay_out;
    match order.state {
        State::Done => say!("Sent {amount}, as payout {id}."),
        State::Begun => {
            say!("{amount} is on its way, as payout {id}; the running shop goes on asking.");
            if Waits::from_code(&order.reason).is_none() {
                say!("So far: {}.", order.reason);
            }
        }
        State::Returned | State::Refused => {
            say!("{amount} was not sent ({}): it is available again.", order.reason);
        }
    }
}
