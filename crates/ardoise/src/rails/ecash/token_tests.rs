//! The published vectors of NUT-00, and what is no token.

use super::*;

/// NUT-00: ten satoshis of two pieces.
const OLD: &str = "\
    cashuAeyJ0b2tlbiI6W3sibWludCI6Imh0dHBzOi8vODMzMy5zcGFjZTozMzM4IiwicHJvb2ZzIjpbeyJhbW91bnQiOjIsImlkIj\
    oiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6IjQwNzkxNWJjMjEyYmU2MWE3N2UzZTZkMmFlYjRjNzI3OTgwYmRhNTFjZDA2YT\
    ZhZmMyOWUyODYxNzY4YTc4MzciLCJDIjoiMDJiYzkwOTc5OTdkODFhZmIyY2M3MzQ2YjVlNDM0NWE5MzQ2YmQyYTUwNmViNzk1OD\
    U5OGE3MmYwY2Y4NTE2M2VhIn0seyJhbW91bnQiOjgsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6ImZlMTUxMDkzMT\
    RlNjFkNzc1NmIwZjhlZTBmMjNhNjI0YWNhYTNmNGUwNDJmNjE0MzNjNzI4YzcwNTdiOTMxYmUiLCJDIjoiMDI5ZThlNTA1MGI4OT\
    BhN2Q2YzA5NjhkYjE2YmMxZDVkNWZhMDQwZWExZGUyODRmNmVjNjlkNjEyOTlmNjcxMDU5In1dfV0sInVuaXQiOiJzYXQiLCJtZW\
    1vIjoiVGhhbmsgeW91LiJ9";
/// NUT-00: the same with another memo, and padding.
const PADDED: &str = "\
    cashuAeyJ0b2tlbiI6W3sibWludCI6Imh0dHBzOi8vODMzMy5zcGFjZTozMzM4IiwicHJvb2ZzIjpbeyJhbW91bnQiOjIsImlkIj\
    oiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6IjQwNzkxNWJjMjEyYmU2MWE3N2UzZTZkMmFlYjRjNzI3OTgwYmRhNTFjZDA2YT\
    ZhZmMyOWUyODYxNzY4YTc4MzciLCJDIjoiMDJiYzkwOTc5OTdkODFhZmIyY2M3MzQ2YjVlNDM0NWE5MzQ2YmQyYTUwNmViNzk1OD\
    U5OGE3MmYwY2Y4NTE2M2VhIn0seyJhbW91bnQiOjgsImlkIjoiMDA5YTFmMjkzMjUzZTQxZSIsInNlY3JldCI6ImZlMTUxMDkzMT\
    RlNjFkNzc1NmIwZjhlZTBmMjNhNjI0YWNhYTNmNGUwNDJmNjE0MzNjNzI4YzcwNTdiOTMxYmUiLCJDIjoiMDI5ZThlNTA1MGI4OT\
    BhN2Q2YzA5NjhkYjE2YmMxZDVkNWZhMDQwZWExZGUyODRmNmVjNjlkNjEyOTlmNjcxMDU5In1dfV0sInVuaXQiOiJzYXQiLCJtZW\
    1vIjoiVGhhbmsgeW91IHZlcnkgbXVjaC4ifQ==";
/// NUT-00: one satoshi, with a memo.
const ONE: &str = "\
    cashuBpGF0gaJhaUgArSaMTR9YJmFwgaNhYQFhc3hAOWE2ZGJiODQ3YmQyMzJiYTc2ZGIwZGYxOTcyMTZiMjlkM2I4Y2MxNDU1M2\
    NkMjc4MjdmYzFjYzk0MmZlZGI0ZWFjWCEDhhhUP_trhpXfStS6vN6So0qWvc2X3O4NfM-Y1HISZ5JhZGlUaGFuayB5b3VhbXVodH\
    RwOi8vbG9jYWxob3N0OjMzMzhhdWNzYXQ=";
