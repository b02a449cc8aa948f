//! Counting again what the totals say.

use diesel::sql_types::{BigInt, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::{
    db::Conn,
    error::{ApiError, ApiResult},
};

/// What counting again found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many stretches of people's posts were counted.
    pub stretches: i64,
    /// Every difference, in a sentence.
    pub differences: Vec<String>,
}

#[derive(diesel::QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    stretches: i64,
}

#[derive(diesel::QueryableByName)]
struct Difference {
    #[diesel(sql_type = Text)]
    told: String,
}

/// The most differences that are told one by one.
const MOST_TOLD: usize = 100;

/// Counts all posts again, as one moment saw them, and compares them with the totals.
pub async fn verify(conn: &mut Conn) -> ApiResult<Verified> {
    // As long as there are posts to count.
    diesel::sql_query("SET statement_timeout = 0").execute(conn).await?;
    let found: Vec<Difference> = diesel::sql_query("SELECT told FROM totals.differences()").load(conn).await?;
    let counted: Counted = diesel::sql_query("SELECT count(*) AS stretches FROM totals.staff_spans").get_result(conn).await?;
    let more = found.len().saturating_sub(MOST_TOLD);
    let mut differences: Vec<String> = found.into_iter().take(MOST_TOLD).map(|one| one.told).collect();
    if more > 0 {
        differences.push(format!("… and {more} more of the totals"));
    }
    Ok(Verified { stretches: counted.stretches, differences })
}

/// Counts the totals anew, as the owner of the database.
pub async fn rebuild(owner_url: &str) -> ApiResult<()> {
    let mut conn = AsyncPgConnection::establish(owner_url).await.map_err(ApiError::unavailable)?;
    diesel::sql_query("SET statement_timeout = 0").execute(&mut conn).await?;
    diesel::sql_query("CALL totals.rebuild()").execute(&mut conn).await?;
    Ok(())
}
