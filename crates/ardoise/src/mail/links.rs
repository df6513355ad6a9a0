//! What a link in a letter opens: one narrow thing about one tab, for some weeks. Never the tab itself: whoever reads a letter
//! over somebody's shoulder may pay for them, and save them from being charged, and no more.
//!
//! A link is signed with the key of receipts (Ed25519). What is signed begins with words that no receipt begins with, so that
//! neither can be taken for the other.

use crate::app::App;
use crate::ids::made_at;
use crate::problem::{MAIL_LINK_OVER, Problem};
use crate::receipts::key::ReceiptKey;
use ledger::time::MICROS_PER_SECOND;
use ledger::{TabId, Timestamp};

/// What every signed text begins with. A receipt is JSON, and begins with a brace.
const FIRST_WORDS: &str = "ardoise link 1";
/// Days for which one can pay or object: longer than a tab stays open.
const DAYS: i64 = 60;
/// Days for which one can stop letters: whoever finds an old one can still do so (RFC 8058 asks for no end).
const STOP_DAYS: i64 = 400;
/// The longest link that is read, in bytes: they have about 130.
const LENGTH_MOST: usize = 300;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The page on which a tab is settled.
    Pay,
    /// The page on which its reader objects to being charged.
    Object,
    /// The page on which its reader stops letters.
    Stop,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Object => "object",
            Self::Stop => "stop",
        }
    }

    const fn days(self) -> i64 {
        match self {
            Self::Pay | Self::Object => DAYS,
            Self::Stop => STOP_DAYS,
        }
    }
}

fn signed_text(purpose: Purpose, tab: TabId, until_seconds: i64) -> String {
    format!("{FIRST_WORDS}\n{}\n{tab}\n{until_seconds}", purpose.name())
}

/// The token of a link from a letter of `told_at`: the same letter, sent again, has the same links.
pub fn token(key: &ReceiptKey, purpose: Purpose, tab: TabId, told_at: Timestamp) -> String {
    let until = told_at.plus_days(purpose.days()).micros().div_euclid(MICROS_PER_SECOND);
    let signature = key.sign(signed_text(purpose, tab, until).as_bytes());
    format!("{tab}.{until}.{signature}")
}

/// The tab that a token opens something of, if it is genuine and holds at `now`.
pub fn read(key: &ReceiptKey, purpose: Purpose, token: &str, now: Timestamp) -> Option<TabId> {
    if token.len() > LENGTH_MOST {
        return None;
    }
    let (tab, rest) = token.split_once('.')?;
    let (until, signature) = rest.split_once('.')?;
    let (tab, until): (TabId, i64) = (tab.parse().ok()?, until.parse().ok()?);
    let is_fresh = now.micros().div_euclid(MICROS_PER_SECOND) < until;
    let signed = signed_text(purpose, tab, until);
    (is_fresh && key.public().has_signed(signed.as_bytes(), signature)).then_some(tab)
}

impl App {
    /// The address of a link in a letter.
    pub fn mail_link(&self, purpose: Purpose, tab: TabId, told_at: Timestamp) -> String {
        let token = token(&self.receipt_key, purpose, tab, told_at);
        format!("{}/mail/{}/{token}", self.settings.url, purpose.name())
    }

    /// The tab that a link in a letter is about.
    ///
    /// # Errors
    /// [`MAIL_LINK_OVER`] for a link that is forged, or of too long ago.
    pub fn tab_of_link(&self, purpose: Purpose, token: &str) -> Result<TabId, Problem> {
        let tab = read(&self.receipt_key, purpose, token, self.now());
        tab.filter(|tab| made_at(*tab) <= self.now().plus_days(1))
            .ok_or_else(|| Problem::new(&MAIL_LINK_OVER).next("nav-tab", "/tab"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::ShopId as _;

    const NOW: Timestamp = Timestamp::from_micros(1_795_370_000_000_000);

    fn key(seed: u8) -> ReceiptKey {
        ReceiptKey::from_seed(&[seed; 32]).expect("a key")
    }

    #[test]
    fn a_link_opens_its_own_thing_of_its_own_tab_until_its_day() {
        let (ours, tab) = (key(1), TabId::from_raw(7));
        let pay = token(&ours, Purpose::Pay, tab, NOW);
        assert_eq!(pay, token(&ours, Purpose::Pay, tab, NOW), "sent again, it is the same");
        assert_eq!(read(&ours, Purpose::Pay, &pay, NOW), Some(tab));
        let last = Timestamp::from_micros(NOW.plus_days(60).micros() - 1);
        assert_eq!(read(&ours, Purpose::Pay, &pay, last), Some(tab));
        assert_eq!(read(&ours, Purpose::Pay, &pay, NOW.plus_days(60)), None, "it is over");
        for other in [Purpose::Object, Purpose::Stop] {
            assert_eq!(read(&ours, other, &pay, NOW), None, "it is for paying");
        }
        assert_eq!(read(&key(2), Purpose::Pay, &pay, NOW), None, "another shop's");
    }

    #[test]
    fn a_forged_link_opens_nothing() {
        let (ours, tab) = (key(1), TabId::from_raw(7));
        let genuine = token(&ours, Purpose::Pay, tab, NOW);
        let parts: Vec<&str> = genuine.splitn(3, '.').collect();
        let [tab, until, signature] = parts[..] else { panic!("three parts") };
        let later = until.parse::<i64>().expect("seconds") + 1;
        let other = TabId::from_raw(8);
        for forged in [
            format!("{other}.{until}.{signature}"),
            format!("{tab}.{later}.{signature}"),
            format!("{tab}.{until}.{}", &signature[1..]),
            format!("{tab}.{until}.{}", key(2).sign(b"ardoise link 1")),
            format!("{tab}.{until}."),
            format!("{tab}.{until}"),
            format!("{tab}..{signature}"),
            format!("{genuine}{}", "A".repeat(400)),
            String::new(),
        ] {
            assert_eq!(read(&ours, Purpose::Pay, &forged, NOW), None, "{forged}");
        }
    }
}
