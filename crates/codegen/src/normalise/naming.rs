//! Names that would meet: the first in the document keeps the plain one, the others get longer ones.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Reader;
use crate::model::{Body, Kind, Parameter, Part};
use crate::names::{NAME_OVERRIDE, operation_name, pascal, snake, spelled_out, variant_name};
use crate::pointer::Pointer;

/// Methods every generated client has besides its operations.
const CLIENT_METHODS: [&str; 3] = ["call", "new", "transport"];

/// The name that something in a document asks for.
pub(super) struct Wanted {
    pub place: String,
    /// What it is called if nothing else is.
    pub plain: String,
    /// Whether the document itself, or an overlay, gives the name.
    pub given: bool,
    /// What it is called where the plain name is taken, in this order, before numbers.
    pub others: Vec<String>,
}

/// An operation before it is read.
#[derive(Clone, Copy)]
pub(super) struct Unnamed<'a> {
    pub path: &'a str,
    pub method: &'a str,
    pub operation: &'a Map<String, Value>,
    pub at: &'a Pointer,
}

impl<'a> Unnamed<'a> {
    fn given(&self) -> Option<&'a str> {
        self.operation.get(NAME_OVERRIDE).and_then(Value::as_str)
    }

    pub(super) fn id(&self) -> String {
        operation_id(self.operation, self.method, self.path)
    }
}

/// The id of an operation; one without is known by its method and path.
pub(super) fn operation_id(operation: &Map<String, Value>, method: &str, path: &str) -> String {
    let id = super::text(operation, "operationId");
    id.unwrap_or_else(|| format!("{method} {path}"))
}

impl Reader<'_> {
    /// Gives each a name that no other has.
    pub(super) fn settle(&mut self, wanted: &[Wanted]) -> Vec<String> {
        let mut keepers: IndexMap<&str, usize> = IndexMap::new();
        for given in [true, false] {
            for (index, it) in wanted
                .iter()
                .enumerate()
                .filter(|(_, it)| it.given == given)
            {
                keepers.entry(&it.plain).or_insert(index);
            }
        }
        let mut taken: HashSet<String> = keepers.keys().map(|&name| name.to_owned()).collect();
        let mut names = Vec::new();
        for (index, it) in wanted.iter().enumerate() {
            let keeper = keepers[it.plain.as_str()];
            if keeper == index {
                names.push(it.plain.clone());
                continue;
            }
            if it.given {
                let message = format!(
                    "`{}` is also the name that is given at `{}`",
                    it.plain, wanted[keeper].place
                );
                let remedy = format!("give one of them another name with `{NAME_OVERRIDE}`");
                self.problems.add(&it.place, message, remedy);
            }
            let free = it.others.iter().find(|name| !taken.contains(*name));
            let name = free.cloned().unwrap_or_else(|| {
                let mut count = 2..;
                let numbered = count.by_ref().map(|count| numbered(&it.plain, count));
                let mut free = numbered.filter(|name| !taken.contains(name));
                free.next().unwrap_or_default()
            });
            taken.insert(name.clone());
            names.push(name);
        }
        names
    }

    /// The methods of operations.
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
        let wanted: Vec<Wanted> = operations
            .iter()
            .zip(plain)
            .map(|(it, plain)| Wanted {
                place: it.at.into(),
                plain: match CLIENT_METHODS.contains(&plain.as_str()) {
                    true => plain + "_",
                    false => plain,
                },
                given: it.given().is_some(),
                others: vec![snake(&it.id())],
            })
            .collect();
        self.settle(&wanted)
    }

    /// The arguments of an operation: its parameters, and its body or the parts of it.
    pub(super) fn name_arguments(&mut self, parameters: &mut [Parameter], body: Option<&mut Body>) {
        let mut wanted: Vec<Wanted> = (parameters.iter())
            .map(|it| Wanted {
                place: it.place.clone(),
                plain: it.ident.clone(),
                given: it.given,
                others: vec![
                    snake(&spelled_out(&it.name)),
                    format!("{}_{}", it.ident, it.location.as_str()),
                ],
            })
            .collect();
        let mut parts: &mut [Part] = &mut [];
        if let Some(body) = body {
            let place = body.place.clone();
            parts = body.parts_mut();
            if parts.is_empty() {
                wanted.push(Wanted {
                    place,
                    plain: "body".to_owned(),
                    given: true,
                    others: Vec::new(),
                });
            }
        }
        wanted.extend(parts.iter().map(|part| Wanted {
            place: part.place.clone(),
            plain: part.ident.clone(),
            given: part.given,
            others: vec![format!("{}_part", part.ident)],
        }));
        let names = self.settle(&wanted);
        for (it, name) in parameters.iter_mut().zip(&names) {
            it.ident.clone_from(name);
        }
        for (part, name) in parts
            .iter_mut()
            .zip(names.into_iter().skip(parameters.len()))
        {
            part.ident = name;
        }
    }

    /// The fields of structs and the variants of enums.
    pub(super) fn name_members(&mut self) {
        let mut named = std::mem::take(&mut self.named);
        for entry in named.values_mut() {
            match &mut entry.schema.kind {
                Kind::Object(object) => {
                    let wanted: Vec<Wanted> = (object.properties.iter())
                        .map(|(wire, it)| Wanted {
                            place: it.place.clone(),
                            plain: it.ident.clone(),
                            given: it.given,
                            others: vec![snake(&spelled_out(wire))],
                        })
                        .collect();
                    let names = self.settle(&wanted);
                    for (property, name) in object.properties.values_mut().zip(names) {
                        property.ident = name;
                    }
                }
                Kind::Enum(values) => {
                    let wanted: Vec<Wanted> = (values.iter())
                        .map(|it| Wanted {
                            place: it.place.clone(),
                            plain: variant_name(it.given.as_deref().unwrap_or(&it.value)),
                            given: it.given.is_some(),
                            others: vec![pascal(&spelled_out(&it.value))],
                        })
                        .collect();
                    let names = self.settle(&wanted);
                    for (value, name) in values.iter_mut().zip(names) {
                        value.variant = name;
                    }
                }
                Kind::Tagged(tagged) => {
                    let wanted: Vec<Wanted> = (tagged.variants.iter())
                        .map(|it| Wanted {
                            place: it.place.clone(),
                            plain: it.ident.clone(),
                            given: false,
                            others: vec![variant_name(&spelled_out(&it.values[0]))],
                        })
                        .collect();
                    let names = self.settle(&wanted);
                    for (variant, name) in tagged.variants.iter_mut().zip(names) {
                        variant.ident = name;
                    }
                }
                _ => {}
            }
        }
        self.named = named;
    }
}

