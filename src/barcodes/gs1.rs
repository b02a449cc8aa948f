//! GS1 element strings: `01` + number, `17` + expiry, `10` + lot … Pure.

use chrono::{Months, NaiveDate};

use crate::{
    error::{Code, Faults, has_arabic_digits},
    items,
};

/// The longest code that is read, in characters.
const LONGEST: usize = 500;
/// What a scanner gives for FNC1, the end of a value whose length is not fixed.
const SEPARATOR: char = '\u{1d}';
/// What scanners put before the text of a GS1 symbol, one for each kind of symbol.
const OF_ELEMENTS: &[&str] = &["]C1", "]d2", "]Q3", "]e0", "]J1"];
/// What they put before a number alone.
const OF_NUMBERS: &[&str] = &["]E0", "]E4"];

/// What a code says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elements {
    /// 01, in 14 digits.
    pub gtin: Option<String>,
    /// 10.
    pub lot_number: Option<String>,
    /// 17.
    pub expires_on: Option<NaiveDate>,
    /// 11.
    pub produced_on: Option<NaiveDate>,
    /// 21.
    pub serial: Option<String>,
    /// 30 or 37.
    pub count: Option<i64>,
}

/// How long the value of an application identifier is.
#[derive(Clone, Copy)]
enum Length {
    Exactly(usize),
    UpTo(usize),
}

/// Reads a code as it was scanned or printed. `this_year` settles the century of its days.
pub fn read(text: &str, this_year: i32) -> Result<Elements, Faults> {
    let refused = |code| Faults::one("/text", code);
    let given = text.trim_matches([' ', '\t', '\r', '\n']);
    if given.is_empty() {
        return Err(refused(Code::Required));
    }
    if given.chars().count() > LONGEST {
        return Err(refused(Code::TooLong));
    }
    if has_arabic_digits(given) {
        return Err(refused(Code::ArabicDigits));
    }
    let stripped = |marks: &[&str]| marks.iter().find_map(|mark| given.strip_prefix(mark));
    let (code, is_elements) = match (stripped(OF_ELEMENTS), stripped(OF_NUMBERS)) {
        (Some(code), _) => (code, true),
        (None, code) => (code.unwrap_or(given), false),
    };
    // In print a space stands between the parts at will; no value holds one.
    let code: String = code.chars().filter(|letter| *letter != ' ' || !code.starts_with('(')).collect();
    if !code.chars().all(|letter| letter == SEPARATOR || is_kept(letter)) {
        return Err(refused(Code::InvalidText));
    }
    if !is_elements && matches!(code.len(), 8 | 12..=14) && is_number(&code) {
        return Ok(Elements { gtin: Some(gtin(&code).map_err(refused)?), ..Elements::default() });
    }
    let parts = if code.starts_with('(') { printed(&code) } else { scanned(&code) };
    told(&parts.map_err(refused)?, this_year)
}

