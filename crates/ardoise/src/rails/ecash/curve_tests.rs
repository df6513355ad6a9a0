//! The published vectors of NUT-00 and NUT-12.

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    from_hex(hex).expect("hexadecimal digits")
}

fn point(hex: &str) -> Point {
    Point::of_hex(hex).expect("a point")
}

fn blinding(hex: &str) -> Blinding {
    Blinding::of_bytes(bytes(hex).try_into().expect("32 bytes")).expect("in range")
}

#[test]
fn a_secret_stands_for_the_point_that_the_standard_says() {
    let of = |last: &str| Point::of_secret(&bytes(&format!("{last:0>64}"))).expect("a point").hex();
    assert_eq!(of("0"), "024cce997d3b518f739663b757deaec95bcd9473c30a14ac2fd04023a739d1a725");
    assert_eq!(of("1"), "022e7158e11c9506f1aa4248bf531298daa7febd6194f003edcd9b93ade6253acf");
    assert_eq!(of("2"), "026cdbe15362df59cd1dd3c9c11de8aedac2106eca69236ecd9fbe117af897be4f");
}

#[test]
fn a_secret_is_blinded_as_the_standard_says() {
    let vectors = [
        (
            "d341ee4871f1f889041e63cf0d3823c713eea6aff01e80f1719f08f9e5be98f6",
            "99fce58439fc37412ab3468b73db0569322588f62fb3a49182d67e23d877824a",
            "033b1a9737a40cc3fd9b6af4b723632b76a67a36782596304612a6c2bfb5197e6d",
        ),
        (
            "f1aaf16c2239746f369572c0784d9dd3d032d952c2d992175873fb58fae31a60",
            "f78476ea7cc9ade20f9e05e58a804cf19533f03ea805ece5fee88c8e2874ba50",
            "029bdf2d716ee366eddf599ba252786c1033f47e230248a4612a5670ab931f1763",
        ),
    ];
    for (secret, r, blinded) in vectors {
        let y = Point::of_secret(&bytes(secret)).expect("a point");
        assert_eq!(y.blinded(&blinding(r)).expect("a point").hex(), blinded);
    }
}

#[test]
fn what_a_key_signed_blindly_is_its_signature_once_unblinded() {
    let [k, r] = ["7f", "a1"].map(|byte| byte.repeat(32));
    let key = Point::of_secret(b"any point").expect("a point");
    let y = Point::of_secret(b"a secret").expect("a point");
    let times = |point: &Point, k: &str| {
        let k = scalar(bytes(k).try_into().expect("32 bytes")).expect("in range");
        Point::of((ProjectivePoint::from(point.0) * k).to_affine()).expect("a point")
    };
    let public = times(&Point(AffinePoint::GENERATOR), &k);
    let blinded = y.blinded(&blinding(&r)).expect("a point");
    let signed = times(&blinded, &k).unblinded(&blinding(&r), &public).expect("a point");
    assert_eq!(signed, times(&y, &k));
    assert_ne!(times(&blinded, &k).unblinded(&blinding(&r), &key), Some(signed));
}

/// NUT-12: a signature with its proof, one with a nonce that is derived, and both changed by one digit.
#[test]
fn a_mint_that_signs_with_another_key_is_noticed() {
    let vectors = [
        (
            "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "02a9acc1e48c25eeeb9289b5031cc57da9fe72f3fe2861d264bdc074209b107ba2",
            "02a9acc1e48c25eeeb9289b5031cc57da9fe72f3fe2861d264bdc074209b107ba2",
            "9818e061ee51d5c8edc3342369a554998ff7b4381c8652d724cdf46429be73d9",
            "9818e061ee51d5c8edc3342369a554998ff7b4381c8652d724cdf46429be73da",
        ),
        (
            "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
            "02a9acc1e48c25eeeb9289b5031cc57da9fe72f3fe2861d264bdc074209b107ba2",
            "0244eccfc7a348274458bb38044c7f3c389b3c2086c7ec18b5812d2877ab937787",
            "2a16ffee280aff3c429045607f9b8e0bf8b35910c44c1b20b9dfaf01b263d7b3",
            "9df27731238334718d120d4f74611a7c668233f988e687ac3fb188f0a34a2dab",
        ),
    ];
    for (key, blinded, signature, e, s) in vectors {
        let [key, blinded, signature] = [key, blinded, signature].map(point);
        assert!(Proven::of_hex(e, s).expect("a proof").holds(&key, &blinded, &signature));
        let wrong = [s.replacen('9', "8", 1), "00".repeat(32), "ff".repeat(32)];
        for s in wrong {
            assert!(!Proven::of_hex(e, &s).expect("a proof").holds(&key, &blinded, &signature));
        }
        let another = Point::of_secret(b"another").expect("a point");
        assert!(!Proven::of_hex(e, s).expect("a proof").holds(&key, &blinded, &another));
    }
}

#[test]
fn what_is_no_point_is_refused() {
    assert_eq!(Point::of_hex(&"00".repeat(33)), None, "the point at infinity");
    assert_eq!(Point::of_hex(&format!("05{}", "11".repeat(32))), None);
    assert_eq!(Point::of_hex("02é"), None);
    assert_eq!(Blinding::of_bytes([0; 32]), None);
    assert_eq!(Blinding::of_bytes([0xff; 32]), None);
}
