//! Amounts, counts, instants, shares and sizes as a person of each language writes them.
//!
//! Everything here is whole-number arithmetic. French puts a narrow no-break space (U+202F) between
//! thousands and before `%`, and a no-break space (U+00A0) before a currency or a unit, so no value
//! ever breaks across lines.

use ledger::time::MICROS_PER_SECOND;
use ledger::{Currency, Money, Timestamp};
use time::OffsetDateTime;

use super::locale::{Arg, Locale};

/// No-break space.
pub const NBSP: char = '\u{a0}';
/// Narrow no-break space.
pub const NNBSP: char = '\u{202f}';

/// Digits of a money amount after the point: hundredths are always shown, millionths when there are
/// any.
const MICRO_DIGITS: usize = 6;
const SHOWN_DIGITS: usize = 2;

/// An amount with its currency: `0,20 €`, `€0.20`; below a cent as many decimals as it takes.
pub fn money(locale: Locale, amount: Money) -> String {
    let number = grouped_decimal(locale, amount);
    match (locale, amount.currency()) {
        (Locale::Fr, currency) => format!("{number}{NBSP}{}", french_symbol(currency)),
        (Locale::En, Currency::Chf) => format!("CHF{NBSP}{number}"),
        (Locale::En, currency) => format!("{}{number}", english_symbol(currency)),
    }
}

/// What was earned, to the cent and never more than there is: sums of shares have millionths that nobody can be sent. The
/// exact figure stands in the exports.
pub fn earned(locale: Locale, amount: Money) -> String {
    money(locale, amount.round_down_to_minor())
}

/// An amount without its currency: `1 234,50`, `1,234.50`.
fn grouped_decimal(locale: Locale, amount: Money) -> String {
    let plain = decimal(locale, amount);
    let point = plain.find(['.', ',']).unwrap_or(plain.len());
    format!("{}{}", group(locale, &plain[..point]), &plain[point..])
}

/// An amount as it is typed, which `Money::parse` reads back: `1234,50`, `1234.50`.
pub fn decimal(locale: Locale, amount: Money) -> String {
    let plain = amount.to_decimal();
    let (whole, fraction) = plain.split_at(plain.len() - MICRO_DIGITS - 1);
    let fraction = fraction[1..].trim_end_matches('0');
    let point = if locale == Locale::Fr { ',' } else { '.' };
    format!("{whole}{point}{fraction:0<SHOWN_DIGITS$}")
}

// The Unicode CLDR's short symbols for fr: `$US` and `£GB` say whose dollar and pound it is.
const fn french_symbol(currency: Currency) -> &'static str {
    match currency {
        Currency::Eur => "€",
        Currency::Usd => "$US",
        Currency::Gbp => "£GB",
        Currency::Chf => "CHF",
    }
}

const fn english_symbol(currency: Currency) -> &'static str {
    match currency {
        Currency::Eur => "€",
        Currency::Usd => "$",
        Currency::Gbp => "£",
        Currency::Chf => "CHF",
    }
}

/// A count with its thousands grouped: `1 234`, `1,234`.
pub fn count(locale: Locale, count: u64) -> String {
    group(locale, &count.to_string())
}

fn group(locale: Locale, digits: &str) -> String {
    let separator = if locale == Locale::Fr { NNBSP } else { ',' };
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(separator);
        }
        grouped.push(digit);
    }
    grouped
}

/// A share in basis points (3 100 is 31 %): whole from ten per cent on, else with one decimal when
/// there is one.
pub fn percent(locale: Locale, basis_points: u64) -> String {
    let tenths = (basis_points + 5) / 10;
    let point = if locale == Locale::Fr { ',' } else { '.' };
    let number = if tenths >= 100 || tenths.is_multiple_of(10) {
        count(locale, (basis_points + 50) / 100)
    } else {
        format!("{}{point}{}", tenths / 10, tenths % 10)
    };
    match locale {
        Locale::Fr => format!("{number}{NNBSP}%"),
        Locale::En => format!("{number}%"),
    }
}

