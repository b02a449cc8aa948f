//! The OpenAPI document: committed, complete, and the same as the code.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

#[test]
fn the_committed_document_is_the_one_the_code_makes() {
    let made = format!("{}\n", siraj::app::document().to_pretty_json().expect("a document").trim_end());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/siraj.json");
    if std::env::var_os("SIRAJ_BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("openapi/");
        fs::write(&path, &made).expect("openapi/siraj.json");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "the document has changed; look at it with `make openapi && git diff openapi`");
}

#[test]
fn the_document_is_openapi_3_1() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["license"]["identifier"], "Apache-2.0");
    assert!(!document["paths"].as_object().expect("paths").is_empty());
}

#[test]
fn every_operation_says_what_it_does_and_how_it_refuses() {
    let document = document();
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        faults.extend(faults_of_operation(&document, operation).into_iter().map(|fault| format!("{name}: {fault}")));
        if let Some(id) = operation["operationId"].as_str()
            && !ids.insert(id.to_owned())
        {
            faults.push(format!("{name}: the operationId {id} stands twice"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_body_of_a_request_has_an_example() {
    let document = document();
    let faults: Vec<String> = operations(&document)
        .into_iter()
        .filter(|(_, operation)| operation["requestBody"].is_object() && !has_example(&document, &operation["requestBody"]))
        .map(|(name, operation)| format!("{name} ({})", operation["operationId"].as_str().unwrap_or_default()))
        .collect();
    assert!(faults.is_empty(), "bodies without an example:\n{}", faults.join("\n"));
}

#[test]
fn every_field_of_every_schema_is_typed() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let mut faults = Vec::new();
    for (name, schema) in schemas {
        for (field, value) in schema["properties"].as_object().into_iter().flatten() {
            if !is_told(value) {
                faults.push(format!("{name}.{field} has neither a type nor a word of explanation"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn closed_lists_of_words_stand_as_they_are_sent() {
    let document = document();
    let mut words = Vec::new();
    collect_words(&document["components"], &mut words);
    let wrong: Vec<_> =
        words.iter().filter(|word| word.contains(|letter: char| letter.is_uppercase() || letter == ' ')).collect();
    assert!(words.contains(&"primary_care_center".to_owned()) && wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    let lost: Vec<_> = references.iter().filter(|name| document.pointer(name.trim_start_matches('#')).is_none()).collect();
    assert!(references.len() > 5 && lost.is_empty(), "{lost:?}");
}

#[test]
fn the_checks_find_what_they_look_for() {
    let bare = serde_json::json!({"responses": {"200": {"description": "x"}}});
    assert_eq!(faults_of_operation(&Value::Null, &bare).len(), 5, "{:?}", faults_of_operation(&Value::Null, &bare));
    let document =
        serde_json::json!({"components": {"schemas": {"A": {"type": "object", "example": {}}, "B": {"type": "object"}}}});
    let body = |name: &str| serde_json::json!({"content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}}});
    assert!(has_example(&document, &body("A")) && !has_example(&document, &body("B")));
    assert!(!is_told(&serde_json::json!({})) && is_told(&serde_json::json!({"type": "string"})));
}

fn document() -> Value {
    serde_json::to_value(siraj::app::document()).expect("a document")
}

/// Every operation as (`GET /path`, operation).
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let named = move |method: &&str| item.get(*method).map(|one| (format!("{} {path}", method.to_uppercase()), one));
            METHODS.iter().filter_map(named)
        })
        .collect()
}

/// What a reference leads to; anything else is itself.
fn resolved<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    part["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#'))).unwrap_or(part)
}

fn faults_of_operation(document: &Value, operation: &Value) -> Vec<String> {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let mut faults = Vec::new();
    if !is_text(&operation["summary"]) {
        faults.push("no summary".to_owned());
    }
    if operation["tags"].as_array().is_none_or(|tags| tags.len() != 1) {
        faults.push("not exactly one tag".to_owned());
    }
    match operation["operationId"].as_str() {
        Some(id) if id.contains('_') && id.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_') => {}
        _ => faults.push("no operationId of the form <verb>_<resource>".to_owned()),
    }
    let none = serde_json::Map::new();
    let answers = operation["responses"].as_object().unwrap_or(&none);
    let problem = |status: char| {
        answers.iter().any(|(code, answer)| {
            code.starts_with(status)
                && resolved(document, answer)["content"]["application/problem+json"]["schema"]["$ref"]
                    == "#/components/schemas/Problem"
        })
    };
    for status in ['4', '5'] {
        if !problem(status) {
            faults.push(format!("no {status}xx answer as application/problem+json"));
        }
    }
    for (code, answer) in answers {
        if !is_text(&resolved(document, answer)["description"]) {
            faults.push(format!("the answer {code} has no description"));
        }
    }
    faults
}

/// Whether a request body shows one filled in: beside its schema, in it, or field by field.
fn has_example(document: &Value, body: &Value) -> bool {
    let shown = |value: &Value| ["example", "examples"].iter().any(|word| !value[*word].is_null());
    let contents = body["content"].as_object();
    contents.into_iter().flatten().all(|(_, content)| {
        let schema = &content["schema"];
        let named = schema["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#'))).unwrap_or(schema);
        shown(content) || shown(named)
    })
}

fn is_told(property: &Value) -> bool {
    ["type", "$ref", "oneOf", "anyOf", "allOf", "description"].iter().any(|word| !property[*word].is_null())
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_owned());
            }
            object.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

/// The words of every `enum`.
fn collect_words(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            let listed = object.get("enum").and_then(Value::as_array).into_iter().flatten();
            found.extend(listed.filter_map(Value::as_str).map(ToOwned::to_owned));
            object.values().for_each(|value| collect_words(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_words(value, found)),
        _ => {}
    }
}
