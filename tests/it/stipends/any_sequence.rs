//! Whatever is done with runs, in whatever order: what is paid is what is spent, no month is paid twice, and nothing stays open.

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use super::ground::{Ground, Paid};
use crate::stock::sequences;

/// Something that somebody does with one of the two contracts' runs of a month; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Act {
    Draft(bool, u32),
    Recompute(usize),
    Approve(usize),
    Pay(usize, usize, usize),
    Hold(usize, usize, usize),
    Release(usize, usize, usize),
    Return(usize, usize, usize),
    Close(usize, bool),
    Cancel(usize),
    Waive(usize, usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (run, place, count) = (0..4_usize, 0..12_usize, 1..6_usize);
    let some = (run.clone(), place.clone(), count);
    let act = prop_oneof![
        3 => (any::<bool>(), 3..5_u32).prop_map(|(ours, month)| Act::Draft(ours, month)),
        1 => run.clone().prop_map(Act::Recompute),
        4 => run.clone().prop_map(Act::Approve),
        5 => some.clone().prop_map(|(run, from, count)| Act::Pay(run, from, count)),
        2 => some.clone().prop_map(|(run, from, count)| Act::Hold(run, from, count)),
        1 => some.clone().prop_map(|(run, from, count)| Act::Release(run, from, count)),
        3 => some.prop_map(|(run, from, count)| Act::Return(run, from, count)),
        2 => (run.clone(), any::<bool>()).prop_map(|(run, carry)| Act::Close(run, carry)),
        1 => run.clone().prop_map(Act::Cancel),
        2 => (run, place).prop_map(|(run, entry)| Act::Waive(run, entry)),
    ];
    prop::collection::vec(act, 8..40)
}

#[test]
fn whatever_is_done_the_paid_is_the_spent_and_no_month_is_paid_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(ProptestConfig {
        cases: sequences().div_ceil(12),
        failure_persistence: None,
        max_shrink_iters: 40,
        ..ProptestConfig::default()
    });
    let told = runner.run(&acts(), |acts| {
        runtime.block_on(play(&acts));
        Ok(())
    });
    told.expect("a sequence that breaks a rule");
}

async fn play(acts: &[Act]) {
    let ground = Ground::new().await;
    let doctors = ground.people("D", "doctor", 3, "USD", "333.33").await;
    ground.people("S", "service", 3, "SYP", "41111").await;
    ground.rate("USD", "SYP", "251.5", "2015-03-20").await;
    ground.rate("SYP", "USD", "0.00391", "2015-04-20").await;
    let other = ground.contract("IRC-2015").await;
    ground.post(doctors[0], "doctor", Some(other.id), "2015-01-01").await;
    let mut runs: Vec<String> = Vec::new();
    for act in acts {
        perform(&ground, &other, &mut runs, act).await;
        holds(&ground, &runs).await;
    }
}

