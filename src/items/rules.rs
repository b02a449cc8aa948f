//! Numbers and codes that others have given an item.

use bigdecimal::{BigDecimal, ToPrimitive};

use crate::{
    error::{Code, has_arabic_digits},
    types::Amount,
};

/// The most of one quantity, in base units.
const MOST_QUANTITY: i64 = 1_000_000_000_000;

/// A GTIN of 8, 12, 13 or 14 digits whose last digit is the check digit of GS1 (mod 10).
pub fn gtin(given: &str) -> Result<(), Code> {
    if has_arabic_digits(given) {
        return Err(Code::ArabicDigits);
    }
    let digits: Option<Vec<u32>> = given.chars().map(|c| c.to_digit(10)).collect();
    let digits = digits.filter(|digits| matches!(digits.len(), 8 | 12..=14)).ok_or(Code::InvalidFormat)?;
    // From the right, check digit first, the weights are 1, 3, 1, 3, …
    let sum: u32 = digits.iter().rev().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    if sum.is_multiple_of(10) { Ok(()) } else { Err(Code::InvalidFormat) }
}

/// The one form of a GTIN of 8, 12, 13 or 14 digits: two that differ in zeros before them are one number to every scanner.
pub fn gtin_14(given: &str) -> String {
    format!("{given:0>14}")
}

/// So many packs, or parts of one, in base units: nobody counts a part of a base unit.
pub fn in_base_units(packs: &Amount, factor: i64) -> Result<i64, Code> {
    let quantity = &packs.0 * BigDecimal::from(factor);
    if !quantity.is_integer() {
        return Err(Code::FractionalUnit);
    }
    quantity.to_i64().filter(|quantity| (1..=MOST_QUANTITY).contains(quantity)).ok_or(Code::OutOfRange)
}

/// A code of the ATC classification at its second level or below: `N01`, `N01A`, `N01AX`, `N01AX03`.
pub fn atc_code(given: &str) -> Result<(), Code> {
    let shape = |c: char| match c {
        'A'..='Z' => 'A',
        '0'..='9' => '0',
        other => other,
    };
    let shaped: String = given.chars().map(shape).collect();
    if matches!(shaped.as_str(), "A00" | "A00A" | "A00AA" | "A00AA00") { Ok(()) } else { Err(Code::InvalidFormat) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_check_digit_makes_a_gtin() {
        for right in ["96385074", "036000291452", "4006381333931", "10614141000415", "00000000"] {
            assert_eq!(gtin(right), Ok(()), "{right}");
        }
        for digit in ('0'..='9').filter(|digit| *digit != '1') {
            assert_eq!(gtin(&format!("400638133393{digit}")), Err(Code::InvalidFormat), "{digit}");
        }
        for wrong in ["", "4", "400638133393", "4006381333931 ", "40063813339-1", "004006381333931", "4060381333931"] {
            assert_eq!(gtin(wrong), Err(Code::InvalidFormat), "{wrong}");
        }
        assert_eq!(gtin("٤٠٠٦٣٨١٣٣٣٩٣١"), Err(Code::ArabicDigits));
    }

    #[test]
    fn a_gtin_has_one_form() {
        for given in ["96385074", "000096385074", "0000096385074", "00000096385074"] {
            assert_eq!(gtin_14(given), "00000096385074");
        }
    }

    #[test]
    fn packs_come_to_whole_base_units_or_are_refused() {
        let asked = |packs: &str, factor| in_base_units(&Amount::parse(packs).expect("an amount"), factor);
        assert_eq!(asked("3", 10), Ok(30));
        assert_eq!(asked("2.50", 10), Ok(25));
        assert_eq!(asked("0.05", 200), Ok(10));
        assert_eq!(asked("0.25", 10), Err(Code::FractionalUnit));
        assert_eq!(asked("1.01", 12), Err(Code::FractionalUnit));
        assert_eq!(asked("0", 10), Err(Code::OutOfRange));
        assert_eq!(asked("1000000", 1_000_000), Ok(MOST_QUANTITY));
        for too_many in ["1000001", "9999999999999.99"] {
            assert_eq!(asked(too_many, 1_000_000), Err(Code::OutOfRange), "{too_many}");
        }
    }

    #[test]
    fn an_atc_code_has_the_shape_of_its_level() {
        for right in ["N01", "N01A", "N01AX", "N01AX03"] {
            assert_eq!(atc_code(right), Ok(()), "{right}");
        }
        for wrong in ["", "1", "NN1", "N1A", "n01ax03", "N01AX0", "N01AX033", "N01A3"] {
            assert_eq!(atc_code(wrong), Err(Code::InvalidFormat), "{wrong}");
        }
    }
}
