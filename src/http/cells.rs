//! A record as the cells of a row, without a tree of values between: a list of a million rows is written out as fast as it is read.

use serde::{
    Serialize, Serializer,
    ser::{self, Impossible, SerializeMap, SerializeStruct},
};

use super::cell::{Cell, Untold, Value, cell};

/// The cells of one row after the other, each in the place of its column.
pub(super) struct Row<'a> {
    columns: &'a [String],
    cells: Vec<Cell>,
    /// Which column the nth field of the record before had: the next record has the same fields.
    places: Vec<usize>,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
