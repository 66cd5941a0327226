//! Operations: their paths, names and credentials.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::naming::{Unnamed, Wanted};
use super::parameters::name_for_call;
use super::servers::Servers;
use super::{MAX_OPERATIONS, Reader, flag, prose, strings};
use crate::model::{Body, BodyContent, Operation};
use crate::names::{operation_constant, pascal};
use crate::part::METHODS;
use crate::pointer::Pointer;

/// Happens instead of reading requests that the server sends.
const CALLS: &str = "no code is generated for requests that the server sends";

impl<'a> Reader<'a> {
    pub(super) fn read_operations(&mut self, servers: &Servers) -> Vec<Operation> {
        if self.places.lifted.get("webhooks").is_some() {
            self.warn(&Pointer::root().at("webhooks"), "webhooks", CALLS);
        }
        let at = Pointer::root().at("paths");
        let Some(paths) = self.places.lifted.get("paths") else {
            self.problem(
                &at,
                "the document has no `paths`",
                "provide a spec with operations",
            );
            return Vec::new();
        };
        let Some(paths) = self.object(paths, &at, "`paths`") else {
            return Vec::new();
        };
        if self.exceeds(MAX_OPERATIONS, paths.len(), "paths", &at) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (path, item) in paths {
            if path.starts_with("x-") {
                continue;
            }
            let at = at.at(path);
            let Some((item, item_at)) = self.resolve(item, &at) else {
                continue;
            };
            let Some(item) = self.object(item, &item_at, "the path") else {
                continue;
            };
            for method in METHODS {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                let at = item_at.at(method);
                let Some(operation) = self.object(operation, &at, "the operation") else {
                    continue;
                };
                if operation.contains_key("callbacks") {
                    self.warn(&at.at("callbacks"), "callbacks", CALLS);
                }
                if self.exceeds(MAX_OPERATIONS, found.len() + 1, "operations", &at) {
                    return Vec::new();
                }
                found.push(Unnamed {
                    path,
                    method,
                    item,
                    operation,
                    at,
                });
            }
        }
        self.read_all(&found, servers)
    }

    fn read_all(&mut self, found: &[Unnamed<'a>], servers: &Servers) -> Vec<Operation> {
        let names = self.name_operations(found);
        let mut ids: IndexMap<String, &str> = IndexMap::new();
        for (it, name) in found.iter().zip(&names) {
            if let Some(other) = ids.get(&it.id()) {
                let message = format!("the operationId `{}` is also used at `{other}`", it.id());
                let instead = format!("the method is `{name}`, and `call` finds it by that name");
                self.warn(&it.at, message, instead);
            } else {
                ids.insert(it.id(), it.at.as_str());
            }
        }
        let mut operations = Vec::new();
        for (found, name) in found.iter().zip(names) {
            operations.push(self.read_operation(found, name, servers));
        }
        let builders = operations.iter_mut().map(|it| Wanted {
            place: it.place.clone(),
            name: &mut it.builder,
            given: false,
            others: Vec::new(),
        });
        self.settle(&mut builders.collect::<Vec<_>>());
        operations
    }

    fn read_operation(
        &mut self,
        found: &Unnamed<'a>,
        name: String,
        servers: &Servers,
    ) -> Operation {
        let Unnamed {
            path,
            item,
            operation,
            at,
            ..
        } = found;
        let hint = pascal(&name);
        let mut parameters = self.read_parameters(path, item, operation, at, &hint);
        let mut body = self.read_body(operation, at, &hint);
        let responses = self.read_responses(operation, at, &hint);
        let (prefix, server) = self.own_server(servers, item, operation, at);
        if responses.events.is_some() {
            let contents = body.iter_mut().flat_map(Body::contents_mut);
            let parts = contents.flat_map(BodyContent::parts_mut);
            let parts = parts.map(|part| &mut part.ident);
            let arguments = parameters.iter_mut().map(|it| &mut it.ident).chain(parts);
            arguments
                .filter(|it| *it == "events")
                .for_each(|it| it.push('_'));
        }
        self.name_arguments(&mut parameters, body.as_mut());
        name_for_call(&mut parameters, body.as_mut());
        Operation {
            builder: hint,
            constant: operation_constant(&name),
            name,
            upstream: found.id(),
            method: found.method.to_ascii_uppercase(),
            path: format!("{prefix}{path}"),
            summary: prose(operation, "summary"),
            description: prose(operation, "description"),
            deprecated: flag(operation, "deprecated"),
            tags: strings(operation.get("tags")),
            parameters,
            body,
            accept: responses.accept,
            success: responses.success,
            events: responses.events,
            server,
            responses: responses.declared,
            security: self.security(operation, at),
            paging: None,
            place: String::from(at),
        }
    }

    fn security(&mut self, operation: &'a Map<String, Value>, at: &Pointer) -> Vec<Vec<String>> {
        let (declared, at) = match operation.get("security") {
            Some(own) => (Some(own), at.at("security")),
            None => (
                self.places.lifted.get("security"),
                Pointer::root().at("security"),
            ),
        };
        let schemes = self.places.lifted.pointer("/components/securitySchemes");
        let alternatives = declared.and_then(Value::as_array).into_iter().flatten();
        let mut found = Vec::new();
        for (index, alternative) in alternatives.enumerate() {
            let Some(alternative) = alternative.as_object() else {
                continue;
            };
            for name in alternative.keys() {
                let known = schemes.and_then(|schemes| schemes.get(name)).is_some();
                if !known && self.undefined_schemes.insert(name) {
                    self.warn(
                        &at.at(index).at(name),
                        format!("the security scheme `{name}` is not defined"),
                        "credentials for it are sent as `Authorization: Bearer …`",
                    );
                }
            }
            found.push(alternative.keys().cloned().collect());
        }
        found
    }
}
