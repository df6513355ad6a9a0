//! Receipts: what happened to a tab, chained entry by entry and signed by the shop, for its reader to keep and for
//! anybody to check, without asking the shop.
//!
//! A receipt is a JSON [`document`]. The shop signs its [`canonical`] text, when it is asked for and never in the
//! till's thread, with the [`key`] that it publishes at `/.well-known/ardoise`. [`verify`] reads one back and refuses
//! it when a single bit of it is another.

pub mod canonical;
pub mod document;
pub mod http;
pub mod issue;
pub mod key;
pub mod verify;
