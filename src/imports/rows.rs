//! A row of a sheet becomes the JSON that the API would have been sent, and is read as strictly.

use std::collections::HashMap;

use deserr::Deserr;
use serde_json::{Map, Value};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{SchemaType, Type},
    },
};
use uuid::Uuid;

use super::{CellFault, Sheet};
use crate::error::{Code, Fault, Faults};

/// Where the ids of a sheet's references come from: `(table, code)`.
pub type Ids = HashMap<(&'static str, String), Uuid>;

/// The lines of a record, each with the row that it stands on.
pub type Lines = Vec<(usize, Map<String, Value>)>;

/// The table that a column of codes refers to.
pub fn referred_table(stem: &str, own: &'static str) -> Option<&'static str> {
    Some(match stem {
        "parent" | "part_of" => own,
        "area" => "areas",
        "operator" | "organization" | "supplier" | "origin" => "organizations",
        "project" => "projects",
        "facility" => "facilities",
        "contract" | "renews" => "contracts",
        "campaign" => "campaigns",
        "donor" => "donors",
        "staff" => "staff",
        "item" => "items",
        "from" | "to" => "stock_locations",
        "adjustment_reason" => "adjustment_reasons",
        _ => return None,
    })
}

/// What is known by several cells together: its heading, its field, its table, and the headings that come before its own in its name.
const NAMED: &[(&str, &str, &str, &[&str])] = &[
    ("budget_line_code", "budget_line_id", "budget_lines", &["contract_code"]),
    ("commitment_reference", "commitment_id", "commitments", &["contract_code", "budget_line_code"]),
];

/// Several cells as one name.
pub fn name_of<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    cells.into_iter().collect::<Vec<_>>().join("\u{1f}")
}

/// The parts of a cell that holds a list.
pub fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('|').map(str::trim)
}

/// What a cell becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Number,
    YesNo,
    List,
}

/// How the columns of a sheet become the fields of a record.
pub struct Columns {
    fields: Vec<(String, Field)>,
}

