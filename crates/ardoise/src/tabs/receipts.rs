//! The key that signs receipts.

use crate::ids::Chance;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use std::path::Path;

/// The file of the key, in the data folder: 32 bytes that only the operator's account may read.
const FILE_NAME: &str = "receipt.key";

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
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        let seed = match std::fs::read(&path) {
            Ok(seed) => seed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let seed: [u8; 32] = chance.bytes();
                write_private(&path, &seed).map_err(told)?;
                seed.to_vec()
            }
            Err(error) => return Err(told(error)),
        };
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| format!("{}: not a key of 32 bytes", path.display()))?;
        Ok(Self { pair })
    }

    /// The public key: 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Signs `message`: 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
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
