//! What a reader leaves behind, so that the tab can be charged while they are away: a customer of Stripe's and a way to pay.

use super::client::plain;
use super::objects::{Account, Card, Intent, Means};
use crate::rails::port::{Mandate, RailError};

/// Between the two in a reference.
const BETWEEN: char = '/';
/// Cards as their owners know them; any other by Stripe's word for it.
/// <https://docs.stripe.com/api/payment_methods/object#payment_method_object-card-brand>
const BRANDS: &[(&str, &str)] = &[
    ("amex", "American Express"),
    ("cartes_bancaires", "CB"),
    ("diners", "Diners Club"),
    ("eftpos_au", "eftpos"),
    ("jcb", "JCB"),
    ("unionpay", "UnionPay"),
];

/// Who pays, and with what: both names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<'a> {
    /// `cus_…`
    pub customer: &'a str,
    /// `pm_…`
    pub method: &'a str,
}

impl<'a> Bound<'a> {
    /// What a mandate stands for.
    ///
    /// # Errors
    /// [`RailError::Nonsense`].
    pub fn read(mandate: &'a Mandate) -> Result<Self, RailError> {
        let both = mandate.reference.split_once(BETWEEN);
        let (customer, method) = both.ok_or_else(|| RailError::Nonsense("a mandate".into()))?;
        Ok(Self { customer: plain(customer)?, method: plain(method)? })
    }
}

/// The mandate of a customer and their way to pay.
///
/// # Errors
/// [`RailError::Nonsense`] for a name that leads elsewhere.
pub fn of((customer, method): (&str, &str), means: &Means) -> Result<Mandate, RailError> {
    let reference = format!("{}{BETWEEN}{}", plain(customer)?, plain(method)?);
    Ok(Mandate { reference, label: label(means) })
}

/// The mandate that a payment left behind, if it did.
pub fn left_by(intent: &Intent) -> Option<Mandate> {
    let attempt = intent.latest_charge.as_ref()?.whole()?;
    let means = attempt.payment_method_details.as_ref()?;
    let method = method(intent, means)?;
    let customer = intent.customer.as_ref()?.id();
    let reference = format!("{customer}{BETWEEN}{method}");
    Some(Mandate { reference, label: label(means) })
}

/// What can be charged later: a direct debit in the place of iDEAL and Bancontact, which can be used once.
fn method<'a>(intent: &'a Intent, means: &'a Means) -> Option<&'a str> {
    match means.ideal.as_ref().or(means.bancontact.as_ref()) {
        Some(account) => account.generated_sepa_debit.as_ref().map(|method| method.id()),
        None => intent.payment_method.as_ref().map(|method| method.id()),
    }
}

fn label(means: &Means) -> String {
    let accounts = [&means.sepa_debit, &means.ideal, &means.bancontact];
    let account = accounts.into_iter().find_map(Option::as_ref);
    match (&means.card, account) {
        (Some(Card { brand, last4 }), _) => with_digits(&named(brand.as_deref()), last4.as_deref()),
        (_, Some(Account { last4, .. })) => with_digits("SEPA", last4.as_deref()),
        _ => capital(&means.kind.replace('_', " ")),
    }
}

fn named(brand: Option<&str>) -> String {
    let brand = brand.unwrap_or_default();
    let known = BRANDS.iter().find(|(word, _)| *word == brand);
    known.map_or_else(|| capital(brand), |(_, name)| (*name).to_owned())
}

fn capital(word: &str) -> String {
    let mut signs = word.chars();
    signs.next().map_or_else(String::new, |first| first.to_uppercase().chain(signs).collect())
}

fn with_digits(name: &str, last4: Option<&str>) -> String {
    format!("{name} •••• {}", last4.unwrap_or_default()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn left(details: &Value) -> Option<(String, String)> {
        let intent = json!({
            "id": "pi_1", "status": "succeeded", "currency": "eur", "amount_received": 512,
            "customer": "cus_1", "payment_method": {"id": "pm_1"},
            "latest_charge": {"balance_transaction": null, "payment_method_details": details},
        });
        let intent: Intent = serde_json::from_value(intent).expect("an intent");
        left_by(&intent).map(|mandate| (mandate.reference, mandate.label))
    }

    #[test]
    fn a_card_is_known_by_its_brand_and_last_digits() {
        for (brand, label) in [("visa", "Visa •••• 4242"), ("amex", "American Express •••• 4242")]
        {
            let card = json!({"type": "card", "card": {"brand": brand, "last4": "4242"}});
            assert_eq!(left(&card), Some(("cus_1/pm_1".into(), label.into())));
        }
    }

    #[test]
    fn what_can_be_used_once_leaves_a_direct_debit_or_nothing() {
        let ideal = |generated: Value| json!({"type": "ideal", "ideal": {"iban_last4": "3000", "generated_sepa_debit": generated}});
        let debit = Some(("cus_1/pm_2".into(), "SEPA •••• 3000".into()));
        assert_eq!(left(&ideal(json!("pm_2"))), debit);
        assert_eq!(left(&ideal(json!({"id": "pm_2"}))), debit);
        assert_eq!(left(&ideal(Value::Null)), None);
    }

    #[test]
    fn anything_else_is_known_by_its_kind() {
        let link = left(&json!({"type": "revolut_pay"}));
        assert_eq!(link, Some(("cus_1/pm_1".into(), "Revolut pay".into())));
    }

    #[test]
    fn a_reference_names_both_and_leads_nowhere_else() {
        let bound = |reference: &str| {
            let mandate = Mandate { reference: reference.into(), label: String::new() };
            Bound::read(&mandate).map(|bound| (bound.customer.to_owned(), bound.method.to_owned()))
        };
        assert_eq!(bound("cus_1/pm_1"), Ok(("cus_1".into(), "pm_1".into())));
        for wrong in ["", "cus_1", "cus_1/", "/pm_1", "cus_1/pm_1/x", "cus_1/../x"] {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
    }
}
