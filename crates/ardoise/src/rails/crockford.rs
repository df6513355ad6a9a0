//! Codes that people read and type: Crockford's base 32, without the letters that are taken for digits or for each other.

/// Its digits.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What `bytes` say, five bits a character; bits that do not fill one are left out.
pub fn write(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(DIGITS[(held >> bits & 31) as usize]));
        }
    }
    text
}

/// The digit that somebody meant who wrote `c`: capitals, O for 0, I and L for 1.
pub const fn meant(c: char) -> char {
    match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

/// The value of a digit, 0 to 31.
fn value(digit: char) -> Option<u32> {
    let place = DIGITS.iter().position(|known| char::from(*known) == digit)?;
    u32::try_from(place).ok()
}

/// The digit of a value; nothing from 32 up, for which his check symbols have other signs.
pub fn digit(value: u32) -> Option<char> {
    DIGITS.get(value as usize).map(|digit| char::from(*digit))
}

/// What dividing by 37 leaves, as his check symbol says it; nothing where something is no digit.
pub fn check(text: &str) -> Option<u32> {
    text.chars().try_fold(0, |left, c| Some((left * 32 + value(c)?) % 37))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_bits_make_a_character() {
        assert_eq!(write(&[0xff; 5]), "ZZZZZZZZ");
        assert_eq!(write(&[0x00, 0x44, 0x32, 0x14, 0xc7]), "01234567", "counted up");
        assert_eq!(write(&[0xff]), "Z", "three bits are left out");
        assert_eq!(write(&[]), "");
    }

    #[test]
    fn what_is_easily_mistaken_is_read_as_it_was_meant() {
        assert_eq!("oOiIlLz9".chars().map(meant).collect::<String>(), "001111Z9");
        let values = ['0', 'Z', 'U', 'z'].map(value);
        assert_eq!(values, [Some(0), Some(31), None, None]);
        assert_eq!((digit(31), digit(32)), (Some('Z'), None));
    }

    #[test]
    fn the_check_symbol_is_what_37_leaves() {
        // 1234 is written 16J, and 1234 = 33 × 37 + 13.
        assert_eq!(check("16J"), Some(13));
        assert_eq!(check("16U"), None);
    }
}