/// NUT-00: four satoshis of two keysets.
const TWO_KEYSETS: &str = "\
    cashuBo2F0gqJhaUgA_9SLj17PgGFwgaNhYQFhc3hAYWNjMTI0MzVlN2I4NDg0YzNjZjE4NTAxNDkyMThhZjkwZjcxNmE1MmJmNG\
    E1ZWQzNDdlNDhlY2MxM2Y3NzM4OGFjWCECRFODGd5IXVW-07KaZCvuWHk3WrnnpiDhHki6SCQh88-iYWlIAK0mjE0fWCZhcIKjYW\
    ECYXN4QDEzMjNkM2Q0NzA3YTU4YWQyZTIzYWRhNGU5ZjFmNDlmNWE1YjRhYzdiNzA4ZWIwZDYxZjczOGY0ODMwN2U4ZWVhY1ghAj\
    RWqhENhLSsdHrr2Cw7AFrKUL9Ffr1XN6RBT6w659lNo2FhAWFzeEA1NmJjYmNiYjdjYzY0MDZiM2ZhNWQ1N2QyMTc0ZjRlZmY4Yj\
    Q0MDJiMTc2OTI2ZDNhNTdkM2MzZGNiYjU5ZDU3YWNYIQJzEpxXGeWZN5qXSmJjY8MzxWyvwObQGr5G1YCCgHicY2FtdWh0dHA6Ly\
    9sb2NhbGhvc3Q6MzMzOGF1Y3NhdA";

fn read(text: &str) -> Token {
    Token::read(text).expect("a token")
}

#[test]
fn published_tokens_are_read() {
    for text in [OLD.to_owned(), PADDED.to_owned(), PADDED.trim_end_matches('=').to_owned()] {
        let token = read(&text);
        assert_eq!((token.mint.as_str(), token.sum()), ("https://8333.space:3338", 10));
        assert_eq!(token.unit.as_deref(), Some("sat"));
        assert_eq!(token.proofs[1].id, "009a1f293253e41e");
        assert!(token.proofs[1].secret.starts_with("fe15109314e61d77"));
    }
    let one = read(ONE);
    assert_eq!((one.mint.as_str(), one.sum(), one.proofs.len()), ("http://localhost:3338", 1, 1));
    let two = read(TWO_KEYSETS);
    let ids: Vec<&str> = two.proofs.iter().map(|proof| proof.id.as_str()).collect();
    assert_eq!(ids, ["00ffd48b8f5ecf80", "00ad268c4d1f5826", "00ad268c4d1f5826"]);
    assert_eq!(two.sum(), 4);
    let signature = "023456aa110d84b4ac747aebd82c3b005aca50bf457ebd5737a4414fac3ae7d94d";
    assert_eq!(two.proofs[1].signature, signature);
}

#[test]
fn what_is_written_is_read_as_the_same() {
    for text in [OLD, ONE, TWO_KEYSETS] {
        let token = read(text);
        let mut again = read(&token.write());
        again.proofs.sort_by_key(|proof| proof.secret.clone());
        let mut sorted = token.clone();
        sorted.proofs.sort_by_key(|proof| proof.secret.clone());
        assert_eq!(again, sorted);
    }
}

#[test]
fn spaces_and_the_address_before_it_are_no_part_of_a_token() {
    let (one, two) = ONE.split_at(40);
    for text in [format!("  cashu:{one}\r\n {two}\n"), format!("cashu://{one}{two}")] {
        assert_eq!(read(&text), read(ONE));
    }
}

#[test]
fn a_token_that_ends_early_or_goes_on_is_none() {
    for text in [OLD, ONE, TWO_KEYSETS] {
        for length in (0..text.trim_end_matches('=').len() - 4).step_by(7) {
            assert_eq!(Token::read(&text[..length]), Err(Unreadable::NoToken), "{length}");
        }
    }
    for text in
        ["", "cashu", "cashuB", "casshuA", "creqAo2FpaDdm", &OLD[6..], &format!("{ONE}AAAA")]
    {
        assert_eq!(Token::read(text), Err(Unreadable::NoToken), "{text}");
    }
}

