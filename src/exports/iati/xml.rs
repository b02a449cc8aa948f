//! Activities as XML, element by element in the order of the schema.

use std::io;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Days, Months, NaiveDate, SecondsFormat, Utc};
use quick_xml::{Writer, events::BytesText};

use super::{
    activities::{Activity, Body, Place, Sum},
    codes,
    shares::shares,
};

type Out = Writer<Vec<u8>>;

/// The longest period that a budget of the standard may have, in days.
const LONGEST_BUDGET: i64 = 366;

/// Who reports, of which day.
#[derive(Debug, Clone)]
pub struct Reporter {
    pub body: Body,
    pub identifier: String,
    pub today: NaiveDate,
}

/// What stands before the first activity.
pub fn head(now: DateTime<Utc>) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<iati-activities version=\"2.03\" generated-datetime=\"{}\">\n",
        moment(now)
    )
}

/// What stands behind the last.
pub const TAIL: &str = "\n</iati-activities>\n";

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Activities, one behind the other.
pub fn write(activities: &[Activity], reporter: &Reporter) -> io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    for activity in activities {
        activity.write(&mut out, reporter)?;
    }
    Ok(out.into_inner())
}

fn narrative(out: &mut Out, text: &str, language: Option<&str>) -> io::Result<()> {
    out.create_element("narrative")
        .with_attributes(language.map(|language| ("xml:lang", language)))
        .write_text_content(BytesText::new(text))?;
    Ok(())
}

/// A name in the activity's language, and in Arabic where there is one.
fn named(out: &mut Out, name: &str, arabic: Option<&str>) -> io::Result<()> {
    narrative(out, name, None)?;
    arabic.map_or(Ok(()), |arabic| narrative(out, arabic, Some("ar")))
}

fn texts(out: &mut Out, element: &str, name: &str, arabic: Option<&str>) -> io::Result<()> {
    out.create_element(element).write_inner_content(|out| named(out, name, arabic))?;
    Ok(())
}

fn coded(out: &mut Out, element: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    out.create_element(element).with_attributes(attributes.iter().copied()).write_empty()?;
    Ok(())
}

fn day(out: &mut Out, element: &str, on: NaiveDate) -> io::Result<()> {
    coded(out, element, &[("iso-date", &on.to_string())])
}

/// The last day of the month that a day lies in.
fn end_of_month(first: NaiveDate) -> NaiveDate {
    first.checked_add_months(Months::new(1)).and_then(|next| next.checked_sub_days(Days::new(1))).unwrap_or(first)
}

impl Body {
    /// An organisation in its part: with its identifier where it has one, always with its name.
    fn write(&self, out: &mut Out, element: &str, role: Option<&str>) -> io::Result<()> {
        let identifier = self.iati_identifier.as_deref().map(|identifier| ("ref", identifier));
        out.create_element(element)
            .with_attributes(identifier)
            .with_attributes(role.map(|role| ("role", role)))
            .with_attribute(("type", codes::organization(self.form)))
            .write_inner_content(|out| named(out, &self.name, self.name_ar.as_deref()))?;
        Ok(())
    }
}

impl Activity {
    fn write(&self, out: &mut Out, reporter: &Reporter) -> io::Result<()> {
        out.create_element("iati-activity")
            .with_attribute(("xml:lang", "en"))
            .with_attribute(("humanitarian", "1"))
            .with_attribute(("last-updated-datetime", moment(self.updated_at).as_str()))
            .with_attributes(self.currency.as_deref().map(|currency| ("default-currency", currency)))
            .write_inner_content(|out| {
                self.who_and_what(out, reporter)?;
                self.when(out, reporter.today)?;
                self.places(out)?;
                self.sectors(out)?;
                self.budgets(out)?;
                self.transactions(out, reporter)
            })?;
        Ok(())
    }

    fn who_and_what(&self, out: &mut Out, reporter: &Reporter) -> io::Result<()> {
        out.create_element("iati-identifier")
            .write_text_content(BytesText::new(&format!("{}-{}", reporter.identifier, self.code)))?;
        reporter.body.write(out, "reporting-org", None)?;
        texts(out, "title", &self.name, self.name_ar.as_deref())?;
        let (ours, theirs) = (&reporter.body, &self.partner);
        let told = format!(
            "Medical aid in field hospitals and other health facilities, by {}, under a contract with {}.",
            ours.name, theirs.name
        );
        let arabic = ours.name_ar.as_ref().zip(theirs.name_ar.as_ref());
        let arabic = arabic.map(|(ours, theirs)| {
            format!("مساعدة طبية في المشافي الميدانية ومنشآت صحية أخرى، يقدمها {ours} بموجب عقد مع {theirs}.")
        });
        texts(out, "description", &told, arabic.as_deref())?;
        theirs.write(out, "participating-org", Some("1"))?;
        ours.write(out, "participating-org", Some("4"))?;
        coded(out, "other-identifier", &[("ref", &self.code), ("type", "A1")])
    }

    /// The days of the contract: planned, and actual as far as they have come.
    fn when(&self, out: &mut Out, today: NaiveDate) -> io::Result<()> {
        coded(out, "activity-status", &[("code", codes::status(self.starts_on, self.ends_on, today))])?;
        let dates = [
            ("1", self.starts_on, true),
            ("2", self.starts_on, self.starts_on <= today),
            ("3", self.ends_on, true),
            ("4", self.ends_on, self.ends_on < today),
        ];
        for (kind, on, _) in dates.into_iter().filter(|(.., told)| *told) {
            coded(out, "activity-date", &[("type", kind), ("iso-date", &on.to_string())])?;
        }
        Ok(())
    }

