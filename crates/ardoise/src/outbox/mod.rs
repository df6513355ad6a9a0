//! What leaves the shop after a commit: a durable to-do list, and who works it off.
//!
//! The till writes a row per event in the transaction of the purchase itself. A follower turns the rows into
//! deliveries, one for each webhook that listens, and moves its cursor in the same transaction. The worker takes due
//! deliveries up, sends them and strikes them off. Where anything stops in between, the delivery is sent again, under
//! the same name: whoever receives it tells repeats apart by that.

pub mod address;
pub mod follower;
pub mod post;
pub mod schedule;
pub mod signature;
pub mod worker;