/// `name_2` for a name in snake case, `Name2` for one in camel case.
fn numbered(name: &str, count: usize) -> String {
    let camel = name.starts_with(char::is_uppercase)
        && !name.contains('_')
        && !name.ends_with(|c: char| c.is_ascii_digit());
    let between = if camel { "" } else { "_" };
    format!("{name}{between}{count}")
}

/// The words of each path that tell it from the others: as few as that takes, from where they differ.
fn telling_apart(operations: &[&Unnamed<'_>]) -> Vec<String> {
    let words = |parameters: bool| -> Vec<Vec<&str>> {
        let segments = operations.iter().map(|it| it.path.split('/'));
        let kept =
            |segment: &&str| !segment.is_empty() && (parameters || !segment.starts_with('{'));
        segments.map(|it| it.filter(kept).collect()).collect()
    };
    for parameters in [false, true] {
        let paths = words(parameters);
        let common = paths
            .iter()
            .take(1)
            .flatten()
            .enumerate()
            .take_while(|(index, word)| paths.iter().all(|path| path.get(*index) == Some(word)));
        let common = common.count();
        let longest = paths.iter().map(Vec::len).max().unwrap_or(0);
        for count in 1..=longest.saturating_sub(common) {
            let told: Vec<String> = paths
                .iter()
                .map(|path| {
                    path[common.min(path.len())..]
                        .iter()
                        .take(count)
                        .copied()
                        .collect::<Vec<_>>()
                        .join("_")
                })
                .collect();
            if told.iter().collect::<HashSet<_>>().len() == told.len() {
                return told;
            }
        }
    }
    operations.iter().map(|it| it.method.to_owned()).collect()
}
