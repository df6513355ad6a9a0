//! Vouchers: the desk's list, the sheets to print, and the page where one is used.

use super::{Locale, Page, Visitor, assets};
use askama::Template;
use ledger::{Money, Timestamp};

/// A voucher on the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoucherRow {
    /// Its number.
    pub voucher: String,
    /// What it was printed for.
    pub amount: Money,
    /// What it still pays.
    pub left: Money,
    /// When it was printed.
    pub printed_at: Timestamp,
    /// Until when it can be used.
    pub until: Timestamp,
    /// The key of how it stands.
    pub state: &'static str,
    /// Whether it can be used.
    pub is_usable: bool,
}

/// `GET /desk/vouchers`: printing and the list.
///
/// `POST` to the same address with `print`, `count` and `amount`; `POST /desk/vouchers/{voucher}/void`.
#[derive(Debug, Clone, Template)]
#[template(path = "vouchers.html")]
pub struct VouchersPage {
    /// Around the content.
    pub page: Page,
    /// What one may be printed for; nothing where there are no vouchers.
    pub most: Option<Money>,
    /// How many may be printed at once.
    pub count_most: u32,
    /// Names what this rendering prints.
    pub print: String,
    /// What all of them still pay.
    pub outstanding: Money,
    /// The vouchers, the newest first.
    pub vouchers: Vec<VoucherRow>,
    /// Address of the older ones.
    pub more: Option<String>,
}

/// One voucher as it is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// Its number.
    pub number: String,
    /// What it is for.
    pub amount: String,
    /// Its code, in groups.
    pub code: String,
    /// The address where it is used, as a code: SVG.
    pub picture: String,
    /// Its last day.
    pub until: String,
}

impl std::fmt::Debug for Card {
    /// Leaves out what it is worth.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Card").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The sheets to print: the answer to printing, this once. Ten cards on a sheet of A4.
#[derive(Debug, Clone, Template)]
#[template(path = "vouchers_print.html")]
pub struct PrintPage {
    /// The language of the cards.
    pub locale: Locale,
    /// The shop's name.
    pub shop_name: String,
    /// The cards.
    pub cards: Vec<Card>,
    /// Whether it stands alone, in a file: nothing then leads anywhere.
    pub is_file: bool,
}

impl PrintPage {
    fn text(&self, key: &str) -> String {
        self.locale.text(key).into_owned()
    }

    fn say(&self, key: &str, name: &'static str, value: &str) -> String {
        let words = super::locale::Arg::Word(value.to_owned());
        self.locale.text_with(key, &[(name, words)]).into_owned()
    }

    fn asset(&self, name: &str) -> String {
        assets::asset_url(name)
    }

    /// The whole in one file, for whoever has no server to ask for its styles.
    ///
    /// # Errors
    /// Whatever the template says.
    pub fn in_one_file(&self) -> Result<String, askama::Error> {
        let link = format!("<link rel=\"stylesheet\" href=\"{}\">", self.asset("vouchers.css"));
        let css = assets::lasting("vouchers.css").map_or(&b""[..], |asset| asset.bytes);
        let style = format!("<style>{}</style>", String::from_utf8_lossy(css));
        Ok(Self { is_file: true, ..self.clone() }.render()?.replace(&link, &style))
    }
}

/// A voucher that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What is left on it.
    pub left: Money,
    /// Until when it can be used.
    pub until: Timestamp,
    /// What it pays of the tab.
    pub pays: Money,
}

/// `GET /voucher/{code}`: where a voucher is used. `POST /voucher` with `code` and `settlement`.
#[derive(Debug, Clone, Template)]
#[template(path = "voucher.html")]
pub struct UsePage {
    /// Around the content.
    pub page: Page,
    /// Its code, in groups; empty when it cannot be one.
    pub code: String,
    /// Names the charge that this rendering begins.
    pub settlement: String,
    /// What the tab owes.
    pub owed: Money,
    /// The voucher, where it can be used.
    pub held: Option<Held>,
    /// The key of why not.
    pub why: &'static str,
}
