//! The product.

pub mod access;
pub mod links;
pub mod works;
