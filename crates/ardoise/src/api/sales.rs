//! Sales, for programs.

use super::caller::Caller;
use super::input::{Asked, Id, Named};
use super::paging::{Limit, Listed, cursor, place};
use super::wire::{Sale, from_instant};
use crate::app::Shared;
use crate::gains::catch_up;
use crate::problem::{Problem, SALE_UNKNOWN};
use crate::store::sale::{self, Wanted};
use crate::store::statement::Before;
use axum::Json;
use axum::extract::State;
use ledger::{LineId, Timestamp, WorkId};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use utoipa::IntoParams;

/// The letter of cursors of this list.
const LIST: u8 = b's';

/// Which sales.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SalesAsked {
    /// Items on a page.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100, default = 50)]
    pub limit: Limit,
    /// Where to go on: what `next` said.
    pub cursor: Option<String>,
    /// Only sales of this work.
    #[param(value_type = Option<String>, example = "wrk_01vgz93hs0v2w")]
    pub work: Option<Named<WorkId>>,
    /// Only sales made then or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-22T12:00:00Z")]
    #[serde(deserialize_with = "instant")]
    pub since: Option<Timestamp>,
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    from_instant(&text).map(Some).ok_or_else(|| D::Error::custom("not an instant of RFC 3339"))
}

/// List sales
///
/// Newest first, undone ones too. Nothing in them tells who bought.
#[utoipa::path(
    get,
    path = "/api/v1/sales",
    operation_id = "list_sales",
    tag = "sales",
    params(SalesAsked),
    responses((status = OK, description = "A page of sales.", body = Listed<Sale>))
)]
pub async fn list(
    State(app): State<Shared>,
    Caller(author): Caller,
    Asked(asked): Asked<SalesAsked>,
) -> Result<Json<Listed<Sale>>, Problem> {
    let before = asked.cursor.as_deref().map(read_place).transpose()?.unwrap_or(Before::NEWEST);
    let wanted = Wanted {
        work: asked.work.map(|work| work.0),
        since: asked.since.unwrap_or(Timestamp::from_micros(i64::MIN)),
    };
    catch_up(&app).await?;
    let (rows, currency) = (asked.limit.rows(), app.currency());
    let read = move |db: &dyn crate::store::Db| {
        sale::by_author(db, author, wanted, before, rows, currency)
    };
    // A work that hardly ever sells makes this read far back.
    let sales = app.store.study(read).await?;
    Ok(Json(Listed::of(sales, asked.limit, after, |sale| Sale::from(&sale))))
}

fn after(sale: &sale::Sale) -> String {
    let at = sale.bought_at.micros().to_be_bytes();
    cursor(LIST, &[&at[..], &sale.line.bytes()].concat())
}

fn read_place(text: &str) -> Result<Before, Problem> {
    let bytes: [u8; 24] = place(LIST, text)?;
    let (mut at, mut line) = ([0; 8], [0; 16]);
    at.copy_from_slice(&bytes[..8]);
    line.copy_from_slice(&bytes[8..]);
    let at = Timestamp::from_micros(i64::from_be_bytes(at));
    Ok(Before { at, line: LineId::from_bytes(line) })
}

/// Get a sale
#[utoipa::path(
    get,
    path = "/api/v1/sales/{sale}",
    operation_id = "get_sale",
    tag = "sales",
    params(("sale" = String, Path, description = "Its id.", example = "0134tk8d8w7mcsskwkw6s8njtx")),
    responses((status = OK, description = "The sale as it stands.", body = Sale))
)]
pub async fn show(
    State(app): State<Shared>,
    Caller(author): Caller,
    Id(line): Id<LineId>,
) -> Result<Json<Sale>, Problem> {
    let currency = app.currency();
    let found = app.store.read(|db| sale::by_id(db, author, line, currency)).await?;
    Ok(Json(Sale::from(&found.ok_or_else(|| Problem::new(&SALE_UNKNOWN))?)))
}
