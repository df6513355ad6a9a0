//! `ardoise vouchers`.

use super::place::{Place, told};
use super::settle::amount;
use super::{Done, Failure};
use crate::app::App;
use crate::pages::Locale;
use crate::vouchers::{PRINTED_MOST, Print, print, void};
use clap::{Args, Subcommand};
use ledger::VoucherId;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Print vouchers with which readers settle, or take one back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise vouchers print --count 20 --amount 5 --page vouchers.html
  ardoise vouchers print --count 20 --amount 5 --page bons.html --language fr
  ardoise vouchers void vch_01h2xcejqtf2n

The page has ten cards on a sheet of A4. Codes are shown this once: keep the file like cash, and remove it once it is printed.")]
pub struct Vouchers {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make vouchers, and the page to print
    Print(PrintSome),
    /// Take a voucher back: it pays nothing any more
    Void {
        /// Its number (vch_…)
        #[arg(value_name = "VOUCHER")]
        voucher: VoucherId,
    },
}

#[derive(Debug, Args)]
struct PrintSome {
    /// How many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=i64::from(PRINTED_MOST)))]
    count: u32,
    /// What each is for
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// The page to write; there must be no such file
    #[arg(long, value_name = "FILE")]
    page: PathBuf,
    /// The language of the cards
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["en", "fr"])]
    language: String,
}

impl Vouchers {
    /// Does it, and prints what was done.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        match &self.what {
            What::Print(some) => some.run(place)?,
            What::Void { voucher } => {
                place.with_shop(async |app| void(app, *voucher).await.map_err(told))?;
                say!("{voucher} pays nothing any more.");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl PrintSome {
    fn run(&self, place: &Place) -> Result<(), Failure> {
        let shown = self.page.display();
        // Made first: vouchers whose page cannot be written would be worth nothing to anybody.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.page)
            .map_err(|error| format!("{shown}: {error}"))?;
        let made = place.with_shop(async |app| self.make(app).await);
        let page = made.inspect_err(|_| {
            let _ = std::fs::remove_file(&self.page);
        })?;
        file.write_all(page.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
            format!("{shown}: {error}; the codes are lost: void these vouchers at the desk, and print others")
        })?;
        say!("{} vouchers are in {shown}. Print it, and keep it like cash.", self.count);
        Ok(())
    }

    async fn make(&self, app: &App) -> Result<String, Failure> {
        let locale = if self.language == "fr" { Locale::Fr } else { Locale::En };
        let amount = amount(app, "--amount", &self.amount)?;
        let ask = Print { id: app.mint.id(), count: self.count, amount, locale };
        Ok(print(app, ask).await.map_err(told)?.in_one_file()?)
    }
}
