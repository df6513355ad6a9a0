//! `ardoise invite`.

use super::place::{Place, told};
use super::{Done, Failure};
use crate::app::App;
use crate::people::http::checked_name;
use crate::people::{INVITE_DAYS, invite, invite_author, known_author};
use crate::store::people::{Author, Role};
use clap::{Args, Subcommand};
use std::process::ExitCode;

/// Make a link that lets an author or the operator in, once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ardoise invite author \"Ada Belkacem\"
  ardoise invite operator

The link works once, for fourteen days. Asked for again with a name that is known here, it leads to the same
works and gains: that is how an author comes back on a new computer.")]
pub struct Invite {
    #[command(subcommand)]
    whom: Whom,
}

#[derive(Debug, Subcommand)]
enum Whom {
    /// Somebody who sells here
    Author {
        /// The name readers will see, or the id (aut_…) of an author who is known here
        name: String,
    },
    /// Whoever keeps the shop
    Operator,
}

impl Invite {
    /// Prints the link.
    ///
    /// # Errors
    /// What is wrong, in words for the operator.
    pub fn run(&self, place: &Place) -> Done {
        place.with_shop(async |app| match &self.whom {
            Whom::Author { name } => author(app, name).await,
            Whom::Operator => {
                let link = invite(app, Role::Operator).await.map_err(told)?;
                print("This link signs the operator in", &link);
                Ok(())
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn author(app: &App, name: &str) -> Result<(), Failure> {
    let known = the_one(name, known_author(app, name).await?)?;
    let Some(known) = known else {
        let name = checked_name(name).map_err(
            |_| "a name has 1 to 120 characters, and no line breaks or other control characters",
        )?;
        let (_, link) = invite_author(app, &name).await.map_err(told)?;
        print(&format!("{name} is a new author here. This link lets them in"), &link);
        return Ok(());
    };
    let link = invite(app, Role::Author(known.id)).await.map_err(told)?;
    let Author { id, name, .. } = known;
    let what = format!(
        "{name} is known here ({id}). This new link leads to the same works and gains. It works"
    );
    print(&what, &link);
    Ok(())
}

/// The author that a name or an id stands for, if there is one.
///
/// # Errors
/// Several authors have the name.
pub fn the_one(name: &str, mut known: Vec<Author>) -> Result<Option<Author>, Failure> {
    if known.len() > 1 {
        let ids: Vec<String> = known.iter().map(|author| author.id.to_string()).collect();
        let ids = ids.join(", ");
        return Err(
            format!("several authors are called {name}; say which by their id: {ids}").into()
        );
    }
    Ok(known.pop())
}

fn print(what: &str, link: &str) {
    say!("{what}, once, within {INVITE_DAYS} days:\n\n{link}");
}