/// Does it, or is refused: never a failure of ours.
async fn perform(ground: &Ground, other: &Paid, runs: &mut Vec<String>, act: &Act) {
    let (drafter, approver) = (&ground.drafter, &ground.approver);
    let chosen = |run: &usize| {
        runs.get(run % runs.len().max(1)).cloned().unwrap_or_else(|| format!("/api/v1/stipend-runs/{}", uuid::Uuid::now_v7()))
    };
    let named = async |run: &str, status: &str, from: usize, count: usize| -> Vec<Value> {
        let page = drafter.get(&format!("{run}/entries?status={status}")).await.json();
        page["items"]
            .as_array()
            .map(|all| all.iter().skip(from % all.len().max(1)).take(count).map(|entry| entry["id"].clone()).collect())
            .unwrap_or_default()
    };
    let reason = json!("Done for the sake of the sequence.");
    let answer = match act {
        Act::Draft(ours, month) => {
            let of = if *ours { &ground.contract } else { other };
            let body = json!({"contract_id": of.id, "month": format!("2015-0{month}-01"), "budget_line_id": of.line});
            let answer = drafter.post("/api/v1/stipend-runs", &body).await;
            if answer.status == 201 {
                runs.push(format!("/api/v1/stipend-runs/{}", answer.json()["id"].as_str().expect("an id")));
            }
            answer
        }
        Act::Recompute(run) => drafter.post(&format!("{}/recompute", chosen(run)), &json!({})).await,
        Act::Approve(run) => approver.post(&format!("{}/approval", chosen(run)), &json!({})).await,
        Act::Pay(run, from, count) => {
            let run = chosen(run);
            let ids = named(&run, "due", *from, *count).await;
            drafter.post(&format!("{run}/payments"), &json!({"entry_ids": ids, "paid_on": "2015-05-01", "method": "cash"})).await
        }
        Act::Hold(run, from, count) => {
            let run = chosen(run);
            let ids = named(&run, "due", *from, *count).await;
            drafter.post(&format!("{run}/holds"), &json!({"entry_ids": ids, "reason": reason})).await
        }
        Act::Release(run, from, count) => {
            let run = chosen(run);
            let ids = named(&run, "held", *from, *count).await;
            drafter.post(&format!("{run}/releases"), &json!({"entry_ids": ids})).await
        }
        Act::Return(run, from, count) => {
            let run = chosen(run);
            let ids = named(&run, "paid", *from, *count).await;
            drafter
                .post(&format!("{run}/returns"), &json!({"entry_ids": ids, "returned_on": "2015-05-10", "reason": reason}))
                .await
        }
        Act::Close(run, carry) => drafter.post(&format!("{}/closing", chosen(run)), &json!({"carry_over": carry})).await,
        Act::Cancel(run) => drafter.post(&format!("{}/cancellation", chosen(run)), &json!({"reason": reason})).await,
        Act::Waive(run, entry) => {
            let page = drafter.get(&format!("{}/entries", chosen(run))).await.json();
            let id = page["items"]
                .as_array()
                .and_then(|all| all.get(entry % all.len().max(1)))
                .map_or_else(|| json!(uuid::Uuid::now_v7()), |entry| entry["id"].clone());
            drafter
                .post(&format!("/api/v1/stipend-entries/{}/waiver", id.as_str().expect("an id")), &json!({"reason": reason}))
                .await
        }
    };
    assert!(answer.status.as_u16() < 500, "{act:?}: {}", answer.text());
}

/// What holds between any two acts.
async fn holds(ground: &Ground, runs: &[String]) {
    for run in runs {
        ground.ties(run).await;
    }
    let none = async |what: &str, rows: &str| {
        let found = ground.database.query(rows, &[]).await.expect("an answer");
        assert!(found.is_empty(), "{what}: {}", found.len());
    };
    none(
        "a month is paid twice without a waiver",
        "SELECT FROM stipend_entries WHERE status IN ('due', 'held', 'paid') AND retired_at IS NULL
        GROUP BY person_id, month HAVING count(*) FILTER (WHERE double_pay_waiver IS NULL) > 1",
    )
    .await;
    none("an entry is open in a closed run", "SELECT FROM stipend_entries e JOIN stipend_runs r ON r.id = e.run_id
        WHERE e.retired_at IS NULL AND CASE r.status WHEN 'closed' THEN e.status NOT IN ('paid', 'returned', 'carried', 'lapsed') WHEN 'cancelled' THEN e.status <> 'cancelled'
          WHEN 'draft' THEN e.status <> 'drafted' ELSE e.status NOT IN ('due', 'held', 'paid', 'returned') END").await;
    none("a run holds money it does not need", "SELECT FROM stipend_runs r JOIN commitments c ON c.id = r.commitment_id
        WHERE c.open_amount <> CASE WHEN r.status IN ('approved', 'paying') THEN
          c.amount - (SELECT coalesce(sum(e.charged_amount), 0) FROM stipend_entries e WHERE e.run_id = r.id AND e.status = 'paid') ELSE 0 END").await;
    none(
        "what was carried over goes to two runs",
        "SELECT FROM stipend_entries WHERE carried_from_id IS NOT NULL AND status <> 'cancelled' AND retired_at IS NULL
        GROUP BY carried_from_id HAVING count(*) > 1",
    )
    .await;
}
