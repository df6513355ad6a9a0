//! Ardoise: a self-hosted micropayment shop. Sell by link, take in one tap, settle the tab later.

pub mod access;
pub mod addresses;
pub mod api;
pub mod app;
pub mod backup;
pub mod bank;
pub mod bench;
pub mod body;
pub mod clock;
pub mod command_line;
pub mod connections;
pub mod demo;
pub mod desk;
pub mod doctor;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod gains;
pub mod ids;
pub mod keys;
pub mod links;
pub mod mail;
pub mod notices;
pub mod outbox;
pub mod pages;
pub mod people;
pub mod problem;
pub mod rails;
pub mod receipts;
pub mod render;
pub mod request;
pub mod routes;
pub mod serve;
pub mod settings;
pub mod store;
pub mod tabs;
pub mod till;
pub mod vouchers;
pub mod webhooks;
pub mod works;

/// Requests are made of many small pieces that one thread asks for and another gives back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
