//! The author's pages: the invitation, selling, the share kit, managing works, keys and webhooks.

use askama::Template;
use askama::filters::Safe;
use ledger::{Currency, Money, Timestamp};

pub use super::keep::{KeepRow, KeepTable, KeepWay};
use super::work::{FileView, Kind, Price};
use super::{Page, Visitor};

/// What is wrong with a field of a form, in the author's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's `name`.
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// A page with a form whose fields can be wrong.
trait Form {
    fn errors(&self) -> &[FieldError];

    fn error(&self, field: &str) -> Option<&str> {
        self.errors().iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// Ties a wrong field to the sentence that says so.
    fn invalid(&self, field: &str) -> Safe<String> {
        let tie = || format!(r#" aria-invalid="true" aria-describedby="wrong-{field}""#);
        Safe(self.error(field).map(|_| tie()).unwrap_or_default())
    }
}

macro_rules! forms {
    ($($page:ty),+) => {$(
        impl Form for $page {
            fn errors(&self) -> &[FieldError] {
                &self.errors
            }
        }
    )+};
}

forms!(InvitePage, SellPage, ManagePage, KeysPage);

/// `GET /invite/{token}`: accept an invitation. `POST` to the same address with the field `name`.
#[derive(Debug, Clone, Template)]
#[template(path = "invite.html")]
pub struct InvitePage {
    /// Around the content.
    pub page: Page,
    /// The token of the invitation.
    pub token: String,
    /// The name that readers will see, prefilled.
    pub name: String,
    /// For the field `name`.
    pub errors: Vec<FieldError>,
}

/// How a price is chosen; the value of the field `pricing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pricing {
    /// `fixed`, with the field `price`.
    #[default]
    Fixed,
    /// `free`.
    Free,
    /// `choose`, with the fields `minimum` and `suggestion`.
    Choose,
}

impl Pricing {
    /// The field's value.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Free => "free",
            Self::Choose => "choose",
        }
    }

    /// The pricing with this value; any other value is a fixed price.
    pub fn from_value(value: &str) -> Self {
        let all = [Self::Free, Self::Choose];
        all.into_iter().find(|pricing| pricing.value() == value).unwrap_or_default()
    }
}

/// A file that is here already and waits for the form to be sent: the field `upload`, or `cover_upload` for a cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadView {
    /// The upload's id.
    pub upload: String,
    /// The name the author gave.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A tax rate that a work can have: the field `vat_class`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxClass {
    /// The field's value: `standard`, `reduced`, `press`.
    pub value: String,
    /// The rate.
    pub basis_points: u64,
}

impl TaxClass {
    fn label(&self, page: &Page) -> String {
        let rate = page.percent(&self.basis_points);
        let key = match self.value.as_str() {
            "reduced" => "tax-reduced",
            "press" => "tax-press",
            _ => "tax-standard",
        };
        page.say(key, "rate", rate).into_owned()
    }
}

/// What an author typed about a work, as typed: a refused form comes back filled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Field `title`.
    pub title: String,
    /// Field `pricing`.
    pub pricing: Pricing,
    /// Field `price`, a decimal with a point or a comma.
    pub price: String,
    /// Field `minimum`.
    pub minimum: String,
    /// Field `suggestion`.
    pub suggestion: String,
    /// Field `description`, Markdown.
    pub description: String,
    /// Field `article`, Markdown.
    pub article: String,
    /// Field `vat_class`: a class of the tariff; empty is the standard one.
    pub vat_class: String,
}

impl Draft {
    fn is(&self, value: &str) -> bool {
        self.pricing.value() == value
    }
}

