//! Why a charge was declined: a closed list, with words in every language.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $key:literal;)*) => {
        /// Why a charge was declined.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// How it is written down; never renamed.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The key of its words: what happened, and what the reader can do.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// The reason that was written down so.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.code() == code)
            }
        }
    };
}

reasons! {
    /// There is not enough money behind it.
    Funds = "funds", "declined-funds";
    /// The reader's bank, wallet or operator says no, and not why.
    Refused = "refused", "declined-refused";
    /// The card, account or number does not exist any more, or is mistyped.
    Means = "means", "declined-means";
    /// The reader did not prove who they are.
    Proof = "proof", "declined-proof";
    /// More than this way of paying allows.
    TooMuch = "too_much", "declined-too-much";
    /// Whoever pays has paid by this way as much as one may in a month.
    Month = "month", "declined-month";
    /// The reader turned back.
    Cancelled = "cancelled", "declined-cancelled";
    /// The reader let the time pass.
    Late = "late", "declined-late";
    /// The reader asked anew, for another amount.
    Replaced = "replaced", "declined-replaced";
    /// The mandate does not hold any more.
    Unbound = "unbound", "declined-unbound";
    /// What the reader gave was spent before, by somebody else.
    Spent = "spent", "declined-spent";
    /// The rail could not be reached: nothing happened.
    Unreached = "unreached", "declined-unreached";
    /// The rail does not serve this shop or this reader's country.
    Unserved = "unserved", "declined-unserved";
}

impl Reason {
    /// The key of its words for a reader who was away.
    pub fn away(self) -> &'static str {
        if self == Self::Proof { "away-proof" } else { self.words() }
    }

    /// Whether another attempt with the same mandate can do better later.
    pub const fn may_pass(self) -> bool {
        match self {
            Self::Funds
            | Self::Refused
            | Self::TooMuch
            | Self::Month
            | Self::Late
            | Self::Unreached => true,
            Self::Means
            | Self::Proof
            | Self::Cancelled
            | Self::Unbound
            | Self::Spent
            | Self::Replaced
            | Self::Unserved => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Locale;

    #[test]
    fn every_reason_is_read_back_and_has_words_in_every_language() {
        for &reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            for locale in [Locale::En, Locale::Fr] {
                for words in [reason.words(), reason.away()] {
                    let words = locale.text(words);
                    assert!(words.ends_with('.'), "{reason:?}: {words}");
                }
            }
        }
        assert_eq!(Reason::from_code("because"), None);
    }
}