/// The characters of GS1 values (set 82 of ISO/IEC 646).
fn is_kept(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!\"%&'()*+,-./:;<=>?_".contains(letter)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The identifiers that are read here. Any other is refused: where its value ends cannot be told without knowing it.
fn length_of(identifier: &str) -> Result<Length, Code> {
    match identifier {
        "01" => Ok(Length::Exactly(14)),
        "11" | "17" => Ok(Length::Exactly(6)),
        "10" | "21" => Ok(Length::UpTo(20)),
        "30" | "37" => Ok(Length::UpTo(8)),
        other => Err(if is_number(other) { Code::UnknownIdentifier } else { Code::InvalidFormat }),
    }
}

/// As scanned: values of a fixed length end by themselves, others at a separator or the end.
fn scanned(code: &str) -> Result<Vec<(&str, &str)>, Code> {
    let mut parts = Vec::new();
    let mut rest = code.trim_start_matches(SEPARATOR);
    while !rest.is_empty() {
        let (identifier, behind) = rest.split_at_checked(2).ok_or(Code::TooShort)?;
        let until = behind.find(SEPARATOR).unwrap_or(behind.len());
        let length = match length_of(identifier)? {
            Length::Exactly(length) if until < length => return Err(Code::TooShort),
            Length::Exactly(length) => length,
            Length::UpTo(most) if until > most => return Err(Code::MissingSeparator),
            Length::UpTo(_) => until,
        };
        let (value, behind) = behind.split_at_checked(length).ok_or(Code::TooShort)?;
        parts.push((identifier, value));
        rest = behind.trim_start_matches(SEPARATOR);
    }
    Ok(parts)
}

/// As printed: the identifiers in parentheses, which a value may hold too, but not round two to four digits.
fn printed(code: &str) -> Result<Vec<(&str, &str)>, Code> {
    let mut parts = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        let (identifier, behind) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or(Code::InvalidFormat)?;
        let length = length_of(identifier)?;
        let (value, behind) = behind.split_at_checked(next_identifier(behind)).ok_or(Code::InvalidFormat)?;
        match length {
            _ if value.contains(SEPARATOR) => return Err(Code::InvalidText),
            Length::Exactly(length) if value.len() < length => return Err(Code::TooShort),
            Length::Exactly(most) | Length::UpTo(most) if value.len() > most => return Err(Code::TooLong),
            _ => parts.push((identifier, value)),
        }
        rest = behind;
    }
    Ok(parts)
}

/// Where the next identifier opens, or the end.
fn next_identifier(text: &str) -> usize {
    let opens = |at: &usize| {
        let inside = text.get(at + 1..).and_then(|behind| behind.split_once(')'));
        inside.is_some_and(|(inside, _)| is_number(inside) && matches!(inside.len(), 2..=4))
    };
    text.match_indices('(').map(|(at, _)| at).find(opens).unwrap_or(text.len())
}

/// What the parts say; all that is wrong with their values at once.
fn told(parts: &[(&str, &str)], this_year: i32) -> Result<Elements, Faults> {
    let mut elements = Elements::default();
    let mut faults = Faults::default();
    for (identifier, value) in parts {
        let read = match *identifier {
            "01" => put(&mut elements.gtin, gtin(value)),
            "10" => put(&mut elements.lot_number, words(value)),
            "11" => put(&mut elements.produced_on, day(value, this_year)),
            "17" => put(&mut elements.expires_on, day(value, this_year)),
            "21" => put(&mut elements.serial, words(value)),
            _ => put(&mut elements.count, count(value)),
        };
        if let Err(code) = read {
            faults.add("/text", code);
        }
    }
    if parts.is_empty() {
        faults.add("/text", Code::Required);
    }
    faults.into_result().map(|()| elements)
}

/// The same said twice is said once; two things said of one are a fault.
fn put<T: PartialEq>(place: &mut Option<T>, read: Result<T, Code>) -> Result<(), Code> {
    let value = read?;
    if place.as_ref().is_some_and(|there| *there != value) {
        return Err(Code::Repeated);
    }
    *place = Some(value);
    Ok(())
}

fn words(value: &str) -> Result<String, Code> {
    if value.is_empty() { Err(Code::Required) } else { Ok(value.to_owned()) }
}

fn count(value: &str) -> Result<i64, Code> {
    if value.is_empty() {
        return Err(Code::Required);
    }
    if !is_number(value) {
        return Err(Code::InvalidFormat);
    }
    value.parse().map_err(|_| Code::OutOfRange)
}

fn gtin(value: &str) -> Result<String, Code> {
    if !is_number(value) {
        return Err(Code::InvalidFormat);
    }
    items::gtin(value).map_err(|_| Code::WrongCheckDigit)?;
    Ok(items::gtin_14(value))
}

