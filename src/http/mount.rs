//! Where slices say which handlers they have: to the service, which answers with them, or to the document, which tells of them.
//!
//! Both read the same lists. A worker builds no document, which as a tree is a hundred times its text.

use actix_web::{dev::HttpServiceFactory, web};
use utoipa::openapi::{Paths, RefOr, Schema};
use utoipa_actix_web::OpenApiFactory;

/// What is mounted somewhere.
pub struct Mount<'a>(Place<'a>);

enum Place<'a> {
    Service(&'a mut web::ServiceConfig),
    Document(&'a mut Told),
}

/// What the handlers say of themselves.
#[derive(Default)]
pub struct Told {
    /// Their operations, by their addresses.
    pub paths: Paths,
    /// The types of their bodies and answers, by name.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl<'a> Mount<'a> {
    /// At the service.
    pub fn at(service: &'a mut web::ServiceConfig) -> Self {
        Self(Place::Service(service))
    }

    /// In the document.
    pub fn in_document(told: &'a mut Told) -> Self {
        Self(Place::Document(told))
    }

    /// Mounts a handler.
    pub fn service(&mut self, handler: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        match &mut self.0 {
            Place::Service(service) => drop(service.service(handler)),
            Place::Document(told) => {
                told.paths.merge(handler.paths());
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
