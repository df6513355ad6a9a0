//! The shop for programs: `/api/v1`, JSON in and out.
//!
//! A program shows an API key of its author ([`caller`]). What it sends is read strictly ([`input`]), what it repeats is
//! done once ([`repeats`]), lists come in pages ([`paging`]), and what goes wrong is a problem (RFC 9457). Each handler
//! carries its own description; together they are `/api/v1/openapi.json` ([`openapi`]).

pub mod buying;
pub mod caller;
pub mod gains;
pub mod input;
pub mod links;
pub mod openapi;
pub mod paging;
pub mod price;
pub mod repeats;
pub mod sales;
pub mod webhooks;
pub mod wire;
pub mod work;
pub mod works;

use crate::addresses::{Address, Addresses, get};
use crate::app::Shared;
use crate::request::is_for_programs;
use axum::Router;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use http::{Method, header};
use std::sync::LazyLock;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Every address for programs.
pub fn addresses() -> Addresses {
    let (router, description) = described();
    Addresses::new()
        .and(router, described_addresses(&description))
        .route("/api/v1/openapi.json", get(show_description))
        .around(|routes| routes.layer((CompressionLayer::new(), from_fn(caller::around))))
}

/// The addresses of ours that a description tells of; readers' programs buy at those of the pages.
fn described_addresses(description: &OpenApi) -> Vec<Address> {
    let paths = description.paths.paths.iter().filter(|(path, _)| is_for_programs(path));
    let each = paths.flat_map(|(path, item)| {
        let methods = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        let described = methods.into_iter().filter(|(_, operation)| operation.is_some());
        described.map(|(method, _)| Address { method, path: path.clone() })
    });
    each.collect()
}

/// The addresses, and what they say about themselves.
fn described() -> (Router<Shared>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::start())
        .routes(routes!(works::list, works::make))
        .routes(routes!(works::show, works::change))
        .routes(routes!(works::publish))
        .routes(routes!(works::unpublish))
        .routes(routes!(links::of_work, links::make))
        .routes(routes!(links::list))
        .routes(routes!(gains::show))
        .routes(routes!(sales::list))
        .routes(routes!(sales::show))
        .routes(routes!(webhooks::list, webhooks::make))
        .routes(routes!(webhooks::show, webhooks::remove))
        .routes(routes!(webhooks::test))
        .split_for_parts()
}

/// The description of the API, as it is served and kept in `docs/openapi.json`.
pub fn description() -> String {
    openapi::complete(described().1)
}

/// `GET /api/v1/openapi.json`.
async fn show_description() -> Response {
    static DESCRIPTION: LazyLock<String> = LazyLock::new(description);
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, DESCRIPTION.as_str()).into_response()
}
