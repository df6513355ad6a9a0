//! Letters to readers who gave an address: what they are told about their tab (`notices/`), sent through the operator's own
//! server.
//!
//! A letter is a row, written with its notice; [`worker`] takes it up, [`letter`] puts it into words, [`post`] hands it to the
//! server. Its `Message-ID` is made of the row, so that one that was sent twice is known again. A letter never holds the
//! secret of a tab: its [`links`] open one narrow thing each, for some weeks.

pub mod http;
pub mod letter;
pub mod links;
pub mod post;
pub mod settings;
pub mod worker;

pub use settings::MailSettings;

use crate::notices::Kind;
use crate::problem::{ADDRESS_INVALID, Problem};
use crate::store::{self, Db, StoreError, mail_address, notice};
use ledger::{SettlementId, TabId, Timestamp};
use lettre::Address;

/// The longest address: what SMTP can carry (RFC 5321, section 4.5.3.1.3, and its erratum 1690).
pub const ADDRESS_MOST: usize = 254;

/// Reads an address that somebody typed.
///
/// # Errors
/// [`ADDRESS_INVALID`], naming `field`.
pub fn read_address(text: &str, field: &'static str) -> Result<Address, Problem> {
    let text = text.trim();
    let wrong = || Problem::new(&ADDRESS_INVALID).field(field);
    // What is not plain could be folded into something else by a server on the way.
    let is_plain = text.len() <= ADDRESS_MOST && text.bytes().all(|byte| byte.is_ascii_graphic());
    let address: Address = text.parse().ok().filter(|_| is_plain).ok_or_else(wrong)?;
    if address.domain().contains('.') { Ok(address) } else { Err(wrong()) }
}

/// A rail tells where its payer is written to: where they asked for that, the receipt of this settlement goes there.
///
/// # Errors
/// The store's.
pub fn learn(
    db: &dyn Db,
    (tab, settlement): (TabId, SettlementId),
    told: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    // An address that no letter can have is as good as none.
    let address = told.and_then(|text| read_address(text, "email").ok());
    if let Some(address) = address
        && mail_address::learn(db, tab, address.as_ref())?
        && let Some(receipt) = notice::one(db, tab, Kind::Receipt, &settlement.to_string())?
    {
        store::letter::add(db, &receipt, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_mailbox_and_nothing_else() {
        for good in ["ben@reader.example", " ben+tabs@mail.reader.example ", "b@a.fr"] {
            assert!(read_address(good, "email").is_ok(), "{good}");
        }
        let long = format!("{}@reader.example", "b".repeat(300));
        for bad in [
            "",
            "ben",
            "ben@",
            "@reader.example",
            "ben@localhost",
            "ben@reader.example, zoe@reader.example",
            "Ben <ben@reader.example>",
            "ben@reader.example\r\nBcc: zoe@reader.example",
            "ben@reader.example\n",
            "ben @reader.example",
            "bén@reader.example",
            "\"ben\r\n\"@reader.example",
            long.as_str(),
        ] {
            let refused = read_address(bad, "email");
            if bad.trim() == "ben@reader.example" {
                assert_eq!(
                    refused.expect("spaces around it are no part of it").to_string(),
                    bad.trim()
                );
                continue;
            }
            let refused = refused.expect_err(bad);
            assert_eq!((refused.kind.code, refused.field), ("address.invalid", Some("email")));
        }
    }
}
