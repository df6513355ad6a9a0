//! What is kept with a charge that is put on a phone bill: how far the operator may have heard.

use crate::rails::port::{Charge, RailError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::Timestamp;
use serde::{Deserialize, Serialize};

/// What is kept with a charge. Nothing at all is kept before the reader has said their number.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The keyed hash of the number.
    pub payer: String,
    /// When the operator was asked, in microseconds since 1970.
    pub asked_at: i64,
    /// What the operator calls the payment (`paymentId`); empty as long as its answer is not known.
    #[serde(default)]
    pub payment: String,
    /// What a code is sent with (`authorizationId`); empty where there is none, or where it was lost with the answer.
    #[serde(default)]
    pub authorization: String,
    /// Whether the reader may have agreed by now, so that a reserved payment is confirmed. Written before a code is sent.
    #[serde(default)]
    pub agreed: bool,
}

impl Kept {
    /// The operator is about to be asked for a number with this hash.
    pub fn asked(payer: [u8; 32], at: Timestamp) -> Self {
        let payer = URL_SAFE_NO_PAD.encode(payer);
        Self { payer, asked_at: at.micros(), ..Self::default() }
    }

    /// What is kept with a charge; `None` where the operator was never asked.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] where something else is.
    pub fn of(charge: &Charge) -> Result<Option<Self>, RailError> {
        if charge.kept.is_empty() {
            return Ok(None);
        }
        let kept = serde_json::from_str(&charge.kept);
        kept.map(Some)
            .map_err(|_| RailError::Nonsense("what was kept is not of this rail".to_owned()))
    }

    /// How it is written.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether the number with this hash is meant.
    pub fn is_of(&self, payer: [u8; 32]) -> bool {
        self.payer == URL_SAFE_NO_PAD.encode(payer)
    }

    /// When the operator was asked.
    pub const fn asked_at(&self) -> Timestamp {
        Timestamp::from_micros(self.asked_at)
    }
}
