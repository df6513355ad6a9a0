//! Everything a person sees: templates over plain view structs, styles, small scripts and texts,
//! all in the binary.
//!
//! A handler fills a struct of [`reader`], [`author`] or [`desk`] and renders it; nothing here asks
//! the store or the clock. Every page embeds a [`Page`], which formats amounts, dates and texts for
//! its templates. Each page works without JavaScript, and none needs an inline style or script:
//! `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; media-src
//! 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'`.

pub mod assets;
pub mod author;
pub mod bank;
pub mod binding;
pub mod charge;
pub mod charts;
pub mod desk;
pub mod desk_tab;
pub mod format;
pub mod gains;
pub mod keep;
pub mod letters;
pub mod locale;
pub mod meta;
pub mod payouts;
pub mod reader;
pub mod tally;
pub mod vouchers;
pub mod work;

#[cfg(test)]
mod gallery;

use std::borrow::Cow;

use crate::rails::port::Says;
use askama::filters::Safe;
use ledger::{Money, Timestamp};

pub use locale::{AsArg, Locale};
pub use meta::Meta;

/// Who looks at the page; it decides the links of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitor {
    /// Somebody who reads and buys, known or not.
    Reader,
    /// Somebody who sells.
    Author {
        /// The name shown beside their works.
        name: String,
    },
    /// Whoever runs the shop.
    Operator {
        /// Whether the operator is an author too, and so has works and gains.
        sells: bool,
    },
}

/// What the reader's tab holds, shown in the header of every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter {
    /// Lines that are open or billed: the tally marks.
    pub lines: u32,
    /// What they add up to.
    pub owed: Money,
    /// News on the page of the tab that the reader has not put away.
    pub notices: u32,
}

/// Something that just happened, said once at the top of the page (`role="status"`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A line was taken back.
    LineUndone {
        /// The work's title.
        title: String,
        /// What is no longer owed.
        amount: Money,
    },
    /// A bought file cannot be found any more, so the line was undone by the shop.
    FileMissing {
        /// The work's title.
        title: String,
        /// What is no longer owed.
        amount: Money,
    },
    /// An author's changes are kept.
    Saved,
    /// An author's work is now on sale.
    Published,
    /// An author's work is no longer on sale; its buyers keep it.
    Unpublished,
    /// The price changed since the reader saw it; nothing was charged.
    PriceChanged,
    /// A way to pay was bound to the tab.
    Bound,
    /// The store does not answer: this is what was last seen, and nothing can be bought.
    Resting,
}

/// What every page has around its content, and the formatting its templates use.
#[derive(Debug, Clone)]
pub struct Page {
    /// The language of the page.
    pub locale: Locale,
    /// The shop's name, in the header and at the end of the title.
    pub shop_name: String,
    /// The page's own title; the shop's name is added to it.
    pub title: String,
    /// The reader's tab; `None` before the first line, and on the author's and the operator's
    /// pages.
    pub meter: Option<Meter>,
    /// Path and query of this page, where the language switch (`POST /language`, fields `locale`
    /// and `back`) returns.
    pub path: String,
    /// Who looks.
    pub who: Visitor,
    /// What search engines, networks and link previews read.
    pub meta: Meta,
    /// What just happened, if anything.
    pub notice: Option<Notice>,
    /// The instant of the request, for relative times.
    pub now: Timestamp,
}

impl Page {
    /// A reader's page without tab, notice or preview data; set the other fields with struct update
    /// syntax.
    pub fn new(locale: Locale, shop_name: &str, title: &str, path: &str, now: Timestamp) -> Self {
        Self {
            locale,
            shop_name: shop_name.to_owned(),
            title: title.to_owned(),
            meter: None,
            path: path.to_owned(),
            who: Visitor::Reader,
            meta: Meta::default(),
            notice: None,
            now,
        }
    }

