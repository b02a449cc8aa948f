//! The SQL of gaps and of what is paid twice.
//!
//! `$1` and `$2` are the first and the last day, `$3` the caller's areas or null for everything.

/// The posts that lose their line within the horizon: those of contracts that end the day before, and those that end by themselves while
/// the person stays. Whoever another contract pays on the day loses nothing.
pub const GONE: &str = r"
WITH ended AS (
  SELECT id, ends_on FROM contracts WHERE retired_at IS NULL AND ends_on BETWEEN $1::date - 1 AND $2::date - 1
), lost AS (
  SELECT a.id, a.staff_id, a.facility_id, a.cadre, a.share_percent, a.contract_id, c.ends_on + 1 AS day
  FROM ended c JOIN assignments a ON a.contract_id = c.id AND a.retired_at IS NULL AND a.contract_id IS NOT NULL
  WHERE a.starts_on <= c.ends_on AND (a.ends_on IS NULL OR a.ends_on >= c.ends_on)
UNION ALL
  SELECT a.id, a.staff_id, a.facility_id, a.cadre, a.share_percent, a.contract_id, a.ends_on + 1
  FROM assignments a JOIN contracts c ON c.id = a.contract_id
  WHERE a.retired_at IS NULL AND a.contract_id IS NOT NULL AND a.ends_on BETWEEN $1::date - 1 AND $2::date - 1
    AND c.retired_at IS NULL AND a.ends_on >= c.starts_on AND a.ends_on < c.ends_on
    AND EXISTS (SELECT FROM assignments h WHERE h.staff_id = a.staff_id AND h.retired_at IS NULL
                AND h.starts_on <= a.ends_on + 1 AND (h.ends_on IS NULL OR h.ends_on > a.ends_on))
), gone AS MATERIALIZED (
  SELECT l.* FROM lost l
  WHERE NOT EXISTS (
    SELECT FROM assignments p JOIN contracts c ON c.id = p.contract_id
    WHERE p.staff_id = l.staff_id AND p.retired_at IS NULL AND p.contract_id IS NOT NULL AND c.retired_at IS NULL
      AND p.starts_on <= l.day AND (p.ends_on IS NULL OR p.ends_on >= l.day) AND c.starts_on <= l.day AND c.ends_on >= l.day)
  AND ($3::uuid[] IS NULL OR l.facility_id IN (
    SELECT f.id FROM facilities f JOIN area_closure t ON t.area_id = f.area_id WHERE t.ancestor_id = ANY ($3)))
)";

/// All gaps, as one document.
pub const GAPS: &str = r"
, supported AS (
  SELECT s.facility_id, s.contract_id, s.period FROM facility_support s JOIN facilities f ON f.id = s.facility_id
  WHERE s.contract_id IS NOT NULL AND NOT isempty(s.period) AND f.retired_at IS NULL
    AND ($3::uuid[] IS NULL OR f.area_id IN (SELECT area_id FROM area_closure WHERE ancestor_id = ANY ($3)))
), bare AS (
  SELECT DISTINCT s.facility_id, s.contract_id, upper(s.period) AS day FROM supported s JOIN facilities f ON f.id = s.facility_id
  WHERE upper(s.period) BETWEEN $1 AND $2 AND (f.closed_on IS NULL OR f.closed_on > upper(s.period))
    AND NOT EXISTS (SELECT FROM supported o WHERE o.facility_id = s.facility_id AND o.period @> upper(s.period))
), heaps AS (
  SELECT g.day, g.contract_id, g.cadre, f.area_id, count(*) AS posts, sum(g.share_percent) AS share
  FROM gone g JOIN facilities f ON f.id = g.facility_id GROUP BY g.day, g.contract_id, g.cadre, f.area_id
), cost AS (
  SELECT h.day, h.contract_id, s.currency, sum(h.posts) AS posts, sum(s.monthly_amount * h.share) / 100 AS amount
  FROM heaps h LEFT JOIN LATERAL siraj_stipend_scale(h.contract_id, h.cadre, h.area_id, h.day - 1) s ON true
  GROUP BY h.day, h.contract_id, s.currency
), costs AS (
  SELECT day, contract_id, coalesce(sum(posts) FILTER (WHERE currency IS NULL), 0) AS unpriced,
         coalesce(jsonb_agg(jsonb_build_object('currency', currency, 'amount', round(round(amount, siraj_minor_units(currency)), greatest(siraj_minor_units(currency), 2))::text) ORDER BY currency)
                  FILTER (WHERE currency IS NOT NULL), '[]') AS told
  FROM cost GROUP BY day, contract_id
), people AS (
  SELECT day, contract_id, count(DISTINCT staff_id) AS people, count(*) AS posts FROM gone GROUP BY GROUPING SETS ((day, contract_id), (day))
), places AS (
  SELECT day, contract_id, count(DISTINCT facility_id) AS facilities FROM bare GROUP BY GROUPING SETS ((day, contract_id), (day))
), met AS (
  SELECT day, contract_id FROM people UNION SELECT day, contract_id FROM places
), told AS (
  SELECT m.day, jsonb_agg(jsonb_build_object('contract_id', c.id, 'code', c.code, 'ends_on', c.ends_on,
           'people', coalesce(p.people, 0), 'posts', coalesce(p.posts, 0), 'facilities', coalesce(f.facilities, 0),
           'monthly_costs', coalesce(k.told, '[]'), 'unpriced_posts', coalesce(k.unpriced, 0),
           'monthly_amount', round(c.monthly_amount, greatest(siraj_minor_units(c.currency), 2))::text, 'currency', c.currency,
           'follow_up', CASE WHEN n.id IS NOT NULL THEN jsonb_build_object('contract_id', n.id, 'code', n.code, 'starts_on', n.starts_on,
                                                                          'days_without', greatest(n.starts_on - m.day, 0)) END) ORDER BY c.code) AS contracts
  FROM met m JOIN contracts c ON c.id = m.contract_id
  LEFT JOIN people p ON p.day = m.day AND p.contract_id = m.contract_id
  LEFT JOIN places f ON f.day = m.day AND f.contract_id = m.contract_id
  LEFT JOIN costs k ON k.day = m.day AND k.contract_id = m.contract_id
  LEFT JOIN contracts n ON n.renews_id = c.id AND n.retired_at IS NULL
  GROUP BY m.day
)
SELECT coalesce(jsonb_agg(jsonb_build_object('on', t.day, 'people', coalesce(p.people, 0), 'posts', coalesce(p.posts, 0),
         'facilities', coalesce(f.facilities, 0), 'contracts', t.contracts) ORDER BY t.day), '[]') AS days
