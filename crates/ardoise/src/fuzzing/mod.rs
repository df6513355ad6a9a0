//! What must hold for any bytes that come from outside: one function for each parser, given arbitrary bytes.
//!
//! The tests at the end give each function everything in its folder of `fuzz/corpus` and many mutations of it. The program
//! in `fuzz/` gives them what a fuzzer that watches their branches comes up with, for as long as one likes; what
//! it finds goes into the corpus, and so is tried by every run of the tests.

mod bank;
mod files;
mod messages;
mod requests;
mod texts;

/// A parser of outside bytes, and what must hold whatever it is given.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, and that of its folder in the corpus.
    pub name: &'static str,
    /// Panics when something does not hold.
    pub try_out: fn(&[u8]),
}

const fn target(name: &'static str, try_out: fn(&[u8])) -> Target {
    Target { name, try_out }
}

/// Every parser of outside bytes.
pub const TARGETS: [Target; 21] = [
    target("archive", files::archive),
    target("camt", bank::camt),
    target("cookies", texts::cookies),
    target("ecash", messages::ecash),
    target("fields", texts::fields),
    target("ids", texts::ids),
    target("language", texts::language),
    target("mail", texts::mail),
    target("markdown", texts::markdown),
    target("media", files::media),
    target("money", texts::money),
    target("names", texts::names),
    target("picture", files::picture),
    target("range", texts::range),
    target("receipt", texts::receipt),
    target("request", requests::request),
    target("settings", texts::settings),
    target("sheet", bank::sheet),
    target("sound", files::sound),
    target("stripe", messages::stripe),
    target("webhook", texts::webhook),
];

/// The text that `bytes` are; what is not UTF-8 is replaced, as no parser of texts is given any.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod corpus_tests;
