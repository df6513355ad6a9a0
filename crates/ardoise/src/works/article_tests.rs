use proptest::prelude::*;

use super::*;

/// The text of `html`, as a reader sees it.
fn text_of(html: &str) -> String {
    let mut text = String::new();
    let mut inside_tag = false;
    for c in html.chars() {
        match c {
            '<' => inside_tag = true,
            '>' => inside_tag = false,
            _ if !inside_tag => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tags of `html`, without their brackets.
fn tags_of(html: &str) -> Vec<&str> {
    let tags = html.split('<').skip(1);
    tags.map(|rest| rest.split('>').next().unwrap_or_default()).collect()
}

/// Whether a tag is one of those that an article may contain, with nothing but known attributes.
fn is_allowed(tag: &str) -> bool {
    const PLAIN: [&str; 24] = [
        "p",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "em",
        "strong",
        "del",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "a",
        "div",
        "sup",
    ];
    if matches!(tag, "br /" | "hr /" | "sup class=\"footnote-definition-label\"") {
        return true;
    }
    let name = tag.trim_start_matches('/');
    let quoted_once = |rest: &str| rest.ends_with('"') && rest.matches('"').count() == 1;
    PLAIN.contains(&name)
        || tag == "sup class=\"footnote-reference\""
        || tag.strip_prefix("a href=\"#note-").is_some_and(quoted_once)
        || tag.strip_prefix("div class=\"footnote-definition\" id=\"note-").is_some_and(quoted_once)
        || tag
            .strip_prefix("ol start=\"")
            .is_some_and(|rest| quoted_once(rest) && rest.starts_with(|c: char| c.is_ascii_digit()))
        || ["http:", "https:", "mailto:"].iter().any(|scheme| {
            let rest = tag.strip_prefix("a href=\"");
            let target =
                rest.and_then(|rest| rest.strip_suffix("\" rel=\"nofollow ugc noopener\""));
            target.is_some_and(|target| {
                target.to_ascii_lowercase().starts_with(scheme) && !target.contains('"')
            })
        })
}

fn assert_safe(html: &str) {
    for tag in tags_of(html) {
        assert!(is_allowed(tag), "<{tag}> in {html}");
    }
}

/// Whether every element is closed, in the right order.
fn is_balanced(html: &str) -> bool {
    let mut open = Vec::new();
    for tag in tags_of(html) {
        let name = tag.split([' ', '>']).next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(closed) if open.pop() != Some(closed) => return false,
            Some(_) => {}
            None if tag.ends_with(" /") => {}
            None => open.push(name),
        }
    }
    open.is_empty()
}

#[test]
fn markdown_becomes_html() {
    let article = render("# Slate\n\nOne *two* ~~three~~.\n\n| a | b |\n|:-:|---|\n| 1 | 2 |\n");
    assert_eq!(
        article.html,
        "<h2>Slate</h2>\n<p>One <em>two</em> <del>three</del>.</p>\n\
         <table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n\
         <tr><td>1</td><td>2</td></tr>\n</tbody></table>\n"
    );
    assert_eq!((article.words, article.minutes), (8, 1));
}

#[test]
fn the_title_of_the_page_stays_its_only_h1() {
    let html = render("# a\n\n## b\n\nc\n=\n").html;
    assert_eq!(html, "<h2>a</h2>\n<h3>b</h3>\n<h2>c</h2>\n");
}

#[test]
fn no_level_of_headings_is_left_out() {
    let levels = |numbers: &[usize]| {
        let source: String =
            numbers.iter().map(|level| format!("{} x\n", "#".repeat(*level))).collect();
        let html = render(&source).html;
        let opened = html.split("<h").skip(1);
        opened.filter_map(|rest| rest[..1].parse().ok()).collect::<Vec<usize>>()
    };
    assert_eq!(levels(&[2, 2]), [2, 2]);
    assert_eq!(levels(&[1, 6, 2]), [2, 3, 3]);
    assert_eq!(levels(&[3, 1, 2, 4, 2, 1]), [2, 2, 3, 4, 3, 2]);
    assert_eq!(levels(&[1, 2, 3, 4, 5, 6]), [2, 3, 4, 5, 6, 6]);
}

#[test]
fn raw_html_is_shown_not_run() {
    let html = render("<script>alert(1)</script>\n\nHi <b onclick=\"x()\">you</b>").html;
    assert_eq!(
        html,
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;\n</p>\n\
         <p>Hi &lt;b onclick=\"x()\"&gt;you&lt;/b&gt;</p>\n"
    );
}

#[test]
fn links_lead_to_the_web_or_to_a_letter_and_nowhere_else() {
    let link = |target: &str| render(&format!("[x]({target})")).html;
    let rel = "rel=\"nofollow ugc noopener\"";
    assert_eq!(
        link("https://a.example/?b&c"),
        format!("<p><a href=\"https://a.example/?b&amp;c\" {rel}>x</a></p>\n")
    );
    assert_eq!(
        render("<ada@a.example>").html,
        format!("<p><a href=\"mailto:ada@a.example\" {rel}>ada@a.example</a></p>\n")
    );
    for target in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "<java&#9;script:alert(1)>",
        "data:text/html,x",
        "vbscript:x",
        "//a.example",
        "/tab",
        "#buy",
        "<https:\\\\a.example>",
    ] {
        assert_eq!(link(target), "<p>x</p>\n", "{target}");
    }
}

#[test]
fn a_picture_from_elsewhere_is_a_link_to_it() {
    let html = render("![a slate](https://a.example/s.png)").html;
    assert!(html.contains("<a href=\"https://a.example/s.png\""), "{html}");
    assert!(html.contains(">a slate</a>") && !html.contains("<img"), "{html}");
    assert_eq!(render("![a slate](http://a.example/s.png)").html, "<p>a slate</p>\n");
    assert!(render("![](https://a.example/s.png)").html.contains(">https://a.example/s.png</a>"));
}

#[test]
fn links_do_not_nest() {
    let html = render("[![slate](https://a.example/s.png)](https://b.example)").html;
    assert_eq!(html.matches("<a ").count(), 1);
    assert!(html.contains("https://b.example") && html.contains(">slate</a>"), "{html}");
}

#[test]
fn a_note_with_a_strange_name_makes_an_id_without_spaces() {
    let html = render("A[^two *words*].\n\n[^two *words*]: Note.").html;
    assert!(html.contains("id=\"note-two_20__2a_words_2a_\""), "{html}");
    assert!(html.contains("href=\"#note-two_20__2a_words_2a_\""), "{html}");
}

#[test]
fn notes_cannot_take_the_ids_of_the_page() {
    let html = render("Word[^buy].\n\n[^buy]: The note.").html;
    assert!(html.contains("href=\"#note-buy\"") && html.contains("id=\"note-buy\""), "{html}");
    assert_safe(&html);
}

#[test]
fn a_short_article_is_its_own_preview() {
    let preview = preview("Three little words.");
    assert_eq!((preview.words, preview.is_whole), (3, true));
    assert_eq!(preview.html, "<p>Three little words.</p>\n");
}

#[test]
fn a_preview_shows_150_words_or_30_percent_whichever_is_more() {
    for (words, shown) in [(150, 150), (151, 150), (500, 150), (501, 150), (1_000, 300)] {
        let preview = preview(&"word ".repeat(words));
        assert_eq!((preview.words, preview.is_whole), (shown, words <= shown), "{words}");
        assert_eq!(text_of(&preview.html).split(' ').count(), shown);
    }
}

#[test]
fn a_preview_cut_inside_closes_what_is_open() {
    let source = format!("> - **a [b {}](https://a.example) c**", "word ".repeat(600));
    let html = preview(&source).html;
    assert!(html.ends_with("word</a></strong></li>\n</ul>\n</blockquote>\n"), "{html}");
    assert!(is_balanced(&html));
}

#[test]
fn a_preview_cut_inside_a_table_closes_it() {
    let row = "| one two | three |\n";
    let source = format!("| a | b |\n|---|---|\n{}", row.repeat(300));
    let preview = preview(&source);
    assert!(is_balanced(&preview.html), "{}", preview.html);
    assert!(preview.html.ends_with("</tr>\n</tbody></table>\n"), "{}", preview.html);
}

#[test]
fn a_preview_does_not_point_at_notes_it_leaves_out() {
    let source = format!("Start[^n] {}\n\n[^n]: The note.", "word ".repeat(600));
    assert!(!preview(&source).html.contains("note-n"));
    assert!(render(&source).html.contains("note-n"));
}

/// Markdown that means something more often than random characters do.
fn markdown() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ a-zé\n]{0,20}",
        "[-#>*_`~|\\[\\]()<&!^:\"'\\\\ \n]{1,8}",
        Just("<script>alert(1)</script>".to_owned()),
        Just("<img src=x onerror=alert(1)>".to_owned()),
        Just("[a](javascript:alert(1))".to_owned()),
        Just("[a](<https://a.example/\" onclick=\"x>)".to_owned()),
        Just("![a](https://a.example \"t\\\" onload=x\")".to_owned()),
        Just("[^n]: note [^n]\n\n".to_owned()),
        Just("[^\"onclick=x]: note\n\nx[^\"onclick=x]".to_owned()),
        Just("\n\n| a | b |\n|:-|-:|\n| c | [d](mailto:x) |\n\n".to_owned()),
        Just("\n\n- a\n  1. **b\n\n```\" onclick=x\ncode\n```\n".to_owned()),
        Just("word ".repeat(80)),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn an_article_contains_nothing_but_harmless_elements(source in markdown()) {
        let html = render(&source).html;
        assert_safe(&html);
        prop_assert!(is_balanced(&html), "{html}");
        prop_assert!(!html.contains("<script") && !html.contains("href=\"javascript:"));
    }

    #[test]
    fn any_text_at_all_is_an_article(source in any::<String>()) {
        assert_safe(&render(&source).html);
        preview(&source);
    }

    #[test]
    fn a_preview_is_the_beginning_of_the_article_and_no_more(source in markdown()) {
        // Note numbers are given in the order of what is shown, so notes are left out here.
        let source = source.replace('^', "");
        let (article, preview) = (render(&source), preview(&source));
        assert_safe(&preview.html);
        prop_assert!(is_balanced(&preview.html), "{}", preview.html);
        let allowed = (article.words * 30 / 100).max(150);
        prop_assert_eq!(preview.words, article.words.min(allowed));
        prop_assert_eq!(preview.words + preview.words_left, article.words);
        prop_assert_eq!(preview.is_whole, article.words <= allowed);
        prop_assert_eq!(minutes(&source), article.minutes);
        let (whole, beginning) = (text_of(&article.html), text_of(&preview.html));
        prop_assert!(whole.starts_with(&beginning), "{beginning}\n--\n{whole}");
    }
}