    /// Countries; what has no code of its own is a part of a region that is not named. Several share by the facilities in each.
    fn places(&self, out: &mut Out) -> io::Result<()> {
        let numbers: Vec<BigDecimal> = self.places.iter().map(|place| BigDecimal::from(place.facilities)).collect();
        let shares = if numbers.len() > 1 { shares(&numbers) } else { None };
        let share = |index: usize| shares.as_ref().and_then(|shares| shares.get(index)).map(ToString::to_string);
        let told = self.places.iter().enumerate().map(|(index, place)| (place, share(index)));
        // The schema has countries first.
        let (countries, regions): (Vec<_>, Vec<_>) = told.partition(|(place, _)| place.country.is_some());
        for (place, share) in countries.into_iter().chain(regions) {
            place.write(out, share.as_deref())?;
        }
        if self.places.is_empty() {
            coded(out, "recipient-region", &[("code", codes::UNSPECIFIED_REGION), ("vocabulary", "1")])?;
        }
        Ok(())
    }

    /// The purposes of its lines, by their amounts.
    fn sectors(&self, out: &mut Out) -> io::Result<()> {
        let mut sums: Vec<(&str, BigDecimal)> = Vec::new();
        for line in &self.lines {
            let code = codes::sector(line.category);
            match sums.iter_mut().find(|(known, _)| *known == code) {
                Some((_, sum)) => *sum += &line.amount,
                None => sums.push((code, line.amount.clone())),
            }
        }
        sums.sort();
        let numbers: Vec<BigDecimal> = sums.iter().map(|(_, sum)| sum.clone()).collect();
        if let Some(shares) = shares(&numbers).filter(|shares| shares.len() > 1) {
            sums.iter().zip(shares).try_for_each(|((code, _), share)| {
                coded(out, "sector", &[("vocabulary", "1"), ("code", code), ("percentage", &share.to_string())])
            })
        } else {
            let code = sums.first().map_or(codes::BASIC_HEALTH_CARE, |(code, _)| code);
            coded(out, "sector", &[("vocabulary", "1"), ("code", code)])
        }
    }

    /// What is planned by the month, within the days of the contract. What has no month is of the whole contract, if that is a period
    /// that the standard has: the register knows no shorter one.
    fn budgets(&self, out: &mut Out) -> io::Result<()> {
        let kind = if self.amendments > 0 { "2" } else { "1" };
        for Sum { on, amount } in &self.planned {
            let (start, end) = match on {
                Some(month) => (self.starts_on.max(*month), self.ends_on.min(end_of_month(*month))),
                None => (self.starts_on, self.ends_on),
            };
            if (end - start).num_days() >= LONGEST_BUDGET {
                continue;
            }
            out.create_element("budget").with_attribute(("type", kind)).with_attribute(("status", "2")).write_inner_content(
                |out| {
                    day(out, "period-start", start)?;
                    day(out, "period-end", end)?;
                    self.value(out, amount, self.signed_on)
                },
            )?;
        }
        Ok(())
    }

    fn value(&self, out: &mut Out, amount: &str, on: NaiveDate) -> io::Result<()> {
        out.create_element("value")
            .with_attributes(self.currency.as_deref().map(|currency| ("currency", currency)))
            .with_attribute(("value-date", on.to_string().as_str()))
            .write_text_content(BytesText::new(amount))?;
        Ok(())
    }

    /// What was paid in, day by day; what was spent, by the month, as of its last day or of today.
    fn transactions(&self, out: &mut Out, reporter: &Reporter) -> io::Result<()> {
        for Sum { on, amount } in &self.received {
            let on = on.unwrap_or(self.starts_on);
            self.money_moved(out, ("1", on, amount), |out| {
                self.partner.write(out, "provider-org", None)?;
                reporter.body.write(out, "receiver-org", None)
            })?;
        }
        for Sum { on, amount } in &self.spent {
            let on = end_of_month(on.unwrap_or(self.starts_on)).min(reporter.today);
            self.money_moved(out, ("4", on, amount), |out| reporter.body.write(out, "provider-org", None))?;
        }
        Ok(())
    }

    fn money_moved(
        &self,
        out: &mut Out,
        (kind, on, amount): (&str, NaiveDate, &str),
        parties: impl FnOnce(&mut Out) -> io::Result<()>,
    ) -> io::Result<()> {
        out.create_element("transaction").write_inner_content(|out| {
            coded(out, "transaction-type", &[("code", kind)])?;
            day(out, "transaction-date", on)?;
            self.value(out, amount, on)?;
            parties(out)
        })?;
        Ok(())
    }
}

impl Place {
    fn write(&self, out: &mut Out, share: Option<&str>) -> io::Result<()> {
        let (element, code, vocabulary) = match &self.country {
            Some(country) => ("recipient-country", country.as_str(), None),
            None => ("recipient-region", codes::UNSPECIFIED_REGION, Some(("vocabulary", "1"))),
        };
        out.create_element(element)
            .with_attribute(("code", code))
            .with_attributes(vocabulary)
            .with_attributes(share.map(|share| ("percentage", share)))
            .write_inner_content(|out| self.name.as_ref().map_or(Ok(()), |name| named(out, name, self.name_ar.as_deref())))?;
        Ok(())
    }
}
