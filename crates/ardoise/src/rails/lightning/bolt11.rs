//! Reads what a Lightning invoice says (BOLT 11): on which network, how much, by which hash, until when. The wallets of
//! readers believe the invoice and nothing else, so the shop looks at it too before it shows it.
//!
//! Its signature is left to the wallet that pays: the shop does not know whose node stands behind it.

/// Length of the checksum at the end, in digits of five bits (BIP 173).
const CHECKSUM_DIGITS: usize = 6;
/// Length of the instant at the beginning.
const INSTANT_DIGITS: usize = 7;
/// Length of the signature before the checksum.
const SIGNATURE_DIGITS: usize = 104;
/// Length of a payment hash: 256 bits, and four that fill up the last digit.
const HASH_DIGITS: usize = 52;
/// Seconds for which an invoice holds that does not say how long.
const LIFE_UNSAID: i64 = 3_600;
/// The digits, in their order (BIP 173).
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// The checksum's generator (BIP 173).
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
/// The longest invoice that is read: with a description as long as it can be, and many hints of a route.
const LENGTH_MOST: usize = 4_096;

/// Whose bitcoin it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Bitcoin.
    Bitcoin,
    /// A public network for tests.
    Testnet,
    /// Another.
    Signet,
    /// A network on one machine, for tests.
    Regtest,
}

/// What an invoice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// The network.
    pub network: Network,
    /// How much it asks for, in thousandths of a satoshi; `None` where the payer says how much.
    pub millisats: Option<u64>,
    /// The hash by which it is known: 64 small hexadecimal digits.
    pub hash: String,
    /// When it was made, in seconds since 1970.
    pub made_at: i64,
    /// When it ends, in seconds since 1970.
    pub ends_at: i64,
}

/// Why a text is not an invoice. Short words for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an invoice with a wrong {0}")]
pub struct Unreadable(pub &'static str);

/// Reads an invoice.
///
/// # Errors
/// [`Unreadable`].
pub fn read(text: &str) -> Result<Invoice, Unreadable> {
    let (name, digits) = unpack(text)?;
    let (network, amount) = network(&name)?;
    let millisats = if amount.is_empty() { None } else { Some(millisats(amount)?) };
    let fields_end = digits.len().checked_sub(SIGNATURE_DIGITS).ok_or(Unreadable("length"))?;
    let said = digits.get(..fields_end).ok_or(Unreadable("length"))?;
    let (instant, fields) = said.split_at_checked(INSTANT_DIGITS).ok_or(Unreadable("length"))?;
    let made_at = number(instant)?;
    let (hash, life) = hash_and_life(fields)?;
    let ends_at = made_at.checked_add(life).ok_or(Unreadable("end"))?;
    Ok(Invoice { network, millisats, hash, made_at, ends_at })
}

/// Parts the text into what stands before the last `1` and the digits behind it, whose checksum is right and left out.
fn unpack(text: &str) -> Result<(String, Vec<u8>), Unreadable> {
    let is_mixed = text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_mixed || text.len() > LENGTH_MOST || !text.is_ascii() {
        return Err(Unreadable("text"));
    }
    let text = text.to_ascii_lowercase();
    let (name, rest) = text.rsplit_once('1').ok_or(Unreadable("text"))?;
    let digit = |byte| ALPHABET.iter().position(|&known| known == byte);
    let digits = rest.bytes().map(|byte| digit(byte).and_then(|at| u8::try_from(at).ok()));
    let mut digits = digits.collect::<Option<Vec<u8>>>().ok_or(Unreadable("digit"))?;
    if checksum(name, &digits) != 1 {
        return Err(Unreadable("checksum"));
    }
    let end = digits.len().checked_sub(CHECKSUM_DIGITS).ok_or(Unreadable("length"))?;
    digits.truncate(end);
    Ok((name.to_owned(), digits))
}

/// The checksum of name and digits; 1 where it is right (BIP 173).
fn checksum(name: &str, digits: &[u8]) -> u32 {
    let high = name.bytes().map(|byte| byte >> 5);
    let low = name.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(digits.iter().copied());
    all.fold(1, |sum: u32, digit| {
        let shifted = ((sum & 0x01ff_ffff) << 5) ^ u32::from(digit);
        let top = sum >> 25;
        let chosen = (0..).zip(GENERATOR).filter(|(bit, _)| top >> bit & 1 == 1);
        chosen.fold(shifted, |sum, (_, generator)| sum ^ generator)
    })
}

/// Parts the name into its network and its amount.
fn network(name: &str) -> Result<(Network, &str), Unreadable> {
    // Those first whose beginning is another's name.
    let known = [
        ("lnbcrt", Network::Regtest),
        ("lnbc", Network::Bitcoin),
        ("lntbs", Network::Signet),
        ("lntb", Network::Testnet),
    ];
    let found =
        known.iter().find_map(|(start, network)| Some((*network, name.strip_prefix(start)?)));
    found.ok_or(Unreadable("network"))
}

/// Reads an amount such as `2500u`: digits, and whether they count thousandths, millionths, 10⁻⁹ or 10⁻¹² of a bitcoin.
fn millisats(amount: &str) -> Result<u64, Unreadable> {
    let wrong = Unreadable("amount");
    let (digits, factor, divisor) = match amount.as_bytes().last() {
        Some(b'm') => (&amount[..amount.len() - 1], 100_000_000, 1),
        Some(b'u') => (&amount[..amount.len() - 1], 100_000, 1),
        Some(b'n') => (&amount[..amount.len() - 1], 100, 1),
        // A tenth of the smallest unit there is: only whole ones can be paid.
        Some(b'p') => (&amount[..amount.len() - 1], 1, 10),
        _ => (amount, 100_000_000_000, 1),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong);
    }
    let count: u64 = digits.parse().map_err(|_| wrong)?;
    let product = count.checked_mul(factor).filter(|product| product % divisor == 0);
    product.map(|product| product / divisor).ok_or(wrong)
}

