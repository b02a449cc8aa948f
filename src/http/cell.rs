//! What stands in a cell of a table: words, numbers, lists joined, nothing that a spreadsheet would run.

use std::fmt::{Display, Write};

use serde::{
    Serialize, Serializer,
    ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple},
};
use serde_json::value::Serializer as Json;
use thiserror::Error;

/// What stands in a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub text: String,
    pub is_number: bool,
}

/// A record that is no record, or a value that cannot be told.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Untold(String);

impl ser::Error for Untold {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// A value that is read already.
pub(super) fn cell(value: &impl Serialize) -> Result<Cell, Untold> {
    let mut cell = Cell::default();
    value.serialize(Value(&mut cell))?;
    Ok(cell)
}

/// Values of JSON can all be told.
pub(super) fn cells_of(rows: &[Vec<serde_json::Value>]) -> Vec<Vec<Cell>> {
    rows.iter().map(|row| row.iter().map(|value| cell(value).unwrap_or_default()).collect()).collect()
}

/// A text that a spreadsheet would run as a formula is disarmed.
fn disarm(text: &mut String) {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) && !is_decimal(text) {
        text.insert(0, '\'');
    }
}

/// A decimal travels as text; below zero it begins with the sign of a formula, and is none.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    digits(whole.strip_prefix('-').unwrap_or(whole)) && fraction.is_none_or(digits)
}

/// Writes a value into its cell.
pub(super) struct Value<'c>(pub &'c mut Cell);

impl Value<'_> {
    fn number(self, number: impl Display) -> Result<(), Untold> {
        self.0.is_number = true;
        write!(self.0.text, "{number}").map_err(ser::Error::custom)
    }
}

macro_rules! writes {
    ($($method:ident: $kind:ty),* $(,)?) => {
        $(fn $method(self, number: $kind) -> Result<(), Untold> {
            self.number(number)
        })*
    };
}

impl<'c> Serializer for Value<'c> {
    type Ok = ();
    type Error = Untold;
    type SerializeSeq = Entries<'c>;
    type SerializeTuple = Entries<'c>;
    type SerializeTupleStruct = Impossible<(), Untold>;
    type SerializeTupleVariant = Impossible<(), Untold>;
    type SerializeMap = Nested<'c, <Json as Serializer>::SerializeMap>;
    type SerializeStruct = Nested<'c, <Json as Serializer>::SerializeStruct>;
    type SerializeStructVariant = Impossible<(), Untold>;

    writes! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
    }

    fn serialize_f32(self, number: f32) -> Result<(), Untold> {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<(), Untold> {
        let told = serde_json::to_string(&number).map_err(ser::Error::custom)?;
        self.number(told)
    }

    fn serialize_bool(self, value: bool) -> Result<(), Untold> {
        self.0.text.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Untold> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Untold> {
        self.0.text.push_str(value);
        disarm(&mut self.0.text);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Untold> {
        write!(self.0.text, "{value}").map_err(ser::Error::custom)?;
        disarm(&mut self.0.text);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Untold> {
        Err(ser::Error::custom("bytes are no cell"))
    }

    fn serialize_none(self) -> Result<(), Untold> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Untold> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Untold> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Untold> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, word: &'static str) -> Result<(), Untold> {
        self.serialize_str(word)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Untold> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        word: &'static str,
        value: &T,
    ) -> Result<(), Untold> {
        let told = Json.serialize_newtype_variant(name, index, word, value).map_err(ser::Error::custom)?;
        self.0.text.push_str(&told.to_string());
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Entries<'c>, Untold> {
        Ok(Entries(self.0, false))
    }

    fn serialize_tuple(self, _: usize) -> Result<Entries<'c>, Untold> {
        Ok(Entries(self.0, false))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Untold> {
        Err(ser::Error::custom(name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Untold> {
        Err(ser::Error::custom(name))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, Untold> {
        Ok(Nested(self.0, Json.serialize_map(length).map_err(ser::Error::custom)?))
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Self::SerializeStruct, Untold> {
        Ok(Nested(self.0, Json.serialize_struct(name, length).map_err(ser::Error::custom)?))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Untold> {
        Err(ser::Error::custom(name))
    }
}

/// What is neither a word nor a number nor a list stands in a cell as JSON.
pub(super) struct Nested<'c, S>(&'c mut Cell, S);

impl<S: SerializeStruct<Ok = serde_json::Value, Error = serde_json::Error>> SerializeStruct for Nested<'_, S> {
    type Ok = ();
    type Error = Untold;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Untold> {
        self.1.serialize_field(name, value).map_err(ser::Error::custom)
    }

    fn end(self) -> Result<(), Untold> {
        self.0.text.push_str(&self.1.end().map_err(ser::Error::custom)?.to_string());
        Ok(())
    }
}

impl<S: SerializeMap<Ok = serde_json::Value, Error = serde_json::Error>> SerializeMap for Nested<'_, S> {
    type Ok = ();
    type Error = Untold;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Untold> {
        self.1.serialize_key(name).map_err(ser::Error::custom)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Untold> {
        self.1.serialize_value(value).map_err(ser::Error::custom)
    }

    fn end(self) -> Result<(), Untold> {
        self.0.text.push_str(&self.1.end().map_err(ser::Error::custom)?.to_string());
        Ok(())
    }
}

/// Lists are joined.
pub(super) struct Entries<'c>(&'c mut Cell, bool);

impl Entries<'_> {
    fn entry(&mut self, entry: &(impl Serialize + ?Sized)) -> Result<(), Untold> {
        if std::mem::replace(&mut self.1, true) {
            self.0.text.push_str(" | ");
        }
        match serde_json::to_value(entry).map_err(ser::Error::custom)? {
            serde_json::Value::String(text) => self.0.text.push_str(&text),
            other => self.0.text.push_str(&other.to_string()),
        }
        Ok(())
    }
}

impl SerializeSeq for Entries<'_> {
    type Ok = ();
    type Error = Untold;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, entry: &T) -> Result<(), Untold> {
        self.entry(entry)
    }

    fn end(self) -> Result<(), Untold> {
        disarm(&mut self.0.text);
        Ok(())
    }
}

impl SerializeTuple for Entries<'_> {
    type Ok = ();
    type Error = Untold;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, entry: &T) -> Result<(), Untold> {
        self.entry(entry)
    }

    fn end(self) -> Result<(), Untold> {
        disarm(&mut self.0.text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disarmed(text: &str) -> String {
        cell(&text).expect("a cell").text
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_disarmed_and_a_number_stays_a_number() {
        for number in ["-400.00", "-1", "0.5", "12"] {
            assert_eq!(disarmed(number), number);
        }
        for formula in ["=-1", "-cmd", "-1+1", "-1.", "-.5", "-", "--1", "-1.2.3", "-1e5", "-١", "+1", "@a", "-1\n=2", "-1,5"] {
            assert_eq!(disarmed(formula), format!("'{formula}"));
        }
        assert_eq!(cell(&["=a", "b"]).expect("a cell").text, "'=a | b");
    }
}
