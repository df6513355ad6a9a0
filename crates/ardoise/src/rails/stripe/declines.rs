//! Why Stripe, or a reader's bank, says no: its words, and ours.
//!
//! The codes of <https://docs.stripe.com/declines/codes> (declined cards), <https://docs.stripe.com/error-codes> and
//! <https://docs.stripe.com/refunds#failed-refunds>. What is not in the table is
//! [`Reason::Refused`]: no without a why. So are a card reported lost or stolen and a suspicion of fraud, which Stripe asks
//! to tell nobody.

use crate::rails::reason::Reason;

const TABLE: &[(Reason, &[&str])] = &[
    (Reason::Funds, &["insufficient_funds"]),
    (
        Reason::TooMuch,
        &[
            "amount_too_large",
            "card_velocity_exceeded",
            "invalid_amount",
            "withdrawal_count_limit_exceeded",
        ],
    ),
    (
        Reason::Means,
        &[
            "account_closed",
            "account_number_invalid",
            "bank_account_declined",
            "bank_account_restricted",
            "bank_account_unusable",
            "card_not_supported",
            "currency_not_supported",
            "expired_card",
            "expired_or_canceled_card",
            "incorrect_address",
            "incorrect_cvc",
            "incorrect_number",
            "incorrect_pin",
            "incorrect_zip",
            "invalid_account",
            "invalid_cvc",
            "invalid_expiry_month",
            "invalid_expiry_year",
            "invalid_number",
            "invalid_pin",
            "lost_or_stolen_card",
            "new_account_information_available",
            "no_account",
            "pin_try_exceeded",
            "restricted_card",
        ],
    ),
    (
        Reason::Proof,
        &[
            "authentication_not_handled",
            "authentication_required",
            "mobile_device_authentication_required",
            "offline_pin_required",
            "online_or_offline_pin_required",
            "payment_intent_authentication_failure",
            "setup_intent_authentication_failure",
        ],
    ),
    (
        Reason::Unbound,
        &[
            "debit_not_authorized",
            "payment_intent_mandate_invalid",
            "revocation_of_all_authorizations",
            "revocation_of_authorization",
            "stop_payment_order",
        ],
    ),
    (
        Reason::Unreached,
        &[
            "issuer_not_available",
            "payment_method_provider_timeout",
            "processing_error",
            "reenter_transaction",
            "try_again_later",
        ],
    ),
    (Reason::Late, &["payment_intent_payment_attempt_expired"]),
    (Reason::Cancelled, &["payment_method_customer_decline"]),
    (
        Reason::Unserved,
        &["not_permitted", "payment_method_not_available", "payment_method_unactivated"],
    ),
];

/// The reason behind the codes of an error, the more precise one first.
pub fn reason(decline_code: Option<&str>, code: Option<&str>) -> Reason {
    let known = |code: Option<&str>| code.and_then(lookup);
    known(decline_code).or_else(|| known(code)).unwrap_or(Reason::Refused)
}

fn lookup(code: &str) -> Option<Reason> {
    TABLE.iter().find(|(_, codes)| codes.contains(&code)).map(|(reason, _)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precise_code_counts_before_the_general_one() {
        let judged = |precise, general| reason(Some(precise), Some(general));
        assert_eq!(judged("insufficient_funds", "card_declined"), Reason::Funds);
        assert_eq!(judged("authentication_required", "authentication_required"), Reason::Proof);
        assert_eq!(reason(None, Some("expired_card")), Reason::Means);
        assert_eq!(judged("unheard_of", "expired_card"), Reason::Means);
    }

    #[test]
    fn a_no_without_a_why_stays_one() {
        for secret in ["fraudulent", "lost_card", "stolen_card", "pickup_card", "do_not_honor"] {
            assert_eq!(reason(Some(secret), Some("card_declined")), Reason::Refused, "{secret}");
        }
        assert_eq!(reason(None, None), Reason::Refused);
    }

    #[test]
    fn a_code_stands_in_the_table_once() {
        let mut codes: Vec<&str> = TABLE.iter().flat_map(|(_, codes)| *codes).copied().collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
