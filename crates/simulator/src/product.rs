//! The one place that knows the shop's own code: filling a data folder, serving with the echo
//! route, counting lines. Everything else in this crate only speaks HTTP.

use std::net::SocketAddr;
use std::path::Path;

use crate::fault::Fault;
use crate::purchase_id::PurchaseId;
use crate::shop::{Seed, Seeded};

const NOT_YET: &str = "the product cannot do this yet";

/// Fills an empty data folder with works, authors and open tabs.
///
/// # Errors
/// [`Fault::Shop`] when the folder cannot be filled.
pub fn fill(data: &Path, seed: &Seed) -> Result<Seeded, Fault> {
    Err(Fault::Shop(format!("filling {} with {seed:?}: {NOT_YET}", data.display())))
}

/// Serves the shop with `POST /bench/echo` beside it, until the process ends.
///
/// # Errors
/// [`Fault::Shop`] when it cannot.
pub fn serve(data: &Path, listen: SocketAddr) -> Result<(), Fault> {
    Err(Fault::Shop(format!("serving {} on {listen}: {NOT_YET}", data.display())))
}

/// How many of these purchases are in the books, each as exactly one line.
///
/// # Errors
/// [`Fault::Shop`] when the books cannot be read.
pub fn count(data: &Path, purchases: &[PurchaseId]) -> Result<usize, Fault> {
    let asked = purchases.len();
    Err(Fault::Shop(format!("looking for {asked} purchases in {}: {NOT_YET}", data.display())))
}
