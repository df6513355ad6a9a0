//! Short links, share cards, QR codes, visits.

pub mod http;
pub mod last_seen;
pub mod public;
pub mod qr;
pub mod visits;

/// The longest channel (`?via=`), in characters.
pub const CHANNEL_MOST: usize = 32;

/// The channel of a link as it is counted: small letters, digits and hyphens; anything else counts as none.
pub fn channel(via: Option<&str>) -> String {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let via = via.unwrap_or("").to_ascii_lowercase();
    if via.len() <= CHANNEL_MOST && via.bytes().all(known) { via } else { String::new() }
}
