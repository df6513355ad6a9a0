//! What an author says about a work, read and checked against the rules of the shop.

use crate::pages::author::{Draft as Typed, Pricing};
use crate::problem::{
    AMOUNT_INVALID, Detail, PRICE_BELOW_MINIMUM, PRICE_TOO_HIGH, PRICE_TOO_LOW, Problem,
};
use crate::settings::Settings;
use ledger::{Currency, Money, Price};

/// The longest title, in characters.
pub const TITLE_MOST: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_MOST: usize = 5_000;
/// The class of a work whose author says nothing about tax.
pub const VAT_CLASS: &str = "standard";

/// What an author says about a work. Whoever has one knows that it keeps the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) article: Option<String>,
    pub(super) price: Price,
    pub(super) vat_class: String,
}

impl Draft {
    /// Reads what was typed, or what a program sent in the same words.
    ///
    /// # Errors
    /// Everything that is wrong with it, each naming its field: never an empty list.
    pub fn read(typed: &Typed, settings: &Settings) -> Result<Self, Vec<Problem>> {
        let read = (title(&typed.title), description(typed), price(typed, settings));
        match (read, vat_class(typed, settings)) {
            ((Ok(title), Ok(description), Ok(price)), Ok(vat_class)) => {
                let article = with_plain_ends(&typed.article);
                let article = Some(article).filter(|text| !text.trim().is_empty());
                Ok(Self { title, description, article, price, vat_class })
            }
            ((title, description, price), vat_class) => {
                let wrong = [title.err(), description.err(), price.err(), vat_class.err()];
                Err(wrong.into_iter().flatten().collect())
            }
        }
    }
}

/// One line, without control characters.
fn title(typed: &str) -> Result<String, Problem> {
    let words = typed.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let title = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match title.chars().count() {
        0 => Err(Problem::invalid("title", "reason-title")),
        1..=TITLE_MOST => Ok(title),
        _ => Err(too_long("title", TITLE_MOST)),
    }
}

fn description(typed: &Typed) -> Result<String, Problem> {
    let text = with_plain_ends(&typed.description).trim().to_owned();
    if text.chars().count() > DESCRIPTION_MOST {
        return Err(too_long("description", DESCRIPTION_MOST));
    }
    Ok(text)
}

