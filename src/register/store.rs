//! The SQL that every register table has, written once.

/// Implements [`Record`](super::Record) for a row type over its table.
///
/// `register_store!(facilities: Facility { fields: FacilityFields }, "facilities", scoped by "/area_id", visible)`:
/// the row type holds `id`, `fields` (embedded), `retired_at`, `revision`; `visible(&Scope)` is the slice's
/// boxed condition for rows that the scope holds.
macro_rules! register_store {
    ($table:ident: $record:ident { fields: $fields:ident }, $collection:literal, scoped by $pointer:literal, $visible:path $(, references $references:path)?) => {
        impl $crate::register::Record for $record {
            type Fields = $fields;
            const COLLECTION: &'static str = $collection;
            const SCOPED_BY: &'static str = $pointer;

            fn id(&self) -> uuid::Uuid {
                self.id
            }

            fn revision(&self) -> i64 {
                self.revision
            }

            fn is_retired(&self) -> bool {
                self.retired_at.is_some()
            }

            fn fields(&self) -> &$fields {
                &self.fields
            }

            async fn load(conn: &mut $crate::db::Conn, scope: &$crate::auth::Scope, id: uuid::Uuid) -> $crate::error::ApiResult<Option<Self>> {
                use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, SelectableHelper as _};
                use diesel_async::RunQueryDsl as _;
                let by_id = $table::table.filter($table::id.eq(id)).select(Self::as_select());
                // The common case stays one prepared statement; a scope is a query of its own shape.
                let found = match scope {
                    $crate::auth::Scope::Everything => by_id.first(conn).await,
                    scope => by_id.filter($visible(scope)).first(conn).await,
                };
                Ok(found.optional()?)
            }

            async fn load_many(conn: &mut $crate::db::Conn, ids: &[uuid::Uuid]) -> $crate::error::ApiResult<Vec<Self>> {
                use diesel::{ExpressionMethods as _, QueryDsl as _, SelectableHelper as _};
                use diesel_async::RunQueryDsl as _;
                Ok($table::table.filter($table::id.eq_any(ids)).select(Self::as_select()).load(conn).await?)
            }

            async fn insert(conn: &mut $crate::db::Conn, by: uuid::Uuid, records: &[$crate::http::New<$fields>]) -> $crate::error::ApiResult<Vec<Self>> {
                use diesel::{ExpressionMethods as _, SelectableHelper as _};
                use diesel_async::RunQueryDsl as _;
                let row = |record| {
                    let $crate::http::New { id, fields }: &$crate::http::New<$fields> = record;
                    ($table::id.eq(*id), fields, $table::recorded_by.eq(by))
                };
                // One row alone keeps its prepared statement; a batch has another text for every length.
                let inserted = match records {
                    [only] => diesel::insert_into($table::table).values(row(only)).on_conflict($table::id).do_nothing()
                        .returning(Self::as_returning()).get_results(conn).await,
                    many => diesel::insert_into($table::table).values(many.iter().map(row).collect::<Vec<_>>()).on_conflict($table::id).do_nothing()
                        .returning(Self::as_returning()).get_results(conn).await,
                };
                Ok(inserted?)
            }

            async fn save(conn: &mut $crate::db::Conn, by: uuid::Uuid, id: uuid::Uuid, revision: i64, fields: &$fields) -> $crate::error::ApiResult<Option<Self>> {
                use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, SelectableHelper as _};
                use diesel_async::RunQueryDsl as _;
                let there = $table::table.filter($table::id.eq(id)).filter($table::revision.eq(revision));
                let saved = diesel::update(there).set((fields, $table::recorded_by.eq(by))).returning(Self::as_returning()).get_result(conn).await;
                Ok(saved.optional()?)
            }

            async fn withdraw(conn: &mut $crate::db::Conn, by: uuid::Uuid, id: uuid::Uuid, revision: i64) -> $crate::error::ApiResult<Option<Self>> {
                use diesel::{ExpressionMethods as _, IntoSql as _, NullableExpressionMethods as _, OptionalExtension as _, QueryDsl as _, SelectableHelper as _};
                use diesel_async::RunQueryDsl as _;
                let there = $table::table.filter($table::id.eq(id)).filter($table::revision.eq(revision));
                let retired = diesel::update(there).set(($table::retired_at.eq(diesel::dsl::now.into_sql::<diesel::sql_types::Timestamptz>().nullable()), $table::recorded_by.eq(by)))
                    .returning(Self::as_returning()).get_result(conn).await;
                Ok(retired.optional()?)
            }

            $(async fn check_references(conn: &mut $crate::db::Conn, scope: &$crate::auth::Scope, fields: &$fields) -> $crate::error::ApiResult<()> {
                $references(conn, scope, fields).await
            })?
        }
    };
}
pub(crate) use register_store;
