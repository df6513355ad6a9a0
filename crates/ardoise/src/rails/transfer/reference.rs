//! Creditor references (ISO 11649): what a reader writes on a transfer, so that the bank's statement says what it pays.
//!
//! `RF`, two check digits, and twelve characters that come from the charge's id: 60 bits, so that no two charges of a shop
//! share one, and short enough to be typed. Whoever guesses one can pay somebody else's tab, and nothing else.

use crate::rails::crockford;
use ledger::SettlementId;
use sha2::{Digest as _, Sha256};

/// Characters after the check digits.
const BODY: usize = 12;
/// Characters in all; ISO 11649 allows 25.
pub const LENGTH: usize = 4 + BODY;
/// Sets the references apart from whatever else is made of a charge's id.
const DOMAIN: &[u8] = b"ardoise creditor reference 1";

/// The reference of a charge, without spaces.
pub fn of(charge: SettlementId) -> String {
    let digest = Sha256::new().chain_update(DOMAIN).chain_update(charge.bytes()).finalize();
    with_check_digits(&crockford::write(&digest)[..BODY])
}

/// `RF`, the check digits, and `body`, which is of digits and capitals.
pub fn with_check_digits(body: &str) -> String {
    let left = remainder(&format!("{body}RF00")).unwrap_or_default();
    format!("RF{:02}{body}", 98 - left)
}

/// Whether the check digits of a reference without spaces are right.
pub fn is_sound(reference: &str) -> bool {
    let has_form = (5..=25).contains(&reference.len()) && reference.starts_with("RF");
    has_form && reference.is_ascii() && checks_out(reference)
}

/// Whether the first four characters, moved to the end, leave 1: what ISO 7064 (mod 97-10) asks of references and IBANs.
pub fn checks_out(text: &str) -> bool {
    let (Some(head), Some(rest)) = (text.get(..4), text.get(4..)) else { return false };
    remainder(&format!("{rest}{head}")) == Some(1)
}

/// What dividing by 97 leaves, a letter counting as two digits: A is 10, Z is 35. Nothing for anything else.
fn remainder(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |left, c| {
        let value = c.to_digit(36).filter(|_| !c.is_ascii_lowercase())?;
        Some((left * if value < 10 { 10 } else { 100 } + value) % 97)
    })
}

/// The references of this shop's form that stand in what a bank or a person wrote: with spaces or dashes, in small letters, in the
/// middle of other words, with O for 0, and I or L for 1. Each once, in order.
pub fn found_in(text: &str) -> Vec<String> {
    let kept: Vec<char> =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let mut found = Vec::new();
    for window in kept.windows(LENGTH) {
        let [r, f, rest @ ..] = window else { continue };
        if [*r, *f] != ['R', 'F'] {
            continue;
        }
        let rest: String = rest.iter().copied().map(crockford::meant).collect();
        let reference = format!("RF{rest}");
        if is_sound(&reference) && !found.contains(&reference) {
            found.push(reference);
        }
    }
    found
}

/// In groups of four, as a person writes references and account numbers.
pub fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard_check_out() {
        for reference in ["RF18539007547034", "RF18000000000539007547034", "RF471234567890"] {
            assert!(is_sound(reference), "{reference}");
        }
        assert_eq!(with_check_digits("539007547034"), "RF18539007547034");
        for reference in
            ["RF19539007547034", "RF18539007547043", "rf18539007547034", "RF18", "RF18 5390", ""]
        {
            assert!(!is_sound(reference), "{reference}");
        }
    }

    #[test]
    fn a_charge_always_has_the_same_reference() {
        let charge = SettlementId::from_bytes([7; 16]);
        assert_eq!(of(charge), of(charge));
        assert_eq!(of(charge).len(), LENGTH);
        assert_ne!(of(charge), of(SettlementId::from_bytes([8; 16])));
    }

    #[test]
    fn a_reference_is_written_in_groups() {
        assert_eq!(grouped("RF18539007547034"), "RF18 5390 0754 7034");
        assert_eq!(grouped("FR7630006000011234567890189"), "FR76 3000 6000 0112 3456 7890 189");
    }

    #[test]
    fn a_reference_is_found_however_it_was_written() {
        let wanted = vec!["RF18539007547034".to_owned()];
        for text in [
            "RF18539007547034",
            "VIR SEPA RECU /DE BEN /MOTIF rf18 5390 0754 7034 MERCI",
            "ref:RF18-5390-0754-7034.",
            "RF18 539O O754 7O34",
            "+++RF18539007547034+++ RF18539007547034",
            "TRF18539007547034X",
        ] {
            assert_eq!(found_in(text), wanted, "{text}");
        }
        for text in ["", "RF", "RF18539007547043", "RF1853900754703", "merci"] {
            assert_eq!(found_in(text), Vec::<String>::new(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_digit_for_another_or_a_letter_for_another_is_noticed(
            bytes in any::<[u8; 16]>(), at in 2..LENGTH, other in any::<prop::sample::Index>(),
        ) {
            let good = of(SettlementId::from_bytes(bytes));
            prop_assert!(is_sound(&good));
            prop_assert_eq!(found_in(&grouped(&good).to_lowercase()), vec![good.clone()]);
            let mut letters: Vec<char> = good.chars().collect();
            let alike = if letters[at].is_ascii_digit() { '0'..='9' } else { 'A'..='Z' };
            let pool: Vec<char> = alike.filter(|c| *c != letters[at]).collect();
            letters[at] = *other.get(&pool);
            let wrong: String = letters.iter().collect();
            prop_assert!(!is_sound(&wrong));
        }

        #[test]
        fn any_text_can_be_searched(text in "\\PC{0,80}") {
            prop_assert!(found_in(&text).iter().all(|found| is_sound(found)));
        }
    }
}
