//! Prices, as programs read and write them.

use super::input::Object;
use super::wire::Amount;
use crate::app::App;
use crate::pages::author::{Draft as Typed, Pricing};
use crate::problem::{AMOUNT_INVALID, Detail, Problem};
use ledger::Price as Stored;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a work costs, tax included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Price {
    /// Nothing.
    Free {},
    /// One amount.
    Fixed {
        /// The amount.
        #[schema(value_type = Amount)]
        amount: Object<Amount>,
    },
    /// What the reader chooses.
    Chosen {
        /// The least; nothing at all is possible too.
        #[schema(value_type = Amount)]
        minimum: Object<Amount>,
        /// What is suggested.
        #[schema(value_type = Amount)]
        suggestion: Object<Amount>,
    },
}

impl From<Stored> for Price {
    fn from(price: Stored) -> Self {
        let amount = |money: ledger::Money| Object(Amount::from(money));
        match price {
            Stored::Free => Self::Free {},
            Stored::Fixed(sum) => Self::Fixed { amount: amount(sum) },
            Stored::Chosen { minimum, suggestion } => {
                Self::Chosen { minimum: amount(minimum), suggestion: amount(suggestion) }
            }
        }
    }
}

impl Price {
    /// Writes the price into what is read like a form.
    ///
    /// # Errors
    /// Problems of the fields `price.amount`, `price.minimum` and `price.suggestion`.
    pub fn put(&self, app: &App, typed: &mut Typed) -> Result<(), Problem> {
        match self {
            Self::Free {} => typed.pricing = Pricing::Free,
            Self::Fixed { amount } => {
                typed.pricing = Pricing::Fixed;
                typed.price = digits(app, &amount.0, "price.amount")?;
            }
            Self::Chosen { minimum, suggestion } => {
                typed.pricing = Pricing::Choose;
                typed.minimum = digits(app, &minimum.0, "price.minimum")?;
                typed.suggestion = digits(app, &suggestion.0, "price.suggestion")?;
            }
        }
        Ok(())
    }
}

/// The digits of an amount in the shop's currency. Forms allow a comma and spaces; programs write one form.
fn digits(app: &App, amount: &Amount, field: &'static str) -> Result<String, Problem> {
    let currency = app.currency().code();
    if amount.currency != currency {
        let problem = Problem::invalid(field, "reason-currency");
        return Err(problem.with("currency", Detail::Word(currency.to_owned())));
    }
    let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if amount.amount.is_empty() || !amount.amount.bytes().all(is_plain) {
        return Err(Problem::new(&AMOUNT_INVALID).field(field));
    }
    Ok(amount.amount.clone())
}

/// The member of the JSON that a field of the form stands for.
pub const fn member(field: &'static str) -> &'static str {
    match field.as_bytes() {
        b"price" => "price.amount",
        b"minimum" => "price.minimum",
        b"suggestion" => "price.suggestion",
        b"files" => "uploads",
        _ => field,
    }
}
