//! A notice as a letter: its words in plain text and in HTML, and its links.

use super::links::Purpose;
use crate::app::App;
use crate::notices::words::{Does, Said, Telling};
use crate::notices::{Kind, Notice};
use crate::pages::{AsArg as _, Locale, format};
use askama::Template;
use ledger::{Money, TabId, Timestamp};
use lettre::Address;
use sha2::{Digest as _, Sha256};

/// A letter, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its `Message-ID`: the same however often it is sent.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// When its reader was told first.
    pub told_at: Timestamp,
    /// Where an answer goes.
    pub reply_to: Option<Address>,
    /// Where letters are stopped.
    pub stop: Option<String>,
    /// In plain text.
    pub text: String,
    /// In HTML.
    pub html: String,
}

/// Something that a letter leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lead {
    words: String,
    url: String,
}

/// A letter in HTML: no picture, no style sheet, nothing that is asked for elsewhere.
#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    locale: Locale,
    shop: &'a str,
    said: &'a Said,
    lead: &'a Option<Lead>,
    why: &'a str,
    stop: &'a Option<Lead>,
}

/// The same in plain text.
#[derive(Template)]
#[template(path = "mail.txt", escape = "none")]
struct Text<'a> {
    shop: &'a str,
    said: &'a Said,
    lead: &'a Option<Lead>,
    why: &'a str,
    stop: &'a Option<Lead>,
}

/// Writes a notice as a letter. `owed` is what the tab owes now, `was_charged` whether a receipt is of a charge without the reader.
///
/// # Errors
/// When a template cannot be written.
pub fn write(
    app: &App,
    notice: &Notice,
    locale: Locale,
    (owed, was_charged): (Money, bool),
) -> Result<Written, askama::Error> {
    let telling = Telling { locale, currency: app.currency(), now: app.now(), was_charged };
    let said = telling.say(notice);
    let (tab, told_at) = (notice.tab, notice.told_at);
    let lead = lead(app, locale, (said.does, tab, told_at), owed);
    let stop = Lead {
        words: locale.text("mail-stop").into_owned(),
        url: app.mail_link(Purpose::Stop, tab, told_at),
    };
    write_out(
        app,
        locale,
        Parts { id: message_id(app, notice), told_at, said, lead, stop: Some(stop) },
    )
}

/// A letter that says that letters arrive.
///
/// # Errors
/// When a template cannot be written.
pub fn test(app: &App) -> Result<Written, askama::Error> {
    let locale = Locale::default();
    let shop = app.settings.shop_name.as_str().as_arg();
    let line = locale.text_with("mail-test-body", &[("shop", shop)]).into_owned();
    let title = locale.text("mail-test").into_owned();
    let said = Said { title, lines: vec![line], does: Does::Nothing };
    let id =
        format!("<test.{}@{}>", app.mint.secret().reveal(), super::post::host(&app.settings.url));
    write_out(app, locale, Parts { id, told_at: app.now(), said, lead: None, stop: None })
}

struct Parts {
    id: String,
    told_at: Timestamp,
    said: Said,
    lead: Option<Lead>,
    stop: Option<Lead>,
}

fn write_out(app: &App, locale: Locale, parts: Parts) -> Result<Written, askama::Error> {
    let shop = app.settings.shop_name.as_str();
    let Parts { id, told_at, said, lead, stop } = &parts;
    let why = match stop {
        Some(_) => locale.text_with("mail-why", &[("shop", shop.as_arg())]).into_owned(),
        None => String::new(),
    };
    let why = why.as_str();
    Ok(Written {
        id: id.clone(),
        // A name with a line break in it is no name; a header could not hold it either.
        subject: format!("{} · {}", said.title, shop.replace(char::is_control, " ")),
        told_at: *told_at,
        reply_to: super::read_address(&app.settings.email, "shop.email").ok(),
        stop: stop.as_ref().map(|stop| stop.url.clone()),
        text: Text { shop, said, lead, why, stop }.render()?,
        html: Html { locale, shop, said, lead, why, stop }.render()?,
    })
}

fn lead(
    app: &App,
    locale: Locale,
    (does, tab, told_at): (Does, TabId, Timestamp),
    owed: Money,
) -> Option<Lead> {
    let (purpose, words) = match does {
        Does::Nothing => return None,
        Does::Object => (Purpose::Object, locale.text("mail-object").into_owned()),
        // What was paid meanwhile is not asked for again.
        Does::Pay if owed.is_zero() => return None,
        Does::Pay => {
            let owed = format::money(locale, owed);
            (Purpose::Pay, locale.text_with("mail-pay", &[("amount", owed.as_arg())]).into_owned())
        }
    };
    Some(Lead { words, url: app.mail_link(purpose, tab, told_at) })
}

/// Made of the row, so that a letter that was sent twice is known again; says nothing of whose it is.
fn message_id(app: &App, notice: &Notice) -> String {
    let row = format!("{}\n{}\n{}", notice.tab, notice.kind.name(), notice.subject);
    let hash = Sha256::digest(row);
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("<{}.{hash}@{}>", notice.kind.name(), super::post::host(&app.settings.url))
}

/// Whether a letter that waited until `now` would be of yesterday: nobody is told of a charge that was made long ago.
pub fn is_stale(notice: &Notice, now: Timestamp) -> bool {
    let day = notice.facts.day().filter(|_| notice.kind == Kind::Announced);
    day.is_some_and(|day| day <= now) || notice.told_at.plus_days(STALE_DAYS) <= now
}

/// Days after which a letter is not sent any more.
const STALE_DAYS: i64 = 7;
