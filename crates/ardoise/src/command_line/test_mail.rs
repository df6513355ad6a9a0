//! `ardoise test-mail`.

use super::place::{Place, told};
use super::{Done, Failure};
use crate::app::App;
use crate::mail::post::{Outcome, Post};
use crate::mail::{letter, read_address};
use clap::Args;
use std::process::ExitCode;

/// Send a test letter, to see whether letters arrive.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  ardoise test-mail olu@shop.example

It goes through the server of `mail.server`, like the letters to readers; `ardoise doctor` asks whether that lets the shop in
without sending anything.")]
pub struct TestMail {
    /// To whom
    address: String,
}

impl TestMail {
    /// Sends it.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| self.send(app).await)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn send(&self, app: &App) -> Result<(), Failure> {
        let off = "letters are off: set mail.server and mail.from (docs/mail.md)";
        let settings = app.settings.mail.as_ref().ok_or(off)?;
        let to = read_address(&self.address, "address").map_err(told)?;
        let written = letter::test(app)?;
        match Post::new(settings, &app.settings.url)?.send(to, &written).await {
            Outcome::Taken => {
                say!(
                    "{} has taken it; look whether it arrives, and not among the unwanted.",
                    settings.host
                );
                Ok(())
            }
            Outcome::Refused(word) | Outcome::Failed(word) => {
                Err(format!("{} has not taken it: {word}", settings.host).into())
            }
        }
    }
}
