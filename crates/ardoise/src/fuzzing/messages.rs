//! Messages that anybody can post to the shop in the name of whoever moves its money.

use super::text;
use crate::rails::ecash::request;
use crate::rails::ecash::token::{PIECES_MOST, Token};
use crate::rails::port::Message;
use crate::rails::secret::Secret;
use crate::rails::stripe::{hearing, signature};
use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue};
use ledger::Timestamp;
use std::collections::BTreeSet;

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

/// A token is read or refused; one that is read is written and read again as the same, with a sum that is one. What a wallet
/// posts is held to the same.
pub(super) fn ecash(bytes: &[u8]) {
    let posted = request::payment(bytes).and_then(|(_, token)| token.ok());
    let pasted = Token::read(&text(bytes)).ok();
    for token in posted.into_iter().chain(pasted) {
        assert!(token.sum() > 0 && token.sum() < u64::MAX && token.proofs.len() <= PIECES_MOST);
        let shown = format!("{token:?}");
        assert!(token.proofs.iter().all(|piece| !shown.contains(&piece.signature)));
        let again = Token::read(&token.write()).expect("what was written is read");
        assert_eq!((again.sum(), &again.mint), (token.sum(), &token.mint));
        let secrets = |token: &Token| {
            let secrets = token.proofs.iter().map(|piece| piece.secret.clone());
            secrets.collect::<BTreeSet<String>>()
        };
        assert_eq!(secrets(&again), secrets(&token));
    }
}

fn is_believed(header: &[u8], body: &[u8]) -> bool {
    let mut headers = HeaderMap::new();
    let Ok(value) = HeaderValue::from_bytes(header) else { return false };
    headers.insert(signature::HEADER, value);
    let at = Timestamp::from_micros(SECONDS * 1_000_000);
    signature::check(Message { headers: &headers, body, at }, &Secret::new(KEY)).is_ok()
}
