//! Stories of people: what they may do, who left, who was entered twice, how many there are and how many are missing.

mod departures;
mod details;
mod duplicates;
mod figures;
mod merges;
mod plans;
mod property;

use serde_json::{Value, json};
use siraj::auth::Role;
use uuid::Uuid;

use crate::support::{TestApp, client::Client, id_of};

pub const STAFF: &str = "/api/v1/staff";
pub const POSTS: &str = "/api/v1/assignments";

/// Two areas under one, a facility in each, a manager and a coordinator of the eastern one.
pub struct World {
    pub app: TestApp,
    pub manager: Client,
    pub coordinator: Client,
    pub country: Uuid,
    pub east: Uuid,
    pub west: Uuid,
    pub here: Uuid,
    pub there: Uuid,
}

impl World {
    pub async fn start() -> Self {
        let app = TestApp::start().await;
        let manager = app.user(Role::Manager).await;
        let country = app.area("SYRIA", None).await;
        let (east, west) = (app.area("EAST", Some(country)).await, app.area("WEST", Some(country)).await);
        let here = id_of(&app.facility(&manager, "MPT-01", east).await);
        let there = id_of(&app.facility(&manager, "MPT-02", west).await);
        let coordinator = app.coordinator(&[east]).await;
        Self { app, manager, coordinator, country, east, west, here, there }
    }

    /// A doctor who is employed from the east.
    pub async fn person(&self, code: &str) -> Uuid {
        self.person_of(code, &json!({})).await
    }

    /// A person of whom something else is said.
    pub async fn person_of(&self, code: &str, more: &Value) -> Uuid {
        let mut body = json!({"code": code, "cadre": "doctor", "area_id": self.east});
        for (name, value) in more.as_object().expect("fields") {
            body[name] = value.clone();
        }
        id_of(&self.manager.post(STAFF, &body).await.expect_status(201).json())
    }

    /// A post as it is asked for.
    pub fn wanted(person: Uuid, facility: Uuid, cadre: &str, share: i64, days: (&str, Option<&str>)) -> Value {
        json!({"staff_id": person, "facility_id": facility, "cadre": cadre, "share_percent": share, "starts_on": days.0, "ends_on": days.1})
    }

    /// A doctor's post at the eastern facility.
    pub async fn post(&self, person: Uuid, share: i64, days: (&str, Option<&str>)) -> Uuid {
        self.post_at(person, self.here, share, days).await
    }

    /// A doctor's post.
    pub async fn post_at(&self, person: Uuid, facility: Uuid, share: i64, days: (&str, Option<&str>)) -> Uuid {
        let body = Self::wanted(person, facility, "doctor", share, days);
        id_of(&self.manager.post(POSTS, &body).await.expect_status(201).json())
    }

    /// The posts of a person in use: (first day, last day).
    pub async fn days(&self, person: Uuid) -> Vec<(String, Option<String>)> {
        let posts = self.manager.all(&format!("{POSTS}?staff_id={person}")).await;
        let day = |value: &Value| value.as_str().map(ToOwned::to_owned);
        posts.iter().map(|post| (day(&post["starts_on"]).expect("a day"), day(&post["ends_on"]))).collect()
    }

    /// A report as the manager reads it.
    pub async fn report(&self, path: &str) -> Value {
        self.manager.get(&format!("/api/v1/reports/{path}")).await.expect_status(200).json()
    }
}

pub fn told(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}
