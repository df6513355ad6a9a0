//! A work before and after the tap: its page, and what was bought.

use askama::Template;
use ledger::Money;

use super::binding::Invitation;
use super::reader::Closed;
use super::{Locale, Page, Visitor, format};

/// What a work is, for the quiet line above its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text to read on the page.
    Article {
        /// Reading time, at least 1.
        minutes: u32,
    },
    /// One picture.
    Image,
    /// One recording.
    Audio {
        /// Playing time when it is known.
        seconds: Option<u64>,
    },
    /// One film.
    Video {
        /// Playing time when it is known.
        seconds: Option<u64>,
    },
    /// One file of another kind, or several.
    Files {
        /// How many, at least 1.
        count: u64,
        /// Their size together.
        bytes: u64,
    },
}

impl Kind {
    /// The line: « Article · 7 min ».
    pub fn line(&self, page: &Page) -> String {
        let timed = |key: &str, seconds: &Option<u64>| match seconds {
            Some(seconds) => format!("{} · {}", page.text(key), format::playing_time(*seconds)),
            None => page.text(key).into_owned(),
        };
        match self {
            Self::Article { minutes } => page.say("kind-article", "minutes", minutes).into_owned(),
            Self::Image => page.text("kind-image").into_owned(),
            Self::Audio { seconds } => timed("kind-audio", seconds),
            Self::Video { seconds } => timed("kind-video", seconds),
            Self::Files { count, bytes } => {
                format!("{} · {}", page.say("kind-files", "count", count), page.size(bytes))
            }
        }
    }
}

/// What a work costs, tax included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Price {
    /// One price, above zero.
    Fixed(Money),
    /// A gift.
    Free,
    /// The reader chooses.
    Choose {
        /// The least; zero makes a gift possible.
        minimum: Money,
        /// What the author proposes, at least the minimum.
        suggestion: Money,
    },
}

impl Price {
    /// The price as it stands in a list: « 0,20 € », « offert », « dès 0,50 € ».
    pub fn short(&self, page: &Page) -> String {
        match self {
            Self::Fixed(price) => page.money(price),
            Self::Choose { minimum, .. } if !minimum.is_zero() => {
                page.say("price-from", "amount", page.money(minimum)).into_owned()
            }
            Self::Choose { .. } => page.text("price-choose").into_owned(),
            Self::Free => page.text("price-free").into_owned(),
        }
    }

    /// The hidden field `price`: the price seen as a decimal, the minimum where the reader chooses.
    pub fn seen(&self) -> String {
        match self {
            Self::Fixed(price) | Self::Choose { minimum: price, .. } => price.to_decimal(),
            Self::Free => "0".to_owned(),
        }
    }

    /// The amounts of the quick buttons: the suggestion first, then the minimum and twice the
    /// suggestion.
    fn quick(&self) -> Vec<Money> {
        let Self::Choose { minimum, suggestion } = self else {
            return Vec::new();
        };
        let mut amounts = vec![*suggestion, *minimum];
        amounts.extend(suggestion.checked_add(*suggestion));
        amounts.sort();
        amounts.dedup();
        amounts
    }
}

/// The words of the button that buys for `amount`. They alone state the duty to pay (CJEU
/// C-249/21); their hash is stored with the line as the consent.
pub fn button_label(locale: Locale, amount: Money) -> String {
    if amount.is_zero() {
        return locale.text("buy-free").into_owned();
    }
    let amount = super::locale::Arg::Word(format::money(locale, amount));
    locale.text_with("buy", &[("amount", amount)]).into_owned()
}

/// Everything a reader agrees to with the tap, as it stands on the page: the button's words and the
/// sentence on immediate supply. Hash this for the consent that is stored with a line.
pub fn consent_text(locale: Locale, amount: Money) -> String {
    format!("{}\n{}", button_label(locale, amount), locale.text("buy-waiver"))
}

/// As [`consent_text`], for an amount that the reader typed (the form then has the field `typed`):
/// its button speaks of "this amount", which stands in the field beside it.
pub fn typed_consent_text(locale: Locale, amount: Money) -> String {
    let (label, amount) = (locale.text("pay-typed"), format::money(locale, amount));
    format!("{amount}\n{label}\n{}", locale.text("buy-waiver"))
}

/// What can be seen of a work before it is bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preview {
    /// The beginning of an article.
    Article {
        /// Sanitised HTML, shown as it is; it fades out at its end.
        html: String,
        /// Words that remain behind the button.
        words_left: u64,
    },
    /// A picture: a thumbnail or the author's cover.
    Picture {
        /// Same-origin address.
        url: String,
        /// Width in pixels, so that nothing jumps.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The beginning of a recording.
    Sound {
        /// Same-origin address.
        url: String,
        /// Length of the sample.
        seconds: u64,
    },
    /// Nothing but the list of files.
    None,
}

/// A file's name and size, before the purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLine {
    /// The name the author gave.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// What the reader can do on a work's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// Buy it.
    ForSale,
    /// Open it: it is theirs already.
    Owned,
    /// Settle first: the tab has no room for the price.
    TabFull {
        /// What the tab holds.
        owed: Money,
        /// What it may hold with a way to pay bound to it, where that makes room for the price.
        limit_with: Option<Money>,
    },
    /// Nothing: the reader's tab takes nothing new, and settling does not change that.
    TabClosed(Closed),
    /// Nothing: it is not on sale any more.
    Unpublished,
    /// Nothing for the moment: the store does not answer, and this is the page as it was last seen.
    Resting,
    /// Nothing: its author, who alone sees it, has not published it yet.
    Draft,
}