    /// The text of `key`.
    pub fn text(&self, key: &str) -> Cow<'static, str> {
        self.locale.text(key)
    }

    /// What a rail says.
    pub fn says(&self, says: &Says) -> Cow<'static, str> {
        let args: Vec<(&str, locale::Arg)> =
            says.with.iter().map(|(name, value)| (&**name, value.as_arg())).collect();
        self.locale.text_with(&says.words, &args)
    }

    /// The text of `key` with one variable.
    pub fn say(&self, key: &str, name: &str, value: impl AsArg) -> Cow<'static, str> {
        self.locale.text_with(key, &[(name, value.as_arg())])
    }

    /// The text of `key` with two variables, each a name and its value.
    pub fn say2(
        &self,
        key: &str,
        first: &str,
        first_value: impl AsArg,
        second: &str,
        second_value: impl AsArg,
    ) -> Cow<'static, str> {
        let args = [(first, first_value.as_arg()), (second, second_value.as_arg())];
        self.locale.text_with(key, &args)
    }

    /// An amount with its currency; see [`format::money`].
    pub fn money(&self, amount: &Money) -> String {
        format::money(self.locale, *amount)
    }

    /// What was earned, to the cent; see [`format::earned`].
    pub fn earned(&self, amount: &Money) -> String {
        format::earned(self.locale, *amount)
    }

    /// An amount without its currency, for fields that a person may change.
    pub fn decimal(&self, amount: &Money) -> String {
        format::decimal(self.locale, *amount)
    }

    /// A grouped count.
    pub fn count(&self, count: &u64) -> String {
        format::count(self.locale, *count)
    }

    /// A share in basis points; see [`format::percent`].
    pub fn percent(&self, basis_points: &u64) -> String {
        format::percent(self.locale, *basis_points)
    }

    /// A file's size.
    pub fn size(&self, bytes: &u64) -> String {
        format::file_size(self.locale, *bytes)
    }

    /// A day; see [`format::date`].
    pub fn date(&self, at: &Timestamp) -> String {
        format::date(self.locale, *at, self.now)
    }

    /// A day and a minute; see [`format::date_time`].
    pub fn date_time(&self, at: &Timestamp) -> String {
        format::date_time(self.locale, *at, self.now)
    }

    /// How long ago; see [`format::ago`].
    pub fn ago(&self, at: &Timestamp) -> String {
        format::ago(self.locale, *at, self.now)
    }

    /// The value of a `datetime` attribute.
    pub fn machine_time(&self, at: &Timestamp) -> String {
        format::machine_time(*at)
    }

    /// Chalk tally marks as SVG; the text equivalent stands beside them.
    pub fn tally(&self, lines: &u32) -> String {
        tally::svg(*lines)
    }

    /// The address of a style or script; see [`assets::asset_url`].
    pub fn asset(&self, name: &str) -> String {
        assets::asset_url(name)
    }

    /// The text of what just happened; the empty text when nothing did.
    pub fn notice_text(&self) -> Cow<'static, str> {
        match &self.notice {
            None => Cow::Borrowed(""),
            Some(Notice::LineUndone { title, amount }) => {
                self.say2("notice-undone", "title", title, "amount", self.money(amount))
            }
            Some(Notice::FileMissing { title, amount }) => {
                self.say2("notice-missing", "title", title, "amount", self.money(amount))
            }
            Some(Notice::Bound) => self.text("notice-bound"),
            Some(Notice::Saved) => self.text("notice-saved"),
            Some(Notice::Published) => self.text("notice-published"),
            Some(Notice::Unpublished) => self.text("notice-unpublished"),
            Some(Notice::Resting) => self.text("notice-resting"),
            Some(Notice::PriceChanged) => self.text("notice-price-changed"),
        }
    }

    /// Whether the visitor has works and gains.
    pub fn sells(&self) -> bool {
        matches!(&self.who, Visitor::Author { .. } | Visitor::Operator { sells: true })
    }

    /// Whether the visitor runs the shop.
    pub fn operates(&self) -> bool {
        matches!(&self.who, Visitor::Operator { .. })
    }

    /// Marks the link of the header that leads to this very page.
    pub fn here(&self, path: &str) -> Safe<&'static str> {
        let current = self.path.split(['?', '#']).next().unwrap_or_default();
        Safe(if current == path { " aria-current=\"page\"" } else { "" })
    }

    /// The languages one can switch to from here.
    pub fn other_locales(&self) -> impl Iterator<Item = Locale> + use<> {
        let current = self.locale;
        Locale::ALL.into_iter().filter(move |locale| *locale != current)
    }
}
