//! The simulator: readers by the dozen against an Ardoise shop, from one seed. It puts the shop's own
//! code below HTTP through random histories ([`explore`]), measures the shop beside the machine's own
//! ceilings ([`bench`]) and kills it at random moments to see that no acknowledged purchase is lost
//! ([`crash`]).
//!
//! The last two speak to the shop over HTTP alone. All keep books of their own ([`auditor`],
//! [`explore::naive`]), so a mistake in the shop's code cannot hide in a checker that shares it.

pub mod auditor;
pub mod bench;
pub mod chance;
pub mod crash;
pub mod explore;
pub mod fault;
pub mod growth;
pub mod histogram;
pub mod http;
pub mod load;
pub mod peer;
pub mod place;
pub mod process;
pub mod product;
pub mod purchase_id;
pub mod purchases;
pub mod reader;
pub mod shop;
pub mod stand;
pub mod struck;
pub mod wire;
