//! How a message is signed, after the Standard Webhooks specification 1.0.0: HMAC-SHA256 over its name, the second at
//! which it is sent, and its body, with points between.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A secret as its owner is shown it, once: receivers know by the prefix how to use it.
pub fn reveal(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// The value of the header `webhook-signature`. `message` holds no point, so that nothing of it can be taken for the
/// time or the body.
pub fn sign(secret: &[u8], message: &str, seconds: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signed = format!("{message}.{seconds}.{body}");
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector with which the libraries of the specification test themselves.
    #[test]
    fn a_message_is_signed_as_the_specifications_libraries_sign_it() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signature =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(reveal(&secret), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }
}
