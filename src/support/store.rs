//! The SQL of the three twin tables, written once.

use chrono::NaiveDate;
use diesel::query_source::AliasedField;
use uuid::Uuid;

use super::types::{Support, SupportFields, SupportFilter, SupportPeriod};
use crate::{
    auth::Scope,
    campaigns::Campaign,
    contracts::Contract,
    db::Conn,
    error::ApiResult,
    http::{New, PageQuery},
    projects::Project,
    register::Record,
    schema::facilities,
};

// The supported facility beside the facilities that a scope knows of.
diesel::alias!(facilities as supported: Supported);

/// A record that supports facilities, and the table that says which.
pub trait Supporter: Record {
    /// The first day on which this one supports anything.
    fn begins_on(&self) -> NaiveDate;
    /// One page of what this one supports, as far as the scope knows of the facilities.
    async fn supports(
        conn: &mut Conn,
        scope: &Scope,
        parent: Uuid,
        filter: &SupportFilter,
        page: &PageQuery,
    ) -> ApiResult<Vec<Support>>;
    /// One support, if it is of this one and the scope knows of the facility.
    async fn support(conn: &mut Conn, scope: &Scope, parent: Uuid, id: Uuid) -> ApiResult<Option<Support>>;
    /// Inserts a support if its id is free.
    async fn insert_support(conn: &mut Conn, by: Uuid, parent: Uuid, new: &New<SupportFields>) -> ApiResult<bool>;
    /// Puts new days in the place of the old, if the revision is still this.
    async fn save_support(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, period: &SupportPeriod) -> ApiResult<bool>;
    /// Retires a support, if the revision is still this.
    async fn withdraw_support(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<bool>;
}

macro_rules! supporter {
    ($parent:ty, $module:ident: $table:ident, $parent_id:ident) => {
        mod $module {
            use chrono::{DateTime, Utc};
            use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
            use diesel_async::RunQueryDsl;

            use super::*;
            use crate::{
                db::siraj_pattern,
                facilities::visible,
                http::{in_use, keyset},
                schema::$table,
            };

            /// What is read of a support.
            type Columns = (
                $table::id,
                $table::facility_id,
                AliasedField<Supported, facilities::code>,
                AliasedField<Supported, facilities::name>,
                AliasedField<Supported, facilities::kinds>,
                $table::starts_on,
                $table::ends_on,
                $table::retired_at,
                $table::revision,
                $table::recorded_at,
                $table::recorded_by,
            );

            fn columns() -> Columns {
                (
                    $table::id,
                    $table::facility_id,
                    supported.field(facilities::code),
                    supported.field(facilities::name),
                    supported.field(facilities::kinds),
                    $table::starts_on,
                    $table::ends_on,
                    $table::retired_at,
                    $table::revision,
                    $table::recorded_at,
                    $table::recorded_by,
                )
            }

            impl Supporter for $parent {
                fn begins_on(&self) -> NaiveDate {
                    self.fields.starts_on
                }

                async fn supports(
                    conn: &mut Conn,
                    scope: &Scope,
                    parent: Uuid,
                    filter: &SupportFilter,
                    page: &PageQuery,
                ) -> ApiResult<Vec<Support>> {
                    let known = facilities::table.select(facilities::id).into_boxed().filter(visible(scope));
                    let joined = $table::table.inner_join(supported.on(supported.field(facilities::id).eq($table::facility_id)));
                    let mut query = joined.filter($table::$parent_id.eq(parent)).select(columns()).into_boxed();
                    if *scope != Scope::Everything {
                        query = query.filter($table::facility_id.eq_any(known));
                    }
                    query = in_use!(query, filter.retired, $table::retired_at);
                    if let Some(facility) = filter.facility_id {
                        query = query.filter($table::facility_id.eq(facility));
                    }
                    if let Some(kind) = filter.kind {
                        query = query.filter(supported.field(facilities::kinds).contains(vec![kind.as_str()]));
                    }
                    if let Some(day) = filter.on {
                        query = query
                            .filter($table::starts_on.is_null().or($table::starts_on.le(day)))
                            .filter($table::ends_on.is_null().or($table::ends_on.ge(day)));
                    }
                    if let Some(words) = &page.q {
                        // A partner cannot find by name what it is not shown.
                        query = match scope {
                            Scope::Organization(_) => query.filter(supported.field(facilities::code).eq(words)),
                            _ => query.filter(supported.field(facilities::search).like(siraj_pattern(words))),
                        };
                    }
                    let query = keyset!(query, page, $table::id, {
                        "facility_code" => supported.field(facilities::code); String,
                        "recorded_at" => $table::recorded_at; DateTime<Utc>,
                    });
                    Ok(query.load(conn).await?)
                }

                async fn support(conn: &mut Conn, scope: &Scope, parent: Uuid, id: Uuid) -> ApiResult<Option<Support>> {
                    let known = facilities::table.select(facilities::id).into_boxed().filter(visible(scope));
                    let joined = $table::table.inner_join(supported.on(supported.field(facilities::id).eq($table::facility_id)));
                    let query = joined
                        .filter($table::$parent_id.eq(parent))
                        .filter($table::id.eq(id))
                        .filter($table::facility_id.eq_any(known))
                        .select(columns());
                    Ok(query.first(conn).await.optional()?)
                }

                async fn insert_support(conn: &mut Conn, by: Uuid, parent: Uuid, new: &New<SupportFields>) -> ApiResult<bool> {
                    let row = (
                        $table::id.eq(new.id),
                        $table::$parent_id.eq(parent),
                        $table::facility_id.eq(new.fields.facility_id),
                        $table::starts_on.eq(new.fields.starts_on),
                        $table::ends_on.eq(new.fields.ends_on),
                        $table::recorded_by.eq(by),
                    );
                    let insert = diesel::insert_into($table::table).values(row).on_conflict($table::id).do_nothing();
                    Ok(insert.execute(conn).await? == 1)
                }

                async fn save_support(
                    conn: &mut Conn,
                    by: Uuid,
                    id: Uuid,
                    revision: i64,
                    period: &SupportPeriod,
                ) -> ApiResult<bool> {
                    let there = $table::table.filter($table::id.eq(id)).filter($table::revision.eq(revision));
                    let days = ($table::starts_on.eq(period.starts_on), $table::ends_on.eq(period.ends_on));
                    Ok(diesel::update(there).set((days, $table::recorded_by.eq(by))).execute(conn).await? == 1)
                }

                async fn withdraw_support(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<bool> {
                    let there = $table::table.filter($table::id.eq(id)).filter($table::revision.eq(revision));
                    let retired = $table::retired_at.eq(now.into_sql::<Timestamptz>().nullable());
                    Ok(diesel::update(there).set((retired, $table::recorded_by.eq(by))).execute(conn).await? == 1)
                }
            }
        }
    };
}

supporter!(Contract, of_contracts: contract_facilities, contract_id);
supporter!(Project, of_projects: project_facilities, project_id);
supporter!(Campaign, of_campaigns: campaign_facilities, campaign_id);
