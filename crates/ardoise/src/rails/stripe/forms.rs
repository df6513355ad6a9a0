//! The forms that Stripe is sent. Each is made of the charge alone, so that asking twice is sending the same.

use super::client::Fields;
use super::mandates::Bound;
use super::objects::{currency, minor};
use crate::pages::Locale;
use crate::pages::locale::Arg;
use crate::rails::port::{Binding, Charge, RailError, Refund};
use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;

/// Under which name a payment knows its charge. Beside it stands the tab, for the operator: readers are shown neither.
pub const CHARGE: &str = "charge";
/// Under which name a refund knows its key.
pub const REFUND: &str = "refund";
/// What the way back says of a reader who did not pay.
pub const LEFT: &str = "left";

/// A page must stay open for half an hour at least, and a day at most, after Stripe made it
/// (<https://docs.stripe.com/api/checkout/sessions/create>): minutes after the charge began, with room for clocks that
/// differ and for asking again.
const OPEN_LEAST_MINUTES: i64 = 31;
/// See [`OPEN_LEAST_MINUTES`].
const OPEN_MOST_MINUTES: i64 = 23 * 60;

/// What is asked for with a payment, so that one answer tells everything: names of members, from the payment on.
pub const EXPANDED: &str = "latest_charge.balance_transaction";

fn field(name: &'static str, value: impl Into<String>) -> (&'static str, String) {
    (name, value.into())
}

/// A page of Stripe's on which the reader pays `charge`. The ways to pay are those that the account has turned on.
///
/// # Errors
/// [`RailError::Nonsense`] for a part of a cent.
pub fn session(charge: &Charge) -> Result<Fields, RailError> {
    let id = charge.id.to_string();
    let mut fields = vec![
        field("mode", "payment"),
        field("client_reference_id", &id),
        field("metadata[charge]", &id),
        field("payment_intent_data[metadata][charge]", &id),
        field("payment_intent_data[metadata][tab]", charge.tab.to_string()),
        field("payment_intent_data[description]", &charge.shop),
        field("line_items[0][quantity]", "1"),
        field("line_items[0][price_data][currency]", currency(charge.amount)),
        field("line_items[0][price_data][unit_amount]", minor(charge.amount)?.to_string()),
        field("line_items[0][price_data][product_data][name]", item(charge)),
        field("locale", language(&charge.locale)),
        field("success_url", &charge.return_url),
        field("cancel_url", left_url(&charge.return_url)),
    ];
    if let Some(seconds) = ends_at(charge.begun_at, charge.ends_at) {
        fields.push(field("expires_at", seconds.to_string()));
    }
    if charge.binds {
        fields.push(field("customer_creation", "always"));
        fields.push(field("payment_intent_data[setup_future_usage]", "off_session"));
    }
    Ok(fields)
}

/// A page of Stripe's on which a reader leaves a way to pay, and pays nothing. Stripe wants the kinds named here, and those of
/// an account are not known: a card serves everywhere, also one in a phone.
pub fn setup(binding: &Binding) -> Fields {
    let id = binding.id.to_string();
    let mut fields = vec![
        field("mode", "setup"),
        field("payment_method_types[0]", "card"),
        field("customer_creation", "always"),
        field("client_reference_id", &id),
        field("metadata[charge]", &id),
        field("setup_intent_data[metadata][charge]", &id),
        field("setup_intent_data[metadata][tab]", binding.tab.to_string()),
        field("setup_intent_data[description]", &binding.shop),
        field("locale", language(&binding.locale)),
        field("success_url", &binding.return_url),
        field("cancel_url", left_url(&binding.return_url)),
    ];
    if let Some(seconds) = ends_at(binding.begun_at, binding.ends_at) {
        fields.push(field("expires_at", seconds.to_string()));
    }
    fields
}

fn language(code: &str) -> &'static str {
    if code == "fr" { "fr" } else { "en" }
}

/// What the page says is paid, in the reader's language.
fn item(charge: &Charge) -> String {
    let locale = Locale::from_code(&charge.locale).unwrap_or(Locale::En);
    locale.text_with("stripe-item", &[("shop", Arg::Word(charge.shop.clone()))]).into_owned()
}

fn left_url(return_url: &str) -> String {
    let mark = if return_url.contains('?') { '&' } else { '?' };
    format!("{return_url}{mark}{LEFT}=1")
}

