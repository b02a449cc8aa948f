//! The OpenAPI 3.1 document: generated from the handlers, completed here with what all of them share.

use std::collections::BTreeMap;

use utoipa::{
    PartialSchema,
    openapi::{
        ComponentsBuilder, Content, HttpMethod, InfoBuilder, License, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Response,
        ResponseBuilder, Schema, Server,
        extensions::Extensions,
        header::HeaderBuilder,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::{AnyOfBuilder, ArrayItems, Object, ObjectBuilder, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::error::{Code, Problem, ProblemFault};

/// Operations that a stranger may call; every other needs a token. The test of open doors reads this.
pub const OPEN_OPERATIONS: &[&str] = &[
    "sign_in",
    "refresh_session",
    "accept_invitation",
    "accept_password_reset",
    "read_public_campaign",
    "verify_report",
    "list_signing_keys",
];

/// Answers that hold a secret are kept nowhere, so not for an `Idempotency-Key` either; the client's own id says what was made.
const SHOWN_ONCE: &[&str] = &["create_user", "create_share_key", "create_webhook"];

const DESCRIPTION: &str = "Register and ledger of a medical-aid organisation: facilities, staff, partner contracts, shipments, and the figures \
    computed from them. Every refusal is a problem (RFC 9457) with a stable `code`; lists are paged with `limit` and `after`; edits need \
    `If-Match`; `POST` takes `Idempotency-Key`. `Accept-Language: ar` asks for problems and sentences in Arabic. Days are `YYYY-MM-DD`, money is a decimal string.";

/// What stands in the document before the handlers add themselves.
pub fn base() -> OpenApi {
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The `access_token` of a sign-in; for `/shared`, also the key of a share grant."))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("token", SecurityScheme::Http(token))
        .schema("Problem", Problem::schema())
        .schema("ProblemFault", ProblemFault::schema())
        .build();
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("siraj")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(license))
                .build(),
        )
        .servers(Some([Server::new("/")]))
        .components(Some(components))
        .build()
}

/// Completes the document: security, shared headers and refusals of every operation, flat schemas, the list of codes.
pub fn complete(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                complete_operation(path, &method, operation);
            }
        }
    }
    if let Some(components) = &mut document.components {
        let known: BTreeMap<String, RefOr<Schema>> =
            components.schemas.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
        for schema in components.schemas.values_mut() {
            flatten(schema, &known);
        }
        components.responses.extend(refusal_components());
    }
    document.extensions = Some(Extensions::builder().add("x-problem-codes", codes()).build());
    document
}

/// Every problem code with its status and its words, for clients that translate.
fn codes() -> serde_json::Value {
    use crate::error::Locale;
    let entry = |code: &Code| {
        let words = serde_json::json!({"status": code.status().as_u16(), "en": code.text(Locale::English), "ar": code.text(Locale::Arabic)});
        (code.as_str().to_owned(), words)
    };
    Code::ALL.iter().map(entry).collect::<serde_json::Map<_, _>>().into()
}

fn complete_operation(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let open = operation.operation_id.as_deref().is_some_and(|id| OPEN_OPERATIONS.contains(&id));
    if !open {
        operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]);
    }
    if *method == HttpMethod::Post && operation.responses.responses.contains_key("201") {
        complete_creation(operation);
    }
    if is_list(operation) {
        add_forms(operation);
    }
    let edits = matches!(method, HttpMethod::Patch | HttpMethod::Delete);
    if edits {
        add_header(operation, "If-Match", Required::True, "The ETag of the record that is edited, or `*`.");
    }
    let replaces = *method == HttpMethod::Put && path.ends_with("_on}");
    if replaces {
        add_header(
            operation,
            "If-Match",
            Required::False,
            "The ETag of what is replaced, or `*`; needed when something else is there.",
        );
    }
    let read_of_one = *method == HttpMethod::Get && path.ends_with('}');
    if read_of_one {
        let unchanged = ResponseBuilder::new().description("The reader holds this revision already (`If-None-Match`)").build();
        operation.responses.responses.insert("304".to_owned(), unchanged.into());
    }
    let kept = operation.responses.responses.contains_key("304");
    if kept {
        // Readers that hold nothing send an empty one; it is nobody's fault.
        let held = ObjectBuilder::new().schema_type(Type::String).build();
        add_header_of(
            operation,
            "If-None-Match",
            Required::False,
            held,
            "The ETag of what the reader holds; `304` when it is still so.",
        );
    }
    if kept || edits || replaces {
        tell_headers(operation, "200", &[ETAG]);
    }
    let edits = takes(operation, "If-Match");
    for (status, name, _) in refusals(path, method, (open, operation.request_body.is_some(), edits)) {
        let refusal = Ref::new(format!("#/components/responses/{name}"));
        operation.responses.responses.entry((*status).to_owned()).or_insert_with(|| refusal.into());
    }
}

