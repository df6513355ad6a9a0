//! Stories of the simulator against a small shop that can be told to lie.

mod bench;
mod crash;
mod explore;
mod load;
mod stub;
