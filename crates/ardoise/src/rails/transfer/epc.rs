//! The code that banks' programs scan to fill in a transfer: EPC069-12, version 2.1 of 9 February 2012, «Quick Response Code: guidelines to
//! enable data capture for the initiation of a SEPA credit transfer», with version 002 of the data, in which a bank need not be named.

use ledger::Money;

/// Bytes that the code holds at most; with a medium level of error correction that is a QR code of version 13, the largest
/// that the guideline allows.
pub const BYTES_MOST: usize = 331;
/// Characters of a name.
pub const NAME_MOST: usize = 70;

/// Whom a transfer goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payee {
    /// Who has the account.
    pub name: String,
    /// Its number, without spaces.
    pub iban: String,
    /// The code of the bank; may be empty within the European Economic Area.
    pub bic: String,
}

/// What the code holds: each element on a line of its own, none after the last that is filled.
///
/// `amount` is in euros and whole cents.
pub fn write(payee: &Payee, amount: Money, reference: &str) -> String {
    let Payee { name, iban, bic } = payee;
    // Service tag, version, UTF-8, SEPA credit transfer; no purpose.
    format!("BCD\n002\n1\nSCT\n{bic}\n{name}\n{iban}\nEUR{}\n\n{reference}", euros(amount))
}

/// With a point and two decimals.
fn euros(amount: Money) -> String {
    let decimal = amount.round_down_to_minor().to_decimal();
    let (whole, fraction) = decimal.split_once('.').unwrap_or((&decimal, ""));
    format!("{whole}.{:0<2.2}", fraction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Currency;
    use qrcode::{EcLevel, QrCode, Version};

    fn payee() -> Payee {
        Payee {
            name: "La Fabrique SARL".into(),
            iban: "FR7630006000011234567890189".into(),
            bic: "AGRIFRPP".into(),
        }
    }

    fn amount(text: &str) -> Money {
        Money::parse(text, Currency::Eur).expect("an amount")
    }

    #[test]
    fn the_elements_stand_in_the_order_of_the_guideline() {
        let code = write(&payee(), amount("12.30"), "RF18539007547034");
        let expected = "BCD\n002\n1\nSCT\nAGRIFRPP\nLa Fabrique SARL\nFR7630006000011234567890189\nEUR12.30\n\nRF18539007547034";
        assert_eq!(code, expected);
        let lines: Vec<&str> = code.split('\n').collect();
        assert_eq!(lines.len(), 10, "structured or unstructured, never both");
        assert_eq!((lines[7], lines[8]), ("EUR12.30", ""));
        assert!(!code.contains('\r') && !code.ends_with('\n'));
    }

    #[test]
    fn a_bank_need_not_be_named() {
        let code = write(&Payee { bic: String::new(), ..payee() }, amount("1"), "RF18539007547034");
        assert_eq!(code.split('\n').nth(4), Some(""));
        assert!(code.contains("\nEUR1.00\n"));
    }

    #[test]
    fn the_amount_has_a_point_and_two_decimals() {
        assert_eq!(euros(amount("0.01")), "0.01");
        assert_eq!(euros(amount("1234567.8")), "1234567.80");
    }

    #[test]
    fn the_longest_code_is_of_version_13_with_a_medium_level() {
        let code = QrCode::with_error_correction_level("é".repeat(BYTES_MOST / 2), EcLevel::M);
        assert_eq!(code.expect("it fits").version(), Version::Normal(13));
        let longest = QrCode::with_error_correction_level("x".repeat(BYTES_MOST), EcLevel::M);
        assert_eq!(longest.expect("it fits").version(), Version::Normal(13));
        let more = QrCode::with_error_correction_level("x".repeat(BYTES_MOST + 1), EcLevel::M);
        assert_ne!(more.expect("it fits").version(), Version::Normal(13));
    }
}
