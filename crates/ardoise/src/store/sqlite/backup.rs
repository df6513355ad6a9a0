//! Copies of the store, taken while the shop goes on.
