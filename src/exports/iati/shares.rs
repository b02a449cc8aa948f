//! Parts of a whole in percent, which together are a hundred to the last digit.

use bigdecimal::{BigDecimal, RoundingMode, Zero};

/// The shares of some numbers in their sum, with two digits; what rounding leaves over goes to the largest. None of a sum of nothing.
pub fn shares(numbers: &[BigDecimal]) -> Option<Vec<BigDecimal>> {
    let whole: BigDecimal = numbers.iter().sum();
    if whole.is_zero() {
        return None;
    }
    let hundred = BigDecimal::from(100);
    let down = |number: &BigDecimal| (number * &hundred / &whole).with_scale_round(2, RoundingMode::Down);
    let mut shares: Vec<BigDecimal> = numbers.iter().map(down).collect();
    let rest = hundred - shares.iter().sum::<BigDecimal>();
    let largest = (0..numbers.len()).max_by(|one, other| numbers.get(*one).cmp(&numbers.get(*other)));
    if let Some(share) = largest.and_then(|index| shares.get_mut(index)) {
        *share += rest;
    }
    Some(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_a_hundred_together_whatever_is_rounded() {
        let told = |numbers: &[i64]| {
            let numbers: Vec<BigDecimal> = numbers.iter().map(|number| BigDecimal::from(*number)).collect();
            shares(&numbers).map(|shares| shares.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(told(&[1, 1, 1]).expect("shares"), ["33.33", "33.33", "33.34"]);
        assert_eq!(told(&[5, 1]).expect("shares"), ["83.34", "16.66"]);
        assert_eq!(told(&[7]).expect("shares"), ["100.00"]);
        assert_eq!(told(&[0, 0]), None);
        assert_eq!(told(&[]), None);
    }
}
