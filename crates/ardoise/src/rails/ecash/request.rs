//! Payment requests, and what a wallet sends in answer to one (NUT-18).

use super::keysets::UNIT;
use super::token::{Proof, Token, Unreadable};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use minicbor::Encoder;
use serde::Deserialize;

/// What a wallet is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Comes back with the payment.
    pub id: &'a str,
    /// How many satoshis.
    pub sats: u64,
    /// Of which mints.
    pub mints: &'a [String],
    /// What the wallet shows.
    pub about: &'a str,
    /// Where the wallet posts the payment, where it can; else the reader brings it.
    pub post_to: Option<&'a str>,
}

impl Request<'_> {
    /// Writes it: `creqA…`.
    pub fn write(&self) -> String {
        let mut cbor = Encoder::new(Vec::new());
        // Writing to memory does not fail.
        let _written = self.written(&mut cbor);
        format!("creqA{}", URL_SAFE.encode(cbor.into_writer()))
    }

    fn written(
        &self,
        cbor: &mut Encoder<Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<core::convert::Infallible>> {
        cbor.map(if self.post_to.is_some() { 7 } else { 6 })?;
        if let Some(address) = self.post_to {
            cbor.str("t")?.array(1)?.map(2)?.str("t")?.str("post")?.str("a")?.str(address)?;
        }
        cbor.str("i")?.str(self.id)?.str("a")?.u64(self.sats)?.str("u")?.str(UNIT)?;
        cbor.str("m")?.array(self.mints.len() as u64)?;
        for mint in self.mints {
            cbor.str(mint)?;
        }
        cbor.str("d")?.str(self.about)?.str("s")?.bool(true)?;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Json {
    id: String,
    mint: String,
    unit: String,
    proofs: Vec<Proof>,
}

/// What a wallet sent: for which request, and the pieces. `None` for anything else.
pub fn payment(body: &[u8]) -> Option<(String, Result<Token, Unreadable>)> {
    let Json { id, mint, unit, proofs } = serde_json::from_slice(body).ok()?;
    Some((id, Token { mint, unit: Some(unit), proofs }.checked()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request for 50 sat by a post of NUT-18, in our order, with what it shows and that it is asked once.
    #[test]
    fn a_request_says_what_the_standard_wants_of_it() {
        let mints = ["https://cashu.example.com".to_owned()];
        let request = Request {
            id: "a2c12f45",
            sats: 50,
            mints: &mints,
            about: "Chez Ada",
            post_to: Some("https://api.example.com/receive"),
        };
        let text = request.write();
        let cbor = URL_SAFE.decode(text.strip_prefix("creqA").expect("a request")).expect("base64");
        let hex = super::super::curve::to_hex(&cbor);
        for part in ["a2c12f45", "https://cashu.example.com", "https://api.example.com/receive"] {
            let bytes = super::super::curve::to_hex(part.as_bytes());
            assert!(hex.contains(&bytes), "{part} in {hex}");
        }
        assert!(hex.starts_with("a7") && hex.contains("61611832") && hex.ends_with("6173f5"));
        let in_person = Request { post_to: None, ..request }.write();
        assert!(in_person.len() < text.len());
    }

    #[test]
    fn a_payment_is_read_and_anything_else_is_none() {
        let signature = "024cce997d3b518f739663b757deaec95bcd9473c30a14ac2fd04023a739d1a725";
        let body = serde_json::json!({
            "id": "a2c12f45", "memo": null, "mint": "https://m.example/", "unit": "sat",
            "proofs": [{
                "amount": 8, "id": "00882760bfa2eb41", "secret": "s", "C": signature,
                "dleq": { "e": "", "s": "", "r": "" },
            }],
        });
        let (id, token) = payment(body.to_string().as_bytes()).expect("a payment");
        let token = token.expect("a token");
        assert_eq!(
            (id.as_str(), token.mint.as_str(), token.sum()),
            ("a2c12f45", "https://m.example", 8)
        );
        for none in
            ["", "{}", "[]", r#"{"id":"x","mint":"m","unit":"sat","proofs":[{"amount":-1}]}"#]
        {
            assert!(payment(none.as_bytes()).is_none(), "{none}");
        }
    }
}