/// A list takes `format`.
fn is_list(operation: &Operation) -> bool {
    takes(operation, "format")
}

fn takes(operation: &Operation, name: &str) -> bool {
    let named = |parameter: &RefOr<utoipa::openapi::path::Parameter>| matches!(parameter, RefOr::T(given) if given.name == name);
    operation.parameters.iter().flatten().any(named)
}

/// Every list comes as CSV and as a workbook too.
fn add_forms(operation: &mut Operation) {
    if let Some(RefOr::T(listed)) = operation.responses.responses.get_mut("200") {
        for form in ["text/csv", crate::http::XLSX] {
            let file = ObjectBuilder::new().schema_type(Type::String).build();
            listed.content.insert(form.to_owned(), RefOr::T(Content::new(Some(file))));
        }
    }
}

/// A refusal: its status, its name among the components, and when it is given.
type Refusal = (&'static str, &'static str, &'static str);

/// What every operation can be refused with.
const ALWAYS: &[Refusal] = &[
    ("400", "Unreadable", "The request cannot be read"),
    ("406", "NotAcceptable", "No form that the client accepts"),
    ("422", "ValidationFailed", "Some values are not right; each is listed"),
    ("429", "TooManyRequests", "Too many attempts"),
    ("431", "HeadersTooLarge", "The headers are too large"),
    ("500", "Internal", "A fault on our side"),
    ("503", "Unavailable", "The database cannot be reached; try again"),
];
const OPEN: &[Refusal] = &[("401", "WrongCredentials", "The credentials or the token given are not valid")];
const SIGNED_IN: &[Refusal] = &[
    ("401", "Unauthenticated", "Not signed in, or the sign-in is over"),
    ("403", "Forbidden", "The caller's role does not allow this"),
];
const OF_ONE: &[Refusal] = &[("404", "NotFound", "Nothing here, or nothing the caller may know of")];
const WRITES: &[Refusal] =
    &[("409", "Conflict", "In conflict with another record or state"), ("410", "Gone", "The record has been retired")];
const EDITS: &[Refusal] =
    &[("412", "Stale", "The record has changed since it was read"), ("428", "PreconditionRequired", "`If-Match` is missing")];
const BODIES: &[Refusal] = &[
    ("408", "TooSlow", "The body came too slowly"),
    ("413", "TooLarge", "The body is too large"),
    ("415", "UnsupportedMediaType", "The body is of a kind that is not read"),
];

/// The refusals that an operation can answer with.
fn refusals(
    path: &str,
    method: &HttpMethod,
    (open, takes_a_body, edits): (bool, bool, bool),
) -> impl Iterator<Item = &'static Refusal> {
    let sorts = [
        (ALWAYS, true),
        (OPEN, open),
        (SIGNED_IN, !open),
        (OF_ONE, path.contains('{')),
        (WRITES, *method != HttpMethod::Get),
        (EDITS, edits),
        (BODIES, takes_a_body),
    ];
    sorts.into_iter().filter(|(_, given)| *given).flat_map(|(refusals, _)| refusals)
}

