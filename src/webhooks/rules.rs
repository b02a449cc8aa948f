//! What becomes of a delivery after an attempt.

use std::time::Duration;

use super::types::{DeliveryFault, DisabledReason, WebhookEvent};

/// How long is waited after each failed attempt but the last: ten attempts in three days and some hours. A tenth at most is added by chance,
/// so that what failed together does not come back together.
pub const WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The status with which a receiver says that it wants nothing ever again.
const GONE: u16 = 410;

/// What an attempt came to: the status of an answer, or why there was none.
pub type Outcome = Result<u16, DeliveryFault>;

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It is tried again, after so long.
    Again(Duration),
    /// It is given up; the webhook is disabled if there is a reason to.
    GivenUp(Option<DisabledReason>),
}

/// Judges the attempt of this number, counted from one. A test is tried once, and disables nothing by failing.
pub fn judge(event: WebhookEvent, attempt: i32, outcome: Outcome) -> Verdict {
    match outcome {
        Ok(200..=299) => Verdict::Delivered,
        Ok(GONE) => Verdict::GivenUp(Some(DisabledReason::Gone)),
        _ if event == WebhookEvent::Test => Verdict::GivenUp(None),
        _ => {
            let wait = usize::try_from(attempt - 1).ok().and_then(|made| WAITS.get(made));
            wait.map_or(Verdict::GivenUp(Some(DisabledReason::Failing)), |wait| Verdict::Again(*wait))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_receiver_is_tried_ten_times_and_then_disabled() {
        let hours = |attempt| match judge(WebhookEvent::Changed, attempt, Ok(500)) {
            Verdict::Again(wait) => Some(wait.as_secs()),
            _ => None,
        };
        let waits: Vec<u64> = (1..).map_while(hours).collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        for late in [10, 11, 1_000] {
            let over = judge(WebhookEvent::Changed, late, Err(DeliveryFault::Timeout));
            assert_eq!(over, Verdict::GivenUp(Some(DisabledReason::Failing)));
        }
    }

    #[test]
    fn what_a_receiver_answers_is_taken_at_its_word() {
        for taken in [200, 202, 204, 299] {
            assert_eq!(judge(WebhookEvent::Changed, 10, Ok(taken)), Verdict::Delivered);
        }
        // A redirect is no delivery: nobody has judged where it leads.
        for failed in [100, 301, 302, 308, 400, 401, 404, 429, 500, 503] {
            assert_eq!(judge(WebhookEvent::Changed, 1, Ok(failed)), Verdict::Again(WAITS[0]));
            assert_eq!(judge(WebhookEvent::Test, 1, Ok(failed)), Verdict::GivenUp(None));
        }
        for event in [WebhookEvent::Changed, WebhookEvent::Test] {
            assert_eq!(judge(event, 1, Ok(410)), Verdict::GivenUp(Some(DisabledReason::Gone)));
        }
    }
}