/// `GET /sell` (`?price=0.20` fills the "you keep" table): one form, `POST /works` as
/// `multipart/form-data`.
///
/// Fields: `work` (the id minted for this rendering, so that a form sent twice makes one work),
/// `title`, `pricing` (`fixed`, `free`, `choose`), `price`, `minimum`, `suggestion`, `files`
/// (several), `upload` (several: ids of finished uploads, put there by `upload.js` or by a refused
/// form), `article`, `description`, `vat_class`, `cover` or `cover_upload`, and the button `publish`
/// with the value `yes`, `no`, or `count` to see what is kept of the price. Only the fields of the
/// chosen pricing count.
#[derive(Debug, Clone, Template)]
#[template(path = "sell.html")]
pub struct SellPage {
    /// Around the content.
    pub page: Page,
    /// The id that the work will have.
    pub work: String,
    /// What was typed.
    pub draft: Draft,
    /// What is wrong with it; the field "" is about the form as a whole.
    pub errors: Vec<FieldError>,
    /// Files that are here already.
    pub uploads: Vec<UploadView>,
    /// A cover that is here already.
    pub cover: Option<UploadView>,
    /// The tax rates to choose from.
    pub taxes: Vec<TaxClass>,
    /// The shop's currency.
    pub currency: Currency,
    /// What is left of the price.
    pub keep: KeepTable,
    /// The largest file that is taken, in bytes.
    pub most_bytes: u64,
}

impl SellPage {
    /// Whether something of the fields that are folded away is worth seeing at once.
    fn tells_more(&self) -> bool {
        let folded = ["description", "cover", "vat_class"];
        !self.draft.description.is_empty()
            || self.cover.is_some()
            || folded.iter().any(|field| self.error(field).is_some())
    }

    /// A work that is not made yet has no cover.
    fn cover_url(&self) -> Option<&str> {
        None
    }
}

impl ManagePage {
    fn tells_more(&self) -> bool {
        let folded = ["description", "cover", "vat_class"];
        !self.draft.description.is_empty()
            || self.cover.is_some()
            || self.cover_now.is_some()
            || folded.iter().any(|field| self.error(field).is_some())
    }

    fn cover_url(&self) -> Option<&str> {
        self.cover_now.as_deref()
    }
}

/// A link to share, with the words of its network.
struct Intent {
    name: &'static str,
    href: String,
}

/// `GET /works/{work}/share`: the share kit, shown right after publishing.
#[derive(Debug, Clone, Template)]
#[template(path = "share.html")]
pub struct SharePage {
    /// Around the content.
    pub page: Page,
    /// The work's id.
    pub work: String,
    /// The link's slug; QR codes are at `/l/{slug}/qr.svg` and `/l/{slug}/qr.png`.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it costs.
    pub price: Price,
    /// The shop's address without a slash at its end: `https://shop.example`.
    pub origin: String,
}

impl SharePage {
    fn url(&self) -> String {
        format!("{}/l/{}", self.origin, self.slug)
    }

    fn short(&self) -> String {
        let url = self.url();
        url.split_once("://").map_or(url.clone(), |(_, rest)| rest.to_owned())
    }

    /// Each network's own address for a new post, with the channel named in the link.
    fn intents(&self) -> Vec<Intent> {
        let url = |via: &str| encode(&format!("{}?via={via}", self.url()));
        let title = encode(&self.title);
        let both = |via: &str| format!("{title}%20{}", url(via));
        let intent = |name, href| Intent { name, href };
        vec![
            intent("Bluesky", format!("https://bsky.app/intent/compose?text={}", both("bluesky"))),
            intent(
                "Mastodon",
                format!("https://share.joinmastodon.org/#text={}", both("mastodon")),
            ),
            intent("X", format!("https://x.com/intent/post?text={title}&url={}", url("x"))),
            intent(
                "Facebook",
                format!("https://www.facebook.com/sharer/sharer.php?u={}", url("facebook")),
            ),
            intent("WhatsApp", format!("https://wa.me/?text={}", both("whatsapp"))),
            intent(
                "Telegram",
                format!("https://t.me/share/url?url={}&text={title}", url("telegram")),
            ),
            intent("E-mail", format!("mailto:?subject={title}&body={}", both("email"))),
        ]
    }

    fn snippet_frame(&self) -> String {
        format!(
            r#"<iframe src="{}/embed/{}" title="{}" width="100%" height="152" loading="lazy"></iframe>"#,
            self.origin,
            self.slug,
            self.title.replace('&', "&amp;").replace('"', "&quot;")
        )
    }

