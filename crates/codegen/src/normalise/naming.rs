//! Colliding names: the first in the document keeps the plain name, the others get longer ones.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::Reader;
use super::node::Node;
use crate::model::{Body, BodyContent, Kind, Parameter};
use crate::names::{NAME_OVERRIDE, operation_name, pascal, snake, spelled_out, variant_name};

/// Methods that every generated client has besides its operations.
const CLIENT_METHODS: [&str; 3] = ["call", "new", "transport"];

/// An item that needs a name.
pub(super) struct Wanted<'n> {
    place: String,
    /// The preferred name, replaced by the chosen one.
    name: &'n mut String,
    /// Whether the document or an overlay sets the name.
    given: bool,
    /// Alternative names in order of preference, tried before numbers.
    others: Vec<String>,
}

impl<'n> Wanted<'n> {
    pub(super) fn new(place: impl Into<String>, name: &'n mut String) -> Self {
        Self {
            place: place.into(),
            name,
            given: false,
            others: Vec::new(),
        }
    }

    pub(super) fn given(self, given: bool) -> Self {
        Self { given, ..self }
    }

    pub(super) fn or(mut self, other: String) -> Self {
        self.others.push(other);
        self
    }
}

/// An operation before it is read.
pub(super) struct Unnamed<'a> {
    pub path: &'a str,
    pub method: &'static str,
    /// The path item.
    pub item: Node<'a>,
    pub operation: Node<'a>,
}

impl<'a> Unnamed<'a> {
    fn given(&self) -> Option<&'a str> {
        self.operation.str(NAME_OVERRIDE)
    }

    /// Returns the `operationId`, or the method and path if it is missing.
    pub(super) fn id(&self) -> String {
        let id = self.operation.text("operationId");
        id.unwrap_or_else(|| format!("{} {}", self.method, self.path))
    }
}

