//! How Stripe signs its messages: <https://docs.stripe.com/webhooks/signature>.
//!
//! `Stripe-Signature: t=SECONDS,v1=HEX,v1=HEX,v0=HEX`. Each `v1` is the HMAC-SHA256 of the seconds, a point and the body,
//! with the whole signing secret (`whsec_…`) as key. While a secret is replaced there are several; `v0` is for test mode
//! and is worth nothing.

use crate::rails::port::{Message, Unheard};
use crate::rails::secret::Secret;
use aws_lc_rs::hmac;
use ledger::time::MICROS_PER_SECOND;

/// The header that carries it.
pub const HEADER: &str = "stripe-signature";
/// Seconds by which a message may be older or newer than the shop's clock: what Stripe's own libraries take.
const TOLERANCE_SECONDS: i64 = 300;
/// The longest header that is read, in bytes: a dozen signatures fit.
const LENGTH_MOST: usize = 1_024;
/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 32;

/// Checks that whoever has `secret` wrote the message, and lately.
///
/// # Errors
/// [`Unheard::Forged`]: `signature`, or `stale` for a genuine one of another time.
pub fn check(message: Message<'_>, secret: &Secret) -> Result<(), Unheard> {
    let forged = Unheard::Forged("signature");
    let header = message.headers.get(HEADER).and_then(|value| value.to_str().ok());
    let header = header.filter(|header| header.len() <= LENGTH_MOST).and_then(read);
    let Some((time, signatures)) = header else { return Err(forged) };
    let signed = [time.as_bytes(), b".", message.body].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    // In constant time, each.
    let fits = |signature: &[u8; SIGNATURE_BYTES]| hmac::verify(&key, &signed, signature).is_ok();
    if !signatures.iter().any(fits) {
        return Err(forged);
    }
    let sent: i64 = time.parse().map_err(|_| forged)?;
    let now = message.at.micros().div_euclid(MICROS_PER_SECOND);
    let is_late = now.abs_diff(sent) > TOLERANCE_SECONDS.unsigned_abs();
    if is_late { Err(Unheard::Forged("stale")) } else { Ok(()) }
}

/// The time, as it is signed, and every signature of version 1.
fn read(header: &str) -> Option<(&str, Vec<[u8; SIGNATURE_BYTES]>)> {
    let pairs: Vec<(&str, &str)> =
        header.split(',').filter_map(|pair| pair.trim().split_once('=')).collect();
    let times: Vec<&str> = named(&pairs, "t").collect();
    // Two times would leave open which one was signed.
    let [time] = times[..] else { return None };
    let signatures = named(&pairs, "v1").filter_map(unhex).collect();
    time.bytes().all(|byte| byte.is_ascii_digit()).then_some((time, signatures))
}

fn named<'a>(pairs: &[(&'a str, &'a str)], name: &str) -> impl Iterator<Item = &'a str> {
    pairs.iter().filter(move |(known, _)| *known == name).map(|(_, value)| *value)
}

fn unhex(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut bytes = [0; SIGNATURE_BYTES];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != SIGNATURE_BYTES || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let digit = |sign: u8| char::from(sign).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use ledger::Timestamp;

    /// `printf '1795348800.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac whsec_hush`, and the same by the
    /// `hmac` of Python: by nobody who has to do with this code.
    const GOOD: &str = "36e84c817777d872aaa33c440864c104ff7201ff363f034fd78e4c3cda410a23";
    const BODY: &[u8] = br#"{"id":"evt_1","object":"event"}"#;
    const SENT: i64 = 1_795_348_800;

    fn heard(header: &str, body: &[u8], seconds_later: i64) -> Result<(), Unheard> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, header.parse().expect("a header"));
        let at = Timestamp::from_micros((SENT + seconds_later) * MICROS_PER_SECOND);
        check(Message { headers: &headers, body, at }, &Secret::new("whsec_hush"))
    }

    const FORGED: Result<(), Unheard> = Err(Unheard::Forged("signature"));

    #[test]
    fn a_message_that_stripe_signed_is_believed() {
        assert_eq!(heard(&format!("t={SENT},v1={GOOD}"), BODY, 0), Ok(()));
    }

    #[test]
    fn one_good_signature_among_several_is_enough_and_an_old_version_is_none() {
        let other = "0".repeat(64);
        let header = format!("t={SENT},v1={other},v0={other},v1={GOOD}");
        assert_eq!(heard(&header, BODY, 0), Ok(()));
        assert_eq!(heard(&format!("t={SENT},v0={GOOD}"), BODY, 0), FORGED);
    }

    #[test]
    fn a_changed_body_time_or_signature_is_forged() {
        let header = format!("t={SENT},v1={GOOD}");
        assert_eq!(heard(&header, br#"{"id":"evt_2","object":"event"}"#, 0), FORGED);
        assert_eq!(heard(&format!("t={},v1={GOOD}", SENT + 1), BODY, 0), FORGED);
        let last = GOOD.replace("0a23", "0a24");
        assert_eq!(heard(&format!("t={SENT},v1={last}"), BODY, 0), FORGED);
    }

    #[test]
    fn a_header_that_is_not_whole_is_forged() {
        for header in [
            "",
            "t=1",
            &format!("v1={GOOD}"),
            &format!("t={SENT},v1={}", &GOOD[..62]),
            &format!("t={SENT},t={SENT},v1={GOOD}"),
            &format!("t=+{SENT},v1={GOOD}"),
            &format!("t={SENT},v1={GOOD},v0={}", "0".repeat(1_024)),
        ] {
            assert_eq!(heard(header, BODY, 0), FORGED, "{header}");
        }
        let message =
            Message { headers: &HeaderMap::new(), body: BODY, at: Timestamp::from_micros(0) };
        assert_eq!(check(message, &Secret::new("whsec_hush")), FORGED);
    }

    #[test]
    fn a_genuine_message_of_another_time_is_stale_either_way() {
        let header = format!("t={SENT},v1={GOOD}");
        for seconds in [-300, 300] {
            assert_eq!(heard(&header, BODY, seconds), Ok(()), "{seconds}");
        }
        for seconds in [-301, 301] {
            assert_eq!(heard(&header, BODY, seconds), Err(Unheard::Forged("stale")), "{seconds}");
        }
    }
}
