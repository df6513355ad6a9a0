//! The code of a voucher: nineteen characters of Crockford's base 32 by chance, 95 bits, and his check symbol. One wrong character, or two
//! that changed places, are noticed before anything is asked of the store.

use crate::ids::Chance;
use crate::rails::crockford;
use sha2::{Digest as _, Sha256};

/// Characters before the check symbol.
const BODY: usize = 19;
/// Random bytes for them: a bit is left over.
const BYTES: usize = 12;
/// Characters in a group, as it is printed.
const GROUP: usize = 4;

/// The code of a voucher. Whoever knows it has what the voucher holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// A new one. His check symbol is one of 37; those that are no digit are not easily typed, so that such a code is drawn again.
    pub fn draw(chance: &Chance) -> Self {
        loop {
            let body = &crockford::write(&chance.bytes::<BYTES>())[..BODY];
            if let Some(check) = crockford::check(body).and_then(crockford::digit) {
                return Self(format!("{body}{check}"));
            }
        }
    }

    /// Reads what somebody typed: in groups or not, in small letters, with O for 0, and I or L for 1. Nothing where it is not a code,
    /// or mistyped.
    pub fn read(text: &str) -> Option<Self> {
        let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(BODY + 2);
        let meant: String = kept.map(crockford::meant).collect();
        let (body, check) = meant.split_at_checked(BODY)?;
        let expected = crockford::check(body).and_then(crockford::digit)?;
        (check.chars().eq([expected])).then_some(Self(meant))
    }

    /// As it is printed: in groups.
    pub fn grouped(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        let groups: Vec<String> =
            letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        groups.join("-")
    }

    /// What the store keeps of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        let code = Code::draw(&Chance::seeded(7));
        let printed = code.grouped();
        assert_eq!(printed.len(), 24, "{printed}");
        for typed in [
            printed.clone(),
            printed.to_lowercase(),
            printed.replace('-', " "),
            printed.replace('-', ""),
            printed.replace('0', "O").replace('1', "l"),
            format!(" {printed}\r\n"),
        ] {
            assert_eq!(Code::read(&typed), Some(code.clone()), "{typed}");
        }
        assert!(!format!("{code:?}").contains(&printed[..4]));
    }

    #[test]
    fn what_is_no_code_is_not_taken_for_one() {
        let long = "0".repeat(1_000_000);
        for text in
            ["", "0000", "ÀÀÀÀ-ÀÀÀÀ-ÀÀÀÀ-ÀÀÀÀ-ÀÀÀÀ", "UUUU-UUUU-UUUU-UUUU-UUUU", long.as_str()]
        {
            assert_eq!(Code::read(text), None, "{}", &text[..text.len().min(30)]);
        }
    }

    proptest! {
        #[test]
        fn one_wrong_character_or_two_swapped_are_noticed(
            seed: u64, at in 0..BODY, other in 0..31usize,
        ) {
            let code = Code::draw(&Chance::seeded(seed));
            let letters: Vec<char> = code.0.chars().collect();
            let digits: Vec<char> = (0..32).filter_map(crockford::digit).filter(|d| *d != letters[at]).collect();
            let mut wrong = letters.clone();
            wrong[at] = digits[other];
            prop_assert_eq!(Code::read(&wrong.iter().collect::<String>()), None);
            let mut swapped = letters.clone();
            swapped.swap(at, at + 1);
            if swapped != letters {
                prop_assert_eq!(Code::read(&swapped.iter().collect::<String>()), None);
            }
        }

        #[test]
        fn any_text_is_a_code_or_none(text in "\\PC{0,40}") {
            let _ = Code::read(&text);
        }
    }
}
