//! What a reader gives a rail, and what a rail wants written down before it goes on.
//!
//! A token is money in the hands of whoever reads it: it must neither be lost nor taken twice. So a rail does nothing with it in the
//! step in which it is given. It says what is to be kept ([`Outcome::Keep`]); that is written, in place of what it has seen and of nothing
//! else; and then it is asked again, and acts on what is kept. Two who give different things at once cannot both be kept: the second
//! is asked once more, and the rail refuses it by what it then sees. Stopped before the write, nothing was taken; stopped after it,
//! whoever looks next goes on.

use super::answering::{self, Ready};
use super::port::{Next, Outcome, Rail, RailError, Reason, Unfit};
use super::saga::{Visit, conclude, go_on, told};
use crate::app::App;
use crate::problem::{CHARGE_OVER, CHARGE_UNFIT, Problem, RAIL_BUSY, SETTLEMENT_NO_RAIL};
use crate::store::charge::{self, Change, State, Stored};
use crate::store::{Db, StoreError};
use std::collections::BTreeMap;

/// Times that a rail may want something kept, or finds that somebody was faster, in one go. A token takes two.
const STEPS_MOST: usize = 6;

/// What asking a rail came to.
pub struct Asked {
    /// The charge as it stands then.
    pub stored: Stored,
    /// What the rail said last.
    pub said: Result<Outcome, RailError>,
    /// Whether something was kept.
    pub is_kept: bool,
    /// Whether the rail can surely have done nothing before it was asked.
    pub is_first: bool,
}

/// Asks a rail about a charge, and keeps what it wants kept on the way.
///
/// # Errors
/// The store's.
pub async fn ask(
    app: &App,
    rail: &dyn Rail,
    mut stored: Stored,
    mut visit: Visit<'_>,
) -> Result<Asked, StoreError> {
    let (mut is_kept, mut is_first) = (false, false);
    for _ in 0..STEPS_MOST {
        let said = match visit {
            Visit::Returned(answers) => match answering::prepare(app, rail, stored, answers).await?
            {
                Ready::Tell { stored: now, is_first: first } => {
                    (stored, is_first) = (now, first);
                    rail.returned(&told(app, &stored), answers).await
                }
                Ready::Look(now) => {
                    stored = now;
                    rail.look(&told(app, &stored)).await
                }
                Ready::TooMuch(now) => {
                    stored = now;
                    Ok(Outcome::Declined(Reason::Month))
                }
            },
            Visit::First | Visit::Again => rail.look(&told(app, &stored)).await,
        };
        let Ok(Outcome::Keep { kept, next }) = said else {
            return Ok(Asked { stored, said, is_kept, is_first });
        };
        let (was_kept, now) = keep(app, &stored, kept, next).await?;
        stored = now;
        // Where somebody was faster the rail is asked the same again: it sees what they gave, and says whether this is it.
        if was_kept {
            (is_kept, visit) = (true, Visit::Again);
        }
    }
    Ok(Asked { stored, said: Ok(Outcome::Unknown), is_kept, is_first })
}

/// Writes what a rail wants kept, unless somebody else has changed it since; answers whether it did, and how the charge stands.
async fn keep(
    app: &App,
    stored: &Stored,
    kept: String,
    next: Option<Next>,
) -> Result<(bool, Stored), StoreError> {
    let next = next.and_then(|next| serde_json::to_string(&next).ok());
    let (id, before, currency) = (stored.id, stored.kept.clone(), app.currency());
    let write = move |db: &dyn Db| {
        let change = Change { before: &before, kept: &kept, next: next.as_deref() };
        let is_kept = charge::change(db, id, change)?;
        Ok((is_kept, charge::by_id(db, id, currency)?))
    };
    let (is_kept, now) = app.store.write(write).await?;
    Ok((is_kept, now.ok_or_else(|| StoreError::Corrupt("a charge is gone".into()))?))
}

/// What became of what a reader gave.
pub struct Gift {
    /// The charge as it stands.
    pub stored: Stored,
    /// Whether the rail has it, or has come to an end with it.
    pub is_taken: bool,
}

/// A reader gives something for a charge, on the page or by their wallet.
///
/// # Errors
/// [`CHARGE_UNFIT`] for what cannot be taken: nothing was done with it. [`SETTLEMENT_NO_RAIL`], and the store's.
pub async fn give(
    app: &App,
    stored: Stored,
    answers: &BTreeMap<String, String>,
) -> Result<Gift, Problem> {
    let rail = app.rails.by_number(stored.rail).cloned();
    let rail = rail.ok_or_else(|| Problem::new(&SETTLEMENT_NO_RAIL))?;
    if stored.state == State::Begun {
        // What it is given for, it does not know of yet.
        let stored = go_on(app, stored, Visit::Again).await?;
        return Ok(Gift { stored, is_taken: false });
    }
    let page = format!("/tab/charges/{}", stored.id);
    let Asked { stored, said, is_kept, is_first } =
        ask(app, &*rail, stored, Visit::Returned(answers)).await?;
    if let Ok(Outcome::Unfit(unfit)) = said {
        return Err(problem(unfit).next("back-to-charge", page));
    }
    let is_taken = is_kept || matches!(&said, Ok(outcome) if *outcome != Outcome::Unknown);
    // What is settled stays so; the same given again is no news.
    if stored.state != State::Settled {
        let visit = if is_first { Visit::First } else { Visit::Returned(answers) };
        conclude(app, &stored, said, visit).await?;
    }
    let (id, currency) = (stored.id, app.currency());
    let now = app.store.read(|db| charge::by_id(db, id, currency)).await?;
    let stored = now.ok_or_else(|| StoreError::Corrupt("a charge is gone".into()))?;
    Ok(Gift { stored, is_taken })
}

fn problem(unfit: Unfit) -> Problem {
    let Unfit { field, words, details } = unfit;
    Problem { reason: Some(words), details, ..Problem::new(&CHARGE_UNFIT).field(field) }
}

/// What a wallet is told that gave something for a charge.
///
/// # Errors
/// [`CHARGE_OVER`] for a charge that came to nothing; [`RAIL_BUSY`] where it has to be given again.
pub fn thank(gift: &Gift) -> Result<(), Problem> {
    match gift.stored.state {
        State::Begun | State::Waiting | State::Settled | State::Refused if gift.is_taken => Ok(()),
        State::Begun | State::Waiting | State::Settled | State::Refused => {
            Err(Problem { retry_after: Some(60), ..Problem::new(&RAIL_BUSY) })
        }
        State::Declined | State::Abandoned => {
            let reason = Reason::from_code(&gift.stored.reason).map(Reason::words);
            Err(Problem { reason, ..Problem::new(&CHARGE_OVER) })
        }
    }
}
