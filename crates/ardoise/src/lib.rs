//! The product.

pub mod works;
