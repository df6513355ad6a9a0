//! Texts: amounts, ids, headers, forms, settings, Markdown, receipts, addresses.

use super::text;
use crate::access::range::Answer;
use crate::body::Fields;
use crate::ids::Secret;
use crate::links::channel;
use crate::mail::links::{self, Purpose};
use crate::mail::read_address;
use crate::notices::Notice;
use crate::outbox::address::{self, Reach};
use crate::pages::Locale;
use crate::receipts::key::ReceiptKey;
use crate::receipts::verify;
use crate::request::{Ask, Claim, LOCALE_COOKIE, cookie};
use crate::settings::Values;
use crate::store::address as store_address;
use crate::works::article;
use crate::works::file_name::{Disposition, content_disposition, safe_name};
use crate::works::uploads::http as tus;
use http::{HeaderValue, Request};
use ledger::{Currency, LineId, Money, TabId, Timestamp, UploadId, WorkId};
use lettre::message::Mailbox;
use std::net::IpAddr;

/// An amount that is read is written and read again as the same.
pub(super) fn money(bytes: &[u8]) {
    for currency in [Currency::Eur, Currency::Usd, Currency::Gbp, Currency::Chf] {
        let Ok(read) = Money::parse(&text(bytes), currency) else { continue };
        assert!(read.micros() >= 0);
        let written = crate::api::wire::Amount::from(read);
        assert_eq!(Money::parse(&written.amount, currency), Ok(read));
        for locale in Locale::ALL {
            assert!(!crate::pages::format::money(locale, read).is_empty());
        }
    }
}

/// An id or secret has one spelling that is written, and it is read as the same.
pub(super) fn ids(bytes: &[u8]) {
    fn same<T: std::str::FromStr + std::fmt::Display + PartialEq>(text: &str) {
        let Ok(id) = text.parse::<T>() else { return };
        assert!(id.to_string().parse::<T>().is_ok_and(|again| again == id), "{text:?}");
    }
    let text = text(bytes);
    same::<LineId>(&text);
    same::<TabId>(&text);
    same::<UploadId>(&text);
    same::<WorkId>(&text);
    if let Some(secret) = Secret::read(&text) {
        assert_eq!(secret.reveal(), text);
    }
    if let Some(claim) = Claim::<TabId>::read(&text) {
        assert_eq!(Claim::read(&claim.reveal()), Some(claim));
    }
}

/// An address is one mailbox, whatever surrounds it; a link that the shop did not sign opens nothing.
pub(super) fn mail(bytes: &[u8]) {
    let text = text(bytes);
    if let Ok(address) = read_address(&text, "email") {
        let read = address.to_string();
        assert_eq!(read, text.trim());
        assert!(read.bytes().all(|byte| byte.is_ascii_graphic()) && read.contains('@'), "{read}");
        assert!(Mailbox::new(None, address).to_string().contains(&read));
    }
    if let Some((kind, subject)) = Notice::read_key(&text) {
        assert_eq!(format!("{}.{subject}", kind.name()), text);
    }
    let key = ReceiptKey::from_seed(&[7; 32]).expect("a key");
    for purpose in [Purpose::Pay, Purpose::Object, Purpose::Stop] {
        assert_eq!(links::read(&key, purpose, &text, Timestamp::from_micros(0)), None, "{text}");
    }
}

/// Settings are read or refused by name, and a password among them is shown to nobody.
pub(super) fn settings(bytes: &[u8]) {
    let text = text(bytes);
    let shown = store_address::shown(&format!("postgres://ada:hidden@{text}"));
    // The name of a database may be the same word.
    assert!(text.contains("hidden") || !shown.contains("hidden"));
    let Ok(entries) = Values::entries_of(&text) else { return };
    let mut values = Values::default();
    for (key, value) in entries {
        if let Err(refused) = values.set("a test", &key, value) {
            assert!(refused.to_string().contains(&key));
        }
    }
    let _shown = format!("{values:?} {:?}", values.check());
}

/// Elements that an article may hold.
const ELEMENTS: [&str; 27] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    "",
];

/// Attributes that they may have: how they begin.
const ATTRIBUTES: [&str; 7] = [
    "href=\"",
    "rel=\"nofollow",
    "ugc",
    "noopener\"",
    "class=\"footnote-",
    "id=\"note-",
    "start=\"",
];

/// An article holds no element, attribute or link but those on the list, and every element is closed. A preview of it shows
/// no more words than it says.
pub(super) fn markdown(bytes: &[u8]) {
    let text = text(bytes);
    let whole = article::render(&text);
    check_html(&whole.html);
    let preview = article::preview(&text);
    check_html(&preview.html);
    assert!(preview.words <= whole.words);
    assert!(!preview.is_whole || preview.html == whole.html);
}

