//! Reading and downloading what was bought.

pub mod range;
