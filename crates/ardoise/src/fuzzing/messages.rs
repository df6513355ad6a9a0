//! Messages that anybody can post to the shop in the name of whoever moves its money.

use crate::rails::port::Message;
use crate::rails::secret::Secret;
use crate::rails::stripe::{hearing, signature};
use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue};
use ledger::Timestamp;

/// When they come.
const SECONDS: i64 = 1_795_348_800;
const KEY: &str = "whsec_hush";

/// The first line is the signature, the rest the body. Whatever it says, it is not believed; signed as Stripe signs, it is,
/// and then read or refused.
pub(super) fn stripe(bytes: &[u8]) {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (header, body) = bytes.split_at(end);
    assert!(!is_believed(header, body), "a signature without the secret");
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    let tag = hmac::sign(&key, &[format!("{SECONDS}.").as_bytes(), body].concat());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(is_believed(format!("t={SECONDS},v1={hex}").as_bytes(), body));
    let _ = hearing::read(body);
}

fn is_believed(header: &[u8], body: &[u8]) -> bool {
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_bytes(header) else { return false };
    headers.insert(signature::HEADER, value);
    let at = Timestamp::from_micros(SECONDS * 1_000_000);
    signature::check(Message { headers: &headers, body, at }, &Secret::new(KEY)).is_ok()
}