/// Forms end their lines as teleprinters did.
fn with_plain_ends(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn too_long(field: &'static str, most: usize) -> Problem {
    Problem::invalid(field, "reason-too-long").with("most", Detail::Count(most as u64))
}

fn vat_class(typed: &Typed, settings: &Settings) -> Result<String, Problem> {
    let class = if typed.vat_class.is_empty() { VAT_CLASS } else { &typed.vat_class };
    if settings.tariff.vat.contains_key(class) {
        Ok(class.to_owned())
    } else {
        Err(Problem::invalid("vat_class", "reason-tax"))
    }
}

/// Only the fields of the chosen pricing count.
fn price(typed: &Typed, settings: &Settings) -> Result<Price, Problem> {
    match typed.pricing {
        Pricing::Free => Ok(Price::Free),
        Pricing::Fixed => Ok(Price::Fixed(sum(&typed.price, "price", settings)?)),
        Pricing::Choose => {
            let minimum = minimum(&typed.minimum, settings)?;
            Ok(Price::Chosen { minimum, suggestion: suggestion(typed, minimum, settings)? })
        }
    }
}

/// Nothing at all is a minimum too: the reader may then take the work as a gift.
fn minimum(typed: &str, settings: &Settings) -> Result<Money, Problem> {
    let nothing = Money::zero(settings.tariff.currency);
    if typed.trim().is_empty() || parsed(typed, "minimum", nothing.currency())?.is_zero() {
        return Ok(nothing);
    }
    sum(typed, "minimum", settings)
}

/// An author who suggests nothing suggests the minimum.
fn suggestion(typed: &Typed, minimum: Money, settings: &Settings) -> Result<Money, Problem> {
    if typed.suggestion.trim().is_empty() && !minimum.is_zero() {
        return Ok(minimum);
    }
    let suggestion = sum(&typed.suggestion, "suggestion", settings)?;
    if suggestion < minimum {
        let problem = Problem::new(&PRICE_BELOW_MINIMUM).field("suggestion");
        return Err(problem.with_money("minimum", minimum));
    }
    Ok(suggestion)
}

fn parsed(typed: &str, field: &'static str, currency: Currency) -> Result<Money, Problem> {
    let wrong = |error| Problem::new(&AMOUNT_INVALID).field(field).because(error);
    Money::parse(typed, currency).map_err(wrong)
}

/// An amount above nothing that a work may cost.
fn sum(typed: &str, field: &'static str, settings: &Settings) -> Result<Money, Problem> {
    let sum = parsed(typed, field, settings.tariff.currency)?;
    let least = least(sum.currency());
    if sum < least {
        return Err(Problem::new(&PRICE_TOO_LOW).field(field).with_money("minimum", least));
    }
    if sum > settings.price_max {
        let problem = Problem::new(&PRICE_TOO_HIGH).field(field);
        return Err(problem.with_money("maximum", settings.price_max));
    }
    Ok(sum)
}

/// The lowest price above nothing: the smallest coin of the currency.
fn least(currency: Currency) -> Money {
    Money::from_micros(currency.minor_micros(), currency).unwrap_or(Money::zero(currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Values;

    fn settings() -> Settings {
        Values::default().check().expect("sound defaults")
    }

    fn typed(pricing: Pricing, [price, minimum, suggestion]: [&str; 3]) -> Typed {
        Typed {
            title: "Night bus".into(),
            pricing,
            price: price.into(),
            minimum: minimum.into(),
            suggestion: suggestion.into(),
            ..Typed::default()
        }
    }

    fn priced(typed: &Typed) -> Result<Price, (&'static str, &'static str)> {
        match Draft::read(typed, &settings()) {
            Ok(draft) => Ok(draft.price),
            Err(wrong) => Err((wrong[0].kind.code, wrong[0].field.expect("a field is named"))),
        }
    }

    fn euros(text: &str) -> Money {
        Money::parse(text, Currency::Eur).expect("an amount")
    }

    #[test]
    fn a_fixed_price_is_a_cent_or_more_with_a_point_or_a_comma() {
        for (price, read) in
            [("0.01", "0.01"), ("0,20", "0.20"), (" 1000 ", "1000"), ("0.015", "0.015")]
        {
            assert_eq!(
                priced(&typed(Pricing::Fixed, [price, "", ""])),
                Ok(Price::Fixed(euros(read)))
            );
        }
        for (price, code) in [
            ("0.009999", "price.too_low"),
            ("0", "price.too_low"),
            ("1000.01", "price.too_high"),
            ("99999999999", "price.too_high"),
            ("99999999999999999999", "amount.invalid"),
            ("-1", "amount.invalid"),
            ("\u{2212}0.20", "amount.invalid"),
            ("1,2,3", "amount.invalid"),
            ("1e3", "amount.invalid"),
            ("NaN", "amount.invalid"),
            ("0.1234567", "amount.invalid"),
            ("", "amount.invalid"),
        ] {
            assert_eq!(
                priced(&typed(Pricing::Fixed, [price, "", ""])),
                Err((code, "price")),
                "{price}"
            );
        }
    }

    #[test]
    fn a_chosen_price_has_a_minimum_and_suggests_no_less() {
        let chosen =
            |minimum, suggestion| priced(&typed(Pricing::Choose, ["x", minimum, suggestion]));
        let price = |minimum, suggestion| {
            Ok(Price::Chosen { minimum: euros(minimum), suggestion: euros(suggestion) })
        };
        assert_eq!(chosen("0,50", "1"), price("0.50", "1"));
        assert_eq!(chosen("", "1"), price("0", "1"));
        assert_eq!(chosen("0", "0.01"), price("0", "0.01"));
        assert_eq!(chosen("0.50", " "), price("0.50", "0.50"));
        assert_eq!(chosen("0.50", "0.49"), Err(("price.below_minimum", "suggestion")));
        assert_eq!(chosen("", ""), Err(("amount.invalid", "suggestion")));
        assert_eq!(chosen("0", "0"), Err(("price.too_low", "suggestion")));
        assert_eq!(chosen("0.001", "1"), Err(("price.too_low", "minimum")));
        assert_eq!(chosen("-1", "1"), Err(("amount.invalid", "minimum")));
        assert_eq!(chosen("1", "1001"), Err(("price.too_high", "suggestion")));
    }

    #[test]
    fn what_is_not_chosen_does_not_count() {
        assert_eq!(priced(&typed(Pricing::Free, ["-1", "x", "y"])), Ok(Price::Free));
    }

    #[test]
    fn a_title_is_one_line_of_words() {
        let read = |title: &str| {
            let typed = Typed { title: title.into(), ..typed(Pricing::Free, [""; 3]) };
            Draft::read(&typed, &settings())
                .map(|draft| draft.title)
                .map_err(|wrong| wrong[0].field)
        };
        assert_eq!(read(" Night\r\n\tbus \0"), Ok("Night bus".into()));
        assert_eq!(read("\u{a0}\n"), Err(Some("title")));
        assert_eq!(read(&"é".repeat(200)), Ok("é".repeat(200)));
        assert_eq!(read(&"é".repeat(201)), Err(Some("title")));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let typed = Typed {
            title: String::new(),
            description: "x".repeat(DESCRIPTION_MOST + 1),
            vat_class: "none".into(),
            ..typed(Pricing::Fixed, ["-1", "", ""])
        };
        let wrong = Draft::read(&typed, &settings()).expect_err("all of it is wrong");
        let fields: Vec<_> = wrong.iter().filter_map(|problem| problem.field).collect();
        assert_eq!(fields, ["title", "description", "price", "vat_class"]);
    }
}
