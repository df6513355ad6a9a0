//! The part of the port that is about what a reader does next.

use super::asking::Question;
use std::collections::BTreeMap;

/// What the reader does next.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "next", rename_all = "snake_case")]
pub enum Next {
    /// Goes to this address, pays there, and comes back.
    Redirect {
        /// The address.
        url: String,
    },
    /// Scans a code or follows a link, and waits on the shop's own page.
    Scan {
        /// What the code holds, and the copy button copies: an invoice, a payment request.
        code: String,
        /// The same as a link that opens a wallet (`lightning:…`), where there is one.
        link: Option<String>,
    },
    /// Tells somebody else what to pay, and to whom: their bank. They scan a code, or copy what it says.
    Copy {
        /// What the code holds. It is drawn with a medium level of error correction.
        code: String,
        /// The same for a person, besides the amount, which the page always shows.
        facts: Vec<Fact>,
    },
    /// Answers on the shop's own page, by a plain form: a phone number, a code from a message, a token. What they say comes to
    /// [`Rail::returned`].
    Ask {
        /// What they are asked.
        questions: Vec<Question>,
    },
    /// Scans a code with a wallet, which does the rest by itself, or answers here: whichever they like better.
    ScanOrAnswer {
        /// What they are asked for.
        says: Says,
        /// As in [`Next::Scan`].
        code: String,
        /// As in [`Next::Scan`].
        link: Option<String>,
        /// As in [`Next::Ask`].
        questions: Vec<Question>,
    },
    /// Takes something home, once all is settled: change. It is shown to them as long as they come for it.
    Take {
        /// What it is.
        says: Says,
        /// The thing itself, to be copied. Whoever has it owns it.
        code: String,
    },
    /// Waits: something happens elsewhere (a message on their phone).
    Wait,
    /// Nothing: ask at once what became of it.
    Nothing,
}

impl std::fmt::Debug for Next {
    /// Its kind alone: some of it is the reader's own.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Redirect { .. } => "Redirect",
            Self::Scan { .. } => "Scan",
            Self::Copy { .. } => "Copy",
            Self::Ask { .. } => "Ask",
            Self::ScanOrAnswer { .. } => "ScanOrAnswer",
            Self::Take { .. } => "Take",
            Self::Wait => "Wait",
            Self::Nothing => "Nothing",
        })
    }
}

/// Words for a reader, in their language.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Says {
    /// The key of the text.
    pub words: String,
    /// What stands in it, by name.
    pub with: BTreeMap<String, String>,
}

impl Says {
    /// A text with values in it.
    pub fn new<const N: usize>(words: &str, with: [(&str, String); N]) -> Self {
        let with = with.map(|(name, value)| (name.to_owned(), value)).into();
        Self { words: words.to_owned(), with }
    }
}

/// Something that a reader copies.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fact {
    /// The key of what it is.
    pub words: String,
    /// What it is, as a person writes it.
    pub value: String,
}
