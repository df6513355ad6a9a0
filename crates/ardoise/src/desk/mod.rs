//! The operator's desk: who sells here, which tabs owe, whether the books are sound.

pub mod books;
pub mod costs;
pub mod giving_back;
pub mod http;
pub mod letters;
pub mod paying_out;
pub mod payouts;

use crate::app::App;
use crate::pages::desk::BooksState;
use crate::store::StoreError;

/// Findings that the desk shows; the command line has them all.
const SHOWN: usize = 50;

/// Checks the books, and remembers what was found.
///
/// # Errors
/// Whatever the store says.
pub async fn check_books(app: &App) -> Result<BooksState, StoreError> {
    app.store.till().catch_up().await?;
    let currency = app.currency();
    let report = app.store.study(move |db| books::check(db, currency, &mut |_, _| ())).await?;
    for finding in &report.findings {
        tracing::error!(finding, "the books do not balance");
    }
    let state = BooksState {
        balanced: report.findings.is_empty(),
        findings: report.findings.into_iter().take(SHOWN).collect(),
        checked: app.now(),
        transfers: report.transfers,
    };
    if let Ok(mut last) = app.books.lock() {
        *last = Some(state.clone());
    }
    Ok(state)
}
