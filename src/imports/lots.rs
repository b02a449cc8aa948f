//! Lots have no codes: a sheet names them by their item and the maker's number.

use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{
    Sheet,
    rows::cell_under,
    tables::{Import, made_id},
};
use crate::{db::Conn, error::ApiResult};

/// Which column of a sheet holds the number of a lot, beside `item_code`.
const NUMBERS: &[(&str, &str)] = &[("lots", "number"), ("shipment_lines", "lot_number"), ("stock_document_lines", "lot_number")];

/// What names a lot: an item that does not expire has one lot, without a number.
pub fn lot_key(item: &str, number: &str) -> String {
    format!("{item}\u{1f}{number}")
}

/// The id of an imported lot.
pub fn id_of_lot(item: &str, number: &str) -> Uuid {
    made_id("lots", &lot_key(item, number))
}

impl Import<'_> {
    /// The ids of all lots that the sheets speak of: those in the database, in one query, and those to be made.
    pub(super) async fn find_lots(&mut self, conn: &mut Conn, sheets: &[Sheet]) -> ApiResult<()> {
        #[derive(diesel::QueryableByName)]
        struct Known {
            #[diesel(sql_type = Text)]
            code: String,
            #[diesel(sql_type = Text)]
            number: String,
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        let (mut items, mut numbers) = (Vec::new(), Vec::new());
        for (sheet, (name, column)) in
            sheets.iter().filter_map(|sheet| Some((sheet, NUMBERS.iter().find(|(name, _)| *name == sheet.name)?)))
        {
            for (_, cells) in &sheet.rows {
                let (item, number) = (cell_under("item_code", sheet, cells), cell_under(column, sheet, cells));
                if *name == "lots" {
                    let key = lot_key(item, number);
                    let id = made_id("lots", &key);
                    self.ids.insert(("lots", key), id);
                }
                items.push(item.to_owned());
                numbers.push(number.to_owned());
            }
        }
        let known: Vec<Known> = diesel::sql_query(
            "SELECT i.code, coalesce(l.number, '') AS number, l.id FROM lots l JOIN items i ON i.id = l.item_id \
             WHERE (i.code, coalesce(l.number, '')) IN (SELECT * FROM unnest($1, $2))",
        )
        .bind::<Array<Text>, _>(items)
        .bind::<Array<Text>, _>(numbers)
        .load(conn)
        .await?;
        self.ids.extend(known.into_iter().map(|lot| (("lots", lot_key(&lot.code, &lot.number)), lot.id)));
        Ok(())
    }
}