/// The second after which the page is closed. An end that is too near for Stripe is left to Stripe: what is paid after it
/// counts all the same.
fn ends_at(begun_at: Timestamp, ends_at: Timestamp) -> Option<i64> {
    let end = ends_at.min(begun_at.plus_minutes(OPEN_MOST_MINUTES));
    let is_far = end >= begun_at.plus_minutes(OPEN_LEAST_MINUTES);
    is_far.then_some(end.micros().div_euclid(MICROS_PER_SECOND))
}

/// A payment by what the reader agreed to earlier, while they are away.
///
/// # Errors
/// [`RailError::Nonsense`] for a part of a cent.
pub fn intent(charge: &Charge, bound: &Bound<'_>) -> Result<Fields, RailError> {
    Ok(vec![
        field("amount", minor(charge.amount)?.to_string()),
        field("currency", currency(charge.amount)),
        field("customer", bound.customer),
        field("payment_method", bound.method),
        field("off_session", "true"),
        field("confirm", "true"),
        // Cards and direct debits alike; Stripe wants an address to come back to for kinds that could lead away.
        field("automatic_payment_methods[enabled]", "true"),
        field("return_url", &charge.return_url),
        field("description", &charge.shop),
        field("metadata[charge]", charge.id.to_string()),
        field("metadata[tab]", charge.tab.to_string()),
        field("expand[]", EXPANDED),
    ])
}

/// Money back.
///
/// # Errors
/// [`RailError::Nonsense`] for a part of a cent.
pub fn refund(charge: &Charge, refund: &Refund) -> Result<Fields, RailError> {
    Ok(vec![
        field("payment_intent", &refund.reference),
        field("amount", minor(refund.amount)?.to_string()),
        field("metadata[charge]", charge.id.to_string()),
        field("metadata[refund]", &refund.key),
        field("expand[]", "balance_transaction"),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::tests::charge;
    use super::*;

    fn value(fields: &Fields, wanted: &str) -> Option<String> {
        fields.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
    }

    #[test]
    fn the_page_asks_for_the_charge_and_nothing_else() {
        let fields = session(&charge()).expect("whole cents");
        let amount = value(&fields, "line_items[0][price_data][unit_amount]");
        assert_eq!(amount.as_deref(), Some("512"));
        let currency = value(&fields, "line_items[0][price_data][currency]");
        assert_eq!(currency.as_deref(), Some("eur"));
        let item = value(&fields, "line_items[0][price_data][product_data][name]");
        assert_eq!(item.as_deref(), Some("Votre ardoise chez Ada"));
        assert_eq!(value(&fields, "payment_intent_data[setup_future_usage]"), None);
        assert_eq!(session(&charge()).expect("whole cents"), fields, "twice is the same");
    }

    #[test]
    fn a_reader_who_binds_leaves_something_to_charge_later() {
        let fields = session(&Charge { binds: true, ..charge() }).expect("whole cents");
        let usage = value(&fields, "payment_intent_data[setup_future_usage]");
        assert_eq!(usage.as_deref(), Some("off_session"));
        assert_eq!(value(&fields, "customer_creation").as_deref(), Some("always"));
    }

    #[test]
    fn the_page_closes_with_the_charge_as_far_as_stripe_can() {
        let ends = |minutes| {
            let charge = charge();
            let ends_at = charge.begun_at.plus_minutes(minutes);
            let begun = charge.begun_at.micros() / MICROS_PER_SECOND;
            super::ends_at(charge.begun_at, ends_at).map(|end| (end - begun) / 60)
        };
        assert_eq!(ends(60), Some(60));
        assert_eq!(ends(24 * 60), Some(23 * 60));
        assert_eq!(ends(10), None);
    }

    #[test]
    fn whoever_turns_back_says_so_whatever_the_address() {
        assert_eq!(left_url("https://shop/x"), "https://shop/x?left=1");
        assert_eq!(left_url("https://shop/x?a=b"), "https://shop/x?a=b&left=1");
    }

    #[test]
    fn a_part_of_a_cent_is_never_asked_for() {
        let amount = ledger::Money::from_micros(5_120_001, ledger::Currency::Eur).expect("money");
        assert!(session(&Charge { amount, ..charge() }).is_err());
    }
}
