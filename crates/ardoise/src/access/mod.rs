//! Reading and downloading what was bought.

pub mod http;
pub mod range;
