//! What a reader answers on the shop's own page, before their rail is told.
//!
//! A rail that has to know afterwards that it was told something ([`Before::Write`]) has it written down first: one
//! transaction, in which the first of several comes through and the others find that they are late. In the same transaction
//! stands who pays, where law limits what one may pay in a month ([`store::payer`](crate::store::payer)): the amount is
//! reserved for them before the rail hears of it. Nothing has to be released. What counts are the charges that came to
//! something or still may: one that is declined or left counts no longer, and one whose money comes late counts again.

use super::port::{Before, Note, Payer, Rail, Reason};
use super::saga::{Visit, conclude, decline, told};
use crate::app::App;
use crate::gains::month_of;
use crate::store::charge::{self, Change, Stored};
use crate::store::payer::{self, Reservation};
use crate::store::{Db, StoreError};
use std::collections::BTreeMap;

/// How a note was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It is written.
    Written,
    /// Somebody was faster.
    TooLate,
    /// It would be more than the payer may pay in this month. Nothing is written.
    TooMuch,
}

/// Tells `rail` what its reader answered, and writes down what became of the charge.
///
/// # Errors
/// The store's.
pub async fn tell(
    app: &App,
    rail: &dyn Rail,
    stored: Stored,
    answers: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    let note = match rail.before(&told(app, &stored), answers) {
        // A charge that is over is asked about and told nothing more.
        Before::Write(note) if stored.state.is_live() => note,
        Before::Write(_) | Before::Look => return look(app, rail, stored).await,
        Before::Nothing => return hand_over(app, rail, stored, (answers, Visit::Again)).await,
    };
    // Before it hears of who pays, no rail can have done anything.
    let visit = if note.payer.is_some() { Visit::First } else { Visit::Again };
    let (id, currency) = (stored.id, app.currency());
    match write(app, &stored, note.clone()).await? {
        Taken::Written => {
            let stored = Stored { kept: note.kept, ..stored };
            hand_over(app, rail, stored, (answers, visit)).await
        }
        Taken::TooMuch => decline(app, &stored, Reason::Month).await,
        Taken::TooLate => {
            let now = app.store.read(|db| charge::by_id(db, id, currency)).await?;
            let now = now.ok_or_else(|| StoreError::Corrupt("a charge is gone".into()))?;
            look(app, rail, now).await
        }
    }
}

async fn hand_over(
    app: &App,
    rail: &dyn Rail,
    stored: Stored,
    (answers, visit): (&BTreeMap<String, String>, Visit<'_>),
) -> Result<(), StoreError> {
    let asked = rail.returned(&told(app, &stored), answers).await;
    conclude(app, &stored, asked, visit).await
}

async fn look(app: &App, rail: &dyn Rail, stored: Stored) -> Result<(), StoreError> {
    let asked = rail.look(&told(app, &stored)).await;
    conclude(app, &stored, asked, Visit::Again).await
}

async fn write(app: &App, stored: &Stored, note: Note) -> Result<Taken, StoreError> {
    let (stored, month) = (stored.clone(), month_of(app.now()));
    let write = move |db: &dyn Db| {
        let Note { kept, payer } = &note;
        let reservation = payer.as_ref().map(|payer| reservation(&stored, payer, month));
        if let Some(reservation) = &reservation
            && !payer::has_room(db, reservation)?
        {
            return Ok(Taken::TooMuch);
        }
        let change = Change { before: &stored.kept, kept, next: None };
        if !charge::change(db, stored.id, change)? {
            return Ok(Taken::TooLate);
        }
        reservation.map_or(Ok(()), |reservation| payer::reserve(db, &reservation))?;
        Ok(Taken::Written)
    };
    app.store.write(write).await
}

const fn reservation(stored: &Stored, payer: &Payer, month: i64) -> Reservation {
    Reservation {
        charge: stored.id,
        rail: stored.rail,
        payer: payer.key,
        month,
        amount: stored.amount,
        monthly: payer.monthly,
    }
}
