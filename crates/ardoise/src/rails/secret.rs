//! Secrets of rails: from the environment, or from a file that only its owner reads. Never from `ardoise.toml`, which people
//! show each other.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The longest secret, in bytes: a private key in PEM fits.
const LENGTH_MOST: u64 = 16 * 1024;
/// Bits of a file's mode by which others than its owner reach it.
const OTHERS: u32 = 0o077;

/// A text that only the rail's own server may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret; spaces around it are no part of it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text. Whoever asks sends it to the rail, or makes a key of it, and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Reads a secret from a file.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn from_file(path: &Path) -> Result<Self, Unfit> {
        let failed = |error: std::io::Error| Unfit::Unreadable(error.to_string());
        let about = std::fs::metadata(path).map_err(failed)?;
        if about.permissions().mode() & OTHERS != 0 {
            return Err(Unfit::Shared);
        }
        if about.len() > LENGTH_MOST {
            return Err(Unfit::TooLong);
        }
        let secret = Self::new(&std::fs::read_to_string(path).map_err(failed)?);
        if secret.0.is_empty() { Err(Unfit::Empty) } else { Ok(secret) }
    }
}

impl std::fmt::Debug for Secret {
    /// Nothing of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a file does not hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It cannot be read.
    #[error("a file that can be read ({0})")]
    Unreadable(String),
    /// Others can read it.
    #[error("a file that only its owner can read (chmod 600)")]
    Shared,
    /// It is too long.
    #[error("a file of at most {LENGTH_MOST} bytes")]
    TooLong,
    /// There is nothing in it.
    #[error("a file with something in it")]
    Empty,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    #[test]
    fn a_secret_is_read_from_a_file_of_its_owner_alone_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        fs::write(&path, "hush\n").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("a mode");
        assert_eq!(Secret::from_file(&path), Err(Unfit::Shared));
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a mode");
        let secret = Secret::from_file(&path).expect("a secret");
        assert_eq!(secret.reveal(), "hush");
        assert!(!format!("{secret:?}").contains("hush"));
        fs::write(&path, " \n").expect("written");
        assert_eq!(Secret::from_file(&path), Err(Unfit::Empty));
        fs::write(&path, "x".repeat(20_000)).expect("written");
        assert_eq!(Secret::from_file(&path), Err(Unfit::TooLong));
        assert!(matches!(
            Secret::from_file(&folder.path().join("gone")),
            Err(Unfit::Unreadable(_))
        ));
    }
}
