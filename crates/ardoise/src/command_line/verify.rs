//! `ardoise verify`.

use super::{Done, Failure};
use crate::receipts::document::{About, Document, What};
use crate::receipts::verify::{Verified, verify};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check a receipt, without asking the shop: its hashes, its sums and its signature.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  curl -o key.json https://shop.example/.well-known/ardoise
  ardoise verify receipt.json --key key.json

Without --key only the receipt itself is looked at: that it was not changed since it was signed, not who signed it.")]
pub struct Verify {
    /// The receipt
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the shop publishes at /.well-known/ardoise
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Verify {
    /// Checks it, and prints what it says.
    ///
    /// # Errors
    /// A file cannot be read, or the receipt does not hold.
    pub fn run(&self) -> Done {
        let text = read(&self.file)?;
        let published = self.key.as_deref().map(read).transpose()?;
        let verified = verify(&text, published.as_deref())
            .map_err(|refused| format!("{} is REFUSED: {refused}", self.file.display()))?;
        print(&verified);
        Ok(ExitCode::SUCCESS)
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn print(verified: &Verified) {
    let document = &verified.document;
    let Document { shop, tab, made_at, .. } = document;
    let what = match document.about {
        About::Line => "A line",
        About::Tab => "Everything",
    };
    say!("{what} of {tab} at {} ({}), made {made_at}", shop.name, shop.url);
    for entry in &document.entries {
        say!("  {}  {}", entry.at, words(&entry.what));
    }
    if let Some(sums) = &document.sums {
        let (owed, currency) = (&sums.owed.amount, &document.currency);
        say!(
            "  bought {}, undone {}, received {}: {owed} {currency} is owed",
            sums.bought.amount,
            sums.undone.amount,
            sums.received.amount
        );
    }
    say!("It holds: hashes, sums and signature are right.");
    if verified.signer_known {
        say!("The shop signed it, with the published key {}.", document.key.kid);
    } else {
        say!(
            "WHO signed it was not checked: the key inside the receipt was used. \
             Fetch {}/.well-known/ardoise and name that file with --key.",
            shop.url
        );
    }
}

fn words(what: &What) -> String {
    match what {
        What::Bought(bought) => {
            format!("bought {} for {} {}", bought.title, bought.price.amount, bought.price.currency)
        }
        What::Undone(undone) => {
            format!("undone by the {}, {} less", undone.by, undone.amount.amount)
        }
        What::Settled(settled) => {
            format!("received {} ({})", settled.received.amount, settled.rail)
        }
        What::Refunded(made) => format!("gave {} back ({})", made.amount.amount, made.rail),
        What::Returned(made) => format!("{} did not go back: credit again", made.amount.amount),
        What::Disputed(one) => format!("{} of a settlement is disputed", one.amount.amount),
        What::DisputeEnded(one) => {
            let whose = if one.won { "the shop's" } else { "the reader's" };
            format!("{} that was disputed is {whose}", one.amount.amount)
        }
        What::WrittenOff(lost) => format!("{} was written off", lost.amount.amount),
        What::RefundedElsewhere(made) => {
            format!("{} went back at the provider's own page ({})", made.amount.amount, made.rail)
        }
        What::Reopened {} => "opened again by the shop".into(),
    }
}
