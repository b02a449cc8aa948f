//! The rules of sessions, apart from the database: pure functions.

use chrono::{DateTime, TimeDelta, Utc};

use super::types::Password;

/// How long a spent token whose answer may have been lost is answered with the same successor.
const LOST_ANSWER_MINUTES: i64 = 10;

/// What is known of a refresh token when it is presented.
#[derive(Debug, Clone, Copy)]
pub struct Presented {
    /// Its family was ended: signed out, or a theft was seen.
    pub ended: bool,
    /// The end of its family's life.
    pub expires_at: DateTime<Utc>,
    /// When it was exchanged for its successor.
    pub spent_at: Option<DateTime<Utc>>,
    /// Whether its successor has been spent; `None` when there is none that we could give again.
    pub successor_spent: Option<bool>,
}

/// What to do with a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Exchange it.
    Exchange,
    /// Its answer may have been lost: give the same successor again.
    GiveAgain,
    /// Two hold it: end the family.
    EndFamily,
    /// It is over.
    Refuse,
}

/// Judges a refresh token at a moment.
pub fn judge(token: &Presented, now: DateTime<Utc>) -> Verdict {
    if token.ended || token.expires_at <= now {
        return Verdict::Refuse;
    }
    let Some(spent_at) = token.spent_at else {
        return Verdict::Exchange;
    };
    let lately = now - spent_at < TimeDelta::minutes(LOST_ANSWER_MINUTES);
    if token.successor_spent == Some(false) && lately { Verdict::GiveAgain } else { Verdict::EndFamily }
}

/// Long enough to be accepted, and yet among the first that are tried.
const COMMON: &[&str] = &[
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456123456",
    "123123123123",
    "1q2w3e4r5t6y",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiop[]",
    "qwerty123456",
    "qwerty1234567",
    "qwertyqwerty",
    "asdfghjkl123",
    "asdfghjkl;'",
    "zxcvbnm12345",
    "abcdefghijkl",
    "abc123abc123",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "password123!",
    "p@ssw0rd1234",
    "p@ssword1234",
    "mypassword123",
    "administrator",
    "administrator1",
    "adminadmin123",
    "admin1234567",
    "admin123456789",
    "letmeinplease",
    "letmein12345",
    "welcome12345",
    "welcome123456",
    "iloveyou1234",
    "iloveyouforever",
    "changeme1234",
    "changemeplease",
    "trustno1trustno1",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "bismillah123",
    "bismillah786",
    "alhamdulillah",
    "alhamdulillah1",
    "mashallah123",
    "inshallah123",
    "habibi123456",
    "syria1234567",
    "damascus1234",
    "hospital1234",
];

/// Whether a password is too short, too long, the account's own name, or one that is tried first.
pub fn is_weak(password: &Password, email: &str) -> bool {
    let letters: Vec<char> = password.as_str().chars().collect();
    let lower = password.as_str().to_lowercase();
    let mut distinct = letters.clone();
    distinct.sort_unstable();
    distinct.dedup();
    !(12..=256).contains(&letters.len())
        || distinct.len() < 5
        || lower == email
        || email.split('@').next() == Some(lower.as_str())
        || COMMON.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[test]
    fn a_spent_token_gives_its_successor_until_that_is_used_or_ten_minutes_pass() {
        let fresh = Presented { ended: false, expires_at: at(1000), spent_at: None, successor_spent: None };
        assert_eq!(judge(&fresh, at(0)), Verdict::Exchange);
        let spent = Presented { spent_at: Some(at(5)), successor_spent: Some(false), ..fresh };
        assert_eq!(judge(&spent, at(14)), Verdict::GiveAgain);
        assert_eq!(judge(&spent, at(15)), Verdict::EndFamily);
        assert_eq!(judge(&Presented { successor_spent: Some(true), ..spent }, at(6)), Verdict::EndFamily);
        assert_eq!(judge(&Presented { successor_spent: None, ..spent }, at(6)), Verdict::EndFamily);
        assert_eq!(judge(&Presented { ended: true, ..spent }, at(6)), Verdict::Refuse);
        assert_eq!(judge(&fresh, at(1000)), Verdict::Refuse);
    }

    #[test]
    fn passwords_that_are_tried_first_are_weak() {
        let email = "coordinator@demo.siraj.example";
        for weak in [
            "elevenchars",
            "Password1234",
            "coordinator@demo.siraj.example",
            "aaaaaaaaaaaaaaa",
            "ababababababab",
            &"longest ".repeat(33),
        ] {
            assert!(is_weak(&Password::new(weak), email), "{weak}");
        }
        assert!(is_weak(&Password::new("coordinator1"), "coordinator1@demo.siraj.example"));
        for strong in ["seven lanterns over the pass", "سبعة قناديل فوق الممر", "x9!kQ2#vLp0s"] {
            assert!(!is_weak(&Password::new(strong), email), "{strong}");
        }
    }
}