    fn snippet_link(&self) -> String {
        let title = self.title.replace('&', "&amp;").replace('<', "&lt;");
        format!(
            "<a data-ardoise href=\"{}?via=embed\">{title}</a>\n<script src=\"{}/embed.js\" async></script>",
            self.url(),
            self.origin
        )
    }
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A work in the author's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRow {
    /// The work's id, for `/works/{work}`.
    pub work: String,
    /// Its title.
    pub title: String,
    /// What it is.
    pub kind: Kind,
    /// What it costs.
    pub price: Price,
    /// Whether it is on sale.
    pub published: bool,
    /// Copies kept by readers.
    pub kept: u64,
    /// What it earned the author so far.
    pub earned: Money,
}

/// `GET /works`: the author's works, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "works.html")]
pub struct WorksPage {
    /// Around the content.
    pub page: Page,
    /// The works.
    pub works: Vec<WorkRow>,
    /// Address of the next page.
    pub more: Option<String>,
}

/// A link of a work with its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelLink {
    /// The channel's name; empty for the plain link.
    pub channel: String,
    /// The absolute address.
    pub url: String,
    /// Visits so far.
    pub visits: u64,
    /// Copies kept.
    pub kept: u64,
}

/// `GET /works/{work}`: change a work.
///
/// `POST /works/{work}` as `multipart/form-data` with the fields of [`SellPage`] (files are added) and `cover_remove`;
/// `POST /works/{work}/publish` and `/unpublish`; `POST /works/{work}/files/{file}/replace`
/// (multipart, field `file`) and `/remove`; `POST /works/{work}/links` with the field `channel`.
#[derive(Debug, Clone, Template)]
#[template(path = "manage.html")]
pub struct ManagePage {
    /// Around the content.
    pub page: Page,
    /// The work's id.
    pub work: String,
    /// Its link's slug.
    pub slug: String,
    /// What is stored, or what was typed and refused.
    pub draft: Draft,
    /// What is wrong with it.
    pub errors: Vec<FieldError>,
    /// Files that are here already and not part of the work yet.
    pub uploads: Vec<UploadView>,
    /// A cover that is here already and not the work's yet.
    pub cover: Option<UploadView>,
    /// The address of the cover that the work has.
    pub cover_now: Option<String>,
    /// The tax rates to choose from.
    pub taxes: Vec<TaxClass>,
    /// The shop's currency.
    pub currency: Currency,
    /// What is left of the price.
    pub keep: KeepTable,
    /// The largest file that is taken, in bytes.
    pub most_bytes: u64,
    /// Whether it is on sale.
    pub published: bool,
    /// Whether it never was.
    pub is_draft: bool,
    /// Its files.
    pub files: Vec<FileView>,
    /// Its links, the plain one first.
    pub links: Vec<ChannelLink>,
}

/// An API key, which is shown whole only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// The key's id; `POST /keys/{key}/revoke` ends it.
    pub key: String,
    /// What the author called it.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
}

/// A webhook; `POST /webhooks/{webhook}/remove` ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// The webhook's id.
    pub webhook: String,
    /// Where events are posted.
    pub url: String,
    /// When it last answered 2xx.
    pub delivered: Option<Timestamp>,
    /// A short word about the last failure, if that came later: `timeout`, `410`.
    pub failure: Option<String>,
}

/// `GET /keys`: API keys and webhooks. `POST /keys` with `name`, `POST /webhooks` with `url`.
#[derive(Debug, Clone, Template)]
#[template(path = "keys.html")]
pub struct KeysPage {
    /// Around the content; answer with `Cache-Control: no-store` when a secret is shown.
    pub page: Page,
    /// A key or signing secret that was just made: shown this once.
    pub fresh: Option<String>,
    /// The keys, newest first.
    pub keys: Vec<KeyRow>,
    /// The webhooks.
    pub webhooks: Vec<WebhookRow>,
    /// What was typed into `name` and refused.
    pub name: String,
    /// What was typed into `url` and refused.
    pub url: String,
    /// For the fields `name` and `url`.
    pub errors: Vec<FieldError>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_with_signs_survives_every_network() {
        assert_eq!(encode("50 % & plus"), "50%20%25%20%26%20plus");
    }
}
