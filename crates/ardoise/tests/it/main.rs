//! Stories of the shop, over its real router, on a private store with a clock that is moved by hand.

mod backup;
mod buying;
mod commands;
mod demo;
mod doctor;
mod forms;
mod gains;
mod getting_paid;
mod program;
mod publishing;
mod receipts;
mod selling;
mod settling;
mod shop;
mod tidy;
mod uploads;
mod webhooks;
