//! The key that signs receipts, and how it is published.

use crate::ids::Chance;
use crate::rails::secret::Secret;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// The file of the key, in the data folder: 32 bytes that only the operator's account may read.
pub const FILE_NAME: &str = "receipt.key";

/// Signs receipts with Ed25519 (RFC 8032).
pub struct ReceiptKey {
    pair: Ed25519KeyPair,
}

impl ReceiptKey {
    /// The key in the data folder; made when there is none.
    ///
    /// # Errors
    /// What is wrong with the file, in words for the operator.
    pub fn in_folder(data: &Path, chance: &Chance) -> Result<Self, String> {
        let path = data.join(FILE_NAME);
        if !path.exists() {
            let seed: [u8; 32] = chance.bytes();
            let written = write_private(&path, &seed);
            written.map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Self::read(data)
    }

    /// The key in the data folder.
    ///
    /// # Errors
    /// What is wrong with the file, in words for the operator.
    pub fn read(data: &Path) -> Result<Self, String> {
        let path = data.join(FILE_NAME);
        let seed = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::from_seed(&seed).ok_or_else(|| format!("{}: not a key of 32 bytes", path.display()))
    }

    /// The key that these 32 bytes are.
    pub fn from_seed(seed: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(|pair| Self { pair })
    }

    /// What everybody may know of it.
    pub fn public(&self) -> PublicKey {
        PublicKey::of(self.pair.public_key().as_ref())
    }

    /// A secret of the shop for something else than receipts, always the same for one purpose. It is the signature of a text that is
    /// no receipt: nobody but the shop can make it, and the shop never shows it.
    pub fn secret_for(&self, purpose: &str) -> Secret {
        Secret::new(&self.sign(format!("ardoise secret for {purpose}").as_bytes()))
    }

    /// Signs `message`: 64 bytes, as text.
    pub fn sign(&self, message: &[u8]) -> String {
        BASE64.encode(self.pair.sign(message))
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A public key as a JSON Web Key (RFC 7517, RFC 8037), which libraries of every language read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// `OKP`: octet key pair.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// Names the key: its thumbprint (RFC 7638), so that a key and its name cannot be parted.
    pub kid: String,
    /// The 32 bytes of the key.
    pub x: String,
}

impl PublicKey {
    fn of(bytes: &[u8]) -> Self {
        let x = BASE64.encode(bytes);
        Self { kty: "OKP".into(), crv: "Ed25519".into(), kid: thumbprint(&x), x }
    }

    /// Whether the parts of the key belong together.
    pub fn is_sound(&self) -> bool {
        BASE64.decode(&self.x).is_ok_and(|bytes| bytes.len() == 32 && *self == Self::of(&bytes))
    }

    /// Whether `signature` was made of `message` by whoever holds the key.
    pub fn has_signed(&self, message: &[u8], signature: &str) -> bool {
        let (Ok(key), Ok(signature)) = (BASE64.decode(&self.x), BASE64.decode(signature)) else {
            return false;
        };
        UnparsedPublicKey::new(&ED25519, key).verify(message, &signature).is_ok()
    }
}

/// RFC 7638: the SHA-256 of the members that make the key, in canonical form.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64.encode(Sha256::digest(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.1 to A.3: a key, its public half and its thumbprint.
    #[test]
    fn a_key_is_named_as_the_standard_names_it() {
        let seed = BASE64.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").expect("base64");
        let key = ReceiptKey::from_seed(&seed).expect("a key").public();
        assert_eq!(key.x, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert!(key.is_sound());
        assert!(!PublicKey { kid: "another".into(), ..key }.is_sound());
    }

    #[test]
    fn a_signature_holds_for_its_own_message_and_key_only() {
        let key = ReceiptKey::from_seed(&[7; 32]).expect("a key");
        let signature = key.sign(b"owed: 0.20");
        assert!(key.public().has_signed(b"owed: 0.20", &signature));
        assert!(!key.public().has_signed(b"owed: 0.21", &signature));
        assert!(!key.public().has_signed(b"owed: 0.20", ""));
        let other = ReceiptKey::from_seed(&[8; 32]).expect("a key");
        assert!(!other.public().has_signed(b"owed: 0.20", &signature));
    }

    #[test]
    fn only_its_owner_may_read_the_key_and_it_stays_the_same() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let chance = Chance::seeded(1);
        let made = ReceiptKey::in_folder(folder.path(), &chance).expect("made");
        let again = ReceiptKey::in_folder(folder.path(), &chance).expect("read");
        assert_eq!(made.public(), again.public());
        let mode = std::fs::metadata(folder.path().join(FILE_NAME)).expect("there").permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}
