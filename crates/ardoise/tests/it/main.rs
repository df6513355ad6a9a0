//! Stories of the shop, over its real router, on a private store with a clock that is moved by hand.

mod buying;
mod engine;
mod gains;
mod receiver;
mod settling;
mod shop;
mod tidy;
mod webhooks;
