//! The second ledger's own arithmetic: who gets what of a price, and of a rail's fee.

/// Who gets what of a price, in micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The state.
    pub vat: i64,
    /// The operator.
    pub fee: i64,
    /// The author.
    pub author: i64,
}

/// Splits a price that includes its tax. Rates are in basis points; the tax is rounded half up, the fee is a share of the
/// price without its tax and rounded down, and the author has the rest.
pub fn shares(gross: i64, vat_rate: i64, fee_rate: i64) -> Split {
    let (gross, vat_rate, fee_rate) =
        (i128::from(gross), i128::from(vat_rate), i128::from(fee_rate));
    let whole = 10_000 + vat_rate;
    // Half up: twice the tax, and one, halved.
    let vat = (2 * gross * vat_rate + whole) / (2 * whole);
    let fee = (gross - vat) * fee_rate / 10_000;
    let small = |amount: i128| i64::try_from(amount).expect("a part of the price");
    Split { vat: small(vat), fee: small(fee), author: small(gross - vat - fee) }
}

/// Shares `whole` out by weight: to each what divides evenly, then one micro-unit after the other to whoever lacks most of
/// one, the earliest first.
pub fn parts(whole: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().copied().map(i128::from).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let due = |weight: i64| i128::from(whole) * i128::from(weight);
    let mut given: Vec<i128> = weights.iter().map(|&weight| due(weight) / total).collect();
    for _ in 0..i128::from(whole) - given.iter().sum::<i128>() {
        let lacks = |index: usize| due(weights[index]) - given[index] * total;
        let most = (0..given.len()).rev().max_by_key(|&index| lacks(index));
        given[most.expect("some weight is above zero")] += 1;
    }
    given.into_iter().map(|part| i64::try_from(part).expect("a part of the whole")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_split_as_the_manual_says() {
        // 0.20 at 20 %: 0.033333 of tax, a twentieth of the rest is 0.008333, rounded down.
        let split = shares(200_000, 2_000, 500);
        assert_eq!(split, Split { vat: 33_333, fee: 8_333, author: 158_334 });
    }

    #[test]
    fn half_a_micro_unit_of_tax_is_rounded_up() {
        // 3 at 100 %: a tax of 1.5.
        assert_eq!(shares(3, 10_000, 0), Split { vat: 2, fee: 0, author: 1 });
        assert_eq!(shares(11, 1_000, 0).vat, 1);
        assert_eq!(shares(5, 1_000, 0).vat, 0);
    }

    #[test]
    fn a_free_work_gives_nobody_anything() {
        assert_eq!(shares(0, 2_000, 10_000), Split { vat: 0, fee: 0, author: 0 });
    }

    #[test]
    fn parts_make_up_the_whole_and_the_earlier_of_equals_gets_the_unit() {
        assert_eq!(parts(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(parts(11, &[1, 1, 1]), [4, 4, 3]);
        assert_eq!(parts(100, &[1, 2, 4]), [14, 29, 57]);
        assert_eq!(parts(0, &[5, 5]), [0, 0]);
        assert_eq!(parts(7, &[]), [0; 0]);
    }

    #[test]
    fn whoever_lacks_most_of_a_unit_gets_it() {
        // 1.4 and 0.6 of 2: the second lacks 0.6, the first 0.4.
        assert_eq!(parts(2, &[7, 3]), [1, 1]);
    }
}
