//! How a line stands, from what was planned, promised and spent. Pure.

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use chrono::NaiveDate;

use super::types::{BudgetFigures, FundingRule};
use crate::types::Money;

/// How the report of a budget is reckoned: figure, rule, version.
pub const BUDGET_RULES: &[(&str, &str, u32)] = &[
    (
        "planned_to_date",
        "The months of the plan that had begun on the day, each whole. Left out: lines that have no plan by month.",
        1,
    ),
    (
        "committed",
        "Commitments made on or before the day (those of stipends by the approval of their run, those without a day always) and not let go by then, less what was spent of them by then.",
        1,
    ),
    ("spent", "Expenditures of the day or before, in the contract's currency, less those that were turned round by then.", 1),
    ("burn_rate", "spent / planned_to_date * 100, rounded half away from zero to one digit.", 1),
    (
        "forecast",
        "spent / days of the contract that have passed * days of the contract, rounded half away from zero to the minor unit, but \
         never less than spent + committed; after the last day, spent + committed.",
        1,
    ),
    ("unspent", "amount - spent; free: amount - spent - committed.", 1),
    ("total", "The lines added up; all are in the currency of the contract. received: what was paid in on the day or before.", 1),
];

/// How gaps, and what is paid twice, are found: figure, rule, version.
pub const GAP_RULES: &[(&str, &str, u32)] = &[
    (
        "gap",
        "A post is paid from the later of its own and its contract's first day to the earlier of their last days. It loses its line on the day after, where \
         the contract ended, or where the post ended by itself and the person holds another; not where some contract pays any post of that person on the day.",
        1,
    ),
    ("people", "Each once a day, however many posts.", 1),
    ("facilities", "Open ones that lose their last support by a contract.", 1),
    (
        "monthly_costs",
        "The posts by the scale in force on the day before, times their shares, added up and rounded once; one amount a currency. Left out: posts that have no scale.",
        1,
    ),
    (
        "double_funding",
        "Of two posts of one person that two contracts on record pay, the days on which both pay: /reports/double-funding lists them.",
        1,
    ),
];

/// How money is told by its parts: figure, rule, version.
pub const SPENDING_RULES: &[(&str, &str, u32)] = &[
    (
        "planned",
        "What the plans by month of budget lines on record mean to take, of contracts on record; a month counts by its first day, whole. Left out: \
         lines that have no plan by month.",
        1,
    ),
    ("received", "What partners have paid in for their contracts, by the day it was received; of no category.", 1),
    (
        "spent",
        "Expenditures of budget lines by the day they were spent, in the currency of the contract; what was turned round counts below nothing on its own day.",
        1,
    ),
    ("currency", "Amounts of different currencies are never added up: every part and every total is of one currency.", 1),
];

/// The rules of an answer, with what some of them left out.
pub fn method(rules: &[(&'static str, &'static str, u32)], left_out: impl Fn(&str) -> Option<i64>) -> Vec<FundingRule> {
    let told = |(figure, rule, version): &(&'static str, &'static str, u32)| FundingRule {
        figure,
        rule,
        version: *version,
        left_out: left_out(figure),
    };
    rules.iter().map(told).collect()
}

/// The days of a contract, and the day that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Elapsed {
    /// How many days have passed, the day itself among them; nothing before the first.
    passed: i64,
    /// How many there are.
    whole: i64,
}

impl Elapsed {
    /// Between a contract's days.
    pub fn of(starts_on: NaiveDate, ends_on: NaiveDate, day: NaiveDate) -> Self {
        let whole = (ends_on - starts_on).num_days() + 1;
        Self { passed: ((day - starts_on).num_days() + 1).clamp(0, whole), whole }
    }
}

/// How a line stands.
pub fn figures(
    (amount, planned, committed, spent): (&BigDecimal, &BigDecimal, &BigDecimal, &BigDecimal),
    elapsed: Elapsed,
    minor_units: u16,
) -> BudgetFigures {
    let used = spent + committed;
    let burn_rate = (!planned.is_zero()).then(|| {
        let percent = spent * BigDecimal::from(100) / planned;
        percent.with_scale_round(1, RoundingMode::HalfUp).to_plain_string()
    });
    let forecast = (elapsed.passed > 0).then(|| {
        let pace = spent * BigDecimal::from(elapsed.whole) / BigDecimal::from(elapsed.passed);
        Money(pace.with_scale_round(i64::from(minor_units), RoundingMode::HalfUp).max(used.clone()))
    });
    BudgetFigures {
        amount: Money(amount.clone()),
        planned_to_date: Money(planned.clone()),
        committed: Money(committed.clone()),
        spent: Money(spent.clone()),
        burn_rate,
        forecast,
        unspent: Money(amount - spent),
        free: Money(amount - used),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(spent: i64, committed: i64, day: &str) -> BudgetFigures {
        let of = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let elapsed = Elapsed::of(of("2015-01-01"), of("2015-04-10"), of(day));
        figures((&1000.into(), &400.into(), &committed.into(), &spent.into()), elapsed, 2)
    }
    #[test]
    fn a_line_is_told_by_its_pace_and_by_what_is_promised() {
        let half_way = told(300, 50, "2015-02-19");
        assert_eq!(half_way.burn_rate.as_deref(), Some("75.0"));
        assert_eq!(half_way.forecast, Some(Money(600.into())), "50 of 100 days");
        assert_eq!((half_way.unspent.0, half_way.free.0), (700.into(), 650.into()));
        assert_eq!(told(10, 500, "2015-02-19").forecast, Some(Money(510.into())), "what is promised will be spent");
        assert_eq!(told(0, 0, "2014-12-31").forecast, None, "nothing has begun");
        assert_eq!(told(900, 20, "2016-01-01").forecast, Some(Money(920.into())), "it is over");
        assert_eq!(told(100, 0, "2015-01-03").forecast.map(|money| money.0.to_string()), Some("3333.33".to_owned()));
    }
}
