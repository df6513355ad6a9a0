//! The part of the port that is about questions: what a reader is asked on the shop's own page, and what has to happen before
//! a rail is told the answer.

use ledger::Money;

/// Something that a reader is asked on the shop's own page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// The name under which the answer comes.
    pub name: String,
    /// The key of what the reader is asked.
    pub words: String,
    /// What the answer is like, so that a phone shows the right keys and fills in what it knows.
    pub kind: Answer,
    /// The key of what was wrong with the last answer, or of what became of it; nothing when it is asked for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
}

impl Question {
    /// What is asked for the first time.
    pub fn new(name: &str, words: &str, kind: Answer) -> Self {
        Self { name: name.into(), words: words.into(), kind, wrong: None }
    }

    /// The same once more, with the key of why.
    #[must_use]
    pub fn again(self, wrong: Option<&str>) -> Self {
        Self { wrong: wrong.map(Into::into), ..self }
    }
}

/// What an answer is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A telephone number.
    Telephone,
    /// A code of digits that came by a message.
    Code,
    /// A short text of letters and digits: a code that is printed somewhere.
    Word,
    /// A text, perhaps a long one.
    Text,
    /// Nothing: a button for whoever turns back instead of answering. The answer is then `yes`.
    TurnBack,
}

/// What has to happen before a rail is told what its reader answered.
#[derive(Clone, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Nothing,
    /// This is written down, so that it is known afterwards that the rail may have heard; then the rail is told.
    Write(Note),
    /// The answer comes too early or too late to be acted upon: the rail is asked what became of the charge, and told nothing.
    Look,
}

/// What is written down before a rail is told an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Note {
    /// What the rail wants kept from now on. Whoever finds that something else is kept by now has come too late.
    pub kept: String,
    /// Who is to pay, where the rail hears of them for the first time and what they pay in a month has an end.
    pub payer: Option<Payer>,
}

/// Whoever pays by a rail that may charge each of them only so much in a month.
#[derive(Clone, PartialEq, Eq)]
pub struct Payer {
    /// Knows them again, and tells nobody who they are: a keyed hash.
    pub key: [u8; 32],
    /// What they may pay in a calendar month (UTC), for whichever tabs.
    pub monthly: Money,
}
