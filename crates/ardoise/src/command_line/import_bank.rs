//! `ardoise import-bank`.

use super::place::{Place, told};
use super::{Done, Failure};
use crate::app::App;
use crate::bank::sheet::Chosen;
use crate::bank::statement::{FILE_MOST, LeftOut};
use crate::bank::{LookedOver, Verdict, look_over_file, take_in_file};
use clap::Args;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Read a statement of the bank: transfers with a reference go to their tabs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise import-bank november.xml                 what is in it, and what would become of it
  ardoise import-bank november.xml --confirm       take it in
  ardoise import-bank export.csv --day 1 --amount 4 --confirm

Without --confirm nothing is taken in: look first. The same statement twice, or two that overlap, change nothing more.
Credits that name no payment wait at the desk, under Bank statements.")]
pub struct ImportBank {
    /// The statement: CAMT.053 (XML) or CSV
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take it in
    #[arg(long)]
    confirm: bool,
    /// Which column of a CSV has the day, from 1, where its heading does not say
    #[arg(long, value_name = "COLUMN", value_parser = clap::value_parser!(u8).range(1..))]
    day: Option<u8>,
    /// Which column of a CSV has the amount
    #[arg(long, value_name = "COLUMN", value_parser = clap::value_parser!(u8).range(1..))]
    amount: Option<u8>,
}

impl ImportBank {
    /// Prints what was understood and, where that was confirmed, what was done.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        let file = self.read()?;
        place.with_shop(async |app| self.import(app, &file).await)?;
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        let shown = self.file.display();
        let failed = |error| format!("{shown}: {error}");
        let mut bytes = Vec::new();
        let file = File::open(&self.file).map_err(failed)?;
        file.take(FILE_MOST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    async fn import(&self, app: &App, file: &[u8]) -> Result<(), Failure> {
        let column = |number: Option<u8>| number.map(|number| usize::from(number) - 1);
        let chosen = Chosen { day: column(self.day), amount: column(self.amount) };
        let seen = look_over_file(app, file, chosen).await.map_err(told)?;
        print_understood(&seen);
        if seen.layout.as_ref().is_some_and(|layout| !layout.is_whole()) {
            return Err(
                "say which columns are the day and the amount, with --day and --amount".into()
            );
        }
        if !self.confirm {
            say!("Nothing was taken in. If this is right, run it again with --confirm.");
            return Ok(());
        }
        let done = take_in_file(app, file, chosen).await.map_err(told)?;
        let (placed, waiting, known) = (done.placed, done.waiting, done.known);
        say!(
            "Taken in: {placed} went to their tabs, {waiting} wait at the desk, {known} were known."
        );
        Ok(())
    }
}

fn print_understood(seen: &LookedOver) {
    if let Some(layout) = &seen.layout {
        for (at, heading) in layout.headings.iter().enumerate() {
            let role = match Some(at) {
                at if at == layout.day => "  <- the day",
                at if at == layout.amount => "  <- the amount",
                _ => "",
            };
            say!("column {:>2}  {heading}{role}", at + 1);
        }
    }
    for (entry, verdict) in &seen.credits {
        say!("{:>12}  {}  {}", entry.amount.to_string(), becomes(verdict), entry.said);
    }
    let LeftOut { debits, not_booked, other_currency, other_account, no_booking } = seen.left_out;
    say!(
        "Left out: {debits} debits, {not_booked} not final, {other_currency} in another currency, {other_account} of another \
         account, {no_booking} rows without a booking."
    );
}

fn becomes(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Known => "known already".into(),
        Verdict::Pays(place) => format!("pays {}", place.tab),
        Verdict::Unmatched => "names no payment".into(),
        Verdict::Several => "names several payments".into(),
        Verdict::Alike => "came with another kind of statement, perhaps".into(),
    }
}