/// `GET /l/{slug}`: the page of a work. Buying is `POST /l/{slug}/buy` with the fields `purchase`,
/// `price`, `via` (only when known) and, where the reader chooses the price, `amount` (a decimal
/// with a point or a comma) and `typed` (`yes`, only when the amount was typed rather than tapped).
#[derive(Debug, Clone, Template)]
#[template(path = "work.html")]
pub struct WorkPage {
    /// Around the content. Fill its `meta` for link previews.
    pub page: Page,
    /// The link's slug.
    pub slug: String,
    /// The work's id, for `/w/{work}` and the author's `/works/{work}`.
    pub work: String,
    /// What it is.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// The author's name.
    pub author: String,
    /// The author's words about it: sanitised HTML.
    pub description: Option<String>,
    /// What can be seen.
    pub preview: Preview,
    /// The files that come with it; empty for an article alone.
    pub files: Vec<FileLine>,
    /// What it costs.
    pub price: Price,
    /// What the reader can do.
    pub offer: Offer,
    /// The purchase id minted for this rendering.
    pub purchase: String,
    /// The tab that a first tap opens, for a reader who has none: the hidden field `device`.
    pub device: Option<String>,
    /// The channel the reader came by.
    pub via: Option<String>,
    /// How long a purchase can be undone.
    pub undo_minutes: u32,
    /// The legal seller, shown in the button's block.
    pub seller: String,
    /// Whether the visitor is this work's author: shows a banner with a link to `/works/{work}`.
    pub own: bool,
}

impl WorkPage {
    fn label(&self, amount: &Money) -> String {
        button_label(self.page.locale, *amount)
    }

    /// The suggestion is the one loud button among the quick ones.
    fn is_loud(&self, amount: &Money) -> bool {
        matches!(&self.price, Price::Choose { suggestion, .. } if suggestion == amount)
    }

    /// The block can stay in sight at the bottom when it is one button.
    fn sticks(&self) -> bool {
        !matches!((&self.offer, &self.price), (Offer::ForSale, Price::Choose { .. }))
    }
}

/// How a file is shown once bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// As a picture.
    Image,
    /// In an audio player.
    Audio,
    /// In a video player.
    Video,
    /// As a download alone.
    Other,
}

/// A bought file: shown from and downloaded at `/w/{work}/files/{file}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// The file's id.
    pub file: String,
    /// The name the author gave.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// How it is shown.
    pub media: Media,
}

/// How the reader came to have the work, for the quiet bar on top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is on the tab. Undo is `POST /lines/{line}/undo`.
    OnTab {
        /// The line's id.
        line: String,
        /// What it costs.
        amount: Money,
        /// Whole minutes in which it can still be undone; `None` when the time is over.
        undo_minutes: Option<u32>,
    },
    /// The line is settled.
    Paid {
        /// The line's id.
        line: String,
        /// What it cost.
        amount: Money,
    },
    /// It was a gift.
    Given,
    /// The visitor made it.
    Own,
}

/// `GET /w/{work}`: a work that the reader has.
#[derive(Debug, Clone, Template)]
#[template(path = "content.html")]
pub struct ContentPage {
    /// Around the content; leave `meta` empty so that robots keep away.
    pub page: Page,
    /// The work's id.
    pub work: String,
    /// What it is.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// The author's name.
    pub author: String,
    /// How the reader came to have it.
    pub standing: Standing,
    /// The article as sanitised HTML.
    pub article: Option<String>,
    /// The files. With two or more, `/w/{work}/zip` is offered too.
    pub files: Vec<FileView>,
    /// The invitation to bind a way to pay.
    pub invitation: Option<Invitation>,
}

impl ContentPage {
    fn shows(&self, file: &FileView, media: &str) -> bool {
        match media {
            "image" => file.media == Media::Image,
            "audio" => file.media == Media::Audio,
            _ => file.media == Media::Video,
        }
    }

    fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).fold(0, u64::saturating_add)
    }
}

/// `GET /embed/{slug}`: the small card for an `<iframe>` (give it its own `frame-ancestors *`). Its
/// link opens the work's page in a new tab.
#[derive(Debug, Clone, Template)]
#[template(path = "embed.html")]
pub struct EmbedCard {
    /// Only its language, shop name and formatting are used.
    pub page: Page,
    /// Its title.
    pub title: String,
    /// The author's name.
    pub author: String,
    /// What it is.
    pub kind: Kind,
    /// What it costs.
    pub price: Price,
    /// Absolute address of the work's page, with the channel.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Currency;

    fn cents(cents: i64) -> Money {
        Money::from_cents(cents, Currency::Eur).expect("test amounts are not negative")
    }

    #[test]
    fn the_button_says_what_it_costs() {
        assert_eq!(button_label(Locale::Fr, cents(20)), "Payer 0,20\u{a0}€");
        assert_eq!(button_label(Locale::En, cents(20)), "Pay €0.20");
        assert_eq!(button_label(Locale::Fr, cents(0)), "Prendre, c’est offert");
    }

    #[test]
    fn quick_amounts_are_told_once_each_from_the_least() {
        let price = Price::Choose { minimum: cents(50), suggestion: cents(100) };
        assert_eq!(price.quick(), [cents(50), cents(100), cents(200)]);
        let price = Price::Choose { minimum: cents(100), suggestion: cents(100) };
        assert_eq!(price.quick(), [cents(100), cents(200)]);
    }
}
