//! What one would write first instead of this shop, to measure the shop beside it: the same framework, the same request and
//! answer, and for each purchase one PostgreSQL transaction on one of a few connections.
//!
//! It is written with care and without tricks: statements are prepared, the rows that everybody changes (fee, VAT) are
//! changed last, so that they are locked as briefly as can be, and always in the same order. It has no receipts, webhooks,
//! pages or undo; it does less for each purchase than the shop does.

mod books;
mod stand;

pub use stand::Peer;

use std::net::SocketAddr;
use std::sync::Arc;

use ardoise::api::buying::{Became, Bought};
use ardoise::connections::{self, Limits};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ledger::{Currency, LineId, Money};
use serde::Deserialize;
use tokio::net::TcpListener;

use self::books::{Books, Entered, Purchase};
use crate::fault::Fault;
use crate::wire::TAB_COOKIE;

/// What a reader sends.
#[derive(Debug, Deserialize)]
struct Tap {
    purchase: String,
    price: String,
}

/// Serves the peer whose books are at `store` (`postgres://…`), until the process ends.
///
/// # Errors
/// [`Fault::Shop`] when the books cannot be opened, [`Fault::Io`] when nobody can listen there.
pub fn serve(listen: SocketAddr, store: &str) -> Result<(), Fault> {
    let runtime = tokio::runtime::Runtime::new().map_err(Fault::io("starting a runtime"))?;
    runtime.block_on(async {
        let books = Arc::new(Books::open(store).await?);
        let listener = TcpListener::bind(listen).await.map_err(Fault::io("listening"))?;
        let router = Router::new()
            .route("/health", get(async || "ok\n"))
            .route("/l/{slug}/buy", post(buy))
            .with_state(books);
        let limits = Limits::of(crate::product::CONNECTIONS);
        connections::serve(listener, router, limits, std::future::pending()).await;
        Ok(())
    })
}

async fn buy(
    State(books): State<Arc<Books>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    Json(tap): Json<Tap>,
) -> Response {
    let (Some(secret), Some(id), Some(price)) = (tab(&headers), id(&tap), price(&tap)) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match books.enter(Purchase { id, secret, slug: &slug, price }).await {
        Ok(Some(entered)) => bought(&tap, price, &entered).unwrap_or_else(failed),
        Ok(None) => StatusCode::PAYMENT_REQUIRED.into_response(),
        Err(error) => failed(error),
    }
}

fn bought(tap: &Tap, price: i64, entered: &Entered) -> Result<Response, Fault> {
    let money = |micros| {
        let money = Money::from_micros(micros, Currency::Eur);
        money.map_err(|error| Fault::Run(format!("an amount: {error}")))
    };
    let work = format!("wrk_{}", entered.work);
    let body = Bought {
        line: tap.purchase.clone(),
        open: format!("/w/{work}"),
        work,
        status: Became::Bought,
        price: money(price)?.into(),
        total: money(entered.owed)?.into(),
        limit: money(entered.most)?.into(),
    };
    Ok(Json(body).into_response())
}

fn failed(fault: Fault) -> Response {
    eprintln!("{fault}");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The secret of the tab in the cookie.
fn tab(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let mut pairs = cookies.split("; ").filter_map(|cookie| cookie.split_once('='));
    pairs.find(|&(name, _)| name == TAB_COOKIE).map(|(_, secret)| secret)
}

fn id(tap: &Tap) -> Option<[u8; 16]> {
    let line: LineId = tap.purchase.parse().ok()?;
    Some(line.bytes())
}

fn price(tap: &Tap) -> Option<i64> {
    Money::parse(&tap.price, Currency::Eur).ok().map(Money::micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::purchase_id::PurchaseId;
    use axum::http::HeaderValue;

    #[test]
    fn the_tab_is_found_among_other_cookies() {
        let of = |cookies: &'static str| {
            HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookies))])
        };
        assert_eq!(tab(&of("language=fr; ardoise_tab=tab7")), Some("tab7"));
        assert_eq!(tab(&of("ardoise_tabs=tab7")), None);
        assert_eq!(tab(&HeaderMap::new()), None);
    }

    #[test]
    fn a_tap_is_read_as_the_shop_reads_it() {
        let purchase = PurchaseId::mint(&mut Chance::new(3));
        let tap = Tap { purchase: purchase.to_string(), price: "0.010000".to_owned() };
        assert_eq!(id(&tap), Some(purchase.bits().to_be_bytes()));
        assert_eq!(price(&tap), Some(10_000));
        let garbled = Tap { purchase: "once".to_owned(), price: "much".to_owned() };
        assert_eq!((id(&garbled), price(&garbled)), (None, None));
    }
}
