//! Stories of the shop, over its real router, on a private store with a clock that is moved by hand.

mod api;
mod buying;
mod forms;
mod gains;
mod guide;
mod keys;
mod openapi;
mod program;
mod publishing;
mod receiver;
mod selling;
mod settling;
mod shop;
mod tidy;
mod uploads;
mod webhooks;
