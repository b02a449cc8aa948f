//! What belongs to a record and has no life of its own: rows that an import brings by the sheet.

use uuid::Uuid;

use super::Fields;
use crate::{
    db::Conn,
    error::{ApiResult, Faults},
};

/// A row of a sheet that hangs on other records.
#[expect(async_fn_in_trait, reason = "implemented and called in this crate only, on the worker's own thread")]
pub trait ChildRow: Fields {
    /// Adds what is wrong about a row as one of a sheet, which may ask for more than a request does.
    fn check_in_sheet(&self, faults: &mut Faults) {
        self.check(faults);
    }
    /// Those of these rows that are in use.
    async fn load_many(conn: &mut Conn, ids: &[Uuid]) -> ApiResult<Vec<(Uuid, Self)>>;
    /// Inserts rows by the set; rows whose id is taken are left as they are. Gives the ids of those that were added.
    async fn insert_many(conn: &mut Conn, by: Uuid, rows: &[(Uuid, Self)]) -> ApiResult<Vec<Uuid>>;
}

/// Makes a row type over a table: `child_row!(/// What it is. AreaAccessRow of area_access { area_id: Uuid, … });`
/// A field that may be missing carries `#[deserr(default)]`.
macro_rules! child_row {
    ($(#[$doc:meta])+ $row:ident of $table:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize, deserr::Deserr, diesel::Queryable, diesel::Selectable, diesel::Insertable, utoipa::ToSchema)]
        #[deserr(error = $crate::error::Faults, deny_unknown_fields)]
        #[diesel(table_name = $table)]
        pub struct $row { $($(#[$meta])* $field: $type,)+ }

        impl $crate::register::ChildRow for $row {
            async fn load_many(conn: &mut $crate::db::Conn, ids: &[uuid::Uuid]) -> $crate::error::ApiResult<Vec<(uuid::Uuid, Self)>> {
                use diesel::{ExpressionMethods as _, QueryDsl as _, SelectableHelper as _};
                use diesel_async::RunQueryDsl as _;
                let named = $table::table.filter($table::id.eq_any(ids)).filter($table::retired_at.is_null());
                Ok(named.select(($table::id, Self::as_select())).load(conn).await?)
            }

            async fn insert_many(conn: &mut $crate::db::Conn, by: uuid::Uuid, rows: &[(uuid::Uuid, Self)]) -> $crate::error::ApiResult<Vec<uuid::Uuid>> {
                use diesel::ExpressionMethods as _;
                use diesel_async::RunQueryDsl as _;
                let rows: Vec<_> = rows.iter().map(|(id, row)| ($table::id.eq(*id), row, $table::recorded_by.eq(by))).collect();
                let insert = diesel::insert_into($table::table).values(rows).on_conflict($table::id).do_nothing();
                Ok(insert.returning($table::id).get_results(conn).await?)
            }
        }
    };
}
pub(crate) use child_row;
