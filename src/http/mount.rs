//! Where slices say which handlers they have: to the service, which answers with them, or to the document, which tells of them.
//!
//! Both read the same lists. A worker builds no document, which as a tree is a hundred times its text.
//!
//! actix tries one address after the other, and most are patterns: a request would be held against four hundred of them. So they are kept in
//! groups, by the first word of their addresses, and a request is held against those of its own group alone.

use std::sync::Arc;

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

/// The handlers of a service, before they are mounted in it.
struct Groups {
    first_words: Arc<[String]>,
    mounted: usize,
    groups: Vec<(String, Vec<Mounting>)>,
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
        let mut mount = Self(Place::Service(Groups { first_words, mounted: 0, groups: Vec::new() }));
        routes(&mut mount);
        let Place::Service(Groups { groups, .. }) = mount.0 else { return };
        for (first_word, mountings) in groups {
            let group = web::scope("").guard(FirstWord { base, word: first_word });
            service.service(group.configure(|service| mountings.into_iter().for_each(|mount| mount(service))));
        }
    }
}

impl Groups {
    fn add(&mut self, mounting: Mounting) {
        let word = self.first_words.get(self.mounted).cloned().unwrap_or_default();
        self.mounted += 1;
        match self.groups.iter_mut().find(|(name, _)| *name == word) {
            Some((_, mountings)) => mountings.push(mounting),
            None => self.groups.push((word, vec![mounting])),
        }
    }
}

/// Lets addresses pass that begin with this word.
struct FirstWord {
    base: &'static str,
    word: String,
}

impl Guard for FirstWord {
    fn check(&self, context: &GuardContext<'_>) -> bool {
        context.head().uri.path().strip_prefix(self.base).is_some_and(|path| first_word(path) == self.word)
    }
}

fn first_word(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}