fn changed(change: impl FnOnce(&mut Token)) -> Result<Token, Unreadable> {
    let mut token = read(TWO_KEYSETS);
    change(&mut token);
    Token::read(&token.write())
}

#[test]
fn pieces_that_cannot_be_are_refused() {
    assert_eq!(changed(|token| token.proofs.clear()), Err(Unreadable::NoToken));
    assert_eq!(changed(|token| token.proofs[0].amount = 0), Err(Unreadable::NoToken));
    assert_eq!(changed(|token| token.proofs[0].amount = u64::MAX), Err(Unreadable::NoToken));
    assert_eq!(changed(|token| token.proofs[0].id = "00".into()), Err(Unreadable::NoToken));
    assert_eq!(changed(|token| token.proofs[0].signature = "02".into()), Err(Unreadable::NoToken));
    let twice = changed(|token| token.proofs[0] = token.proofs[1].clone());
    assert_eq!(twice, Err(Unreadable::NoToken), "one piece twice");
    let locked = r#"["P2PK",{"nonce":"a","data":"02aa"}]"#;
    assert_eq!(changed(|token| token.proofs[2].secret = locked.into()), Err(Unreadable::Locked));
    let many = changed(|token| {
        let piece = token.proofs[0].clone();
        let more =
            (0..PIECES_MOST).map(|place| Proof { secret: place.to_string(), ..piece.clone() });
        token.proofs.extend(more);
    });
    assert_eq!(many, Err(Unreadable::TooMany));
    assert_eq!(Token::read(&"x".repeat(LENGTH_MOST + 1)), Err(Unreadable::TooMany));
}

#[test]
fn pieces_of_several_mints_are_told_apart() {
    let json = |mints: [&str; 2]| {
        let part = |mint, secret| {
            let proof = Proof { secret, ..read(ONE).proofs[0].clone() };
            serde_json::json!({ "mint": mint, "proofs": [proof] })
        };
        let token = [part(mints[0], "one".to_owned()), part(mints[1], "two".to_owned())];
        let json = serde_json::json!({ "token": token }).to_string();
        Token::read(&format!("cashuA{}", URL_SAFE_NO_PAD.encode(json)))
    };
    assert_eq!(json(["https://a.example", "https://b.example"]), Err(Unreadable::ManyMints));
    let token = json(["https://a.example/", "https://a.example"]).expect("one mint");
    assert_eq!(
        (token.mint.as_str(), token.unit, token.proofs.len()),
        ("https://a.example", None, 2)
    );
}

/// The length of everything is told in two ways in CBOR; wallets in JavaScript use both.
#[test]
fn lengths_that_are_not_told_are_found() {
    let proof = &read(ONE).proofs[0];
    let mut cbor = Encoder::new(Vec::new());
    let written = (|| -> Written {
        cbor.begin_map()?.str("zz")?.begin_array()?.u8(1)?.end()?.str("t")?.begin_array()?;
        cbor.begin_map()?.str("i")?.bytes(&[0, 0xad, 0x26, 0x8c, 0x4d, 0x1f, 0x58, 0x26])?;
        cbor.str("p")?.begin_array()?.begin_map()?.str("a")?.u8(1)?.str("s")?.str(&proof.secret)?;
        cbor.str("d")?.null()?.str("c")?.bytes(&from_hex(&proof.signature).expect("hex"))?;
        cbor.end()?.end()?.end()?.end()?.str("m")?.str("http://localhost:3338/")?.end()?;
        Ok(())
    })();
    assert!(written.is_ok());
    let token = read(&format!("cashuB{}", URL_SAFE_NO_PAD.encode(cbor.into_writer())));
    assert_eq!(token, Token { unit: None, ..read(ONE) });
}

#[test]
fn nothing_by_which_a_piece_could_be_spent_is_shown() {
    let token = read(ONE);
    let shown = format!("{token:?}");
    assert!(
        !shown.contains(&token.proofs[0].secret) && !shown.contains(&token.proofs[0].signature)
    );
}
