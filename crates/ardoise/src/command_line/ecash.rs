//! `ardoise ecash`.

use super::place::Place;
use super::{Done, Failure};
use crate::app::App;
use crate::rails::ecash::purse::{self, Export};
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Say what the shop has in e-cash, or take it out to a wallet of yours.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise ecash                     how much there is, and what was taken out before
  ardoise ecash export              take everything out, as tokens to paste into your wallet
  ardoise ecash export --again ID   show the tokens of an earlier export again

A token is money: whoever redeems it first has it. Redeem it in your own wallet at once, and show it to nobody.")]
pub struct Ecash {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take everything out that is there
    Export {
        /// Show an earlier export again, by its name
        #[arg(long, value_name = "ID")]
        again: Option<String>,
    },
}

impl Ecash {
    /// Does what is asked.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| match &self.what {
            None => tell(app).await,
            Some(What::Export { again: None }) => export(app).await,
            Some(What::Export { again: Some(name) }) => show_again(app, name).await,
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn tell(app: &App) -> Result<(), Failure> {
    for export in purse::all(app).await? {
        if export.name.is_empty() {
            say!(
                "{} sat in e-cash are in the shop; `ardoise ecash export` takes them out.",
                export.sats()
            );
        } else {
            say!("{} sat left with export {}", export.sats(), export.name);
        }
    }
    Ok(())
}

async fn export(app: &App) -> Result<(), Failure> {
    let export = purse::take_out(app, app.mint.settlement().to_string()).await?;
    if export.sats() == 0 {
        say!("There is no e-cash to take out. What left before: `ardoise ecash`.");
        return Ok(());
    }
    print(&export);
    Ok(())
}

async fn show_again(app: &App, name: &str) -> Result<(), Failure> {
    let found = purse::all(app).await?.into_iter();
    let found = found.filter(|export| !export.name.is_empty()).find(|export| export.name == name);
    let next = "`ardoise ecash` lists them";
    let export = found.ok_or_else(|| format!("there is no export {name:?}; {next}"))?;
    print(&export);
    Ok(())
}

/// The tokens alone on the standard output, so that they can be passed on; words beside it.
fn print(export: &Export) {
    for token in export.tokens() {
        say!("{token}");
    }
    eprintln!("{} sat in e-cash, as export {}.", export.sats(), export.name);
    eprintln!("Redeem every token in your own wallet now: whoever does so first has the money.");
}
