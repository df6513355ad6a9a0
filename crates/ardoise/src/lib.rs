//! Ardoise: a self-hosted micropayment shop. Sell by link, take in one tap, settle the tab later.

pub mod access;
pub mod clock;
pub mod ids;
pub mod links;
pub mod pages;
pub mod store;
pub mod till;
pub mod works;
