//! Payouts, as a rail is told of them: what it says about itself, and what became of one.

use super::fee::Fee;
use super::reason::Reason;
use crate::mail;
use crate::problem::{PAYOUT_ADDRESS, Problem};
use ledger::{Money, MoneyError};

/// What a rail says about paying out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutTerms {
    /// What it takes for a payout, besides what it sends.
    pub fee: Fee,
    /// The most that it takes, where it says so.
    pub fee_most: Option<Money>,
    /// The smallest payout.
    pub minimum: Money,
    /// The largest.
    pub maximum: Option<Money>,
    /// What an address is.
    pub recipient: Recipient,
    /// Days for which it knows a key again: from then on what it has not named is told it no more.
    pub key_days: i64,
}

impl PayoutTerms {
    /// What it takes for sending `amount`, by its price list, in whole units of the rail.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], or a fee that cannot be.
    pub fn fee_on(&self, amount: Money, unit: Money) -> Result<Money, MoneyError> {
        let fee = self.fee.of(amount, unit)?;
        Ok(self.fee_most.map_or(fee, |most| fee.min(most)))
    }
}

/// What an address to which a rail sends money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// The e-mail address by which its owner is known there.
    Email {
        /// The longest one, in bytes.
        most: usize,
    },
}

impl Recipient {
    /// Reads what somebody typed into `field`.
    ///
    /// # Errors
    /// [`PAYOUT_ADDRESS`].
    pub fn read(self, text: &str, field: &'static str) -> Result<String, Problem> {
        let Self::Email { most } = self;
        let address = mail::read_address(text, field).ok().map(|address| address.to_string());
        let address = address.filter(|address| address.len() <= most);
        address.ok_or_else(|| Problem::new(&PAYOUT_ADDRESS).field(field))
    }
}

/// One payout, as a rail is told of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Payout {
    /// Names it: the rail's key of idempotency.
    pub key: String,
    /// How much, in whole units of the rail.
    pub amount: Money,
    /// Where to; empty once it is over.
    pub to: String,
    /// What the rail calls it; empty before it has said.
    pub reference: String,
    /// The shop's name, for whatever its author finds there.
    pub shop: String,
}

impl std::fmt::Debug for Payout {
    /// Leaves out where it is sent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Payout")
            .field("key", &self.key)
            .field("amount", &self.amount)
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

/// For what a payout under way waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// For the rail.
    Rail,
    /// For its author, who has still to take it there.
    Author,
    /// For somebody at the rail, who looks at it.
    Review,
}

impl Waits {
    const ALL: [Self; 3] = [Self::Rail, Self::Author, Self::Review];

    /// How it is written down.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rail => "",
            Self::Author => "unclaimed",
            Self::Review => "review",
        }
    }

    /// The key of its words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Rail => "payout-under-way",
            Self::Author => "payout-unclaimed",
            Self::Review => "payout-review",
        }
    }

    /// What was written down so.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|waits| waits.code() == code)
    }
}

/// What became of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaidOut {
    /// The rail has it: asked again later.
    UnderWay {
        /// What the rail calls it: by this it is asked from now on.
        reference: String,
        /// For what it waits.
        waits: Waits,
    },
    /// Its author has it.
    Done {
        /// What the rail calls it.
        reference: String,
        /// What the rail takes for it.
        fee: Money,
    },
    /// It was not sent, or came back: the shop has its money.
    Returned {
        /// What the rail calls it.
        reference: String,
        /// Why.
        reason: Reason,
        /// What the rail takes for it all the same.
        fee: Money,
    },
}

/// The key of what an author and the operator read about a payout that came back, for a reason as it was written down.
pub fn words_of_return(code: &str) -> &'static str {
    returned_words(Reason::from_code(code).unwrap_or(Reason::Refused))
}

const fn returned_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Late => "payout-back-late",
        Reason::Means => "payout-back-means",
        Reason::Funds => "payout-back-funds",
        Reason::Cancelled => "payout-back-cancelled",
        Reason::Unserved => "payout-back-unserved",
        Reason::TooMuch | Reason::Month => "payout-back-too-much",
        Reason::Refused
        | Reason::Proof
        | Reason::Replaced
        | Reason::Unbound
        | Reason::Spent
        | Reason::Unreached => "payout-back-refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::Locale;
    use ledger::Currency;

    fn euros(text: &str) -> Money {
        Money::parse(text, Currency::Eur).expect("an amount")
    }

    #[test]
    fn a_fee_ends_where_the_price_list_says_so() {
        let (nothing, unit) = (euros("0"), euros("0.01"));
        let terms = PayoutTerms {
            fee: Fee { basis_points: 200, ..Fee::none(nothing) },
            fee_most: Some(euros("1.00")),
            minimum: unit,
            maximum: None,
            recipient: Recipient::Email { most: 127 },
            key_days: 28,
        };
        assert_eq!(terms.fee_on(euros("20"), unit), Ok(euros("0.40")));
        assert_eq!(terms.fee_on(euros("500"), unit), Ok(euros("1.00")));
    }

    #[test]
    fn an_address_is_no_longer_than_its_rail_takes() {
        let recipient = Recipient::Email { most: 20 };
        let read = recipient.read(" ada@author.example ", "address").expect("an address");
        assert_eq!(read, "ada@author.example");
        for bad in ["ada", "ada.belkacem@author.example", ""] {
            assert_eq!(recipient.read(bad, "address").expect_err(bad).kind.code, "payout.address");
        }
    }

    #[test]
    fn whatever_becomes_of_a_payout_has_words_in_every_language() {
        let back = Reason::ALL.iter().map(|reason| returned_words(*reason));
        let waits = Waits::ALL.into_iter().map(Waits::words);
        for key in back.chain(waits) {
            for locale in [Locale::En, Locale::Fr] {
                assert!(locale.text(key).ends_with('.'), "{key}");
            }
        }
        for waits in Waits::ALL {
            assert_eq!(Waits::from_code(waits.code()), Some(waits));
        }
    }
}