enum Field {
    Plain(String, Shape),
    Reference(String, &'static str),
    /// A list of codes.
    References(String, &'static str),
    /// What its own cell and those under other headings name together.
    Named(String, &'static str, &'static [&'static str]),
}

impl Field {
    /// What a heading means, if the fields have a place for it.
    fn of(heading: &str, own: &'static str, shapes: &HashMap<String, Shape>) -> Option<Self> {
        if let Some((_, field, table, before)) =
            NAMED.iter().find(|(named, field, ..)| *named == heading && shapes.contains_key(*field))
        {
            return Some(Self::Named((*field).to_owned(), table, before));
        }
        let refers = |ending: &str, to: &str| {
            let stem = heading.strip_suffix(ending)?;
            let field = format!("{stem}{to}");
            let table = referred_table(stem, own)?;
            shapes.contains_key(&field).then_some((field, table))
        };
        if let Some((field, table)) = refers("_code", "_id") {
            return Some(Self::Reference(field, table));
        }
        if let Some((field, table)) = refers("_codes", "_ids") {
            return Some(Self::References(field, table));
        }
        shapes.get(heading).map(|shape| Self::Plain(heading.to_owned(), *shape))
    }

    /// The field of the record.
    fn name(&self) -> &str {
        match self {
            Self::Plain(name, _) | Self::Reference(name, _) | Self::References(name, _) | Self::Named(name, ..) => name,
        }
    }
}

impl Columns {
    /// The columns of a sheet against the fields of `T`; a heading that is no field is a fault of row 1.
    pub fn of<T: ToSchema>(sheet: &Sheet, own: &'static str, ignored: &[&str], faults: &mut Vec<CellFault>) -> Self {
        let shapes = shapes_of::<T>();
        let mut fields = Vec::new();
        for heading in &sheet.columns {
            match Field::of(heading, own, &shapes) {
                Some(field) => fields.push((heading.clone(), field)),
                None if ignored.contains(&heading.as_str()) => {}
                None => faults.push(fault(sheet, 1, heading, Code::UnknownField)),
            }
        }
        Self { fields }
    }

    /// A row as a record's fields, or what is wrong with it.
    pub fn read<T: Deserr<Faults>>(&self, sheet: &Sheet, row: usize, cells: &[String], ids: &Ids) -> Result<T, Vec<CellFault>> {
        let mut faults = Vec::new();
        let object = self.object(sheet, row, cells, ids, &mut faults);
        match deserr::deserialize::<T, _, Faults>(Value::Object(object)) {
            Ok(fields) if faults.is_empty() => Ok(fields),
            Ok(_) => Err(faults),
            Err(more) => {
                add_new(&mut faults, self.told(sheet, row, more.0));
                Err(faults)
            }
        }
    }

    /// A row with the lines that hang on it, each with the row that it stands on, as one record that is right by itself;
    /// `list` is the field that holds them.
    pub fn read_with_lines<T: Deserr<Faults>>(
        &self,
        (heads, row, cells): (&Sheet, usize, &[String]),
        (list, lines, own): (&'static str, &Sheet, Lines),
        ids: &Ids,
        check: impl FnOnce(&T, &mut Faults),
    ) -> Result<T, Vec<CellFault>> {
        let mut faults = Vec::new();
        let mut object = self.object(heads, row, cells, ids, &mut faults);
        let (rows, own): (Vec<usize>, Vec<Map<String, Value>>) = own.into_iter().unzip();
        object.insert(list.to_owned(), own.into_iter().map(Value::Object).collect());
        let read = deserr::deserialize::<T, _, Faults>(Value::Object(object)).and_then(|fields| {
            let mut faults = Faults::default();
            check(&fields, &mut faults);
            faults.into_result().map(|()| fields)
        });
        match read {
            Ok(fields) if faults.is_empty() => Ok(fields),
            Ok(_) => Err(faults),
            Err(more) => {
                let below = format!("/{list}/");
                let (of_lines, of_head): (Vec<_>, Vec<_>) = more.0.into_iter().partition(|one| one.pointer.starts_with(&below));
                add_new(&mut faults, self.told(heads, row, of_head));
                add_new(&mut faults, of_lines.into_iter().map(|one| told_of_line(lines, &rows, one)).collect());
                Err(faults)
            }
        }
    }

    /// A row as the JSON that the API would have been sent.
    pub fn object(
        &self,
        sheet: &Sheet,
        row: usize,
        cells: &[String],
        ids: &Ids,
        faults: &mut Vec<CellFault>,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        for (heading, field) in &self.fields {
            let cell = cell_under(heading, sheet, cells);
            if cell.is_empty() {
                continue;
            }
            let mut id_of = |table: &'static str, code: String| {
                let known = ids.get(&(table, code)).map(|id| Value::String(id.to_string()));
                if known.is_none() {
                    faults.push(fault(sheet, row, heading, Code::UnknownReference));
                }
                known
            };
            let value = match field {
                Field::Plain(_, shape) => Some(shape.value(cell)),
                Field::Reference(_, table) => id_of(table, cell.to_owned()),
                Field::References(_, table) => parts(cell).map(|code| id_of(table, code.to_owned())).collect(),
                Field::Named(_, table, before) => {
                    let before = before.iter().map(|heading| cell_under(heading, sheet, cells));
                    id_of(table, name_of(before.chain([cell])))
                }
            };
            if let Some(value) = value {
                object.insert(field.name().to_owned(), value);
            }
        }
        object
    }

    /// Faults of fields as faults of the cells that they came from.
    pub fn told(&self, sheet: &Sheet, row: usize, faults: Vec<Fault>) -> Vec<CellFault> {
        let told = faults.into_iter().map(|one| {
            let name = one.pointer.split('/').nth(1).unwrap_or_default().to_owned();
            let from = self.fields.iter().find(|(_, field)| field.name() == name);
            // No sheet has a column for its lines: it is the row as a whole.
            let of_lines = matches!(name.as_str(), "lines" | "months");
            let column = from.map(|(heading, _)| heading.clone()).or((!of_lines).then_some(name)).unwrap_or_default();
            CellFault { allowed: one.allowed, ..fault(sheet, row, &column, one.code) }
        });
        told.collect()
    }
}

/// `/lines/2/quantity` as the cell it came from.
fn told_of_line(sheet: &Sheet, rows: &[usize], one: Fault) -> CellFault {
    let mut parts = one.pointer.split('/').skip(2);
    let row = parts.next().and_then(|index| index.parse::<usize>().ok()).and_then(|index| rows.get(index)).copied().unwrap_or(1);
    let column = match parts.next().unwrap_or_default() {
        "lot_id" => "lot_number".to_owned(),
        name => name.strip_suffix("_id").map_or_else(|| name.to_owned(), |stem| format!("{stem}_code")),
    };
    CellFault { allowed: one.allowed, ..fault(sheet, row, &column, one.code) }
}

/// One fault a cell is enough: what a missing reference leaves behind is not told again.
pub fn add_new(faults: &mut Vec<CellFault>, more: Vec<CellFault>) {
    for told in more {
        if !faults.iter().any(|known| known.column == told.column && known.row == told.row && known.sheet == told.sheet) {
            faults.push(told);
        }
    }
}

/// The cell under a heading.
pub fn cell_under<'a>(heading: &str, sheet: &Sheet, cells: &'a [String]) -> &'a str {
    let index = sheet.columns.iter().position(|column| column == heading);
    index.and_then(|index| cells.get(index)).map_or("", String::as_str)
}

impl Shape {
    /// What does not fit the shape stays text, so that the record's own type says what is wrong with it.
    fn value(self, cell: &str) -> Value {
        match self {
            Self::Text => Value::String(cell.to_owned()),
            Self::Number => cell.parse::<i64>().map_or_else(|_| Value::String(cell.to_owned()), Value::from),
            Self::YesNo => match cell {
                "true" | "TRUE" => Value::Bool(true),
                "false" | "FALSE" => Value::Bool(false),
                other => Value::String(other.to_owned()),
            },
            Self::List => parts(cell).map(|part| Value::String(part.to_owned())).collect(),
        }
    }
}

fn shapes_of<T: ToSchema>() -> HashMap<String, Shape> {
    let RefOr::T(Schema::Object(object)) = T::schema() else {
        return HashMap::new();
    };
    object.properties.iter().map(|(name, schema)| (name.clone(), shape_of(schema))).collect()
}

fn shape_of(schema: &RefOr<Schema>) -> Shape {
    let kind = match schema {
        RefOr::T(Schema::Array(_)) => return Shape::List,
        RefOr::T(Schema::Object(object)) => &object.schema_type,
        _ => return Shape::Text,
    };
    let is = |wanted: Type| match kind {
        SchemaType::Type(one) => *one == wanted,
        SchemaType::Array(several) => several.contains(&wanted),
        SchemaType::AnyValue => false,
    };
    if is(Type::Integer) {
        Shape::Number
    } else if is(Type::Boolean) {
        Shape::YesNo
    } else if is(Type::Array) {
        Shape::List
    } else {
        Shape::Text
    }
}

/// A fault of one cell.
pub fn fault(sheet: &Sheet, row: usize, column: &str, code: Code) -> CellFault {
    CellFault { sheet: sheet.name.clone(), row, column: column.to_owned(), code, allowed: Vec::new() }
}
