//! Stories of the shop, over its real router, on a private store with a clock that is moved by hand.

mod backup;
mod buying;
mod commands;
mod doctor;
mod gains;
mod getting_paid;
mod program;
mod receipts;
mod selling;
mod settling;
mod shop;
mod tidy;
mod webhooks;