/// Every refusal once; the operations name them.
fn refusal_components() -> impl Iterator<Item = (String, RefOr<Response>)> {
    [ALWAYS, OPEN, SIGNED_IN, OF_ONE, WRITES, EDITS, BODIES].into_iter().flatten().map(|(_, name, description)| {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new().description(*description).content("application/problem+json", content).build();
        ((*name).to_owned(), response.into())
    })
}

/// What every creation has: a key under which it is done once, and the answer to the same request sent again.
fn complete_creation(operation: &mut Operation) {
    let shown_once = operation.operation_id.as_deref().is_some_and(|id| SHOWN_ONCE.contains(&id));
    if !shown_once {
        add_header(
            operation,
            "Idempotency-Key",
            Required::False,
            "Any text of 1 to 255 characters; the same request sent again under it is done once.",
        );
    }
    let replay = ResponseBuilder::new().description("The record that an earlier, equal request has made");
    let made = operation.responses.responses.get("201").and_then(|made| match made {
        RefOr::T(response) => Some(response.content.clone()),
        RefOr::Ref(_) => None,
    });
    let mut replay = replay.build();
    replay.content = made.unwrap_or_default();
    operation.responses.responses.insert("200".to_owned(), replay.into());
    tell_headers(operation, "201", &[ETAG, LOCATION]);
    tell_headers(operation, "200", &[ETAG, LOCATION, ("Idempotent-Replayed", "`true`: nothing was made now.")]);
}

/// Headers of an answer: their names and what they say.
const ETAG: (&str, &str) =
    ("ETag", "Of a record its revision, for `If-Match` and `If-None-Match`; of another answer, for `If-None-Match`.");
const LOCATION: (&str, &str) = ("Location", "Where the record is, where one was made.");

fn tell_headers(operation: &mut Operation, status: &str, headers: &[(&str, &str)]) {
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(status) {
        for (name, description) in headers {
            let schema = ObjectBuilder::new().schema_type(Type::String).build();
            let header = HeaderBuilder::new().schema(Some(schema)).description(Some(*description)).build();
            response.headers.insert((*name).to_owned(), RefOr::T(header));
        }
    }
}

fn add_header(operation: &mut Operation, name: &str, required: Required, description: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255)).build();
    add_header_of(operation, name, required, text, description);
}

fn add_header_of(operation: &mut Operation, name: &str, required: Required, schema: Object, description: &str) {
    let header = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(description))
        .schema(Some(schema));
    operation.parameters.get_or_insert_default().push(RefOr::T(header.build()));
}

/// One object in the place of an object and the fields it embeds: easier to read, and to generate clients from.
fn flatten(schema: &mut RefOr<Schema>, known: &BTreeMap<String, RefOr<Schema>>) {
    match schema {
        RefOr::T(Schema::AllOf(all)) => {
            let mut whole = ObjectBuilder::new().schema_type(Type::Object).description(all.description.clone()).build();
            for item in &all.items {
                merge(&mut whole, item, known);
            }
            *schema = whole.into();
        }
        // An empty page is a page of any of them.
        RefOr::T(Schema::OneOf(several)) if several.items.iter().all(|item| matches!(item, RefOr::Ref(_))) => {
            let any = AnyOfBuilder::new().description(several.description.clone());
            *schema = several.items.iter().cloned().fold(any, AnyOfBuilder::item).into();
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                flatten(items, known);
            }
        }
        RefOr::T(Schema::Object(object)) => object.properties.values_mut().for_each(|property| flatten(property, known)),
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

fn merge(whole: &mut Object, part: &RefOr<Schema>, known: &BTreeMap<String, RefOr<Schema>>) {
    match part {
        RefOr::T(Schema::Object(object)) => {
            whole.properties.extend(object.properties.clone());
            whole.required.extend(object.required.clone());
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter().for_each(|item| merge(whole, item, known)),
        RefOr::Ref(reference) => {
            if let Some(named) = reference.ref_location.rsplit('/').next().and_then(|name| known.get(name)) {
                merge(whole, named, known);
            }
        }
        RefOr::T(_) => {}
    }
}
