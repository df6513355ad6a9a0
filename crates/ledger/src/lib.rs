//! The books of an Ardoise shop, pure: money, accounts, transfers, the rules of a tab, the chain of receipts.
//!
//! Nothing here does I/O, waits, reads a clock or draws a random number: the same commands on the same state give the
//! same books, on every store and in the simulator.

pub mod money;
pub mod time;

pub use money::{Currency, Money, MoneyError, Rounding};
pub use time::Timestamp;