/// `YYMMDD`; day 00 is the last of its month.
fn day(value: &str, this_year: i32) -> Result<NaiveDate, Code> {
    if !is_number(value) {
        return Err(Code::InvalidFormat);
    }
    let part = |from: usize| value.get(from..from + 2).and_then(|digits| digits.parse::<u32>().ok()).ok_or(Code::InvalidDate);
    let (year, month, day) = (year(part(0)?.cast_signed(), this_year), part(2)?, part(4)?);
    let found = match day {
        0 => NaiveDate::from_ymd_opt(year, month, 1).and_then(|first| first.checked_add_months(Months::new(1))?.pred_opt()),
        day => NaiveDate::from_ymd_opt(year, month, day),
    };
    found.ok_or(Code::InvalidDate)
}

/// The century of two digits, by the rule of the GS1 General Specifications (7.12): no more than 50 years ahead, 49 back.
fn year(digits: i32, this_year: i32) -> i32 {
    let this = this_year.rem_euclid(100);
    let century = this_year - this;
    match digits - this {
        51.. => century - 100 + digits,
        ..=-50 => century + 100 + digits,
        _ => century + digits,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn on(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(year, month, day)
    }

    fn refusals(text: &str) -> Vec<Code> {
        read(text, 2026).map_or_else(|faults| faults.0.iter().map(|fault| fault.code).collect(), |_| Vec::new())
    }

    #[test]
    fn one_box_is_read_alike_however_it_was_scanned() {
        let expected = Elements {
            gtin: Some("04006381333931".to_owned()),
            lot_number: Some("KET-14A".to_owned()),
            expires_on: on(2016, 6, 30),
            serial: Some("000017".to_owned()),
            ..Elements::default()
        };
        let scans = [
            "]d201040063813339311716063010KET-14A\u{1d}21000017",
            "]C1010400638133393117160600\u{1d}10KET-14A\u{1d}21000017\r\n",
            "\u{1d}010400638133393121000017\u{1d}10KET-14A\u{1d}17160630",
            "(01)04006381333931(17)160630(10)KET-14A(21)000017",
            "(01) 04006381333931 (10) KET-14A (17) 160600 (21) 000017 ",
        ];
        for scan in scans {
            assert_eq!(read(scan, 2026), Ok(expected.clone()), "{scan:?}");
        }
    }

    #[test]
    fn a_number_alone_is_a_number() {
        for (text, gtin) in
            [("4006381333931", "04006381333931"), ("]E096385074", "00000096385074"), ("10614141000415", "10614141000415")]
        {
            assert_eq!(read(text, 2026).map(|read| read.gtin), Ok(Some(gtin.to_owned())), "{text}");
        }
        // Behind the mark of an element string, eight digits are a day of expiry.
        assert_eq!(read("]d217160630", 2026).map(|read| read.expires_on), Ok(on(2016, 6, 30)));
    }

    #[test]
    fn what_is_tolerated_is_read_too() {
        let read = read("1115020130100\u{1d}10A(1)B/2\u{1d}3700000025", 2026);
        assert_eq!(read.map_err(|faults| faults.0.len()), Err(1), "30 and 37 say two counts");
        let read = super::read("1115020130100\u{1d}10A(1)B/2", 2026).expect("read");
        assert_eq!((read.produced_on, read.count, read.lot_number.as_deref()), (on(2015, 2, 1), Some(100), Some("A(1)B/2")));
        let read = super::read("(10)A(1)B(30)100", 2026).expect("read");
        assert_eq!((read.count, read.lot_number.as_deref()), (Some(100), Some("A(1)B")));
    }

    #[test]
    fn what_is_wrong_has_a_name() {
        let cases: &[(&str, &[Code])] = &[
            ("", &[Code::Required]),
            (" \r\n", &[Code::Required]),
            ("]d2", &[Code::Required]),
            ("\u{1d}\u{1d}", &[Code::Required]),
            ("0104006381333932", &[Code::WrongCheckDigit]),
            ("4006381333932", &[Code::WrongCheckDigit]),
            ("010400638133393X", &[Code::InvalidFormat]),
            ("01040063813339", &[Code::WrongCheckDigit]),
            ("]d201040063813339", &[Code::TooShort]),
            ("17161331", &[Code::WrongCheckDigit]),
            ("]d217161331", &[Code::InvalidDate]),
            ("]d217160231", &[Code::InvalidDate]),
            ("]d217160000", &[Code::InvalidDate]),
            ("010400638133393217161331", &[Code::WrongCheckDigit, Code::InvalidDate]),
            ("010400638133393199A", &[Code::UnknownIdentifier]),
            ("(8200)http", &[Code::UnknownIdentifier]),
            ("AB12", &[Code::InvalidFormat]),
            ("]X910A", &[Code::InvalidText]),
            ("10KET-14A17160630210000171234", &[Code::MissingSeparator]),
            ("30123456789", &[Code::MissingSeparator]),
            ("3012A", &[Code::InvalidFormat]),
            ("10\u{1d}17160630", &[Code::Required]),
            ("10A\u{1d}10B", &[Code::Repeated]),
            ("10A\u{1d}1", &[Code::TooShort]),
            ("(01)0400638133393", &[Code::TooShort]),
            ("(01)040063813339311", &[Code::TooLong]),
            ("(10)KET\u{1d}14A", &[Code::InvalidText]),
            ("(10", &[Code::InvalidFormat]),
            ("(01)04006381333931)", &[Code::TooLong]),
            ("10KET#14", &[Code::InvalidText]),
            ("10كيتامين", &[Code::InvalidText]),
            ("١٠KET", &[Code::ArabicDigits]),
        ];
        for (text, codes) in cases {
            assert_eq!(refusals(text), *codes, "{text:?}");
        }
        assert_eq!(refusals(&"1".repeat(501)), [Code::TooLong]);
    }

    #[test]
    fn two_digits_of_a_year_mean_the_nearest_century() {
        let cases = [
            (2026, 26, 2026),
            (2026, 76, 2076),
            (2026, 77, 1977),
            (2026, 0, 2000),
            (2098, 48, 2148),
            (2098, 49, 2049),
            (2050, 0, 2100),
        ];
        for (this, digits, expected) in cases {
            assert_eq!(year(digits, this), expected, "{digits} in {this}");
        }
        assert_eq!(day("160200", 2026).ok(), on(2016, 2, 29));
        assert_eq!(day("161200", 2026).ok(), on(2016, 12, 31));
    }

    proptest! {
        #[test]
        fn no_text_whatever_breaks_it(text in any::<String>(), year in 0..10_000) {
            let _ = read(&text, year);
        }

        #[test]
        fn no_text_much_like_a_code_breaks_it(letters in prop::collection::vec(prop::sample::select("0123456789()]Cd2A- \u{1d}ي".chars().collect::<Vec<_>>()), 0..80)) {
            let text: String = letters.into_iter().collect();
            for text in [format!("]d2{text}"), format!("({text}"), text] {
                let _ = read(&text, 2026);
            }
        }

        #[test]
        fn what_was_put_together_is_read_back(
            stem in 0..10_000_000_000_000_u64, lot in "[A-Z0-9/-]{1,20}", serial in "[A-Z0-9]{1,20}", ahead in 0..3650_u64,
            printed in any::<bool>(),
        ) {
            let stem = format!("{stem:013}");
            let check = ('0'..='9').find(|digit| items::gtin(&format!("{stem}{digit}")).is_ok()).expect("a check digit");
            let expires_on = on(2020, 1, 1).expect("a day") + chrono::Days::new(ahead);
            let day = expires_on.format("%y%m%d");
            let text = if printed {
                format!("(01){stem}{check}(10){lot}(17){day}(21){serial}")
            } else {
                format!("01{stem}{check}10{lot}\u{1d}17{day}21{serial}")
            };
            let expected = Elements {
                gtin: Some(format!("{stem}{check}")), lot_number: Some(lot), expires_on: Some(expires_on), serial: Some(serial),
                ..Elements::default()
            };
            prop_assert_eq!(read(&text, 2026), Ok(expected));
        }
    }
}
