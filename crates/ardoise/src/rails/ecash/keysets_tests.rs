//! The published vectors of NUT-02, and what a mint may not say.

use super::*;
use proptest::prelude::*;

/// NUT-02, version 1, and vector 1 of version 2: the same keys under both ids.
const KEYS: &str = r#"{
  "1": "03a40f20667ed53513075dc51e715ff2046cad64eb68960632269ba7f0210e38bc",
  "2": "03fd4ce5a16b65576145949e6f99f445f8249fee17c606b688b504a849cdc452de",
  "4": "02648eccfa4c026960966276fa5a4cae46ce0fd432211a4f449bf84f13aa5f8303",
  "8": "02fdfd6796bfeac490cbee12f778f867f0a2c68f6508d17c649759ea0dc3547528"
}"#;
const SHORT: &str = "00456a94ab4e1c46";
const LONG: &str = "015ba18a8adcd02e715a58358eb618da4a4b3791151a4bee5e968bb88406ccf76a";

fn about(id: &str) -> About {
    About {
        id: id.into(),
        unit: UNIT.into(),
        active: true,
        input_fee_ppk: Some(100),
        final_expiry: Some(2_059_210_353),
    }
}

fn told() -> BTreeMap<String, String> {
    serde_json::from_str(KEYS).expect("keys")
}

fn piece(id: &str) -> Proof {
    Proof { amount: 1, id: id.into(), secret: "s".into(), signature: String::new() }
}

#[test]
fn keys_are_those_of_their_id_or_refused() {
    for id in [SHORT, LONG] {
        let keys = Keys::of(&about(id), &told()).expect("the keys of this id");
        assert!(keys.key(8).is_some() && keys.key(16).is_none());
    }
    let mut others = told();
    let key = others["1"].clone();
    others.insert("2".into(), key);
    for id in [SHORT, LONG] {
        assert!(matches!(Keys::of(&about(id), &others), Err(RailError::Nonsense(_))), "{id}");
    }
    let dearer = About { input_fee_ppk: Some(200), ..about(LONG) };
    assert!(Keys::of(&dearer, &told()).is_err(), "a long id is of the fee as well");
    let free = About { input_fee_ppk: None, final_expiry: None, ..about(LONG) };
    assert!(Keys::of(&free, &told()).is_err());
}

#[test]
fn what_the_mint_keeps_is_rounded_up_once() {
    let dear = About { input_fee_ppk: Some(1_000), ..about(LONG) };
    let keysets = Keysets::of(vec![about(SHORT), dear]).expect("fit");
    let fee = |cheap: usize, dear: usize| {
        let pieces = [vec![piece(SHORT); cheap], vec![piece(LONG); dear]].concat();
        keysets.fee(&pieces)
    };
    assert_eq!([fee(1, 0), fee(10, 0), fee(11, 0), fee(20, 0)], [1, 1, 2, 2]);
    assert_eq!([fee(0, 3), fee(3, 3)], [3, 4]);
    assert_eq!(keysets.fee_of(9, &[piece(SHORT)]), 1);
    assert_eq!(keysets.fee_of(9, &[piece(SHORT), piece(LONG)]), 9);
}

#[test]
fn the_cheapest_keyset_that_signs_is_used_and_others_are_found() {
    let old = About { active: false, input_fee_ppk: None, ..about(SHORT) };
    let euros = About { unit: "eur".into(), ..about("00456a94ab4e1c47") };
    let keysets = Keysets::of(vec![old.clone(), about(LONG), euros]).expect("fit");
    assert_eq!(keysets.active().map(|about| about.id.as_str()), Some(LONG));
    assert_eq!(keysets.find(SHORT), Some(&old));
    assert_eq!(keysets.find(&LONG[..16]).map(|about| about.id.as_str()), Some(LONG));
    assert_eq!(keysets.find("00456a94ab4e1c47"), None, "another unit");
    let resolved = keysets.resolved(vec![piece(&LONG[..16].to_uppercase())]).expect("known");
    assert_eq!(resolved[0].id, LONG);
    assert_eq!(keysets.resolved(vec![piece("00ffffffffffffff")]), None);
}

#[test]
fn a_short_id_that_means_two_keysets_means_none() {
    let other = format!("{}{}", &LONG[..16], "0".repeat(50));
    let keysets = Keysets::of(vec![about(LONG), about(&other)]).expect("fit");
    assert_eq!(keysets.find(&LONG[..16]), None);
    assert_eq!(keysets.find(&other).map(|about| &about.id), Some(&other));
}

#[test]
fn a_mint_that_cannot_be_used_is_refused() {
    let refused = |all| Keysets::of(all).expect_err("unusable").to_string();
    assert!(refused(vec![]).contains("signs nothing in sat"));
    assert!(refused(vec![About { active: false, ..about(LONG) }]).contains("signs nothing"));
    let dear = About { input_fee_ppk: Some(1_001), ..about(LONG) };
    assert!(refused(vec![dear]).contains("keeps more"));
}

proptest! {
    #[test]
    fn an_amount_is_split_into_what_makes_it(sum in 0..700u64) {
        let keys = Keys::of(&about(LONG), &told()).expect("keys");
        let split = keys.split(sum).expect("eight is enough");
        prop_assert_eq!(split.iter().sum::<u64>(), sum);
        prop_assert!(split.is_sorted() && split.iter().all(|amount| keys.key(*amount).is_some()));
    }
}
