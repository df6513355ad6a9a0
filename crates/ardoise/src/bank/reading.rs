//! Days, amounts and letters, as banks write them.

use ledger::time::MICROS_PER_SECOND;
use ledger::{Currency, Money, Timestamp};
use time::{Date, Month};

/// What windows-1252 has between 0x80 and 0x9f; the other bytes are those of Unicode. Source: the WHATWG's Encoding Standard.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of a file: UTF-8, or else windows-1252, in which every byte is a letter.
pub fn letters(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| western(byte)).collect(),
    }
}

const fn western(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[byte as usize - 0x80],
        _ => byte as char,
    }
}

/// The midnight of a day: `2026-11-20`, `20/11/2026`, `20.11.2026`, `20-11-26`, also with a time behind it. The day stands before the
/// month, as everywhere in the area of SEPA; where it cannot, nothing is guessed.
pub fn day(text: &str) -> Option<Timestamp> {
    let text = text.trim().split([' ', 'T']).next()?;
    let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
    let [first, month, last] = parts[..] else { return None };
    let is_number =
        |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if ![first, month, last].into_iter().all(is_number) {
        return None;
    }
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let year: i32 = match year.len() {
        4 => year.parse().ok()?,
        2 => 2_000 + year.parse::<i32>().ok()?,
        _ => return None,
    };
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, day.parse().ok()?).ok()?;
    let seconds = date.midnight().assume_utc().unix_timestamp();
    (year > 1_999).then(|| Timestamp::from_micros(seconds.saturating_mul(MICROS_PER_SECOND)))
}

/// An amount as a bank writes it, and whether it went rather than came: `1 234,56`, `1.234,56`, `+12.30 €`, `-4,00`. Where
/// it cannot be told whether a sign is the decimal one, nothing is guessed.
pub fn amount(text: &str) -> Option<(Money, bool)> {
    let kept: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '€' | '\'' | '’')).collect();
    let kept = kept.strip_suffix("EUR").or(kept.strip_prefix("EUR")).unwrap_or(&kept);
    let (went, digits) = match kept.chars().next()? {
        '-' | '\u{2212}' => (true, kept.trim_start_matches(['-', '\u{2212}'])),
        '+' => (false, &kept[1..]),
        _ => (false, kept),
    };
    let Some(at) = digits.rfind([',', '.']) else { return plain(digits).map(|sum| (sum, went)) };
    let (whole, fraction) = (&digits[..at], &digits[at + 1..]);
    let decimal = digits[at..].chars().next()?;
    let other = if decimal == ',' { '.' } else { ',' };
    let groups: Vec<&str> = whole.split(other).collect();
    let (lead, rest) = groups.split_first()?;
    let are_thousands =
        rest.iter().all(|group| group.len() == 3) && (rest.is_empty() || lead.len() <= 3);
    // Three digits behind may be thousands: 1.234 is one, or more than a thousand.
    let is_clear = are_thousands && !whole.contains(decimal) && matches!(fraction.len(), 1 | 2);
    is_clear.then(|| plain(&format!("{}.{fraction}", groups.concat())))?.map(|sum| (sum, went))
}

/// An amount with a point, or none.
pub fn plain(text: &str) -> Option<Money> {
    let is_plain =
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    Money::parse(text, Currency::Eur).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_read_as_banks_write_them() {
        let twentieth = Some(Timestamp::from_micros(1_795_132_800_000_000));
        for text in [
            "2026-11-20",
            "20/11/2026",
            " 20.11.2026 ",
            "20-11-26",
            "2026-11-20T08:01:02",
            "20/11/2026 08:01",
        ] {
            assert_eq!(day(text), twentieth, "{text}");
        }
        for text in [
            "",
            "11/20/2026",
            "31/02/2026",
            "20/11",
            "2026",
            "20/11/126",
            "x/y/z",
            "-1/1/2026",
            "01/01/0001",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_read_as_banks_write_them() {
        let read = |text: &str| amount(text).map(|(sum, went)| (sum.to_decimal(), went));
        for (text, sum, went) in [
            ("12,30", "12.300000", false),
            ("+12.3", "12.300000", false),
            ("-4,00", "4.000000", true),
            ("−4,00 €", "4.000000", true),
            ("1 234,56", "1234.560000", false),
            ("1\u{202f}234,56 EUR", "1234.560000", false),
            ("1.234,56", "1234.560000", false),
            ("1,234,567.89", "1234567.890000", false),
            ("5", "5.000000", false),
        ] {
            assert_eq!(read(text), Some((sum.to_owned(), went)), "{text}");
        }
        for text in [
            "", "-", "1.234", "1,234", "1.23.4,5", "12,", ",5", "=1+1", "1e3", "12,345,6", "0x10",
            "1.2.3", "1,2,3.4",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn french_letters_are_read_whichever_way_they_are_written() {
        assert_eq!(letters("\u{feff}Libellé".as_bytes()), "Libellé");
        assert_eq!(letters(b"Libell\xe9;12,30 \x80"), "Libellé;12,30 €");
    }

    proptest! {
        #[test]
        fn any_text_is_an_amount_and_a_day_or_neither(text in "\\PC{0,30}") {
            let _ = (amount(&text), day(&text));
        }

        #[test]
        fn cents_are_read_back_whichever_way_they_are_written(cents in 0..=9_999_999_999i64) {
            let (whole, rest) = (cents / 100, cents % 100);
            let expected = Money::from_cents(cents, Currency::Eur).ok();
            for text in [format!("{whole},{rest:02}"), format!("{whole}.{rest:02}"), format!("-{whole},{rest:02}")] {
                prop_assert_eq!(amount(&text).map(|(sum, _)| sum), expected);
            }
        }
    }
}
