//! The languages of the screens, and the one door to their words.
//!
//! Texts live in `texts/*.ftl` (Fluent), are part of the binary and are parsed once. A key that
//! does not exist comes back as itself, so that a slip shows as a strange word and never as a
//! broken purchase; the tests below refuse it.

use std::borrow::Cow;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::format;

/// A language that every screen speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// English, the language of who asks for none that we have.
    #[default]
    En,
    /// French.
    Fr,
}

/// A value put into a text: a word, or a count that chooses the plural.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// Shown as it is; amounts and dates are formatted before.
    Word(String),
    /// Grouped by the locale's rule and used for the plural.
    Count(u64),
}

/// What can be put into a text, also by reference, so that templates need no conversions.
pub trait AsArg {
    /// The value as an argument.
    fn as_arg(&self) -> Arg;
}

impl Locale {
    /// Every language, in the order in which the switch shows them.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The BCP 47 code, for `lang` attributes, cookies and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The language's name in itself, for the switch.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
        }
    }

    /// The language of a code such as `fr` or `fr-CA`; `None` when we do not speak it.
    pub fn from_code(code: &str) -> Option<Self> {
        let primary = code.trim().split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|locale| locale.code().eq_ignore_ascii_case(primary))
    }

    /// The reader's language: the one `chosen` with the switch, else the best of `Accept-Language`
    /// by quality (the earlier of equals), else English.
    pub fn negotiate(accept_language: Option<&str>, chosen: Option<&str>) -> Self {
        if let Some(locale) = chosen.and_then(Self::from_code) {
            return locale;
        }
        let mut best = (0, Self::default());
        for range in accept_language.unwrap_or_default().split(',') {
            let (code, quality) = quality_of(range);
            if let Some(locale) = Self::from_code(code)
                && quality > best.0
            {
                best = (quality, locale);
            }
        }
        best.1
    }

    /// The text of `key`, or the key itself when there is none.
    pub fn text(self, key: &str) -> Cow<'static, str> {
        self.text_with(key, &[])
    }

    /// The text of `key` with its variables filled in, or the key itself when there is none.
    pub fn text_with(self, key: &str, args: &[(&str, Arg)]) -> Cow<'static, str> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key).and_then(|message| message.value());
        let Some(pattern) = pattern else {
            return Cow::Owned(key.to_owned());
        };
        let mut filled = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            filled.set((*name).to_owned(), fluent_value(arg));
        }
        let mut slips = Vec::new();
        bundle.format_pattern(pattern, Some(&filled), &mut slips)
    }

    fn bundle(self) -> &'static Bundle {
        static EN: OnceLock<Bundle> = OnceLock::new();
        static FR: OnceLock<Bundle> = OnceLock::new();
        match self {
            Self::En => EN.get_or_init(|| {
                load(
                    self,
                    concat!(
                        include_str!("texts/en.ftl"),
                        include_str!("texts/notices.en.ftl"),
                        include_str!("texts/problems.en.ftl")
                    ),
                )
            }),
            Self::Fr => FR.get_or_init(|| {
                load(
                    self,
                    concat!(
                        include_str!("texts/fr.ftl"),
                        include_str!("texts/notices.fr.ftl"),
                        include_str!("texts/problems.fr.ftl")
                    ),
                )
            }),
        }
    }
}

type Bundle = FluentBundle<FluentResource>;

fn load(locale: Locale, source: &str) -> Bundle {
    let language = locale.code().parse().expect("our locale codes are language tags");
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Isolating marks are invisible characters that spoil titles, attributes and copied amounts.
    bundle.set_use_isolating(false);
    match locale {
        Locale::En => bundle.set_formatter(Some(|value, _| grouped(Locale::En, value))),
        Locale::Fr => bundle.set_formatter(Some(|value, _| grouped(Locale::Fr, value))),
    }
    // A broken entry is left out by the parser and refused by the tests; the rest must still speak.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(rest, _)| rest);
    bundle.add_resource_overriding(resource);
    bundle
}

fn quality_of(range: &str) -> (&str, u32) {
    let mut parts = range.split(';');
    let code = parts.next().unwrap_or_default().trim();
    let quality = parts.find_map(|part| part.trim().strip_prefix("q="));
    (code, quality.map_or(1_000, thousandths))
}

/// Thousandths of a quality such as `0.8`; what is not a quality is worth nothing.
fn thousandths(quality: &str) -> u32 {
    let (whole, fraction) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    let digits = format!("{whole}{fraction:0<3.3}");
    digits.parse().map_or(0, |thousandths: u32| thousandths.min(1_000))
}

fn fluent_value(arg: &Arg) -> FluentValue<'static> {
    match arg {
        Arg::Word(word) => FluentValue::from(word.clone()),
        Arg::Count(count) => FluentValue::from(*count),
    }
}

fn grouped(locale: Locale, value: &FluentValue<'_>) -> Option<String> {
    match value {
        FluentValue::Number(number) => {
            let plain = number.as_string();
            plain.parse().ok().map(|count: u64| format::count(locale, count))
        }
        _ => None,
    }
}

impl<T: AsArg + ?Sized> AsArg for &T {
    fn as_arg(&self) -> Arg {
        (**self).as_arg()
    }
}

macro_rules! words {
    ($($type:ty),+) => {$(
        impl AsArg for $type {
            fn as_arg(&self) -> Arg {
                Arg::Word(self.to_string())
            }
        }
    )+};
}

macro_rules! counts {
    ($($type:ty),+) => {$(
        impl AsArg for $type {
            fn as_arg(&self) -> Arg {
                Arg::Count(u64::try_from(*self).unwrap_or(u64::MAX))
            }
        }
    )+};
}

words!(str, String, Cow<'_, str>);
counts!(u8, u16, u32, u64, usize);

#[cfg(test)]
#[path = "locale_tests.rs"]
mod tests;
