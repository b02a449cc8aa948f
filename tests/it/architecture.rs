//! The house rules that a machine can hold: floors, owners of tables, where transactions open, sizes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Tables that two modules write, and why.
const SHARED: &[(&str, &[&str])] = &[
    // `users` keeps who somebody is; `sessions` ends what they were given (the session's version) and opens an invited account.
    ("users", &["sessions", "users"]),
];

#[test]
fn a_module_uses_lower_floors_only() {
    let floors = floors(&read("src/lib.rs"));
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module_of(&path) else { continue };
        let Some(_) = floors.get(&module) else {
            faults.push(format!("{path}: the module {module} stands on no floor of src/lib.rs"));
            continue;
        };
        faults.extend(upward_uses(&module, depth_of(&path), &text, &floors).into_iter().map(|fault| format!("{path}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_floor_holds_modules_that_exist() {
    let modules: BTreeSet<String> = sources().iter().filter_map(|(path, _)| module_of(path)).collect();
    let named: BTreeSet<String> = floors(&read("src/lib.rs")).into_keys().collect();
    assert_eq!(named.difference(&modules).collect::<Vec<_>>(), Vec::<&String>::new(), "named on a floor, but not there");
}

#[test]
fn a_table_is_written_by_one_module_only() {
    let tables = tables(&read("src/schema.rs"));
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Some(module) = module_of(&path) else { continue };
        let (written, unclear) = written_tables(&text, &tables);
        for table in written {
            owners.entry(table).or_default().insert(module.clone());
        }
        faults.extend(unclear.into_iter().map(|call| format!("{path}: cannot tell which table `{call}` writes")));
    }
    assert!(owners.contains_key("facilities"), "the check finds nothing: {owners:?}");
    let shared = |table: &str, modules: &BTreeSet<String>| {
        SHARED.iter().any(|(name, owners)| *name == table && modules.iter().all(|module| owners.contains(&module.as_str())))
    };
    for (table, modules) in owners.iter().filter(|(table, modules)| modules.len() > 1 && !shared(table, modules)) {
        faults.push(format!("{table} is written by {}", modules.iter().cloned().collect::<Vec<_>>().join(" and ")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn transactions_open_where_requests_and_imports_begin() {
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| !may_open_transactions(path) && opens_transaction(text))
        .map(|(path, _)| format!("{path} opens a transaction; let api.rs do it and pass the connection"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| path != "src/schema.rs" && text.lines().count() > 400)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_floor_check_finds_what_it_looks_for() {
    let floors = floors(
        "//! | floor | modules |\n//! |---|---|\n//! | 0 | `error` |\n//! | 1 | `db`, `keys` |\n//! | 2 | `app`, and `main` above it |\n",
    );
    assert_eq!(floors, BTreeMap::from([("error".into(), 0), ("db".into(), 1), ("keys".into(), 1), ("app".into(), 2)]));
    let uses = |text: &str| upward_uses("db", 2, text, &floors);
    assert!(uses("use crate::error::Code;\nuse crate::db::Conn;").is_empty());
    assert!(
        uses("// crate::app\nlet text = \"crate::app\"; // crate::keys\nlet mark = '\"';\nlet url = \"http://x\";").is_empty()
    );
    assert_eq!(uses("use crate::app::run;").len(), 1);
    assert_eq!(uses("use crate::{error::{ApiError, Code}, keys::Keys};").len(), 1, "a neighbour is not lower");
    assert_eq!(uses("use crate::{\n    app::{Parts, run},\n    keys,\n};").len(), 2);
    assert_eq!(uses("fn f() { $crate::app::run() }").len(), 1);
    assert_eq!(uses("use super::super::app::run;").len(), 1);
    assert!(uses("use super::app::run;").is_empty(), "a file of the same module may bear any name");
    assert_eq!(uses("use crate::nowhere::X;").len(), 1);
}

#[test]
fn the_owner_check_finds_what_it_looks_for() {
    let tables = tables("diesel::table! {\n    users (id) {\n    }\n}\ndiesel::table! {\n    reveals (id) {\n    }\n}\n");
    assert_eq!(tables, BTreeSet::from(["users".to_owned(), "reveals".to_owned()]));
    let written = |text: &str| written_tables(text, &tables);
    let users = || (BTreeSet::from(["users".to_owned()]), Vec::<String>::new());
    assert_eq!(written("diesel::insert_into(users::table).values(x)"), users());
    assert_eq!(written("diesel::update(users::table.find(id)).set(x)"), users());
    assert_eq!(written("delete(crate::schema::users::table)"), users());
    assert_eq!(written("use crate::schema::users as table;\ndiesel::insert_into(table::table)"), users());
    assert_eq!(written("use crate::schema::{reveals, users as t};\ndiesel::update(t::table)"), users());
    assert_eq!(written("let there = users::table.filter(x);\ndiesel::update(there)"), users());
    assert_eq!(written("let there =\n        users::table.find(x);\nlet n = diesel::update(there)"), users());
    assert_eq!(written("let held = || users::table.filter(x);\ndiesel::update(held().filter(y))"), users());
    assert_eq!(written("let there = reveals::table.find(x);\nlet there = users::table.find(x);\ndiesel::update(there)"), users());
    assert_eq!(written("register_store!(users: User { fields: UserFields }, \"users\", scoped by \"/id\", visible);"), users());
    assert_eq!(written("sql_query(\"INSERT INTO users (id) VALUES ($1)\")"), users());
    assert_eq!(written("sql_query(\"UPDATE users SET name = $1\")"), users());
    assert_eq!(written("sql_query(\"WITH x AS (DELETE FROM users) SELECT 1\")"), users());
    assert_eq!(written("let users = update(something);").1.len(), 1, "a table that cannot be named is a fault");
    assert_eq!(
        written("self.update(something); fn update(x: X) {} mac.update(b); sha256_update(c); actions::update(&db)").1,
        Vec::<String>::new()
    );
}

#[test]
fn the_transaction_check_finds_what_it_looks_for() {
    assert!(opens_transaction("db.write(async |conn| work(conn).await)"));
    assert!(opens_transaction("caller.db.get_ref()\n    .write(async move |conn| work(conn))"));
    assert!(opens_transaction("conn.transaction(async |conn| x)") && opens_transaction("M::begin_transaction(conn)"));
    assert!(!opens_transaction("file.write(bytes); held.write(); // db.write(async\n"));
    assert!(may_open_transactions("src/staff/api.rs") && !may_open_transactions("src/staff/actions.rs"));
}

/// Module to floor, from the table in the crate's doc comment.
fn floors(lib: &str) -> BTreeMap<String, usize> {
    let mut floors = BTreeMap::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let Some((floor, modules)) = line.split_once('|') else { continue };
        let Ok(floor) = floor.trim().parse::<usize>() else { continue };
        for name in modules.split('`').skip(1).step_by(2).filter(|name| *name != "main") {
            assert!(floors.insert(name.to_owned(), floor).is_none(), "{name} stands on two floors");
        }
    }
    assert!(!floors.is_empty(), "no table of floors");
    floors
}

/// What this text names of its own floor or above.
fn upward_uses(module: &str, depth: usize, text: &str, floors: &BTreeMap<String, usize>) -> Vec<String> {
    let code = Text::of(text).code;
    let mut used: BTreeSet<String> =
        code.match_indices("crate::").flat_map(|(at, word)| heads(&code[at + word.len()..])).collect();
    let climb = "super::".repeat(depth);
    let known = |name: &String| floors.contains_key(name);
    used.extend(code.match_indices(&climb).flat_map(|(at, word)| heads(&code[at + word.len()..])).filter(known));
    used.remove(module);
    let own = floors[module];
    used.into_iter()
        .filter_map(|name| match floors.get(&name) {
            None => Some(format!("uses {name}, which stands on no floor")),
            Some(floor) if *floor >= own => Some(format!("{module} (floor {own}) uses {name} (floor {floor})")),
            Some(_) => None,
        })
        .collect()
}

/// The first names of a path, or of each path in a group of them.
fn heads(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return Some(name_at(path)).filter(|name| !name.is_empty()).into_iter().collect();
    };
    let (mut heads, mut depth, mut expecting) = (Vec::new(), 1, true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' => expecting |= depth == 1,
            letter if expecting && depth == 1 && is_word(letter) => {
                heads.push(name_at(&group[at..]));
                expecting = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    heads.retain(|head| head != "self");
    heads
}

/// The tables of the schema file.
fn tables(schema: &str) -> BTreeSet<String> {
    let mut lines = schema.lines();
    let mut tables = BTreeSet::new();
    while let Some(line) = lines.next() {
        if line == "diesel::table! {" {
            tables.insert(name_at(lines.next().expect("a table").trim()));
        }
    }
    tables
}

/// The tables that this text writes, and the calls of which that cannot be said.
fn written_tables(text: &str, tables: &BTreeSet<String>) -> (BTreeSet<String>, Vec<String>) {
    let Text { code, strings } = Text::of(text);
    let mut written = BTreeSet::new();
    let mut unclear = Vec::new();
    for verb in ["insert_into(", "update(", "delete(", "register_store!("] {
        for (at, _) in code.match_indices(verb) {
            let before = code[..at].trim_end();
            let is_named = before.ends_with("::") && !before.ends_with("diesel::");
            let is_other = is_named || before.ends_with("fn") || code[..at].ends_with(|letter| is_word(letter) || letter == '.');
            let rest = code[at + verb.len()..].trim_start();
            // The macro that holds every register's SQL names its table where it is called.
            if is_other || rest.starts_with('$') || code[..at].ends_with("macro_rules! ") {
                continue;
            }
            let target: String = rest.chars().take_while(|letter| is_word(*letter) || *letter == ':').collect();
            if value_of(&target, &code[..at]).is_some_and(|value| value.starts_with('$')) {
                continue;
            }
            match resolve(target.trim_end_matches(':'), &code[..at], tables) {
                Some(table) => drop(written.insert(table)),
                // Attributes of routes are written `#[delete("…")]`.
                None if rest.starts_with('"') => {}
                None => unclear.push(format!("{verb}{target}")),
            }
        }
    }
    for verb in ["INSERT INTO ", "UPDATE ", "DELETE FROM ", "COPY "] {
        written.extend(
            strings.match_indices(verb).map(|(at, _)| name_at(&strings[at + verb.len()..])).filter(|name| tables.contains(name)),
        );
    }
    (written, unclear)
}

/// The table behind a path, an alias or a local name.
fn resolve(target: &str, code: &str, tables: &BTreeSet<String>) -> Option<String> {
    let parts: Vec<&str> = target.split("::").filter(|part| !part.is_empty()).collect();
    let alias = |name: &str| {
        code.match_indices(&format!(" as {name}"))
            .filter(|(at, found)| !code[at + found.len()..].starts_with(is_word))
            .map(|(at, _)| last_name(&code[..at]))
            .find(|name| tables.contains(name))
    };
    if let Some(table) = parts.iter().find_map(|part| alias(part).or_else(|| tables.get(*part).cloned())) {
        return Some(table);
    }
    let [local] = parts.as_slice() else { return None };
    let value = value_of(local, code)?;
    let value: String = value.chars().take_while(|letter| is_word(*letter) || *letter == ':').collect();
    (value != *local).then(|| resolve(&value, code, tables)).flatten()
}

/// What a local name was last bound to: an expression, or a closure that gives one.
fn value_of<'a>(local: &str, code: &'a str) -> Option<&'a str> {
    let (_, value) = code.rsplit_once(&format!("let {local} ="))?;
    Some(value.trim_start().trim_start_matches("|| "))
}

fn opens_transaction(text: &str) -> bool {
    let code: String = Text::of(text).code.split_whitespace().collect::<Vec<_>>().join(" ");
    ["db.write(", ".write(async", "begin_transaction", ".transaction("].iter().any(|call| code.contains(call))
}

fn may_open_transactions(path: &str) -> bool {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    inner.ends_with("/api.rs")
        || inner.ends_with("_api.rs")
        || ["register/handle.rs", "http/idempotency.rs", "db.rs"].contains(&inner)
        || ["sessions/", "imports/", "cli/"].iter().any(|folder| inner.starts_with(folder))
}

/// A source text without its comments: what is code, and what stands in strings.
struct Text {
    code: String,
    strings: String,
}

impl Text {
    fn of(text: &str) -> Self {
        let mut whole = Self { code: String::new(), strings: String::new() };
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '/' if letters.peek() == Some(&'/') => {
                    letters.find(|letter| *letter == '\n');
                    whole.code.push('\n');
                }
                '"' => {
                    let hashes = whole.code.len() - whole.code.trim_end_matches('#').len();
                    let is_raw = whole.code.trim_end_matches('#').ends_with('r');
                    whole.code.push_str("\"\"");
                    let end = "#".repeat(if is_raw { hashes } else { 0 });
                    while let Some(letter) = letters.next() {
                        match letter {
                            '"' if letters.clone().take(end.len()).eq(end.chars()) => break,
                            '\\' if !is_raw => drop(letters.next()),
                            letter => whole.strings.push(letter),
                        }
                    }
                    whole.strings.push('\n');
                }
                // A quotation mark as a character opens no string; a lifetime has no second mark.
                '\'' => {
                    whole.code.push('\'');
                    if letters.peek() == Some(&'\\') {
                        letters.by_ref().take(2).for_each(drop);
                    } else if letters.peek() == Some(&'"') {
                        letters.next();
                    }
                }
                letter => whole.code.push(letter),
            }
        }
        whole
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|letter| is_word(*letter)).collect()
}

fn last_name(text: &str) -> String {
    let start = text.rfind(|letter| !is_word(letter)).map_or(0, |at| at + 1);
    text[start..].to_owned()
}

/// The top-level module a file belongs to; none for the roots of the crate.
fn module_of(path: &str) -> Option<String> {
    let first = path.strip_prefix("src/")?.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!["lib", "main"].contains(&name)).then(|| name.to_owned())
}

/// How many `super::` lead from a file to the crate's root.
fn depth_of(path: &str) -> usize {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    inner.split('/').filter(|part| *part != "mod.rs").count()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// Every source file: (path from the root of the tree, text).
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                walk(&entry, found);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                found.push(entry);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join("src"), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a source file"))
        })
        .collect()
}
