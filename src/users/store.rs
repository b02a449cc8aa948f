//! The SQL of users.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{dsl::now, prelude::*, sql_types::Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::types::{NewUser, User, UserFields, UserFilter, UserRow, UserStatus};
use crate::{
    auth::{Role, SYSTEM},
    db::{Conn, siraj_pattern},
    error::{ApiError, ApiResult},
    http::{PageQuery, in_use, keyset},
    schema::{user_areas, users},
    types::Email,
};

/// One page of users.
pub async fn list(conn: &mut Conn, filter: &UserFilter, page: &PageQuery) -> ApiResult<Vec<User>> {
    let mut query = users::table.filter(users::id.ne(SYSTEM)).select(UserRow::as_select()).into_boxed();
    query = in_use!(query, filter.retired, users::retired_at);
    if let Some(role) = filter.role {
        query = query.filter(users::role.eq(role));
    }
    if let Some(status) = filter.status {
        query = query.filter(users::status.eq(status));
    }
    if let Some(words) = &page.q {
        query = query.filter(users::search.like(siraj_pattern(words)));
    }
    let query = keyset!(query, page, users::id, {
        "email" => users::email; String,
        "recorded_at" => users::recorded_at; DateTime<Utc>,
    });
    let rows = query.load(conn).await?;
    with_areas(conn, rows).await
}

/// A user; the service's own account is nobody.
pub async fn load(conn: &mut Conn, id: Uuid) -> ApiResult<Option<User>> {
    let row = users::table.find(id).filter(users::id.ne(SYSTEM)).select(UserRow::as_select()).first(conn).await.optional()?;
    one(conn, row).await
}

/// The user of an e-mail address.
pub async fn find_by_email(conn: &mut Conn, email: &Email) -> ApiResult<Option<User>> {
    let row = users::table.filter(users::email.eq(email)).filter(users::id.ne(SYSTEM)).select(UserRow::as_select());
    let row = row.first(conn).await.optional()?;
    one(conn, row).await
}

async fn one(conn: &mut Conn, row: Option<UserRow>) -> ApiResult<Option<User>> {
    Ok(with_areas(conn, row.into_iter().collect()).await?.pop())
}

async fn with_areas(conn: &mut Conn, rows: Vec<UserRow>) -> ApiResult<Vec<User>> {
    let coordinators: Vec<Uuid> = rows.iter().filter(|row| row.role == Role::Coordinator).map(|row| row.id).collect();
    let mut areas: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    if !coordinators.is_empty() {
        let pairs: Vec<(Uuid, Uuid)> = user_areas::table
            .filter(user_areas::user_id.eq_any(coordinators))
            .filter(user_areas::retired_at.is_null())
            .order(user_areas::area_id)
            .select((user_areas::user_id, user_areas::area_id))
            .load(conn)
            .await?;
        for (user, area) in pairs {
            areas.entry(user).or_default().push(area);
        }
    }
    let complete = |row: UserRow| {
        let areas = areas.remove(&row.id).unwrap_or_default();
        row.with_areas(areas)
    };
    Ok(rows.into_iter().map(complete).collect())
}

/// Inserts a user of a free id; nothing when the id is taken.
pub async fn insert(conn: &mut Conn, by: Uuid, id: Uuid, new: &NewUser, status: UserStatus) -> ApiResult<Option<User>> {
    let row = diesel::insert_into(users::table)
        .values((
            users::id.eq(id),
            users::email.eq(&new.email),
            users::name.eq(&new.name),
            users::role.eq(new.role),
            users::status.eq(status),
            users::organization_id.eq(new.organization_id),
            users::facility_id.eq(new.facility_id),
            users::recorded_by.eq(by),
        ))
        .on_conflict(users::id)
        .do_nothing()
        .returning(UserRow::as_returning())
        .get_result::<UserRow>(conn)
        .await
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    set_areas(conn, by, id, &new.area_ids).await?;
    one(conn, Some(row)).await
}

/// Puts new fields in the place of the old, if the revision is still this.
pub async fn save(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64, fields: &UserFields) -> ApiResult<Option<User>> {
    let there = users::table.filter(users::id.eq(id)).filter(users::revision.eq(revision));
    let row = diesel::update(there)
        .set((
            users::name.eq(&fields.name),
            users::role.eq(fields.role),
            users::organization_id.eq(fields.organization_id),
            users::facility_id.eq(fields.facility_id),
            users::recorded_by.eq(by),
        ))
        .returning(UserRow::as_returning())
        .get_result::<UserRow>(conn)
        .await
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    set_areas(conn, by, id, &fields.area_ids).await?;
    one(conn, Some(row)).await
}

/// Retires the user, if the revision is still this.
pub async fn withdraw(conn: &mut Conn, by: Uuid, id: Uuid, revision: i64) -> ApiResult<Option<User>> {
    let there = users::table.filter(users::id.eq(id)).filter(users::revision.eq(revision));
    let row = diesel::update(there)
        .set((users::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), users::recorded_by.eq(by)))
        .returning(UserRow::as_returning())
        .get_result::<UserRow>(conn)
        .await
        .optional()?;
    one(conn, row).await
}

/// Gives the user another status.
pub async fn set_status(conn: &mut Conn, by: Uuid, id: Uuid, status: UserStatus) -> ApiResult<User> {
    let row = diesel::update(users::table.find(id))
        .set((users::status.eq(status), users::recorded_by.eq(by)))
        .returning(UserRow::as_returning())
        .get_result::<UserRow>(conn)
        .await?;
    one(conn, Some(row)).await?.ok_or_else(|| ApiError::internal("a user went astray"))
}

/// The areas of a user become these: what is too much is retired, what is missing is added.
async fn set_areas(conn: &mut Conn, by: Uuid, id: Uuid, areas: &[Uuid]) -> ApiResult<()> {
    let held = || user_areas::table.filter(user_areas::user_id.eq(id)).filter(user_areas::retired_at.is_null());
    diesel::update(held().filter(user_areas::area_id.ne_all(areas)))
        .set((user_areas::retired_at.eq(now.into_sql::<Timestamptz>().nullable()), user_areas::recorded_by.eq(by)))
        .execute(conn)
        .await?;
    let present: Vec<Uuid> = held().select(user_areas::area_id).load(conn).await?;
    let missing: Vec<_> = areas
        .iter()
        .filter(|area| !present.contains(area))
        .map(|area| {
            (
                user_areas::id.eq(Uuid::now_v7()),
                user_areas::user_id.eq(id),
                user_areas::area_id.eq(*area),
                user_areas::recorded_by.eq(by),
            )
        })
        .collect();
    if !missing.is_empty() {
        diesel::insert_into(user_areas::table).values(missing).execute(conn).await?;
    }
    Ok(())
}

/// The active administrators, held until the transaction ends: two who disable each other come one after the other.
pub async fn hold_admins(conn: &mut Conn) -> ApiResult<Vec<Uuid>> {
    let admins = users::table
        .filter(users::role.eq(Role::Admin))
        .filter(users::status.eq(UserStatus::Active))
        .filter(users::retired_at.is_null())
        .order(users::id)
        .select(users::id)
        .for_no_key_update();
    Ok(admins.load(conn).await?)
}
