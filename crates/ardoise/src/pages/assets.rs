//! Styles, scripts and pictures of the pages, in the binary, each at an address that changes with
//! its bytes.
//!
//! `GET /static/{hash}/{name}` may be cached for ever. `GET /embed.js` serves the same bytes as the
//! asset `embed.js` under a lasting address, because other people's pages point to it.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// A file of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// The bytes, not compressed.
    pub bytes: &'static [u8],
}

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// What every page wears: one file per visible thing.
const SITE_CSS: &str = concat!(
    include_str!("styles/colours.css"),
    include_str!("styles/page.css"),
    include_str!("styles/header.css"),
    include_str!("styles/buttons.css"),
    include_str!("styles/work.css"),
    include_str!("styles/tab.css"),
    include_str!("styles/lists.css"),
);

/// What the author's and the operator's pages wear on top.
const AUTHOR_CSS: &str = concat!(
    include_str!("styles/forms.css"),
    include_str!("styles/share.css"),
    include_str!("styles/gains.css"),
    include_str!("styles/desk.css"),
);

/// The little card on other people's pages.
const EMBED_CSS: &str =
    concat!(include_str!("styles/colours.css"), include_str!("styles/embed.css"));

/// What is printed.
const VOUCHERS_CSS: &str = include_str!("styles/vouchers.css");

const FILES: &[(&str, &str, &[u8])] = &[
    ("site.css", CSS, SITE_CSS.as_bytes()),
    ("author.css", CSS, AUTHOR_CSS.as_bytes()),
    ("embed.css", CSS, EMBED_CSS.as_bytes()),
    ("vouchers.css", CSS, VOUCHERS_CSS.as_bytes()),
    ("embed.js", JS, include_bytes!("scripts/embed.js")),
    ("charge.js", JS, include_bytes!("scripts/charge.js")),
    ("copy.js", JS, include_bytes!("scripts/copy.js")),
    ("gains.js", JS, include_bytes!("scripts/gains.js")),
    ("keep.js", JS, include_bytes!("scripts/keep.js")),
    ("upload.js", JS, include_bytes!("scripts/upload.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("styles/icon.svg")),
];

/// The address of an asset: `/static/{hash}/{name}`. A name that does not exist gets an address
/// that answers 404.
pub fn asset_url(name: &str) -> String {
    let known = FILES.iter().position(|file| file.0 == name);
    let hash = known.map_or("unknown", |index| hashes()[index].as_str());
    format!("/static/{hash}/{name}")
}

/// The asset at `/static/{hash}/{name}`; `None` when the name is unknown or the hash is of other
/// bytes, so that an old page after an update gets a 404 rather than the wrong style cached for
/// ever.
pub fn asset(name: &str, hash: &str) -> Option<Asset> {
    let index = FILES.iter().position(|file| file.0 == name)?;
    (hashes()[index] == hash).then(|| file(index))
}

/// The asset of that name, whatever its hash: for addresses that must last, such as `/embed.js`.
pub fn lasting(name: &str) -> Option<Asset> {
    FILES.iter().position(|file| file.0 == name).map(file)
}

fn file(index: usize) -> Asset {
    Asset { content_type: FILES[index].1, bytes: FILES[index].2 }
}

fn hashes() -> &'static [String] {
    static HASHES: OnceLock<Vec<String>> = OnceLock::new();
    HASHES.get_or_init(|| FILES.iter().map(|file| hash(file.2)).collect())
}

/// Ten hexadecimal digits are plenty: the hash tells versions apart, it does not defend anything.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

/// The names of all assets, for the gallery and tests.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_its_bytes() {
        for name in names() {
            let url = asset_url(name);
            let hash = url.split('/').nth(2).expect("an address has a hash");
            assert_eq!(asset(name, hash), lasting(name));
            assert_eq!(asset(name, "0000000000"), None);
        }
        assert_eq!(asset("../main.rs", "unknown"), None);
    }

    /// With a work's page around 4 kB, this keeps HTML and styles together far below 13 kB
    /// compressed.
    #[test]
    fn the_styles_of_a_reader_stay_small() {
        assert!(SITE_CSS.len() <= 13_000, "{} bytes", SITE_CSS.len());
    }

    #[test]
    fn an_embed_is_a_small_script() {
        assert!(lasting("embed.js").expect("it exists").bytes.len() <= 5_000);
    }
}
