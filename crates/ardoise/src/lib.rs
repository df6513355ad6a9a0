//! The product.

pub mod access;
pub mod works;
