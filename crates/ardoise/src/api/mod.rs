//! The shop for programs: `/api/v1`, JSON in and out.

pub mod wire;
