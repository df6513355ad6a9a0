//! Stories of the shop, over its real router, on a private store with a clock that is moved by hand.

mod api;
mod backup;
mod buying;
mod client;
mod commands;
mod doctor;
mod forms;
mod gains;
mod getting_paid;
mod guide;
mod keys;
mod openapi;
mod program;
mod publishing;
mod receipts;
mod receiver;
mod selling;
mod settling;
mod shop;
mod tidy;
mod uploads;
mod webhooks;
