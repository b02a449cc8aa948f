//! Texts as people write them: one Unicode form, counted as a reader counts, no invisible tricks.

use std::fmt;

use deserr::{Deserr, IntoValue, Value, ValueKind, ValuePointerRef};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use serde::Serialize;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::error::{Code, Faults};

/// Marks on one letter beyond which a text is an attack on the eye, not a name.
const MARKS_PER_LETTER: usize = 4;

/// Brings a text into its one stored form (NFC, trimmed, no zero-width spaces), or says why it cannot be stored.
fn clean(given: &str, lines: bool) -> Result<String, Code> {
    let kept: String = given.nfc().filter(|c| !matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')).collect();
    let kept = kept.trim();
    let mut marks = 0;
    for c in kept.chars() {
        if is_forbidden(c) && !(lines && matches!(c, '\n' | '\t')) {
            return Err(Code::InvalidText);
        }
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks > MARKS_PER_LETTER {
            return Err(Code::InvalidText);
        }
    }
    Ok(kept.to_owned())
}

/// Controls, text direction overrides, private use and noncharacters: nothing a name is written with.
pub fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}'
            | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fdd0}'..='\u{fdef}')
        || (c as u32 & 0xfffe) == 0xfffe
}

/// A single line in its stored form: for search words and other texts without a type of their own.
pub fn clean_line(given: &str, longest: usize) -> Result<String, Code> {
    measured(clean(given, false)?, 1, longest)
}

fn measured(text: String, shortest: usize, longest: usize) -> Result<String, Code> {
    if text.is_empty() {
        return Err(Code::Required);
    }
    let letters = text.graphemes(true).count();
    // The database counts code points: a reader's letter may be several.
    if letters > longest || text.chars().count() > longest {
        return Err(Code::TooLong);
    }
    if letters < shortest { Err(Code::TooShort) } else { Ok(text) }
}

fn code(given: &str) -> Result<String, Code> {
    let text = measured(clean(given, false)?, 2, 40)?;
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    if text.chars().all(legal) && !text.starts_with('-') { Ok(text) } else { Err(Code::InvalidFormat) }
}

fn mark(given: &str) -> Result<String, Code> {
    let text = measured(clean(given, false)?, 1, 100)?;
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.');
    if text.chars().all(legal) { Ok(text) } else { Err(Code::InvalidFormat) }
}

/// The two-letter codes of ISO 639.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu \
    fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw \
    ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa \
    sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Two letters are one of the list; three letters name the many languages that have no shorter code.
fn language(given: &str) -> Result<String, Code> {
    let text = measured(clean(given, false)?, 2, 3)?;
    if !text.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Err(Code::InvalidFormat);
    }
    if text.len() == 2 && !LANGUAGES.split_whitespace().any(|known| known == text) { Err(Code::UnknownValue) } else { Ok(text) }
}

/// One script only: ASCII, so that no look-alike letter makes a second account of one name.
fn email(given: &str) -> Result<String, Code> {
    let text = measured(clean(given, false)?, 3, 254)?.to_lowercase();
    if !text.is_ascii() {
        return Err(Code::InvalidText);
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    match text.split_once('@') {
        Some((local, domain))
            if !local.is_empty()
                && local.len() <= 64
                && local.chars().all(legal)
                && domain.contains('.')
                && domain
                    .split('.')
                    .all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) =>
        {
            Ok(text)
        }
        _ => Err(Code::InvalidFormat),
    }
}

