//! Numbers and codes that others have given an item.

use crate::error::{Code, has_arabic_digits};

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
    fn an_atc_code_has_the_shape_of_its_level() {
        for right in ["N01", "N01A", "N01AX", "N01AX03"] {
            assert_eq!(atc_code(right), Ok(()), "{right}");
        }
        for wrong in ["", "1", "NN1", "N1A", "n01ax03", "N01AX0", "N01AX033", "N01A3"] {
            assert_eq!(atc_code(wrong), Err(Code::InvalidFormat), "{wrong}");
        }
    }
}
