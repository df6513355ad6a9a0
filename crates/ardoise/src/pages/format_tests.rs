use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_795_370_000 * MICROS_PER_SECOND);

fn amount(micros: i64, currency: Currency) -> Money {
    Money::from_micros(micros, currency).expect("test amounts are not negative")
}

#[test]
fn an_amount_is_written_as_each_language_writes_it() {
    let cases = [
        (200_000, Currency::Eur, "€0.20", "0,20\u{a0}€"),
        (1_234_500_000, Currency::Eur, "€1,234.50", "1\u{202f}234,50\u{a0}€"),
        (1_500, Currency::Eur, "€0.0015", "0,0015\u{a0}€"),
        (1, Currency::Usd, "$0.000001", "0,000001\u{a0}$US"),
        (12_000_000, Currency::Gbp, "£12.00", "12,00\u{a0}£GB"),
        (500_000, Currency::Chf, "CHF\u{a0}0.50", "0,50\u{a0}CHF"),
    ];
    for (micros, currency, english, french) in cases {
        assert_eq!(money(Locale::En, amount(micros, currency)), english);
        assert_eq!(money(Locale::Fr, amount(micros, currency)), french);
    }
}

#[test]
fn shares_and_sizes_are_rounded_once() {
    assert_eq!(percent(Locale::Fr, 3_100), "31\u{202f}%");
    assert_eq!(percent(Locale::En, 3_149), "31%");
    assert_eq!(percent(Locale::Fr, 180), "1,8\u{202f}%");
    assert_eq!(percent(Locale::En, 0), "0%");
    assert_eq!(file_size(Locale::Fr, 5_200_000), "5,2\u{a0}Mo");
    assert_eq!(file_size(Locale::En, 5_000_000_000), "5\u{a0}GB");
    assert_eq!(file_size(Locale::En, 999_950), "1\u{a0}MB");
    assert_eq!(file_size(Locale::Fr, 1), "1\u{a0}octet");
    assert_eq!(playing_time(187), "3:07");
    assert_eq!(playing_time(3_727), "1:02:07");
}

#[test]
fn a_date_names_its_year_only_when_it_is_another() {
    // 2026-11-22 in UTC.
    assert_eq!(machine_date(NOW), "2026-11-22");
    assert_eq!(date(Locale::Fr, NOW, NOW), "22\u{a0}novembre");
    assert_eq!(date(Locale::En, NOW, NOW), "22\u{a0}November");
    assert_eq!(date(Locale::Fr, NOW.plus_days(40), NOW), "1er\u{a0}janvier 2027");
    assert_eq!(date_time(Locale::Fr, NOW, NOW), "22\u{a0}novembre, 17\u{a0}h\u{a0}53\u{a0}UTC");
}

#[test]
fn time_gone_by_is_told_in_words() {
    let before = |minutes: i64| NOW.plus_minutes(-minutes);
    assert_eq!(ago(Locale::Fr, before(2), NOW), "il y a 2\u{a0}minutes");
    assert_eq!(ago(Locale::En, before(1), NOW), "1\u{a0}minute ago");
    assert_eq!(ago(Locale::Fr, before(1_500), NOW), "hier");
    assert_eq!(ago(Locale::En, before(3 * 1_440), NOW), "3\u{a0}days ago");
    assert_eq!(ago(Locale::En, NOW.plus_minutes(5), NOW), "just now");
    assert_eq!(ago(Locale::En, before(20 * 1_440), NOW), "2\u{a0}November");
}

proptest! {
    #[test]
    fn an_amount_reads_back_to_the_last_micro_unit(micros in 0..=i64::MAX, french: bool) {
        let locale = if french { Locale::Fr } else { Locale::En };
        let whole = amount(micros, Currency::Eur);
        let digits: String = money(locale, whole)
            .chars()
            .filter(|sign| sign.is_ascii_digit() || (french && *sign == ',') || (!french && *sign == '.'))
            .collect();
        prop_assert_eq!(Money::parse(&digits, Currency::Eur), Ok(whole));
    }

    #[test]
    fn no_amount_breaks_across_lines(micros in 0..=i64::MAX, french: bool) {
        let locale = if french { Locale::Fr } else { Locale::En };
        prop_assert!(!money(locale, amount(micros, Currency::Chf)).contains(' '));
    }

    #[test]
    fn every_instant_has_a_date(micros: i64, now: i64) {
        let (at, now) = (Timestamp::from_micros(micros), Timestamp::from_micros(now));
        for locale in Locale::ALL {
            prop_assert!(!ago(locale, at, now).is_empty());
            prop_assert!(!date_time(locale, at, now).is_empty());
        }
    }

    #[test]
    fn every_size_and_share_has_at_most_four_digits(bytes in 0..1_000_000_000_000_000u64, share in 0..=10_000u64) {
        for locale in Locale::ALL {
            let digits = |text: String| text.chars().filter(char::is_ascii_digit).count();
            prop_assert!(digits(file_size(locale, bytes)) <= 4);
            prop_assert!(digits(percent(locale, share)) <= 3);
        }
    }
}

#[test]
fn what_was_earned_is_told_to_the_cent_and_never_more_than_there_is() {
    let share = Money::from_micros(12_416_686, Currency::Eur).expect("not negative");
    assert_eq!(earned(Locale::En, share), "€12.41");
    assert_eq!(earned(Locale::Fr, share), "12,41\u{a0}€");
    assert_eq!(money(Locale::En, share), "€12.416686");
}