FROM told t LEFT JOIN people p ON p.day = t.day AND p.contract_id IS NULL LEFT JOIN places f ON f.day = t.day AND f.contract_id IS NULL";

/// The posts that lose their line: `$4` and `$5` where the page before ended, `$6` backwards, `$7` how many, `$8` words.
pub const GAP_ROWS: &str = r"
SELECT g.id, g.staff_id, s.code AS staff_code, g.facility_id, g.cadre, g.share_percent, g.contract_id
FROM gone g JOIN staff s ON s.id = g.staff_id
WHERE ($8::text IS NULL OR s.search LIKE siraj_pattern($8))
  AND ($4::text IS NULL OR CASE WHEN $6 THEN (s.code, g.id) < ($4, $5::uuid) ELSE (s.code, g.id) > ($4, $5::uuid) END)
ORDER BY CASE WHEN $6 THEN s.code END DESC, CASE WHEN $6 THEN g.id END DESC, s.code, g.id LIMIT $7";

/// What is paid twice: of two posts of one person by two contracts, the days on which both pay. Of the two, the smaller id comes first.
pub const DOUBLE: &str = r"
WITH paid AS (
  SELECT a.id, a.staff_id, a.facility_id, a.contract_id, a.share_percent,
         greatest(a.starts_on, c.starts_on, $1::date) AS first, least(a.ends_on, c.ends_on, $2::date) AS last
  FROM assignments a JOIN contracts c ON c.id = a.contract_id
  WHERE a.retired_at IS NULL AND a.contract_id IS NOT NULL AND c.retired_at IS NULL
    AND a.starts_on <= $2 AND (a.ends_on IS NULL OR a.ends_on >= $1) AND c.starts_on <= $2 AND c.ends_on >= $1
), twice AS (
  SELECT md5(one.id::text || two.id::text)::uuid AS id, one.staff_id, s.code AS staff_code, ARRAY[one.id, two.id] AS assignment_ids, ARRAY[one.contract_id, two.contract_id] AS contract_ids,
         ARRAY[one.share_percent, two.share_percent] AS share_percents, greatest(one.first, two.first) AS from_on, least(one.last, two.last) AS to_on
  FROM paid one JOIN paid two ON two.staff_id = one.staff_id AND two.id > one.id AND two.contract_id <> one.contract_id
    AND one.first <= two.last AND two.first <= one.last
  JOIN staff s ON s.id = one.staff_id
  WHERE one.first <= one.last AND two.first <= two.last
    AND ($3::uuid[] IS NULL OR EXISTS (SELECT FROM facilities f JOIN area_closure t ON t.area_id = f.area_id
                                       WHERE f.id IN (one.facility_id, two.facility_id) AND t.ancestor_id = ANY ($3)))
)
SELECT id, staff_id, staff_code, assignment_ids, contract_ids, share_percents, from_on, to_on, to_on - from_on + 1 AS days FROM twice
WHERE ($8::text IS NULL OR siraj_fold(staff_code) LIKE siraj_pattern($8))
  AND ($4::date IS NULL OR CASE WHEN $6 THEN (from_on, id) < ($4, $5::uuid) ELSE (from_on, id) > ($4, $5::uuid) END)
ORDER BY CASE WHEN $6 THEN from_on END DESC, CASE WHEN $6 THEN id END DESC, from_on, id LIMIT $7";
