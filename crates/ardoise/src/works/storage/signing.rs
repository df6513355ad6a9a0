//! AWS Signature Version 4 in headers, as S3 wants it (Amazon S3 API Reference, "Authenticating Requests: Using the
//! Authorization Header").
//!
//! Contents are not part of the signature: the way is TLS, and parts and files are compared by length, and files by hash,
//! where it matters.

use super::location::BucketLocation;
use crate::receipts::document::hex;
use aws_lc_rs::hmac;
use ledger::Timestamp;
use ledger::time::MICROS_PER_SECOND;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

/// Says that a content is not part of the signature.
pub(super) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
/// RFC 3986's unreserved characters stay; everything else in a query is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The query that these pairs make, sorted by name already.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let encode = |text| utf8_percent_encode(text, ENCODED).to_string();
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Adds what signs a request to its `headers`, whose names are in small letters; `content` is the hash of the content, or
/// [`UNSIGNED`].
pub(super) fn sign(
    place: &BucketLocation,
    (method, url): (&Method, &Url),
    headers: &mut Vec<(&'static str, String)>,
    content: &str,
    now: Timestamp,
) {
    let (day, instant) = dates(now);
    headers.push(("host", host(url)));
    headers.push(("x-amz-content-sha256", content.to_owned()));
    headers.push(("x-amz-date", instant.clone()));
    headers.sort();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let (path, query) = (url.path(), url.query().unwrap_or_default());
    let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{content}");
    let scope = format!("{day}/{}/s3/aws4_request", place.region);
    let digest = hex(&Sha256::digest(canonical.as_bytes()).into());
    let text = format!("AWS4-HMAC-SHA256\n{instant}\n{scope}\n{digest}");
    let signature = mac(&signing_key(place, &day), &text);
    let signature: [u8; 32] = signature.try_into().expect("a SHA-256 has 32 bytes");
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={}",
        place.key_id,
        hex(&signature)
    );
    headers.push(("authorization", authorization));
    // The client writes it itself, from the same address.
    headers.retain(|(name, _)| *name != "host");
}

fn signing_key(place: &BucketLocation, day: &str) -> Vec<u8> {
    let first = format!("AWS4{}", place.secret).into_bytes();
    [day, &place.region, "s3", "aws4_request"].into_iter().fold(first, |key, part| mac(&key, part))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

/// The day and the instant, as signatures write them.
fn dates(now: Timestamp) -> (String, String) {
    let seconds = now.micros().div_euclid(MICROS_PER_SECOND);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let instant = at.format(form).unwrap_or_default();
    (instant.chars().take(8).collect(), instant)
}

/// As the `Host` header has it: with the port unless it is the usual one.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 24 May 2013, midnight: when the examples of Amazon's manual were signed.
    const NOW: Timestamp = Timestamp::from_micros(1_369_353_600_000_000);
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn signature(path: &str, headers: &[(&'static str, &str)]) -> String {
        let place = BucketLocation {
            bucket: "examplebucket".into(),
            prefix: String::new(),
            base: String::new(),
            region: "us-east-1".into(),
            key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        };
        let url = format!("https://examplebucket.s3.amazonaws.com{path}").parse().expect("a URL");
        let mut headers: Vec<_> =
            headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        sign(&place, (&Method::GET, &url), &mut headers, EMPTY, NOW);
        let signed = headers.into_iter().find(|(name, _)| *name == "authorization");
        signed.expect("signed").1.rsplit('=').next().expect("a signature").to_owned()
    }

    #[test]
    fn requests_are_signed_as_in_the_manual_of_s3() {
        assert_eq!(
            signature("/test.txt", &[("range", "bytes=0-9")]),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        assert_eq!(
            signature("/?lifecycle=", &[]),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        let listed = query(&[("max-keys", "2"), ("prefix", "J")]);
        assert_eq!(
            signature(&format!("/?{listed}"), &[]),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn a_query_is_encoded_as_signatures_want_it() {
        assert_eq!(query(&[("uploadId", "a+b/c= ~é")]), "uploadId=a%2Bb%2Fc%3D%20~%C3%A9");
    }
}