fn check_html(html: &str) {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert!(!name.is_empty() && ELEMENTS.contains(&name), "<{tag}> in {html}");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}> closes something else in {html}");
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        check_attributes(tag, name);
    }
    assert!(open.is_empty(), "{open:?} is not closed in {html}");
}

fn check_attributes(tag: &str, name: &str) {
    let attributes = tag.split_once(' ').map_or("", |(_, attributes)| attributes);
    for attribute in attributes.trim_end_matches('/').split(' ').filter(|part| !part.is_empty()) {
        let is_known = ATTRIBUTES.iter().any(|known| attribute.starts_with(known));
        assert!(is_known, "{attribute} in <{tag}>");
        if let Some(target) = attribute.strip_prefix("href=\"") {
            let target = target.to_ascii_lowercase();
            let leads = ["http:", "https:", "mailto:", "#note-"];
            assert!(leads.iter().any(|scheme| target.starts_with(scheme)), "<{tag}>");
            assert_eq!(name, "a");
        }
    }
}

/// A form or JSON is read or refused; what a form says once is found.
pub(super) fn fields(bytes: &[u8]) {
    let _json = Fields::from_json(bytes);
    let Ok(fields) = Fields::from_form(bytes) else { return };
    for (name, value) in fields.clone().into_pairs() {
        assert!(fields.every(&name).any(|found| found == value));
    }
}

/// Whoever asks is read from any head of a request: cookies, language, where from.
pub(super) fn cookies(bytes: &[u8]) {
    let mut request = Request::get("/");
    for (line, name) in bytes.split(|&byte| byte == b'\n').zip(["cookie", "x-forwarded-for"]) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            request = request.header(name, value);
        }
    }
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    let ask = Ask::of(&parts, true);
    assert!(!(ask.tab_is_garbled && ask.tab.is_some()));
    if let Some(value) = cookie(&parts.headers, LOCALE_COOKIE) {
        assert!(!value.contains(';'));
    }
}

/// Any list of languages leads to one that is spoken here.
pub(super) fn language(bytes: &[u8]) {
    let text = text(bytes);
    let (list, chosen) = text.split_once('\n').unwrap_or((&text, ""));
    let found = Locale::negotiate(Some(list), None);
    assert!(Locale::ALL.contains(&found));
    if let Some(wanted) = Locale::from_code(chosen) {
        assert_eq!(Locale::negotiate(Some(list), Some(chosen)), wanted);
    }
}

/// A part of a file is never empty and never beyond its end.
pub(super) fn range(bytes: &[u8]) {
    let Ok(header) = HeaderValue::from_bytes(bytes) else { return };
    for size in [0, 1, 10, 1 << 33, u64::MAX] {
        if let Answer::Part(part) = Answer::to_range(&header, size) {
            assert!(part.start < part.end && part.end <= size, "{header:?} of {size}");
        }
    }
}

/// Names of files are safe wherever they are saved, names in tus metadata are read or refused, and a channel is plain.
pub(super) fn names(bytes: &[u8]) {
    let text = text(bytes);
    let told = tus::name(&text).unwrap_or_default();
    for name in [text.as_ref(), &told] {
        let safe = safe_name(name);
        assert!(!safe.is_empty() && safe.len() <= 180, "{safe:?}");
        assert!(!safe.contains(['/', '\\']) && !safe.chars().any(char::is_control), "{safe:?}");
        assert!(!safe.starts_with('.') && safe == safe_name(&safe), "{safe:?}");
        let disposition = content_disposition(name, Disposition::Attachment);
        let value = disposition.to_str().expect("printable");
        assert!(value.starts_with("attachment; filename=\"") && value.matches('"').count() == 2);
    }
    let channel = channel(Some(&text));
    assert!(channel.is_empty() || channel.eq_ignore_ascii_case(&text));
}

/// A receipt is believed or refused; what only its signature guards must not be able to fall over either.
pub(super) fn receipt(bytes: &[u8]) {
    let text = text(bytes);
    let verified = verify::verify(&text, None);
    let Ok(document) = verify::read(&text) else {
        assert!(verified.is_err());
        return;
    };
    let holds = verify::check(&document);
    assert!(verified.is_err() || holds.is_ok());
    let _other = verify::verify(&text, Some(&text));
}

/// No address that is accepted leads, as it stands, into a private network.
pub(super) fn webhook(bytes: &[u8]) {
    let text = text(bytes);
    let Ok(url) = address::read(&text, Reach::Public) else { return };
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none());
    let host = url.host_str().expect("a host").trim_matches(['[', ']']);
    let Ok(ip) = host.parse::<IpAddr>() else { return };
    assert!(address::is_public(ip), "{url}");
    let is_inside = match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.to_ipv4().is_some(),
    };
    assert!(!is_inside, "{url}");
}
