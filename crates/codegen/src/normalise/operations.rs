//! Operations: their paths, names and credentials.

use indexmap::IndexMap;

use super::naming::{Unnamed, Wanted};
use super::node::Node;
use super::parameters::name_for_call;
use super::servers::Servers;
use super::{MAX_OPERATIONS, Reader};
use crate::model::{Body, Operation};
use crate::names::{operation_constant, pascal};
use crate::part::METHODS;

/// Happens instead of reading requests that the server sends.
const CALLS: &str = "no code is generated for requests that the server sends";

impl<'a> Reader<'a> {
    pub(super) fn read_operations(&mut self, servers: &Servers) -> Vec<Operation> {
        let root = self.root();
        if let Some(webhooks) = root.get("webhooks") {
            self.problems.warn(&webhooks.at, "webhooks", CALLS);
        }
        let paths = root.child("paths");
        if !root.has("paths") {
            self.problems.add(
                &paths.at,
                "the document has no `paths`",
                "provide a spec with operations",
            );
            return Vec::new();
        }
        let Some(map) = self.object(&paths, "`paths`") else {
            return Vec::new();
        };
        if self.exceeds(MAX_OPERATIONS, map.len(), "paths", &paths.at) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (path, item) in paths.entries() {
            if path.starts_with("x-") {
                continue;
            }
            let Some(item) = self.resolve(item) else {
                continue;
            };
            self.object(&item, "the path");
            for method in METHODS {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                if self.object(&operation, "the operation").is_none() {
                    continue;
                }
                if let Some(callbacks) = operation.get("callbacks") {
                    self.problems.warn(&callbacks.at, "callbacks", CALLS);
                }
                let count = found.len() + 1;
                if self.exceeds(MAX_OPERATIONS, count, "operations", &operation.at) {
                    return Vec::new();
                }
                found.push(Unnamed {
                    path,
                    method,
                    item: item.clone(),
                    operation,
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
                self.problems.warn(&it.operation.at, message, instead);
            } else {
                ids.insert(it.id(), it.operation.at.as_str());
            }
        }
        let mut operations = Vec::new();
        for (found, name) in found.iter().zip(names) {
            operations.push(self.read_operation(found, name, servers));
        }
        let builders = operations.iter_mut();
        let builders = builders.map(|it| Wanted::new(&it.place, &mut it.builder));
        self.settle(&mut builders.collect::<Vec<_>>());
        operations
    }

    fn read_operation(
        &mut self,
        found: &Unnamed<'a>,
        name: String,
        servers: &Servers,
    ) -> Operation {
        let hint = pascal(&name);
        let operation = &found.operation;
        let mut parameters = self.read_parameters(found, &hint);
        let mut body = self.read_body(operation, &hint);
        let responses = self.read_responses(operation, &hint);
        let (prefix, server) = self.own_server(servers, found);
        if responses.events.is_some() {
            let bodies = body.iter_mut().flat_map(Body::bodies_mut);
            let parts = bodies.flat_map(|it| it.content.parts_mut());
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
            path: format!("{prefix}{}", found.path),
            summary: operation.prose("summary"),
            description: operation.prose("description"),
            deprecated: operation.flag("deprecated"),
            tags: operation.strings("tags"),
            parameters,
            body,
            accept: responses.accept,
            success: responses.success,
            events: responses.events,
            server,
            responses: responses.declared,
            security: self.security(operation),
            paging: None,
            place: (&operation.at).into(),
        }
    }

    fn security(&mut self, operation: &Node<'a>) -> Vec<Vec<String>> {
        let declared = operation.get("security");
        let declared = declared.unwrap_or_else(|| self.root().child("security"));
        let schemes = self.root().child("components").child("securitySchemes");
        let mut found = Vec::new();
        for alternative in declared.items().filter(|it| it.value.is_object()) {
            for (name, scopes) in alternative.entries() {
                if !schemes.has(name) && self.undefined_schemes.insert(name) {
                    self.problems.warn(
                        &scopes.at,
                        format!("the security scheme `{name}` is not defined"),
                        "credentials for it are sent as `Authorization: Bearer …`",
                    );
                }
            }
            found.push(
                alternative
                    .entries()
                    .map(|(name, _)| name.clone())
                    .collect(),
            );
        }
        found
    }
}
