//! Letters that nobody takes, on the desk.

use crate::app::{App, Shared};
use crate::body::Fields;
use crate::notices::Notice;
use crate::notices::http::back;
use crate::notices::words::{Telling, was_charged};
use crate::pages::desk::LostLetter;
use crate::people::SignedOperator;
use crate::problem::{Problem, REQUEST_MALFORMED};
use crate::request::Ask;
use crate::store::letter::{self, GivenUp};
use crate::store::{Db, StoreError, notice};
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

/// Letters on the desk.
const SHOWN: i64 = 50;

/// Letters that are not sent any more, as the operator sees them.
pub(super) fn lost(app: &App, ask: &Ask, db: &dyn Db) -> Result<Vec<LostLetter>, StoreError> {
    let given_up = letter::given_up(db, SHOWN)?.into_iter();
    given_up
        .map(|lost| Ok(LostLetter { title: title(app, ask, db, &lost)?, ..row(&lost) }))
        .collect()
}

fn row(lost: &GivenUp) -> LostLetter {
    LostLetter {
        tab: lost.tab.to_string(),
        title: String::new(),
        key: format!("{}.{}", lost.kind.name(), lost.subject),
        failure: lost.failure.clone(),
        at: lost.at,
    }
}

fn title(app: &App, ask: &Ask, db: &dyn Db, lost: &GivenUp) -> Result<String, StoreError> {
    let Some(told) = notice::one(db, lost.tab, lost.kind, &lost.subject)? else {
        return Ok(String::new());
    };
    let was_charged = was_charged(db, &told, app.currency())?;
    let telling =
        Telling { locale: ask.locale, currency: app.currency(), now: app.now(), was_charged };
    Ok(telling.say(&told).title)
}

/// `POST /desk/letters/seen`: the operator has seen that nobody takes a letter. Fields: `tab`, `notice`.
pub async fn see(
    State(app): State<Shared>,
    _: SignedOperator,
    ask: Ask,
    fields: Fields,
) -> Result<Response, Problem> {
    let tab = fields.id("tab")?;
    let wrong = || Problem::new(&REQUEST_MALFORMED).field("notice");
    let (kind, subject) = fields.one("notice").and_then(Notice::read_key).ok_or_else(wrong)?;
    let was_there =
        app.store.write(move |db| letter::remove_lost(db, tab, (kind, &subject))).await?;
    Ok(back(&ask, "/desk", json!({ "seen": was_there })))
}
