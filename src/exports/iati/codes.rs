//! The words of the register as codes of the standard's lists, version 2.03 (<https://iatistandard.org/en/iati-standard/203/codelists/>).

use chrono::NaiveDate;

use crate::{budgets::BudgetCategory, organizations::OrganizationForm};

/// Health, unspecified in the register: basic health care. Stands for contracts without budget lines.
pub const BASIC_HEALTH_CARE: &str = "12220";
/// Countries that are named by no code of ISO 3166: developing countries, unspecified (list `Region`, of the DAC).
pub const UNSPECIFIED_REGION: &str = "998";

/// A purpose of the DAC (list `Sector`, codes of five digits) by what a budget line pays for. The DAC's notes decide: 12220 holds nursing and the
/// supply of medicines, 12230 clinics and their equipment, 12110 administration, 72010 what is given to people in need beside it.
pub const fn sector(category: BudgetCategory) -> &'static str {
    match category {
        BudgetCategory::Equipment => "12230",
        BudgetCategory::Overhead => "12110",
        BudgetCategory::Relief => "72010",
        BudgetCategory::Stipends
        | BudgetCategory::Fuel
        | BudgetCategory::Medicines
        | BudgetCategory::Consumables
        | BudgetCategory::Transport
        | BudgetCategory::RunningCosts
        | BudgetCategory::Other => BASIC_HEALTH_CARE,
    }
}

/// The list `OrganisationType`.
pub const fn organization(form: Option<OrganizationForm>) -> &'static str {
    match form {
        Some(OrganizationForm::Government) => "10",
        Some(OrganizationForm::LocalGovernment) => "11",
        Some(OrganizationForm::OtherPublic) => "15",
        Some(OrganizationForm::InternationalNgo) => "21",
        Some(OrganizationForm::NationalNgo) => "22",
        Some(OrganizationForm::RegionalNgo) => "23",
        Some(OrganizationForm::LocalNgo) => "24",
        Some(OrganizationForm::Multilateral) => "40",
        Some(OrganizationForm::Foundation) => "60",
        Some(OrganizationForm::Company) => "70",
        Some(OrganizationForm::Academic) => "80",
        Some(OrganizationForm::Other) | None => "90",
    }
}

/// The list `ActivityStatus`: to come, under way, over. Whether its money is accounted for to the last, the register does not say.
pub fn status(starts_on: NaiveDate, ends_on: NaiveDate, today: NaiveDate) -> &'static str {
    if today < starts_on {
        "1"
    } else if today <= ends_on {
        "2"
    } else {
        "3"
    }
}
