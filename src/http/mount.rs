//! Where slices say which handlers they have: to the service, which answers with them, or to the document, which tells of them.
//!
//! Both read the same lists. A worker builds no document, which as a tree is a hundred times its text.
//!
//! actix tries one address after the other, and most are patterns: a request would be held against four hundred of them. So they are kept in
//! groups, by the first letter and the first word of their addresses, and a request is held against those of its own group alone.

use std::{collections::BTreeMap, sync::Arc};

use actix_web::{
    dev::HttpServiceFactory,
    guard::{Guard, GuardContext},
    web::{self, ServiceConfig},
};
use utoipa::openapi::{Paths, RefOr, Schema};
use utoipa_actix_web::OpenApiFactory;

/// What is mounted somewhere.
pub struct Mount<'a>(Place<'a>);

enum Place<'a> {
    Service(Groups),
    Document(&'a mut Told),
}

/// What the handlers say of themselves.
#[derive(Default)]
pub struct Told {
    /// Their operations, by their addresses.
    pub paths: Paths,
    /// The types of their bodies and answers, by name.
    pub schemas: Vec<(String, RefOr<Schema>)>,
    /// The first word of the address of each, in the order they are mounted.
    pub first_words: Vec<String>,
}

/// The handlers of a service, before they are mounted in it: by the first letter of their addresses, and within it by the first word.
struct Groups {
    first_words: Arc<[String]>,
    mounted: usize,
    letters: BTreeMap<u8, BTreeMap<String, Vec<Mounting>>>,
}

type Mounting = Box<dyn FnOnce(&mut ServiceConfig)>;

impl<'a> Mount<'a> {
    /// In the document.
    pub fn in_document(told: &'a mut Told) -> Self {
        Self(Place::Document(told))
    }

    /// Mounts a handler.
    pub fn service(&mut self, handler: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        match &mut self.0 {
            Place::Service(groups) => groups.add(Box::new(|service| {
                service.service(handler);
            })),
            Place::Document(told) => {
                let paths = handler.paths();
                told.first_words.push(paths.paths.keys().next().map(|path| first_word(path).to_owned()).unwrap_or_default());
                told.paths.merge(paths);
                handler.schemas(&mut told.schemas);
            }
        }
        self
    }

    /// Mounts all handlers of a slice, or of a part of one.
    pub fn configure(&mut self, routes: impl FnOnce(&mut Mount)) -> &mut Self {
        routes(self);
        self
    }
}

impl Mount<'static> {
    /// At the service, below `base`. The first words are those that the document was told, by the same `routes`.
    pub fn at(base: &'static str, service: &mut ServiceConfig, first_words: Arc<[String]>, routes: impl FnOnce(&mut Mount)) {
        let mut mount = Self(Place::Service(Groups { first_words, mounted: 0, letters: BTreeMap::new() }));
        routes(&mut mount);
        let Place::Service(Groups { letters, .. }) = mount.0 else { return };
        // Behind the base and a slash.
        let from = base.len() + 1;
        for (letter, words) in letters {
            let mut beginning = web::scope("").guard(Begins { from, letter });
            for (word, mountings) in words {
                let group = web::scope("").guard(FirstWord { from, word });
                beginning = beginning.service(group.configure(|service| mountings.into_iter().for_each(|mount| mount(service))));
            }
            service.service(beginning);
        }
    }
}

impl Groups {
    fn add(&mut self, mounting: Mounting) {
        let word = self.first_words.get(self.mounted).cloned().unwrap_or_default();
        self.mounted += 1;
        let letter = word.bytes().next().unwrap_or_default();
        self.letters.entry(letter).or_default().entry(word).or_default().push(mounting);
    }
}

/// Lets addresses pass that go on with this letter.
struct Begins {
    from: usize,
    letter: u8,
}

impl Guard for Begins {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        context.head().uri.path().as_bytes().get(self.from) == Some(&self.letter)
    }
}

/// Lets addresses pass that go on with this word.
struct FirstWord {
    from: usize,
    word: String,
}

impl Guard for FirstWord {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        let rest = context.head().uri.path().as_bytes().get(self.from..).and_then(|rest| rest.strip_prefix(self.word.as_bytes()));
        rest.is_some_and(|rest| rest.first().is_none_or(|next| *next == b'/'))
    }
}

/// The first word of an address below its base.
pub(super) fn first_word(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}
