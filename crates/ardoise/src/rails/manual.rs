//! The manual rail: money that the operator saw arrive.

/// The longest reference that is kept, in characters.
const REFERENCE_MOST: usize = 200;

/// How the money came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By bank transfer.
    Transfer,
    /// In cash.
    Cash,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Transfer, Self::Cash];

    /// The value of the field `rail`, and of the option `--rail`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Cash => "cash",
        }
    }

    /// The way with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }

    /// What the books call such a settlement: how it came, and what the operator wrote.
    pub fn reference(self, text: &str) -> String {
        let text = note(text);
        if text.is_empty() { self.name().into() } else { format!("{}: {text}", self.name()) }
    }
}

/// What the operator wrote about a movement of money, as it is kept.
pub fn note(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(REFERENCE_MOST).collect()
}
