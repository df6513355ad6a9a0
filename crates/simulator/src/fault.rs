//! [`Fault`]: why a run stopped.

use std::fmt;
use std::io;

use crate::auditor::Violation;
use crate::explore::finding::Finding;

/// Why a run stopped. Only [`Fault::Violation`] and [`Fault::History`] say that the shop's books are wrong; the others
/// say that the run could not find out.
#[derive(Debug)]
pub enum Fault {
    /// The operating system refused something: what was being done, and its answer.
    Io(String, io::Error),
    /// The connection was lost before an answer had arrived whole: the request may or may not have
    /// had an effect.
    Lost(io::Error),
    /// The answer is not HTTP/1.1, or not what the shop promises to answer.
    Answer(String),
    /// The shop cannot be started, filled or asked.
    Shop(String),
    /// The run asked for more than was prepared, or proved nothing.
    Run(String),
    /// The shop broke a promise about money.
    Violation(Violation),
    /// A history below HTTP came to something that must not be.
    History(Box<Finding>),
}

impl Fault {
    /// For `map_err`: names what was being done.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |error| Self::Io(doing, error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(doing, error) => write!(f, "{doing}: {error}"),
            Self::Lost(error) => write!(f, "the shop dropped the connection: {error}"),
            Self::Answer(what) => write!(f, "the shop's answer cannot be used: {what}"),
            Self::Shop(what) | Self::Run(what) => f.write_str(what),
            Self::Violation(violation) => write!(f, "the books are wrong: {violation}"),
            Self::History(finding) => finding.fmt(f),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) | Self::Lost(error) => Some(error),
            Self::Violation(violation) => Some(violation),
            Self::Answer(_) | Self::Shop(_) | Self::Run(_) | Self::History(_) => None,
        }
    }
}

impl From<Violation> for Fault {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}