/// The payment hash, of which there has to be one, and for how many seconds the invoice holds.
fn hash_and_life(mut fields: &[u8]) -> Result<(String, i64), Unreadable> {
    let (mut hash, mut life) = (None, LIFE_UNSAID);
    while let Some((head, rest)) = fields.split_at_checked(3) {
        let length = usize::from(head[1]) * 32 + usize::from(head[2]);
        let (field, rest) = rest.split_at_checked(length).ok_or(Unreadable("field"))?;
        match head[0] {
            // `p`; one of another length has to be skipped.
            1 if length == HASH_DIGITS && hash.is_none() => hash = Some(hexadecimal(field)),
            // `x`
            6 => life = number(field)?,
            _ => {}
        }
        fields = rest;
    }
    if !fields.is_empty() {
        return Err(Unreadable("field"));
    }
    Ok((hash.ok_or(Unreadable("hash"))?, life))
}

/// A number, its largest digit first.
fn number(digits: &[u8]) -> Result<i64, Unreadable> {
    let add = |sum: i64, &digit: &u8| sum.checked_mul(32)?.checked_add(i64::from(digit));
    digits.iter().try_fold(0, add).ok_or(Unreadable("number"))
}

/// Whole hexadecimal digits of a run of bits; what is left over fills up.
fn hexadecimal(digits: &[u8]) -> String {
    let bit = |at: usize| digits[at / 5] >> (4 - at % 5) & 1;
    let nibble = |at: usize| (0..4).fold(0, |value, step| value << 1 | bit(at * 4 + step));
    (0..digits.len() * 5 / 8 * 2).map(|at| format!("{:x}", nibble(at))).collect()
}

#[cfg(test)]
#[path = "bolt11_tests.rs"]
mod tests;
