//! The chain added up again, line by line, without holding more than one seal and one line.

use std::collections::HashMap;

use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;

use crate::{db::Conn, error::ApiResult, keys::digest_of, schema::audit_seals};

/// What stands before the first seal.
pub const GENESIS: [u8; 32] = [0; 32];
/// The bytes of an id and of a hash in a seal.
const ENTRY: usize = 40;
/// The most faults that are told one by one.
const MOST_TOLD: usize = 20;

/// What adding up found.
#[derive(Debug, Default)]
pub struct Chain {
    /// How many seals there are.
    pub seals: i64,
    /// How many lines they hold.
    pub lines: i64,
    /// How many lines wait for the next seal.
    pub unsealed: i64,
    /// The hash of the latest seal; of every seal in turn while it is added up.
    pub head: Vec<u8>,
    /// What is not as it was sealed, the first first; no more than twenty.
    pub faults: Vec<String>,
    /// How many faults there are in all.
    pub faulty: usize,
}

impl Chain {
    fn fault(&mut self, told: String) {
        self.faulty += 1;
        if self.faults.len() < MOST_TOLD {
            self.faults.push(told);
        }
    }
}

/// The hash of a seal: of the one before it, its number, and the ids and hashes of its lines.
pub fn link(previous: &[u8], number: i64, line_hashes: &[u8]) -> [u8; 32] {
    digest_of(&[previous, &number.to_be_bytes(), line_hashes].concat())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_seals)]
struct Seal {
    number: i64,
    from_id: i64,
    to_id: i64,
    lines: i64,
    line_hashes: Vec<u8>,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    text: String,
}

/// A line as it was hashed when it was sealed; the same words stand in `siraj_seal_audit`.
const LINES: &str = r#"SELECT id, jsonb_build_array(to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    actor_id, resource, record_id, subject_id, action, revision, before, after)::text AS text
  FROM audit_log WHERE id > $1 AND id <= $2 ORDER BY id, occurred_at"#;

/// Adds the whole chain up again, from its first line.
pub async fn verify(conn: &mut Conn) -> ApiResult<Chain> {
    // As long as there are lines to add up.
    diesel::sql_query("SET statement_timeout = 0").execute(conn).await?;
    let mut chain = Chain { head: GENESIS.to_vec(), ..Chain::default() };
    let (mut number, mut upto) = (0, i64::MIN);
    loop {
        let next = audit_seals::table.filter(audit_seals::number.gt(number)).order(audit_seals::number);
        let Some(seal) = next.select(Seal::as_select()).first::<Seal>(conn).await.optional()? else { break };
        if seal.number != number + 1 {
            chain.fault(format!("a seal was cut: after seal {number} comes seal {}", seal.number));
        }
        judge(&mut chain, &seal);
        // Lines that lie before the first of a seal lie between the two.
        compare(conn, &mut chain, &seal, upto).await?;
        (number, upto) = (seal.number, seal.to_id);
        chain.seals += 1;
        chain.head = seal.hash;
    }
    chain.unsealed = diesel::sql_query("SELECT count(*) AS count FROM audit_log WHERE id > $1")
        .bind::<BigInt, _>(upto)
        .get_result::<Count>(conn)
        .await?
        .count;
    Ok(chain)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether the seal is the one that was made, and follows the one before.
fn judge(chain: &mut Chain, seal: &Seal) {
    let number = seal.number;
    if seal.previous_hash != chain.head {
        chain.fault(format!("seal {number} does not follow the seal before it"));
    }
    let ids = entries(&seal.line_hashes);
    let ends = (ids.as_slice().first().map(|(id, _)| *id), ids.as_slice().last().map(|(id, _)| *id));
    let sound = seal.line_hashes.len().is_multiple_of(ENTRY)
        && i64::try_from(ids.len()).is_ok_and(|lines| lines == seal.lines)
        && ends == (Some(seal.from_id), Some(seal.to_id));
    if !sound || link(&seal.previous_hash, number, &seal.line_hashes) != *seal.hash {
        chain.fault(format!("seal {number} was edited"));
    }
}

/// The ids and hashes of a seal.
fn entries(line_hashes: &[u8]) -> Vec<(i64, &[u8])> {
    let entry = |bytes: &'_ [u8]| bytes.first_chunk::<8>().map(|id| i64::from_be_bytes(*id));
    line_hashes.chunks_exact(ENTRY).filter_map(|bytes| Some((entry(bytes)?, bytes.get(8..)?))).collect()
}

/// Holds the lines that there are against those that were sealed.
async fn compare(conn: &mut Conn, chain: &mut Chain, seal: &Seal, after: i64) -> ApiResult<()> {
    let sealed = entries(&seal.line_hashes);
    let by_hash: HashMap<&[u8], i64> = sealed.iter().map(|(id, hash)| (*hash, *id)).collect();
    let mut expected = sealed.iter().peekable();
    let asked = diesel::sql_query(LINES).bind::<BigInt, _>(after).bind::<BigInt, _>(seal.to_id);
    let mut lines = std::pin::pin!(asked.load_stream::<Line>(conn).await?);
    while let Some(line) = lines.try_next().await? {
        while let Some((cut, _)) = expected.next_if(|(id, _)| *id < line.id) {
            chain.fault(format!("line {cut} was cut (seal {})", seal.number));
        }
        let Some((id, hash)) = expected.next_if(|(id, _)| *id == line.id) else {
            chain.fault(format!("line {} was inserted (seal {})", line.id, seal.number));
            continue;
        };
        chain.lines += 1;
        let found = digest_of(line.text.as_bytes());
        if found != **hash {
            match by_hash.get(&found[..]) {
                Some(other) => chain.fault(format!("line {id} was reordered: it stood at {other} (seal {})", seal.number)),
                None => chain.fault(format!("line {id} was edited (seal {})", seal.number)),
            }
        }
    }
    for (cut, _) in expected {
        chain.fault(format!("line {cut} was cut (seal {})", seal.number));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_depends_on_all_that_it_links() {
        let lines = [&7_i64.to_be_bytes()[..], &digest_of(b"a line")].concat();
        let one = link(&GENESIS, 1, &lines);
        assert_ne!(one, link(&GENESIS, 2, &lines));
        assert_ne!(one, link(&one, 1, &lines));
        assert_ne!(one, link(&GENESIS, 1, &[lines.clone(), lines.clone()].concat()));
        assert_eq!(entries(&lines), vec![(7, &digest_of(b"a line")[..])]);
    }
}
