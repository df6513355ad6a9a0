//! `ardoise reopen-tab`.

use super::place::{Place, told};
use super::settle::known_tab;
use super::{Done, Failure};
use crate::app::App;
use crate::tabs;
use clap::Args;
use std::process::ExitCode;

/// Open a tab again that a lost dispute has closed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise reopen-tab tab_01h2xcejqtf2n

Lines that were written off are still owed, and keep the tab closed until they are paid.")]
pub struct ReopenTab {
    /// The tab (tab_…)
    #[arg(value_name = "TAB")]
    tab: String,
}

impl ReopenTab {
    /// Opens it, and prints how it stands.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| self.reopen(app).await)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn reopen(&self, app: &App) -> Result<(), Failure> {
        let tab = known_tab(app, &self.tab).await?;
        let (now, is_new) = tabs::reopen(app, tab).await.map_err(told)?;
        match (is_new, now.tab.is_closed()) {
            (true, false) => say!("{tab} is open again."),
            (false, false) => say!("{tab} was open already."),
            (true, true) => {
                say!("The dispute is forgiven; {tab} opens once {} are paid.", now.owed)
            }
            (false, true) => say!("{tab} opens once {} are paid; no dispute closes it.", now.owed),
        }
        Ok(())
    }
}
