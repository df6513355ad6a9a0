//! Receipts over HTTP, and the key that anybody checks them with.

use super::document::{Document, FORMAT};
use super::issue;
use super::key::PublicKey;
use crate::app::{App, Shared};
use crate::problem::{Problem, SHOP_FAILED, TAB_UNKNOWN};
use crate::request::Ask;
use crate::works::file_name::{Disposition, content_disposition};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, header};
use ledger::{LedgerRefusal, LineId};
use serde::{Deserialize, Serialize};

type Asked = Result<Response, Problem>;

/// What a shop says about itself to programs: `GET /.well-known/ardoise`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// The program that serves it, and its version.
    pub software: String,
    /// The format of its receipts.
    pub receipts: String,
    /// The keys that sign its receipts, as a JSON Web Key Set (RFC 7517) has them.
    pub keys: Vec<PublicKey>,
}

/// `GET /.well-known/ardoise`: what a receipt is checked with.
pub async fn show_shop(State(app): State<Shared>) -> Response {
    let published = Published {
        name: app.settings.shop_name.clone(),
        url: app.settings.url.clone(),
        software: concat!("ardoise ", env!("CARGO_PKG_VERSION")).into(),
        receipts: FORMAT.into(),
        keys: vec![app.receipt_key.public()],
    };
    // A page of another site may check a receipt, too.
    ([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], axum::Json(published)).into_response()
}

/// `GET /receipts`: everything that ever happened to the tab of whoever asks.
pub async fn show_tab(State(app): State<Shared>, ask: Ask) -> Asked {
    let unknown = || Problem::new(&TAB_UNKNOWN);
    let tab = ask.own_tab(&app).await?.ok_or_else(unknown)?;
    let document = issue::of_tab(&app, tab.id).await?.ok_or_else(unknown)?;
    let name = file_name(&app, &ask, "receipts-file", &app.settings.shop_name);
    download(&document, &name)
}

/// `GET /receipts/{line}`: one line of that tab, with what became of it.
pub async fn show_line(State(app): State<Shared>, Path(line): Path<String>, ask: Ask) -> Asked {
    let unknown = || Problem::from(LedgerRefusal::NoLine);
    let line: LineId = line.parse().map_err(|_| unknown())?;
    let tab = ask.own_tab(&app).await?.ok_or_else(unknown)?;
    let document = issue::of_line(&app, tab.id, line).await?.ok_or_else(unknown)?;
    let title = document.title().unwrap_or_default().to_owned();
    download(&document, &file_name(&app, &ask, "receipt-file", &title))
}

/// What the file is called once saved: what it is, of when, and of what.
fn file_name(app: &App, ask: &Ask, word: &'static str, about: &str) -> String {
    let now = crate::api::wire::instant(app.now());
    let day = now.split('T').next().unwrap_or_default();
    format!("{} {day} {about}.json", ask.locale.text(word))
}

fn download(document: &Document, name: &str) -> Asked {
    let failed = |error| Problem::new(&SHOP_FAILED).because(error);
    let mut text = serde_json::to_string_pretty(document).map_err(failed)?;
    text.push('\n');
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (header::CONTENT_DISPOSITION, content_disposition(name, Disposition::Attachment)),
    ];
    Ok((headers, text).into_response())
}
