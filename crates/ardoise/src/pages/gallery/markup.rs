//! What must be true of the HTML of every page.

use std::collections::HashSet;

use super::Locale;

const VOID: [&str; 7] = ["area", "br", "hr", "img", "input", "link", "meta"];
/// Drawn elements that close themselves.
const SELF_CLOSED: &str = "/";

pub(super) fn check(place: &str, html: &str, locale: Locale) {
    assert!(html.contains(&format!("<html lang=\"{}\"", locale.code())), "{place}: no lang");
    let tags = tags(html);
    let count = |name: &str| tags.iter().filter(|tag| tag.name == name && !tag.closes).count();
    assert_eq!(count("h1"), 1, "{place}: one h1");
    assert_eq!(count("main"), 1, "{place}: one main");
    assert_eq!(count("style"), 0, "{place}: a style element");
    nested(place, &tags);
    quiet(place, &tags);
    labelled(place, &tags);
    assert!(!html.contains("€€") && !html.contains("{ $"), "{place}: an unfilled text");
}

struct Tag<'a> {
    name: &'a str,
    closes: bool,
    rest: &'a str,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.rest.split_once(&format!(" {name}=\""))?;
        rest.split('"').next()
    }
}

fn tags(html: &str) -> Vec<Tag<'_>> {
    let mut found = Vec::new();
    for piece in html.split('<').skip(1).filter(|piece| !piece.starts_with('!')) {
        let (inside, _) = piece.split_once('>').expect("a tag ends");
        let (closes, inside) =
            inside.strip_prefix('/').map_or((false, inside), |name| (true, name));
        let end = inside.find([' ', '\n', '/']).unwrap_or(inside.len());
        found.push(Tag { name: &inside[..end], closes, rest: &inside[end..] });
    }
    found
}

fn nested(place: &str, tags: &[Tag<'_>]) {
    let mut open = Vec::new();
    for tag in tags {
        if tag.closes {
            assert_eq!(open.pop(), Some(tag.name), "{place}: </{}> closes nothing", tag.name);
        } else if !VOID.contains(&tag.name) && !tag.rest.ends_with(SELF_CLOSED) {
            open.push(tag.name);
        }
    }
    assert!(open.is_empty(), "{place}: {open:?} stay open");
}

/// Nothing that the content security policy would refuse, and no request to anybody else.
fn quiet(place: &str, tags: &[Tag<'_>]) {
    for tag in tags {
        assert_eq!(tag.attribute("style"), None, "{place}: an inline style on {}", tag.name);
        let handles = |after: &str| {
            let end = after.find(|sign: char| !sign.is_ascii_lowercase());
            end.is_some_and(|end| end > 0 && after[end..].starts_with("=\""))
        };
        assert!(!tag.rest.split(" on").skip(1).any(handles), "{place}: a handler");
        for source in ["src", "data", "srcset"].iter().filter_map(|name| tag.attribute(name)) {
            assert!(source.starts_with('/'), "{place}: {source} is not ours");
        }
        if tag.name == "script" && !tag.closes {
            let data = tag.attribute("type") == Some("application/ld+json");
            assert!(data || tag.attribute("src").is_some(), "{place}: an inline script");
        }
    }
}

fn labelled(place: &str, tags: &[Tag<'_>]) {
    let mut ids = HashSet::new();
    for id in tags.iter().filter_map(|tag| tag.attribute("id")) {
        assert!(ids.insert(id), "{place}: two elements are called {id}");
    }
    let fors: HashSet<&str> = tags.iter().filter_map(|tag| tag.attribute("for")).collect();
    for named in &fors {
        assert!(ids.contains(named), "{place}: a label for {named}, which is not there");
    }
    let fields = ["input", "textarea", "select"];
    for field in tags.iter().filter(|tag| !tag.closes && fields.contains(&tag.name)) {
        let hidden = field.attribute("type") == Some("hidden");
        let named = field.attribute("id").is_some_and(|id| fors.contains(id))
            || field.attribute("aria-label").is_some();
        assert!(hidden || named, "{place}: a field without a label: {}", field.rest);
    }
    for image in tags.iter().filter(|tag| tag.name == "img") {
        assert!(image.attribute("alt").is_some(), "{place}: a picture without a text");
    }
}
