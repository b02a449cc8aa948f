//! A report definition as it is stored and travels.

use chrono::{DateTime, NaiveDate, Utc};
use deserr::Deserr;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::Role,
    error::{Code, Faults},
    http::{ListFilter, Merge, New},
    register::Fields,
    schema::report_definitions,
    types::{Flag, KnownAt, Name, RecordCode, in_order, within, words},
};

words! {
    /// What a report tells.
    ReportKind {
        /// The figures of a day.
        Figures = "figures",
        /// The figures, and every claim of a campaign held against them.
        Reconciliation = "reconciliation",
        /// The figures, and the posts of every facility by cadre.
        Staffing = "staffing",
        /// The figures, and what has arrived of supplies, by category and month.
        Supplies = "supplies",
        /// The figures, and what was planned, received and spent, by category and month and by contract.
        Spending = "spending",
    }
}

impl ReportKind {
    /// Whether people of this role read such reports: what is kept from them where it is counted is kept from them here.
    pub const fn is_for(self, role: Role) -> bool {
        !matches!((self, role), (Self::Supplies | Self::Spending, Role::Admin))
    }
}

words! {
    /// How often a report is drafted by itself.
    ReportSchedule {
        /// Never: somebody drafts it.
        None = "none",
        /// For the last day of every month, once the month is over.
        Monthly = "monthly",
    }
}

words! {
    /// For whom a report is.
    ReportAudience {
        /// The house: it counts everybody, small numbers too, and is not for handing on.
        House = "house",
        /// The partner of a contract: what its share grants tell of a month, and no more.
        Partner = "partner",
    }
}

/// What people say of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserr, Queryable, Selectable, Insertable, AsChangeset, ToSchema)]
#[deserr(error = Faults, deny_unknown_fields)]
#[diesel(table_name = report_definitions, treat_none_as_null = true)]
#[schema(example = json!({"code": "NORWAC-MONTHLY", "title": "NORWAC medical staff", "title_ar": "كوادر نورواك الطبية", "kind": "staffing",
    "contract_id": "0193a1c2-0000-7000-8000-000000000001", "schedule": "monthly", "starts_on": "2015-01-01", "ends_on": "2015-12-31", "due_day": 10}))]
pub struct ReportDefinitionFields {
    /// What people call it; never used twice.
    pub code: RecordCode,
    /// Its title in English.
    pub title: Name,
    /// Its title in Arabic.
    #[deserr(default)]
    pub title_ar: Option<Name>,
    /// What it tells.
    pub kind: ReportKind,
    /// For whom it is; `partner`: the figures of a contract, of ends of months.
    #[deserr(default = ReportAudience::House)]
    #[schema(required = false)]
    pub audience: ReportAudience,
    /// What this campaign supports (not of money); a reconciliation holds this campaign's claims against everything.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// What this contract supports and pays.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// What lies in this area or below it (not of money).
    #[deserr(default)]
    pub area_id: Option<Uuid>,
    /// How often it is drafted by itself.
    #[deserr(default = ReportSchedule::None)]
    #[schema(required = false)]
    pub schedule: ReportSchedule,
    /// The first month that it reports on, by any day of it; given for one by the month, and only then.
    #[deserr(default)]
    pub starts_on: Option<NaiveDate>,
    /// The last month that it reports on, by any day of it.
    #[deserr(default)]
    pub ends_on: Option<NaiveDate>,
    /// The day of the next month by which it should be published; given for one by the month, and only then.
    #[deserr(default)]
    #[schema(minimum = 1, maximum = 28)]
    pub due_day: Option<i16>,
}

impl Fields for ReportDefinitionFields {
    fn check(&self, faults: &mut Faults) {
        within(faults, "/due_day", self.due_day, 1, 28);
        in_order(faults, "/ends_on", self.starts_on, self.ends_on);
        let monthly = self.schedule == ReportSchedule::Monthly;
        let given = [
            ("/starts_on", self.starts_on.is_some(), true),
            ("/due_day", self.due_day.is_some(), true),
            ("/ends_on", self.ends_on.is_some(), false),
        ];
        for (pointer, given, needed) in given {
            match (monthly, given) {
                (true, false) if needed => faults.add(pointer, Code::Required),
                (false, true) => faults.add(pointer, Code::UnknownField),
                _ => {}
            }
        }
        if self.kind == ReportKind::Reconciliation && self.campaign_id.is_none() {
            faults.add("/campaign_id", Code::Required);
        }
        if self.audience == ReportAudience::Partner {
            if self.kind != ReportKind::Figures {
                faults.add("/kind", Code::UnknownValue);
            }
            if self.contract_id.is_none() {
                faults.add("/contract_id", Code::Required);
            }
        }
        // Money is told of contracts: no campaign and no area has a budget. Partners are told of a contract alone.
        if self.kind == ReportKind::Spending || self.audience == ReportAudience::Partner {
            for (pointer, given) in [("/campaign_id", self.campaign_id), ("/area_id", self.area_id)] {
                if given.is_some() {
                    faults.add(pointer, Code::UnknownField);
                }
            }
        }
    }
}

/// A report definition; its revision is its version.
#[derive(Debug, Clone, Serialize, Queryable, Selectable, ToSchema)]
#[diesel(table_name = report_definitions)]
pub struct ReportDefinition {
    /// Its id.
    pub id: Uuid,
    #[serde(flatten)]
    #[diesel(embed)]
    pub fields: ReportDefinitionFields,
    /// When it was retired from the register.
    pub retired_at: Option<DateTime<Utc>>,
    /// Its version: rises with every change; the ETag.
    pub revision: i64,
    /// When this revision was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it.
    pub recorded_by: Uuid,
}

/// A report definition to be added.
pub type NewReportDefinition = New<ReportDefinitionFields>;
/// What is to change about a report definition.
pub type ReportDefinitionPatch = Merge<ReportDefinitionFields>;

/// Which report definitions to list.
#[derive(Debug, Clone, Deserr, IntoParams)]
#[deserr(error = Faults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportDefinitionFilter {
    /// Those that tell this.
    #[deserr(default)]
    pub kind: Option<ReportKind>,
    /// Those that are for them.
    #[deserr(default)]
    pub audience: Option<ReportAudience>,
    /// Those that are drafted so.
    #[deserr(default)]
    pub schedule: Option<ReportSchedule>,
    /// Those of this campaign.
    #[deserr(default)]
    pub campaign_id: Option<Uuid>,
    /// Those of this contract.
    #[deserr(default)]
    pub contract_id: Option<Uuid>,
    /// `true`: the retired ones; else those in use.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub retired: Option<Flag>,
    /// As it was known at this moment; now when absent.
    #[deserr(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub known_at: Option<KnownAt>,
}

impl ListFilter for ReportDefinitionFilter {
    const SORTS: &'static [&'static str] = &["code", "title", "recorded_at"];
}