impl Reader<'_> {
    /// Gives each item a unique name.
    pub(super) fn settle(&mut self, wanted: &mut [Wanted<'_>]) {
        let plain: Vec<String> = wanted.iter().map(|it| it.name.clone()).collect();
        let mut keepers: IndexMap<&str, usize> = IndexMap::new();
        for given in [true, false] {
            for (index, name) in plain.iter().enumerate() {
                if wanted[index].given == given {
                    keepers.entry(name).or_insert(index);
                }
            }
        }
        let mut taken: HashSet<String> = plain.iter().cloned().collect();
        for (index, plain) in plain.iter().enumerate() {
            let keeper = keepers[plain.as_str()];
            if keeper == index {
                continue;
            }
            if wanted[index].given {
                let place = &wanted[keeper].place;
                let message = format!("`{plain}` is also the name set at `{place}`");
                let remedy = format!("rename one of them with `{NAME_OVERRIDE}`");
                self.problems.add(&wanted[index].place, message, remedy);
            }
            let it = &mut wanted[index];
            let numbers = (2..).map(|count| numbered(plain, count));
            let mut names = it.others.drain(..).chain(numbers);
            *it.name = names.find(|name| !taken.contains(name)).unwrap_or_default();
            taken.insert(it.name.clone());
        }
    }

    /// Names the methods of operations.
    pub(super) fn name_operations(&mut self, operations: &[Unnamed<'_>]) -> Vec<String> {
        let short: Vec<String> = operations
            .iter()
            .map(|it| match it.given() {
                Some(name) => snake(name),
                None => operation_name(&it.id(), it.path).short,
            })
            .collect();
        let mut groups: IndexMap<&str, Vec<usize>> = IndexMap::new();
        for (index, name) in short.iter().enumerate() {
            groups.entry(name).or_default().push(index);
        }
        let mut plain = short.clone();
        for group in groups.values().filter(|group| group.len() > 1) {
            let mut by_path = Vec::new();
            for &index in group {
                let it = &operations[index];
                if it.given().is_some() {
                    continue;
                }
                let id = it.id();
                let name = operation_name(&id, it.path);
                let same = |&other: &usize| other != index && operations[other].id() == id;
                match name.service {
                    Some(service) => plain[index] = snake(&format!("{service}_{}", name.short)),
                    None if name.stripped || group.iter().any(same) => by_path.push(index),
                    None => {}
                }
            }
            let paths: Vec<_> = by_path.iter().map(|&index| &operations[index]).collect();
            for (&index, words) in by_path.iter().zip(telling_apart(&paths)) {
                plain[index] = snake(&format!("{}_{words}", short[index]));
            }
        }
        let mut wanted = Vec::new();
        for (it, name) in operations.iter().zip(&mut plain) {
            if CLIENT_METHODS.contains(&name.as_str()) {
                name.push('_');
            }
            let it_wants = Wanted::new(&it.operation.at, name);
            wanted.push(it_wants.given(it.given().is_some()).or(snake(&it.id())));
        }
        self.settle(&mut wanted);
        plain
    }

    /// Names the arguments of an operation: parameters, bodies and parts.
    pub(super) fn name_arguments(&mut self, parameters: &mut [Parameter], body: Option<&mut Body>) {
        let mut wanted: Vec<Wanted<'_>> = Vec::new();
        for it in parameters {
            let located = format!("{}_{}", it.ident, it.location.as_str());
            let name = Wanted::new(&it.place, &mut it.ident).given(it.given);
            wanted.push(name.or(snake(&spelled_out(&it.name))).or(located));
        }
        if let Some(body) = body {
            let place = body.place.clone();
            for (index, one) in body.bodies_mut().enumerate() {
                let BodyContent::Multipart(parts) = &mut one.content else {
                    // The preferred body keeps its name.
                    let name = Wanted::new(&place, &mut one.ident);
                    wanted.push(name.given(index == 0));
                    continue;
                };
                wanted.extend(parts.iter_mut().map(|part| {
                    let other = format!("{}_part", part.ident);
                    let name = Wanted::new(&part.place, &mut part.ident);
                    name.given(part.given).or(other)
                }));
            }
        }
        self.settle(&mut wanted);
    }

    /// Names the fields of structs and the variants of enums.
    pub(super) fn name_members(&mut self) {
        let mut named = std::mem::take(&mut self.named);
        for entry in named.values_mut() {
            let mut wanted: Vec<Wanted<'_>> = match &mut entry.schema.kind {
                Kind::Object(object) => (object.properties.iter_mut())
                    .map(|(wire, it)| {
                        let name = Wanted::new(&it.place, &mut it.ident).given(it.given);
                        name.or(snake(&spelled_out(wire)))
                    })
                    .collect(),
                Kind::Enum(values) => (values.iter_mut())
                    .map(|it| {
                        let name = Wanted::new(&it.place, &mut it.variant).given(it.given);
                        name.or(pascal(&spelled_out(&it.value)))
                    })
                    .collect(),
                Kind::Tagged(tagged) => (tagged.variants.iter_mut())
                    .map(|it| {
                        let other = it.values.first().map_or("", String::as_str);
                        let name = Wanted::new(&it.place, &mut it.ident);
                        name.or(variant_name(&spelled_out(other)))
                    })
                    .collect(),
                _ => continue,
            };
            self.settle(&mut wanted);
        }
        self.named = named;
    }
}

/// Returns `name_2` for a snake-case name, `Name2` for a camel-case one.
fn numbered(name: &str, count: usize) -> String {
    let camel = name.starts_with(char::is_uppercase)
        && !name.contains('_')
        && !name.ends_with(|c: char| c.is_ascii_digit());
    let between = if camel { "" } else { "_" };
    format!("{name}{between}{count}")
}

/// Returns the words that distinguish each path: as few as possible, from where they differ.
fn telling_apart(operations: &[&Unnamed<'_>]) -> Vec<String> {
    let words = |parameters: bool| -> Vec<Vec<&str>> {
        let segments = operations.iter().map(|it| it.path.split('/'));
        let kept =
            |segment: &&str| !segment.is_empty() && (parameters || !segment.starts_with('{'));
        segments.map(|it| it.filter(kept).collect()).collect()
    };
    for parameters in [false, true] {
        let paths = words(parameters);
        let first = paths.first().map_or(&[][..], Vec::as_slice);
        let is_common = |index: &usize| paths.iter().all(|it| it.get(*index) == first.get(*index));
        let common = (0..first.len()).take_while(is_common).count();
        let longest = paths.iter().map(Vec::len).max().unwrap_or(0);
        for count in 1..=longest.saturating_sub(common) {
            let told = paths.iter().map(|path| {
                let end = path.len().min(common + count);
                path[common..end].join("_")
            });
            let told: Vec<String> = told.collect();
            if told.iter().collect::<HashSet<_>>().len() == told.len() {
                return told;
            }
        }
    }
    operations.iter().map(|it| it.method.to_owned()).collect()
}
