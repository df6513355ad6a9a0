//! Every page in both languages with made-up data: checked here, and written to the folder
//! `$ARDOISE_GALLERY` to be looked at (`python3 -m http.server` in it serves the styles too).

mod author_samples;
mod bank_samples;
mod binding_samples;
mod charge_samples;
mod markup;
mod reader_samples;

use std::path::{Path, PathBuf};

use askama::Template;
use ledger::{Currency, Money, Timestamp};

use super::{Locale, Meter, Page, assets};

/// 2026-11-22, 17:53 UTC.
pub(super) const NOW: Timestamp = Timestamp::from_micros(1_795_370_000_000_000);

pub(super) fn cents(cents: i64) -> Money {
    Money::from_cents(cents, Currency::Eur).expect("samples are not negative")
}

/// The first of two texts in English, the second in French.
pub(super) fn pick<'a>(locale: Locale, english: &'a str, french: &'a str) -> &'a str {
    if locale == Locale::En { english } else { french }
}

pub(super) fn page(locale: Locale, title: &str, path: &str) -> Page {
    let meter = Some(Meter { lines: 6, owed: cents(120), notices: 1 });
    Page { meter, ..Page::new(locale, "La Fabrique", title, path, NOW) }
}

/// Where pages are checked and, when asked for, written.
pub(super) struct Gallery {
    pub(super) locale: Locale,
    folder: Option<PathBuf>,
}

impl Gallery {
    pub(super) fn add(&self, name: &str, template: &impl Template) -> String {
        let html = template.render().expect("a page renders");
        let place = format!("{}/{name}", self.locale.code());
        markup::check(&place, &html, self.locale);
        if let Some(folder) = &self.folder {
            write(&folder.join(format!("{place}.html")), html.as_bytes());
        }
        html
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("it can be made");
    std::fs::write(path, bytes).expect("the gallery is writable");
}

fn write_assets(folder: &Path) {
    for name in assets::names() {
        let url = assets::asset_url(name);
        let bytes = assets::lasting(name).expect("a listed asset exists").bytes;
        write(&folder.join(url.trim_start_matches('/')), bytes);
    }
    write(&folder.join("sample.svg"), include_bytes!("sample.svg"));
}

#[test]
fn every_page_is_well_made_in_both_languages() {
    let folder = std::env::var_os("ARDOISE_GALLERY").map(PathBuf::from);
    if let Some(folder) = &folder {
        write_assets(folder);
    }
    for locale in Locale::ALL {
        let gallery = Gallery { locale, folder: folder.clone() };
        reader_samples::add(&gallery);
        binding_samples::add(&gallery);
        author_samples::add(&gallery);
        bank_samples::add(&gallery);
    }
}
