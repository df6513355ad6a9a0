//! A telephone number, from how people write it to how operators do; and the keyed hash by which the shop knows it again. The
//! number itself is sent to the operator, and is kept nowhere.

use crate::rails::secret::Secret;
use aws_lc_rs::hmac;

/// Digits of a number with its country's code (`phoneNumber` in the operator's description, ITU-T E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// What people write between the digits.
const BETWEEN: [char; 8] = [' ', '\u{a0}', '\u{202f}', '.', '-', '/', '(', ')'];
/// Written where the 0 of a number is left out from abroad.
const LEFT_OUT: &str = "(0)";
/// What the secret makes a key for here, and nowhere else.
const PURPOSE: &str = "ardoise telephone numbers 1";

/// A number with its country (`+33612345678`).
#[derive(Clone, PartialEq, Eq)]
pub struct Number(String);

impl std::fmt::Debug for Number {
    /// Nothing of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Number(…)")
    }
}

impl Number {
    /// Reads what a person typed. Without its country it is of the one with the code `country`.
    pub fn typed(text: &str, country: &str) -> Option<Self> {
        let text: String =
            text.replace(LEFT_OUT, "").chars().filter(|c| !BETWEEN.contains(c)).collect();
        let abroad = text.strip_prefix('+').or_else(|| text.strip_prefix("00"));
        let number = match abroad {
            Some(digits) => format!("+{digits}"),
            None => format!("+{country}{}", text.strip_prefix('0').unwrap_or(&text)),
        };
        Self::read(&number)
    }

    /// Reads a number as operators write it.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let is_fit = DIGITS.contains(&digits.len())
            && !digits.starts_with('0')
            && digits.chars().all(|digit| digit.is_ascii_digit());
        is_fit.then(|| Self(text.to_owned()))
    }

    /// As operators write it. Whoever asks sends it to one, and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Knows numbers again, by the secret that the shop shares with the operator. Without it, trying all numbers tells nothing.
pub struct Knows(hmac::Key);

impl Knows {
    /// By a key that is made of the shop's secret.
    pub fn by(secret: &Secret) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        let own = hmac::sign(&secret, PURPOSE.as_bytes());
        Self(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    /// The keyed hash of a number.
    pub fn hash(&self, number: &Number) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&self.0, number.0.as_bytes()).as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_numbers_in_many_ways() {
        for text in [
            "0612345678",
            "06 12 34 56 78",
            "06.12.34.56.78",
            "06-12-34-56-78",
            "612345678",
            "+33612345678",
            "+33 6 12 34 56 78",
            "+33 (0)6 12 34 56 78",
            "0033 6 12 34 56 78",
            "06\u{202f}12\u{a0}34 56 78",
        ] {
            let number = Number::typed(text, "33").unwrap_or_else(|| panic!("{text}"));
            assert_eq!(number.reveal(), "+33612345678", "{text}");
        }
        let spanish = Number::typed("+34 671 999 000", "33").expect("a number");
        assert_eq!(spanish.reveal(), "+34671999000");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "0", "12", "+0612345678", "06 12 34 56 7x", "+336123456789012345", "++33"]
        {
            assert_eq!(Number::typed(text, "33"), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_known_again_by_those_who_have_the_secret_and_is_never_shown() {
        let number = Number::read("+33612345678").expect("a number");
        let knows = Knows::by(&Secret::new("hush"));
        assert_eq!(knows.hash(&number), Knows::by(&Secret::new("hush")).hash(&number));
        assert_ne!(knows.hash(&number), Knows::by(&Secret::new("other")).hash(&number));
        let other = Number::read("+33612345679").expect("a number");
        assert_ne!(knows.hash(&number), knows.hash(&other));
        assert!(!format!("{number:?}").contains("612"));
    }
}
