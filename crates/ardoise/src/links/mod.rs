//! Short links, share cards, QR codes, visits.

pub mod qr;
