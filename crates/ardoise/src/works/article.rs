//! Articles: Markdown as authors write it, HTML as readers see it, and the part shown before the tap.
//!
//! No sanitizer runs over the HTML, because nothing unsafe is ever written: the parser's events are
//! cut down to a known set first, raw HTML becomes text, and only then is HTML made of them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

use pulldown_cmark::{
    Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd,
    TextMergeStream, html,
};

use super::words::Words;

/// Words of a preview when a share of the article would be fewer.
pub const PREVIEW_WORDS: usize = 150;
/// Share of an article's words that its preview shows, in percent.
pub const PREVIEW_PERCENT: usize = 30;
/// A round figure below the 238 words that adults silently read in a minute.
/// Source: Brysbaert, "How many words do we read per minute?", 2019.
const WORDS_PER_MINUTE: usize = 200;

/// An article as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Safe HTML, made of blocks; its highest heading is `h2`.
    pub html: String,
    /// How many words it has.
    pub words: usize,
    /// How many minutes it takes to read, at least one.
    pub minutes: usize,
}

/// The beginning of an article as HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Safe HTML, made of blocks, every element closed.
    pub html: String,
    /// How many words it shows.
    pub words: usize,
    /// How many more the article has.
    pub words_left: usize,
    /// Whether this is the whole article already, because it is short.
    pub is_whole: bool,
}

/// The whole article written in Markdown as `source`.
pub fn render(source: &str) -> Article {
    let events = safe_events(source);
    let words = count_words(&events);
    Article { html: to_html(events), words, minutes: minutes_for(words) }
}

/// How many minutes it takes to read the article, at least one.
pub fn minutes(source: &str) -> usize {
    minutes_for(count_words(&safe_events(source)))
}

fn minutes_for(words: usize) -> usize {
    words.div_ceil(WORDS_PER_MINUTE).max(1)
}

/// The beginning of the article: [`PREVIEW_PERCENT`] of its words or [`PREVIEW_WORDS`], whichever
/// is more, cut between two words.
pub fn preview(source: &str) -> Preview {
    let events = safe_events(source);
    let words = count_words(&events);
    let allowed = (words * PREVIEW_PERCENT / 100).max(PREVIEW_WORDS);
    if words <= allowed {
        return Preview { html: to_html(events), words, words_left: 0, is_whole: true };
    }
    let beginning = without_dangling_notes(first_words(events, allowed));
    let words_left = words - allowed;
    Preview { html: to_html(beginning), words: allowed, words_left, is_whole: false }
}

fn safe_events(source: &str) -> Vec<Event<'_>> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let mut safe = Safe::default();
    for event in TextMergeStream::new(Parser::new_ext(source, options)) {
        safe.take(event);
    }
    safe.events
}

/// Events that are safe to show, collected one by one.
#[derive(Default)]
struct Safe<'a> {
    events: Vec<Event<'a>>,
    /// For every link and image that is open, whether it became a link.
    links: Vec<bool>,
    /// Whether one of them did. Links do not nest.
    in_link: bool,
    /// The levels of the heading that came last and of those that it stands below, as their author numbered them.
    outline: Vec<HeadingLevel>,
}

