//! The product.

pub mod access;
pub mod links;
pub mod pages;
pub mod works;