/// A file's size in decimal units: `5,2 Mo`, `5.2 MB`.
pub fn file_size(locale: Locale, bytes: u64) -> String {
    if bytes < 1_000 {
        return locale.text_with("size-bytes", &[("count", Arg::Count(bytes))]).into_owned();
    }
    let units = match locale {
        Locale::Fr => ["ko", "Mo", "Go", "To"],
        Locale::En => ["kB", "MB", "GB", "TB"],
    };
    let mut unit = 0;
    let mut size = 1_000;
    // 999 950 bytes would be written "1 000.0 kB": it is a megabyte already.
    while unit + 1 < units.len() && bytes >= size * 1_000 - size / 20 {
        size *= 1_000;
        unit += 1;
    }
    format!("{}{NBSP}{}", tenths(locale, bytes, size), units[unit])
}

fn tenths(locale: Locale, amount: u64, unit: u64) -> String {
    let tenths = (u128::from(amount) * 10 + u128::from(unit) / 2) / u128::from(unit);
    let point = if locale == Locale::Fr { ',' } else { '.' };
    let whole = group(locale, &(tenths / 10).to_string());
    if tenths >= 1_000 || tenths.is_multiple_of(10) {
        whole
    } else {
        format!("{whole}{point}{}", tenths % 10)
    }
}

/// A playing time, as players write it in both languages: `3:07`, `1:02:07`.
pub fn playing_time(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// A day in UTC: `18 novembre`, with the year when it is not the year of `now`.
pub fn date(locale: Locale, at: Timestamp, now: Timestamp) -> String {
    let (day, this) = (calendar(at), calendar(now));
    let number = day.day();
    let month = locale.text_with("month", &[("month", Arg::Count(u8::from(day.month()).into()))]);
    let number = match (locale, number) {
        (Locale::Fr, 1) => "1er".to_owned(),
        _ => number.to_string(),
    };
    if day.year() == this.year() {
        format!("{number}{NBSP}{month}")
    } else {
        format!("{number}{NBSP}{month} {}", day.year())
    }
}

/// A day with its year, from how machines write it (`2026-11-18`); what is no day is shown as it is.
pub fn day(locale: Locale, written: &str) -> String {
    let form = time::macros::format_description!("[year]-[month]-[day]");
    let Ok(day) = time::Date::parse(written, form) else { return written.to_owned() };
    let micros = day.midnight().assume_utc().unix_timestamp().saturating_mul(MICROS_PER_SECOND);
    date(locale, Timestamp::from_micros(micros), Timestamp::from_micros(i64::MIN))
}

/// A day and a minute in UTC: `18 novembre, 14 h 05`, `18 November, 14:05`.
pub fn date_time(locale: Locale, at: Timestamp, now: Timestamp) -> String {
    let time = calendar(at);
    let clock = match locale {
        Locale::Fr => format!("{}{NBSP}h{NBSP}{:02}", time.hour(), time.minute()),
        Locale::En => format!("{}:{:02}", time.hour(), time.minute()),
    };
    format!("{}, {clock}{NBSP}UTC", date(locale, at, now))
}

/// The instant for a `datetime` attribute: `2026-11-18T14:05:00Z`.
pub fn machine_time(at: Timestamp) -> String {
    let time = calendar(at);
    let (hour, minute, second) = time.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", machine_date(at))
}

/// The day in UTC for programs: `2026-11-18`.
pub fn machine_date(at: Timestamp) -> String {
    let (year, month, day) = calendar(at).to_calendar_date();
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

/// How long ago: « il y a 2 minutes », "yesterday"; the date from a week on. What is still to come
/// is "just now", since two clocks are never quite the same.
pub fn ago(locale: Locale, at: Timestamp, now: Timestamp) -> String {
    let minutes =
        u64::try_from(now.micros_since(at) / ledger::time::MICROS_PER_MINUTE).unwrap_or(0);
    let (key, count) = match minutes {
        0 => ("ago-now", 0),
        1..60 => ("ago-minutes", minutes),
        60..1_440 => ("ago-hours", minutes / 60),
        1_440..10_080 => ("ago-days", minutes / 1_440),
        _ => return date(locale, at, now),
    };
    locale.text_with(key, &[("count", Arg::Count(count))]).into_owned()
}

/// The calendar has years up to 9999; an instant beyond it is shown as the nearest it has.
fn calendar(at: Timestamp) -> OffsetDateTime {
    let seconds = at.micros().div_euclid(MICROS_PER_SECOND);
    let (first, last) = (-62_135_596_800, 253_402_300_799);
    OffsetDateTime::from_unix_timestamp(seconds.clamp(first, last))
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