macro_rules! text_types {
    ($($(#[$doc:meta])+ $name:ident($parse:expr) $min:literal $max:literal $pattern:literal $example:literal;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, FromSqlRow, AsExpression)]
        #[diesel(sql_type = Text)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses and brings into the stored form.
            pub fn parse(given: &str) -> Result<Self, Code> {
                let parse: fn(&str) -> Result<String, Code> = $parse;
                parse(given).map(Self)
            }

            /// The stored form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Deserr<Faults> for $name {
            fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, Faults> {
                match value {
                    Value::String(text) => Self::parse(&text).map_err(|code| Faults::at(location, code)),
                    other => Err(super::read::wrong_kind(other, &[ValueKind::String], location)),
                }
            }
        }

        // What stands in the database has been judged by its constraints.
        impl FromSql<Text, Pg> for $name {
            fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
                <String as FromSql<Text, Pg>>::from_sql(bytes).map(Self)
            }
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<Text, Pg>>::to_sql(&self.0, out)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).min_length(Some($min)).max_length(Some($max))
                    .pattern(Some($pattern)).examples([$example]).build().into()
            }
        }
        impl ToSchema for $name {}
    )+};
}

text_types! {
    /// A name as people write it, in any script: one line of 1 to 200 letters.
    Name(|given| measured(clean(given, false)?, 1, 200)) 1 200 r"\S" "Cave Hospital";
    /// What people call a record when they speak of it: `HOS-07`. Never used twice.
    RecordCode(code) 2 40 "^[A-Z0-9][A-Z0-9-]{1,39}$" "HOS-07";
    /// One line of 1 to 100 letters.
    ShortText(|given| measured(clean(given, false)?, 1, 100)) 1 100 r"\S" "anaesthesia";
    /// Several lines, 1 to 2,000 letters.
    LongText(|given| measured(clean(given, true)?, 1, 2000)) 1 2000 r"\S" "Works below ground since August 2013.";
    /// Why something out of the ordinary was done: 10 to 500 letters.
    Reason(|given| measured(clean(given, true)?, 10, 500)) 10 500 r"\S" "Ambulance crew needs the entrance for tonight's transfer.";
    /// A machine's name of a thing: small letters, digits, `_` and `.`.
    Mark(mark) 1 100 "^[a-z0-9_.]{1,100}$" "facilities.total";
    /// A language by its code of ISO 639: two letters, or three where there are no two.
    Language(language) 2 3 "^[a-z]{2,3}$" "ar";
    /// An e-mail address in ASCII, kept in small letters.
    Email(email) 3 254 r"^[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$" "coordinator@demo.siraj.example";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_of_one_name_are_stored_alike() {
        assert_eq!(Name::parse("Cafe\u{301}").map(|n| n.0), Name::parse("Café").map(|n| n.0));
        assert_eq!(Name::parse("  مستشفى\u{200b} الكهف ").map(|n| n.0), Ok("مستشفى الكهف".to_owned()));
    }

    #[test]
    fn invisible_tricks_are_refused() {
        for text in ["a\0b", "a\u{202e}b", "a\u{2067}b", "\u{e000}", "a\u{fffe}", &format!("a{}", "\u{301}".repeat(20))] {
            assert_eq!(Name::parse(text), Err(Code::InvalidText));
        }
        assert_eq!(Name::parse(" \t "), Err(Code::Required));
        assert_eq!(Name::parse(&"ب".repeat(201)), Err(Code::TooLong));
    }

    #[test]
    fn a_language_is_named_by_its_code() {
        let told = |given: &str| Language::parse(given).map(|language| language.0);
        assert_eq!([told("ar"), told("ku"), told("kmr")], ["ar", "ku", "kmr"].map(|code| Ok(code.to_owned())));
        assert_eq!(
            [told("xx"), told("AR"), told("arab"), told("a")],
            [Err(Code::UnknownValue), Err(Code::InvalidFormat), Err(Code::TooLong), Err(Code::TooShort)]
        );
    }

    #[test]
    fn a_login_name_has_one_script() {
        assert_eq!(Email::parse("аdmin@demo.siraj.example"), Err(Code::InvalidText));
        assert_eq!(Email::parse("Admin@Demo.Siraj.Example").map(|e| e.0), Ok("admin@demo.siraj.example".to_owned()));
        assert_eq!(Email::parse("a@b"), Err(Code::InvalidFormat));
    }
}
