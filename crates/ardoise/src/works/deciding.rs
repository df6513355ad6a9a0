//! Writing that may be refused: by the store, or by a rule that only what is stored can tell.

use crate::app::App;
use crate::problem::Problem;
use crate::store::{Db, StoreError};
use std::sync::mpsc;

/// Why nothing was written.
#[derive(Debug)]
pub enum Refusal {
    /// A rule is against it.
    Rule(Box<Problem>),
    /// The store failed.
    Store(StoreError),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Rule(Box::new(problem))
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Decides and writes in one transaction. Whatever is refused, nothing of it was written.
///
/// # Errors
/// What `work` refuses, and the store's.
pub async fn write<T: Send + 'static>(
    app: &App,
    work: impl Fn(&dyn Db) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Problem> {
    let (tell, told) = mpsc::channel();
    let written = app.store.write(move |db| {
        work(db).map_err(|refusal| match refusal {
            Refusal::Store(error) => error,
            Refusal::Rule(problem) => {
                let _ = tell.send(*problem);
                // The store takes the transaction back for any error.
                StoreError::Constraint("a rule of the shop is against it".into())
            }
        })
    });
    match (written.await, told.try_recv()) {
        (Err(_), Ok(problem)) => Err(problem),
        (outcome, _) => Ok(outcome?),
    }
}
