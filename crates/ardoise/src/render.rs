//! Turns a filled page into an answer.

use crate::problem::{Problem, SHOP_FAILED};
use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderValue, header};

/// A page that is one reader's own: no cache keeps it.
///
/// # Errors
/// [`SHOP_FAILED`] when the template cannot be written.
pub fn html(page: &impl Template) -> Result<Response, Problem> {
    let text = page.render().map_err(|error| Problem::new(&SHOP_FAILED).because(error))?;
    let mut response = Html(text).into_response();
    let caching = HeaderValue::from_static("private, no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, caching);
    Ok(response)
}