impl<'a> Safe<'a> {
    fn take(&mut self, event: Event<'a>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(TagEnd::Link | TagEnd::Image) => self.close_link(),
            Event::End(TagEnd::HtmlBlock) => self.events.push(Event::End(TagEnd::Paragraph)),
            Event::End(TagEnd::Heading(_)) => {
                self.events.push(Event::End(TagEnd::Heading(self.shown_level())));
            }
            Event::Html(text) | Event::InlineHtml(text) => self.events.push(Event::Text(text)),
            Event::FootnoteReference(label) if !self.in_link => {
                self.events.push(Event::FootnoteReference(note_label(&label)));
            }
            Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule => self.events.push(event),
            // The rest belongs to extensions that are switched off.
            Event::FootnoteReference(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'a>) {
        let safe = match tag {
            Tag::Link { link_type, dest_url, .. } => {
                let target = if link_type == LinkType::Email {
                    format!("mailto:{dest_url}").into()
                } else {
                    dest_url
                };
                return self.open_link(link_target(&target));
            }
            // The page loads nothing from elsewhere, so a picture is a link to itself.
            Tag::Image { dest_url, .. } => return self.open_link(picture_target(&dest_url)),
            Tag::HtmlBlock => Tag::Paragraph,
            Tag::Heading { level, .. } => Tag::Heading {
                level: self.opened_level(level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            },
            Tag::FootnoteDefinition(label) => Tag::FootnoteDefinition(note_label(&label)),
            // Alignment would be written as a style, which the page's policy forbids.
            Tag::Table(columns) => Tag::Table(vec![Alignment::None; columns.len()]),
            Tag::CodeBlock(_) => Tag::CodeBlock(CodeBlockKind::Indented),
            other => other,
        };
        self.events.push(Event::Start(safe));
    }

    /// Headings that stand below those before them, whatever their author numbered them: no level is ever left out, for
    /// those who find their way by headings.
    fn opened_level(&mut self, level: HeadingLevel) -> HeadingLevel {
        self.outline.retain(|above| *above < level);
        self.outline.push(level);
        self.shown_level()
    }

    /// The page's title is its only `h1`.
    fn shown_level(&self) -> HeadingLevel {
        let below = [HeadingLevel::H2, HeadingLevel::H3, HeadingLevel::H4, HeadingLevel::H5];
        let depth = self.outline.len().saturating_sub(1);
        below.get(depth).copied().unwrap_or(HeadingLevel::H6)
    }

    fn open_link(&mut self, target: Option<String>) {
        let target = target.filter(|_| !self.in_link);
        self.links.push(target.is_some());
        if let Some(target) = target {
            self.in_link = true;
            self.events.push(Event::Start(link_to(target)));
        }
    }

    fn close_link(&mut self) {
        if self.links.pop() != Some(true) {
            return;
        }
        self.in_link = false;
        // A picture without a description, or an empty link, still needs something to point at.
        let unnamed = match self.events.last() {
            Some(Event::Start(Tag::Link { dest_url, .. })) => Some(dest_url.clone()),
            _ => None,
        };
        self.events.extend(unnamed.map(Event::Text));
        self.events.push(Event::End(TagEnd::Link));
    }
}

fn link_to<'a>(target: String) -> Tag<'a> {
    Tag::Link {
        link_type: LinkType::Inline,
        dest_url: target.into(),
        title: CowStr::Borrowed(""),
        id: CowStr::Borrowed(""),
    }
}

/// Notes become ids in the page; the prefix keeps them apart from the page's own. An id holds no space, and a sign that means
/// something in HTML or in an address is not worth the risk: each is written as its number.
fn note_label<'a>(label: &str) -> CowStr<'a> {
    let mut id = String::from("note-");
    for c in label.chars() {
        if c.is_alphanumeric() || c == '-' {
            id.push(c);
        } else {
            write!(id, "_{:x}_", u32::from(c)).expect("a string takes any text");
        }
    }
    id.into()
}

fn link_target(target: &str) -> Option<String> {
    with_scheme(target, &["http:", "https:", "mailto:"])
}

fn picture_target(target: &str) -> Option<String> {
    with_scheme(target, &["https:"])
}

/// `target` if it begins with one of `schemes`, spelt out: browsers forgive tabs and capitals in
/// a scheme, and whoever hides one there has no good reason.
fn with_scheme(target: &str, schemes: &[&str]) -> Option<String> {
    let begins = |scheme: &&str| {
        target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let is_clean = !target.contains(|c: char| c.is_control() || c == '\\');
    (is_clean && schemes.iter().any(begins)).then(|| target.to_owned())
}

fn count_words(events: &[Event<'_>]) -> usize {
    let mut words = Words::default();
    for event in events {
        match event {
            Event::Text(text) | Event::Code(text) => words.read(text),
            other if separates(other) => words.pause(),
            _ => {}
        }
    }
    words.count()
}

/// Whether words on both sides of this event are two words.
fn separates(event: &Event<'_>) -> bool {
    !matches!(
        event,
        Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. })
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link)
            | Event::FootnoteReference(_)
    )
}

/// The events up to the end of word number `allowed`, and the ends of whatever is open there.
fn first_words(events: Vec<Event<'_>>, allowed: usize) -> Vec<Event<'_>> {
    let (mut words, mut kept, mut open) = (Words::default(), Vec::new(), Vec::new());
    for event in events {
        let cut = match &event {
            Event::Text(text) | Event::Code(text) => words.read_up_to(text, allowed),
            other => {
                if separates(other) {
                    words.pause();
                }
                None
            }
        };
        match &event {
            Event::Start(tag) => open.push(tag.to_end()),
            Event::End(_) => {
                open.pop();
            }
            _ => {}
        }
        if let Some(cut) = cut {
            kept.push(shortened(event, cut));
            break;
        }
        kept.push(event);
    }
    kept.extend(open.into_iter().rev().map(Event::End));
    kept
}

fn shortened(event: Event<'_>, bytes: usize) -> Event<'_> {
    match event {
        Event::Text(text) => Event::Text(text[..bytes].trim_end().to_owned().into()),
        Event::Code(text) => Event::Code(text[..bytes].trim_end().to_owned().into()),
        other => other,
    }
}

/// Drops references to notes that the preview does not reach.
fn without_dangling_notes(mut events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let defined: HashSet<String> = events
        .iter()
        .filter_map(|event| match event {
            Event::Start(Tag::FootnoteDefinition(label)) => Some(label.to_string()),
            _ => None,
        })
        .collect();
    events.retain(|event| match event {
        Event::FootnoteReference(label) => defined.contains(label.as_ref()),
        _ => true,
    });
    events
}

fn to_html(events: Vec<Event<'_>>) -> String {
    let mut html = String::new();
    html::push_html(&mut html, events.into_iter().map(with_written_links));
    html
}

/// Links are written here, because they say that the shop does not vouch for them.
fn with_written_links(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link { dest_url, .. }) => Event::InlineHtml(opening_link(&dest_url)),
        Event::End(TagEnd::Link) => Event::InlineHtml(CowStr::Borrowed("</a>")),
        other => other,
    }
}

fn opening_link<'a>(target: &str) -> CowStr<'a> {
    let mut link = String::from("<a href=\"");
    for c in target.chars() {
        write!(link, "{}", in_attribute(c)).expect("a string takes any text");
    }
    link.push_str("\" rel=\"nofollow ugc noopener\">");
    link.into()
}

fn in_attribute(c: char) -> Cow<'static, str> {
    match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        '\'' => "&#39;".into(),
        ' ' => "%20".into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
#[path = "article_tests.rs"]
mod tests;
