//! What the document says of each address: its methods, whether it takes parameters, and the forms of its answers.
//!
//! Handlers read what they know; what they do not read they would let pass. So what no handler reads is refused here, for all of them.

use std::collections::HashMap;

use actix_web::{
    dev::{RequestHead, ResourceDef},
    http::{Method, header::ACCEPT},
};
use utoipa::openapi::{
    OpenApi, PathItem, RefOr,
    path::{Operation, Parameter, ParameterIn},
};

use super::{mount::first_word, params::read_query};
use crate::error::{ApiError, ApiResult, Code, Faults};

/// The addresses of the document, in groups by the first word below their base.
pub struct Routes {
    base: &'static str,
    groups: HashMap<String, Vec<Route>>,
}

struct Route {
    pattern: ResourceDef,
    operations: Vec<Told>,
}

/// What the document says of an operation.
struct Told {
    method: &'static str,
    /// Whether anybody may ask it.
    public: bool,
    takes_parameters: bool,
    /// The media types of its answers; none where it answers without a body.
    forms: Vec<String>,
}

impl Routes {
    /// Those of the document, whose addresses lie below `base`; beside it a few that it does not tell of.
    pub fn of(document: &OpenApi, base: &'static str, others: &[&str]) -> Self {
        let mut routes = Self { base, groups: HashMap::new() };
        for (path, item) in &document.paths.paths {
            routes.add(path, told(item));
        }
        for path in others {
            routes.add(path, vec![Told { method: "GET", public: true, takes_parameters: false, forms: Vec::new() }]);
        }
        routes
    }

    fn add(&mut self, path: &str, operations: Vec<Told>) {
        let group = self.groups.entry(self.group(path).to_owned()).or_default();
        group.push(Route { pattern: ResourceDef::new(path), operations });
    }

    fn group<'a>(&self, path: &'a str) -> &'a str {
        first_word(path.strip_prefix(self.base).unwrap_or(path))
    }

    fn find(&self, path: &str) -> Option<&Route> {
        self.groups.get(self.group(path))?.iter().find(|route| route.pattern.is_match(path))
    }

    /// The methods that an address takes, if it is one.
    pub fn methods(&self, path: &str) -> Option<String> {
        self.find(path).map(|route| route.operations.iter().map(|one| one.method).collect::<Vec<_>>().join(", "))
    }

    /// Refuses parameters where none is read, and readers who accept no form of the answer. Of what the public may ask this is said at the
    /// door; of everything else only to whoever may ask it.
    pub fn check(&self, request: &RequestHead, may: bool) -> ApiResult<()> {
        let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
        let picky = !accept.contains("*/*") && !accept.trim().is_empty();
        let query = request.uri.query().unwrap_or_default();
        if query.is_empty() && !picky {
            return Ok(());
        }
        let asked = |one: &&Told| request.method == one.method && one.public != may;
        let found = self.find(request.uri.path()).and_then(|route| route.operations.iter().find(asked));
        let Some(operation) = found else { return Ok(()) };
        if !operation.takes_parameters {
            let names = read_query(query)?;
            let mut faults = Faults::default();
            names.keys().for_each(|name| faults.add(format!("/{name}"), Code::UnknownParameter));
            if !faults.0.is_empty() {
                return Err(ApiError { faults: faults.0, ..ApiError::new(Code::UnknownParameter) });
            }
        }
        if request.method == Method::GET
            && picky
            && !operation.forms.is_empty()
            && !operation.forms.iter().any(|form| accepts(accept, form))
        {
            return Err(ApiError::new(Code::NotAcceptable));
        }
        Ok(())
    }
}

/// Whether a reader who sends this `Accept` takes this form.
fn accepts(accept: &str, form: &str) -> bool {
    let essence = form.split(';').next().unwrap_or(form).trim();
    let kind = essence.split('/').next().unwrap_or_default();
    // Files of whatever kind they are kept in.
    matches!(essence, "*/*" | "application/octet-stream")
        || accept.split(',').filter_map(|part| part.split(';').next()).map(str::trim).any(|range| {
            range.eq_ignore_ascii_case(essence)
                || range.strip_suffix("/*").is_some_and(|wanted| wanted.eq_ignore_ascii_case(kind))
        })
}

fn told(item: &PathItem) -> Vec<Told> {
    let all = [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("PATCH", &item.patch), ("DELETE", &item.delete)];
    all.into_iter()
        .filter_map(|(method, operation)| {
            operation.as_ref().map(|told| Told {
                method,
                public: told.security.iter().flatten().next().is_none(),
                takes_parameters: takes_parameters(told),
                forms: forms(told),
            })
        })
        .collect()
}

fn takes_parameters(operation: &Operation) -> bool {
    let in_query = |parameter: &RefOr<Parameter>| !matches!(parameter, RefOr::T(told) if told.parameter_in != ParameterIn::Query);
    operation.parameters.iter().flatten().any(in_query)
}

fn forms(operation: &Operation) -> Vec<String> {
    let answers = operation.responses.responses.iter().filter(|(status, _)| status.starts_with('2'));
    let answers = answers.filter_map(|(_, answer)| match answer {
        RefOr::T(answer) => Some(answer),
        RefOr::Ref(_) => None,
    });
    answers.flat_map(|answer| answer.content.keys().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn a_reader_takes_a_form_by_name_by_its_kind_or_whatever_comes() {
        assert!(accepts("application/json", "application/json"));
        assert!(accepts("text/html, Application/JSON;q=0.5", "application/json"));
        assert!(accepts("text/*", "text/csv"));
        assert!(accepts("image/png", "application/octet-stream"));
        assert!(!accepts("image/png", "application/json"));
        assert!(!accepts("image/*, text/html", "application/pdf"));
    }
}
