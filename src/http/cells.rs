//! A record as the cells of a row, without a tree of values between: a list of a million rows is written out as fast as it is read.

use std::fmt::{Display, Write};

use serde::{
    Serialize, Serializer,
    ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple},
};
use serde_json::value::Serializer as Json;
use thiserror::Error;

/// The cells of one row after the other, each in the place of its column.
pub(super) struct Row<'a> {
    columns: &'a [String],
    cells: Vec<Cell>,
    /// Which column the nth field of the record before had: the next record has the same fields.
    places: Vec<usize>,
}

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

impl<'a> Row<'a> {
    pub fn new(columns: &'a [String]) -> Self {
        Self { columns, cells: vec![Cell::default(); columns.len()], places: Vec::new() }
    }

    /// The cells of a record. Fields that are no column are left out, columns that are no field are empty.
    pub fn read(&mut self, record: &impl Serialize) -> Result<&[Cell], Untold> {
        for cell in &mut self.cells {
            cell.text.clear();
            cell.is_number = false;
        }
        record.serialize(Record(Fields { row: self, number: 0, next: None }))?;
        Ok(&self.cells)
    }

    /// The column of the nth field.
    fn place(&mut self, number: usize, name: &str) -> Option<usize> {
        if let Some(place) = self.places.get(number)
            && self.columns.get(*place).is_some_and(|column| column == name)
        {
            return Some(*place);
        }
        let place = self.columns.iter().position(|column| column == name)?;
        if self.places.len() <= number {
            self.places.resize(number + 1, usize::MAX);
        }
        self.places[number] = place;
        Some(place)
    }
}

/// A value that is read already.
fn cell(value: &impl Serialize) -> Result<Cell, Untold> {
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

/// Reads the fields of a record.
struct Fields<'r, 'a> {
    row: &'r mut Row<'a>,
    number: usize,
    /// The name of the field whose value comes next.
    next: Option<String>,
}

/// A record is a struct or a map; nothing else is given rows.
struct Record<'r, 'a>(Fields<'r, 'a>);

macro_rules! refuses {
    ($($method:ident($($given:ty),*) -> $told:ty),* $(,)?) => {
        $(fn $method(self, $(_: $given),*) -> Result<$told, Untold> {
            Err(ser::Error::custom("a row is made of a record"))
        })*
    };
}

impl<'r, 'a> Serializer for Record<'r, 'a> {
    type Ok = ();
    type Error = Untold;
    type SerializeSeq = Impossible<(), Untold>;
    type SerializeTuple = Impossible<(), Untold>;
    type SerializeTupleStruct = Impossible<(), Untold>;
    type SerializeTupleVariant = Impossible<(), Untold>;
    type SerializeMap = Fields<'r, 'a>;
    type SerializeStruct = Fields<'r, 'a>;
    type SerializeStructVariant = Impossible<(), Untold>;

    refuses! {
        serialize_bool(bool) -> (), serialize_char(char) -> (), serialize_str(&str) -> (), serialize_bytes(&[u8]) -> (),
        serialize_i8(i8) -> (), serialize_i16(i16) -> (), serialize_i32(i32) -> (), serialize_i64(i64) -> (),
        serialize_u8(u8) -> (), serialize_u16(u16) -> (), serialize_u32(u32) -> (), serialize_u64(u64) -> (),
        serialize_f32(f32) -> (), serialize_f64(f64) -> (), serialize_none() -> (), serialize_unit() -> (),
        serialize_unit_struct(&'static str) -> (), serialize_unit_variant(&'static str, u32, &'static str) -> (),
        serialize_seq(Option<usize>) -> Self::SerializeSeq, serialize_tuple(usize) -> Self::SerializeTuple,
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct,
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant,
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant,
    }

    fn serialize_some<T: Serialize + ?Sized>(self, record: &T) -> Result<(), Untold> {
        record.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, record: &T) -> Result<(), Untold> {
        record.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        record: &T,
    ) -> Result<(), Untold> {
        record.serialize(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Untold> {
        Ok(self.0)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Untold> {
        Ok(self.0)
    }
}

impl Fields<'_, '_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Untold> {
        let place = self.row.place(self.number, name);
        self.number += 1;
        match place.and_then(|place| self.row.cells.get_mut(place)) {
            Some(cell) => value.serialize(Value(cell)),
            None => Ok(()),
        }
    }
}

impl SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = Untold;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Untold> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Untold> {
        Ok(())
    }
}

/// Records with embedded fields come as maps.
impl SerializeMap for Fields<'_, '_> {
    type Ok = ();
    type Error = Untold;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Untold> {
        self.next = Some(cell(&name)?.text);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Untold> {
        let name = self.next.take().unwrap_or_default();
        self.field(&name, value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(&mut self, name: &K, value: &V) -> Result<(), Untold> {
        self.serialize_key(name)?;
        self.serialize_value(value)
    }

    fn end(self) -> Result<(), Untold> {
        Ok(())
    }
}

/// Writes a value into its cell.
struct Value<'c>(&'c mut Cell);

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
struct Nested<'c, S>(&'c mut Cell, S);

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
struct Entries<'c>(&'c mut Cell, bool);

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
    use serde_json::json;

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

    #[derive(Serialize)]
    struct Post {
        code: &'static str,
        share: i16,
        kinds: Vec<&'static str>,
        left_on: Option<u8>,
        #[serde(flatten)]
        more: More,
    }

    #[derive(Serialize)]
    struct More {
        id: u8,
        place: Option<serde_json::Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<&'static str>,
    }

    #[test]
    fn fields_stand_in_their_columns_whatever_their_order_and_whichever_are_left_out() {
        let columns = ["id", "code", "share", "kinds", "left_on", "place", "note", "unheard"].map(str::to_owned);
        let mut row = Row::new(&columns);
        let mut told = |place, note| {
            let more = More { id: 7, place, note };
            let post = Post { code: "-A", share: 50, kinds: vec!["one", "two"], left_on: None, more };
            row.read(&post).expect("a row").iter().map(|cell| cell.text.clone()).collect::<Vec<_>>()
        };
        assert_eq!(told(None, Some("-1.50")), ["7", "'-A", "50", "one | two", "", "", "-1.50", ""]);
        assert_eq!(
            told(Some(json!({"a": 1})), None),
            ["7", "'-A", "50", "one | two", "", "{\"a\":1}", "", ""],
            "no cell of the row before is left"
        );
    }

    #[test]
    fn what_is_no_record_makes_no_row() {
        assert!(Row::new(&["id".to_owned()]).read(&"text").is_err());
    }
}
