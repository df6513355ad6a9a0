//! An id type per noun, all time-ordered, so that every index grows at its end.
//!
//! What the shop makes is named by 63 bits: 42 bits of milliseconds since 2025, then 21 bits that tell ids of the same
//! millisecond apart. What a request makes (a purchase, a settlement) is named by the maker, with a UUID of version 7
//! (RFC 9562), so that asking twice is asking once.

use std::fmt;
use std::str::FromStr;

/// Crockford's base 32, in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The text is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct NotAnId;

fn encode(mut value: u128, length: usize) -> String {
    let mut text = vec![b'0'; length];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(value & 31) as usize];
        value >>= 5;
    }
    String::from_utf8(text).unwrap_or_default()
}

fn decode(text: &str, length: usize) -> Result<u128, NotAnId> {
    if text.len() != length {
        return Err(NotAnId);
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = ALPHABET.iter().position(|&known| known == byte).ok_or(NotAnId)?;
        if value >> 123 != 0 {
            return Err(NotAnId);
        }
        Ok(value << 5 | digit as u128)
    })
}

/// What is common to the ids that the shop makes.
pub trait ShopId: Copy {
    /// The id with these 63 bits.
    fn from_raw(raw: i64) -> Self;
    /// The 63 bits, as stored.
    fn raw(self) -> i64;
}

macro_rules! shop_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl ShopId for $name {
            fn from_raw(raw: i64) -> Self {
                Self(raw)
            }
            fn raw(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), encode(self.0.unsigned_abs().into(), 13))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = text.strip_prefix(concat!($prefix, "_")).ok_or(NotAnId)?;
                i64::try_from(decode(digits, 13)?).map(Self).map_err(|_| NotAnId)
            }
        }
    )*};
}

macro_rules! maker_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id with these 128 bits.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
            /// The 128 bits, as stored.
            pub const fn bytes(self) -> [u8; 16] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode(u128::from_be_bytes(self.0), 26))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            /// Reads the 26 digits that [`fmt::Display`] writes, or a UUID with its hyphens.
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let value = if text.len() == 36 { uuid(text)? } else { decode(text, 26)? };
                Ok(Self(value.to_be_bytes()))
            }
        }
    )*};
}

fn uuid(text: &str) -> Result<u128, NotAnId> {
    let hyphens = [8, 13, 18, 23];
    let well_formed = text.bytes().enumerate().all(|(at, byte)| {
        if hyphens.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    });
    if !well_formed {
        return Err(NotAnId);
    }
    u128::from_str_radix(&text.replace('-', ""), 16).map_err(|_| NotAnId)
}

shop_ids! {
    /// Somebody who makes works.
    AuthorId = "aut";
    /// One attempt series of telling a webhook something.
    DeliveryId = "dlv";
    /// A file of a work.
    FileId = "fil";
    /// An invitation.
    InviteId = "inv";
    /// A key for programs.
    KeyId = "key";
    /// A short link to a work.
    LinkId = "lnk";
    /// Money sent to an author.
    PayoutId = "pay";
    /// A signed-in author or operator.
    SessionId = "ses";
    /// A statement of the operator's bank, while it is looked over.
    StatementId = "stm";
    /// A reader's open account with the shop.
    TabId = "tab";
    /// A file on its way in.
    UploadId = "upl";
    /// Paper that settles tabs up to what it says.
    VoucherId = "vch";
    /// An address that wants to be told.
    WebhookId = "whk";
    /// A thing for sale.
    WorkId = "wrk";
}

maker_ids! {
    /// A credit on the operator's bank account, named by what the bank says about it.
    BankEntryId;
    /// A line on a tab, named after the purchase that made it and the tab: no two tabs have one of the same name.
    LineId;
    /// A tap, named by the page that offers it.
    PurchaseId;
    /// Money given back by the rail it came by.
    RefundId;
    /// One charge or receipt of money that pays lines of a tab.
    SettlementId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_purchase_id_may_be_written_as_a_uuid() {
        let uuid = "0190b5a4-7c1e-7d3f-9a2b-0123456789ab";
        let purchase: PurchaseId = uuid.parse().expect("a UUID");
        assert_eq!(purchase.to_string().parse(), Ok(purchase));
        assert_eq!(purchase.bytes()[..2], [0x01, 0x90]);
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "tab_",
            "wrk_0000000000000",
            "tab_000000000000",
            "tab_zzzzzzzzzzzzz",
            "tab_000000000000é",
        ] {
            assert_eq!(text.parse::<TabId>(), Err(NotAnId), "{text}");
        }
        for text in ["", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "0190b5a4+7c1e-7d3f-9a2b-0123456789ab"] {
            assert_eq!(text.parse::<LineId>(), Err(NotAnId), "{text}");
        }
    }

    proptest! {
        #[test]
        fn ids_read_back_and_sort_as_text(first in 0..=i64::MAX, second in 0..=i64::MAX) {
            let (a, b) = (WorkId::from_raw(first), WorkId::from_raw(second));
            prop_assert_eq!(a.to_string().parse(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn purchase_ids_read_back(bytes: [u8; 16]) {
            let line = LineId::from_bytes(bytes);
            prop_assert_eq!(line.to_string().parse(), Ok(line));
        }

        #[test]
        fn any_text_is_an_id_or_refused(text in "\\PC{0,40}") {
            let _ = text.parse::<LineId>();
            let _ = text.parse::<TabId>();
        }
    }
}
