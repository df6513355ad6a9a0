//! What the operator's errors mean: by their status and code, one by one, as the two descriptions list them.

use crate::rails::port::{RailError, Reason};
use crate::rails::wire::Reply;
use serde::Deserialize;

/// The longest code that is repeated in an error.
const CODE_MOST: usize = 80;

/// An error (`ErrorInfo`), as far as it is read: its message is for people, and may hold anything.
#[derive(Deserialize)]
struct Info {
    code: String,
}

/// The code of an answer that is none of success.
pub fn code(reply: &Reply) -> Option<String> {
    if reply.status.is_success() {
        return None;
    }
    serde_json::from_slice::<Info>(&reply.body).ok().map(|info| info.code)
}

/// What an answer that is none of success means.
pub fn refused(reply: &Reply) -> RailError {
    let code = code(reply).unwrap_or_default();
    let status = reply.status.as_u16();
    // Only words that the descriptions could have are repeated.
    let is_word = code.len() <= CODE_MOST
        && code.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '.');
    let told = format!("{status} {}", if is_word { code.as_str() } else { "" });
    match (status, code.as_str()) {
        (429, _) => RailError::NotReached(told),
        (500.., _) => RailError::Lost(told),
        _ => reason(&code).map_or(RailError::Refused(told), RailError::Declined),
    }
}

/// Why the operator refuses its subscriber; `None` where it refuses the shop.
fn reason(code: &str) -> Option<Reason> {
    Some(match code {
        "CARRIER_BILLING.PAYMENT_DENIED"
        | "CARRIER_BILLING_REFUND.REFUND_DENIED"
        | "CARRIER_BILLING_REFUND.PAYMENT_NOT_ELIGIBLE_FOR_REFUND"
        | "CARRIER_BILLING_REFUND.INVALID_PAYMENT_STATUS"
        // Another payment is open for the same subscriber.
        | "ALREADY_EXISTS" => Reason::Refused,
        "IDENTIFIER_NOT_FOUND" => Reason::Means,
        "SERVICE_NOT_APPLICABLE" => Reason::Unserved,
        "CARRIER_BILLING.UNAUTHORIZED_AMOUNT"
        | "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT"
        | "CARRIER_BILLING_REFUND.USER_AMOUNT_THRESHOLD_OVERPASSED" => Reason::TooMuch,
        "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED" => Reason::Month,
        "CARRIER_BILLING.VALIDATION_FAILED" => Reason::Proof,
        "CARRIER_BILLING.INVALID_AUTHORIZATION_ID" => Reason::Late,
        "CARRIER_BILLING.PAYMENT_CANCELLED" => Reason::Cancelled,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    fn error(status: u16, code: &str) -> RailError {
        let body = json!({ "status": status, "code": code, "message": "+33612345678 is unknown" });
        let status = StatusCode::from_u16(status).expect("a status");
        refused(&Reply { status, headers: HeaderMap::new(), body: body.to_string().into_bytes() })
    }

    #[test]
    fn every_error_of_the_descriptions_means_something_of_its_own() {
        let declined = |status, code, reason| (status, code, RailError::Declined(reason));
        let refused = |status: u16, code: &'static str| {
            (status, code, RailError::Refused(format!("{status} {code}")))
        };
        for (status, code, meaning) in [
            refused(400, "INVALID_ARGUMENT"),
            refused(400, "INVALID_CREDENTIAL"),
            refused(400, "INVALID_TOKEN"),
            refused(400, "INVALID_SINK"),
            refused(400, "OUT_OF_RANGE"),
            refused(400, "CARRIER_BILLING.INVALID_DATE_RANGE"),
            refused(400, "CARRIER_BILLING.TOO_MANY_MATCHING_RECORDS"),
            // The reader is asked again: whoever sends a code looks at this one first.
            refused(400, "CARRIER_BILLING.INVALID_CODE"),
            declined(400, "CARRIER_BILLING.VALIDATION_FAILED", Reason::Proof),
            declined(400, "CARRIER_BILLING.INVALID_AUTHORIZATION_ID", Reason::Late),
            refused(401, "UNAUTHENTICATED"),
            refused(403, "PERMISSION_DENIED"),
            declined(403, "CARRIER_BILLING.PAYMENT_DENIED", Reason::Refused),
            refused(404, "NOT_FOUND"),
            declined(404, "IDENTIFIER_NOT_FOUND", Reason::Means),
            declined(409, "ALREADY_EXISTS", Reason::Refused),
            // The payment is asked about: whoever confirms looks at this one first.
            refused(409, "CARRIER_BILLING.PAYMENT_CONFIRMED"),
            declined(409, "CARRIER_BILLING.PAYMENT_CANCELLED", Reason::Cancelled),
            refused(410, "GONE"),
            declined(422, "SERVICE_NOT_APPLICABLE", Reason::Unserved),
            refused(422, "MISSING_IDENTIFIER"),
            refused(422, "UNNECESSARY_IDENTIFIER"),
            declined(422, "CARRIER_BILLING.UNAUTHORIZED_AMOUNT", Reason::TooMuch),
            declined(422, "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED", Reason::Month),
            declined(403, "CARRIER_BILLING_REFUND.REFUND_DENIED", Reason::Refused),
            declined(
                403,
                "CARRIER_BILLING_REFUND.PAYMENT_NOT_ELIGIBLE_FOR_REFUND",
                Reason::Refused,
            ),
            declined(422, "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT", Reason::TooMuch),
            declined(
                422,
                "CARRIER_BILLING_REFUND.USER_AMOUNT_THRESHOLD_OVERPASSED",
                Reason::TooMuch,
            ),
            declined(422, "CARRIER_BILLING_REFUND.INVALID_PAYMENT_STATUS", Reason::Refused),
            refused(422, "CARRIER_BILLING_REFUND.TAXES_MANAGEMENT_MISMATCH"),
            refused(422, "CARRIER_BILLING_REFUND.REFUND_DETAILS_MISMATCH"),
            (429, "TOO_MANY_REQUESTS", RailError::NotReached("429 TOO_MANY_REQUESTS".into())),
            (500, "INTERNAL", RailError::Lost("500 INTERNAL".into())),
            (503, "UNAVAILABLE", RailError::Lost("503 UNAVAILABLE".into())),
        ] {
            assert_eq!(error(status, code), meaning, "{status} {code}");
        }
    }

    #[test]
    fn nothing_that_an_operator_says_beside_its_codes_is_repeated() {
        let told = error(400, "+33612345678 is not allowed").to_string();
        assert_eq!(told, "refused: 400 ");
    }
}
