//! References: afterwards, schemas are only referred to by their names in the document.
//!
//! A schema is added to the document's schemas, and so is a part of a schema or an operation that a
//! reference leads to; any other target in another file replaces its reference. Only files below the
//! directory of the document are read, and nothing is downloaded. A reference that cannot be
//! followed is kept, because an overlay may still remove it; [`unresolved`] reports the rest.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::error::{Problem, TOO_LARGE};
use crate::names::NAME_OVERRIDE;
use crate::part::Part;
use crate::pointer::{Pointer, child};
use crate::read::{Dialect, MAX_BYTES, read_value};
use crate::spec::{Document, Spec};

const MAX_FILES: usize = 2_000;

/// Maximum number of values that replace references; it stops documents that grow without bounds.
const MAX_COPIED: usize = 1_000_000;

/// Parts at the top of a Swagger 2.0 document that have no place in OpenAPI 3.0. The last one has
/// the envelopes of streams, which old grpc-gateway versions keep apart.
const SHARED_IN_SWAGGER: [&str; 3] = ["/parameters/", "/responses/", "/x-stream-definitions/"];

/// Keywords that concern a property, and not only its type.
const OF_PLACE: [&str; 6] = [
    "description",
    "default",
    "deprecated",
    "readOnly",
    NAME_OVERRIDE,
    "x-required-on-creation",
];

/// A document without references to other files.
#[derive(Default)]
pub(crate) struct Bundle {
    pub document: Value,
    /// The referenced files that were read.
    pub files: Vec<PathBuf>,
    /// The origins of parts of the document, by pointer.
    origins: BTreeMap<String, String>,
    /// The message and remedy for each reference that could not be followed.
    unresolved: HashMap<String, (String, String)>,
}

impl Bundle {
    /// Returns the origin of a part: a pointer, with the name of the file if it is another one.
    pub(crate) fn origin(&self, pointer: &str) -> String {
        let mut whole = pointer;
        loop {
            if let Some(origin) = self.origins.get(whole) {
                return format!("{origin}{}", &pointer[whole.len()..]);
            }
            match whole.rfind('/') {
                Some(end) => whole = &whole[..end],
                None => return pointer.to_owned(),
            }
        }
    }
}

pub(crate) fn bundle(spec: &Spec, document: Value, dialect: Dialect) -> Bundle {
    let schemas = match dialect {
        Dialect::Swagger20 => Pointer::root().at("definitions"),
        Dialect::OpenApi30 | Dialect::OpenApi31 => Pointer::root().at("components").at("schemas"),
    };
    let root = Rc::new(document);
    let mut bundler = Bundler {
        files: Files::new(spec, Rc::clone(&root)),
        schemas,
        names: HashMap::new(),
        taken: HashSet::new(),
        waiting: VecDeque::new(),
        moved: Vec::new(),
        following: Vec::new(),
        copied: 0,
        bundle: Bundle::default(),
    };
    bundler.name_schemas();
    let mut document = bundler.copy(&root, &Place::root(), Part::Other, &Pointer::root());
    while let Some((name, found)) = bundler.waiting.pop_front() {
        let at = bundler.schemas.at(&name);
        bundler.note(&at, &found.place);
        let schema = bundler.copy(found.value(), &found.place, Part::Schema, &at);
        bundler.add(&mut document, name, schema);
    }
    // Schemas inside of others move first.
    (bundler.moved).sort_by_key(|(pointer, _)| Reverse(pointer.as_str().len()));
    for (pointer, name) in std::mem::take(&mut bundler.moved) {
        let at = bundler.schemas.at(&name);
        bundler.note(&at, &Place::root().of(pointer.clone()));
        if let Some(place) = document.pointer_mut(pointer.as_str()) {
            let mut schema = std::mem::replace(place, json!({"$ref": format!("#{at}")}));
            for key in OF_PLACE {
                if let Some(value) = schema.get(key) {
                    place[key] = value.clone();
                }
            }
            if let Some(schema) = schema.as_object_mut() {
                schema.shift_remove(NAME_OVERRIDE);
            }
            bundler.add(&mut document, name, schema);
        }
    }
    Bundle {
        document,
        files: bundler.files.paths(),
        ..bundler.bundle
    }
}

/// Returns problems for references that lead to other files and for operations that are references.
pub(crate) fn unresolved(file: &str, bundle: &Bundle, lifted: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut visit = |target: &str, part: Part, at: &Pointer| {
        if target.starts_with('#') && part != Part::Operation {
            return;
        }
        let reason = bundle.unresolved.get(target).cloned();
        let (message, remedy) = reason.unwrap_or_else(|| {
            (
                format!("the reference `{target}` cannot be followed"),
                "insert its content here: overlays apply after references are followed".into(),
            )
        });
        found.push(Problem::new(file, at, message, remedy));
    };
    each_reference(lifted, Part::Other, &Pointer::root(), &mut visit);
    found
}

fn each_reference(
    value: &Value,
    part: Part,
    at: &Pointer,
    visit: &mut impl FnMut(&str, Part, &Pointer),
) {
    match value {
        Value::Object(map) if part != Part::Literal => {
            if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                visit(target, part, at);
            }
            for (key, child) in map.iter().filter(|(_, child)| holds_values(child)) {
                each_reference(child, part.child(key), &at.at(key), visit);
            }
        }
        Value::Array(items) if part != Part::Literal => {
            for (index, item) in items.iter().enumerate().filter(|(_, it)| holds_values(it)) {
                each_reference(item, part.item(), &at.at(index), visit);
            }
        }
        _ => {}
    }
}

fn holds_values(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// A place in one of the files. The document itself has an empty file name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    file: Rc<str>,
    pointer: Pointer,
}

impl Place {
    fn root() -> Self {
        Self {
            file: Rc::from(""),
            pointer: Pointer::root(),
        }
    }

    fn at(&self, key: impl Display) -> Self {
        self.of(self.pointer.at(key))
    }

    /// Returns another place in the same file.
    fn of(&self, pointer: Pointer) -> Self {
        Self {
            file: Rc::clone(&self.file),
            pointer,
        }
    }
}

type Reason = (String, String);

struct Bundler<'a> {
    files: Files<'a>,
    /// The place of the document's schemas.
    schemas: Pointer,
    names: HashMap<Place, String>,
    taken: HashSet<String>,
    /// Schemas to add to the document.
    waiting: VecDeque<(String, Found)>,
    /// Places of the document whose content moves to its schemas, and the names there.
    moved: Vec<(Pointer, String)>,
    /// Places whose content is replacing a reference right now.
    following: Vec<Place>,
    copied: usize,
    bundle: Bundle,
}

impl Bundler<'_> {
    /// Registers the schemas of the document under their names, even if they are in other files.
    fn name_schemas(&mut self) {
        let mut list = Found {
            document: Rc::clone(&self.files.document),
            place: Place::root(),
        };
        for key in self.schemas.clone().keys() {
            match self.find(&list.place.at(key)) {
                Ok(found) => list = found,
                Err(_) => return,
            }
        }
        let Some(schemas) = list.value().as_object() else {
            return;
        };
        for name in schemas.keys() {
            self.names.insert(list.place.at(name), name.clone());
            self.taken.insert(name.clone());
        }
        for (name, schema) in schemas {
            let target = only_reference(schema).map(|it| self.files.target(it, &list.place));
            if let Some(Ok(target)) = target
                && let Ok(found) = self.find(&target)
                && !self.names.contains_key(&found.place)
            {
                if found.place.file.is_empty() {
                    self.moved.push((found.place.pointer.clone(), name.clone()));
                }
                self.names.insert(found.place, name.clone());
            }
        }
    }

    /// Adds a schema to those of the document.
    fn add(&self, document: &mut Value, name: String, schema: Value) {
        let mut holder = Some(document);
        for key in self.schemas.keys() {
            let map = holder.and_then(Value::as_object_mut);
            holder = map.map(|map| map.entry(key).or_insert_with(|| Map::new().into()));
        }
        if let Some(map) = holder.and_then(Value::as_object_mut) {
            map.insert(name, schema);
        }
    }

    /// Copies a part of a file to `to` and follows its references.
    fn copy(&mut self, value: &Value, place: &Place, part: Part, to: &Pointer) -> Value {
        let is_elsewhere = !place.file.is_empty() || !self.following.is_empty();
        self.copied += usize::from(is_elsewhere && holds_values(value));
        match value {
            Value::Object(map) if part == Part::Mapping => {
                let targets = map.iter().map(|(value, target)| {
                    let target = target.as_str().map(|it| self.mapped(it, place));
                    (value.clone(), target.into())
                });
                Value::Object(targets.collect())
            }
            Value::Object(map) if part != Part::Literal => {
                match map.get("$ref").and_then(Value::as_str) {
                    Some(target) => self.reference(map, target, place, part, to),
                    None => Value::Object(self.entries(map, place, part, to)),
                }
            }
            Value::Array(items) if part != Part::Literal => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    self.copy(item, &place.at(index), part.item(), &to.at(index))
                });
                Value::Array(items.collect())
            }
            value => value.clone(),
        }
    }

    fn entries(
        &mut self,
        map: &Map<String, Value>,
        place: &Place,
        part: Part,
        to: &Pointer,
    ) -> Map<String, Value> {
        map.iter()
            .map(|(key, child)| {
                let copy = self.copy(child, &place.at(key), part.child(key), &to.at(key));
                (key.clone(), copy)
            })
            .collect()
    }

    fn reference(
        &mut self,
        map: &Map<String, Value>,
        target: &str,
        place: &Place,
        part: Part,
        to: &Pointer,
    ) -> Value {
        let followed = self.follow(target, place, part, to);
        let mut beside = self.entries(map, place, part, to);
        match followed {
            Ok(Followed::Reference(target)) => {
                beside.insert("$ref".into(), target.into());
                beside.into()
            }
            Ok(Followed::Content(mut content)) => {
                beside.shift_remove("$ref");
                if part == Part::Other {
                    beside.retain(|key, _| key == "summary" || key == "description");
                }
                if let Some(content) = content.as_object_mut() {
                    content.extend(beside);
                }
                content
            }
            Err(reason) => {
                let target = in_document(target, place);
                self.bundle
                    .unresolved
                    .entry(target.clone())
                    .or_insert(reason);
                beside.insert("$ref".into(), target.into());
                beside.into()
            }
        }
    }

    fn follow(
        &mut self,
        reference: &str,
        place: &Place,
        part: Part,
        to: &Pointer,
    ) -> Result<Followed, Reason> {
        let target = self.files.target(reference, place)?;
        let is_shared = |it: &&str| target.pointer.as_str().starts_with(it);
        let is_shared = SHARED_IN_SWAGGER.iter().any(is_shared);
        if target.file.is_empty() && part != Part::Operation && !is_shared {
            let mut pointer = target.pointer.clone();
            if part == Part::Schema
                && let Some(found) = self.find_around(&target, place)
                && found.place.file.is_empty()
                && Part::of(&found.place.pointer) == Part::Schema
            {
                let name = self.name(&found);
                pointer = self.schemas.at(name);
            }
            return Ok(Followed::Reference(format!("#{pointer}")));
        }
        let found = self.find(&target)?;
        if part == Part::Schema && !is_shared {
            let name = self.name(&found);
            let at = self.schemas.at(name);
            if at != *to {
                return Ok(Followed::Reference(format!("#{at}")));
            }
        }
        if self.following.contains(&found.place) {
            return Err((
                format!("the reference `{reference}` is circular"),
                "break the cycle".into(),
            ));
        }
        if self.copied > MAX_COPIED {
            return Err((
                format!("references copy more than {MAX_COPIED} values up to here"),
                "refer to schemas, or check that the file is a spec".into(),
            ));
        }
        self.note(to, &found.place);
        self.following.push(found.place.clone());
        let content = self.copy(found.value(), &found.place, part, to);
        self.following.pop();
        Ok(Followed::Content(content))
    }

    /// Returns the target of a discriminator's value: the name of a schema, or a reference to one.
    fn mapped(&mut self, target: &str, place: &Place) -> String {
        let is_file = [".json", ".yaml", ".yml"]
            .iter()
            .any(|ending| target.ends_with(ending));
        if !is_file && !target.contains('#') {
            return target.to_owned();
        }
        match self.follow(target, place, Part::Schema, &Pointer::root()) {
            Ok(Followed::Reference(target)) => target,
            _ => target.to_owned(),
        }
    }

    /// Returns the name of a schema, and adds the schema to the document if it has none.
    fn name(&mut self, found: &Found) -> String {
        let place = &found.place;
        if let Some(name) = self.names.get(place) {
            return name.clone();
        }
        let plain = |text: String| {
            text.replace(
                |it: char| !it.is_ascii_alphanumeric() && !"._-".contains(it),
                "_",
            )
        };
        let path = Path::new(&*place.file).with_extension("");
        let stem = path.file_name().unwrap_or_default().to_string_lossy();
        let short = match place.file.is_empty() {
            true => part_name(&found.document, &place.pointer),
            false => (place.pointer.keys().last()).unwrap_or_else(|| stem.into_owned()),
        };
        let long = plain(format!("{}{}", path.display(), place.pointer));
        let numbered = (2..).map(|number| format!("{long}_{number}"));
        let mut names = [plain(short), long.trim_matches('_').to_owned()]
            .into_iter()
            .chain(numbered);
        let name = names
            .find(|name| !name.is_empty() && !self.taken.contains(name))
            .unwrap_or_default();
        self.taken.insert(name.clone());
        self.names.insert(place.clone(), name.clone());
        if place.file.is_empty() {
            self.moved.push((place.pointer.clone(), name.clone()));
            return name;
        }
        self.waiting.push_back((name.clone(), found.clone()));
        name
    }

    /// Returns the content of a place, which may be relative to an enclosing schema with its own
    /// definitions.
    fn find_around(&mut self, target: &Place, from: &Place) -> Option<Found> {
        let around = from.pointer.as_str();
        let ends = around.match_indices('/').map(|(end, _)| &around[..end]);
        let roots = std::iter::once("").chain(ends.rev());
        roots
            .map(|root| Pointer::parse(&format!("{root}{}", target.pointer)))
            .find_map(|pointer| self.find(&target.of(pointer)).ok())
    }

    /// Returns the content of a place, after following a chain of references.
    fn find(&mut self, place: &Place) -> Result<Found, Reason> {
        let mut place = place.clone();
        for _ in 0..16 {
            let document = self.files.document(&place.file)?;
            let Some(value) = document.pointer(place.pointer.as_str()) else {
                let file = self.files.path(&place.file);
                let message = format!("`{}` has no value at `{}`", file.display(), place.pointer);
                return Err((message, "correct the reference".into()));
            };
            match only_reference(value).map(|next| self.files.target(next, &place)) {
                Some(Ok(next)) if !self.names.contains_key(&place) => place = next,
                _ => return Ok(Found { document, place }),
            }
        }
        Err((
            format!("`{}` is circular", place.pointer),
            "break the cycle".into(),
        ))
    }

    fn note(&mut self, to: &Pointer, place: &Place) {
        let mut origin = place.pointer.to_string();
        if !place.file.is_empty() {
            origin = format!("{}#{origin}", self.files.path(&place.file).display());
        }
        self.bundle.origins.insert(to.to_string(), origin);
    }
}

/// Returns the reference as the document itself would write it.
fn in_document(reference: &str, from: &Place) -> String {
    match from.file.rsplit_once('/') {
        _ if from.file.is_empty() => reference.to_owned(),
        _ if reference.starts_with('#') => format!("{}{reference}", from.file),
        _ if reference.contains(':') => reference.to_owned(),
        Some((directory, _)) => format!("{directory}/{reference}"),
        None => reference.to_owned(),
    }
}

/// Returns the name of a part of a document: that of its schema or operation, and the keys below.
fn part_name(document: &Value, pointer: &Pointer) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut value = Some(document);
    let mut before = String::new();
    for key in pointer.keys() {
        value = value.and_then(|it| child(it, &key));
        let id = value.and_then(|it| it.get("operationId")?.as_str());
        match (before.as_str(), key.as_str()) {
            _ if id.is_some() => words = id.map(str::to_owned).into_iter().collect(),
            ("schemas" | "definitions" | "$defs", name) => words = vec![name.to_owned()],
            ("responses" | "content", _) => {}
            (_, "paths" | "components" | "properties" | "content" | "schema") => {}
            (_, "responses") => words.push("response".to_owned()),
            (_, "requestBody") => words.push("body".to_owned()),
            (_, "items") => words.push("item".to_owned()),
            (_, key) => words.push(key.to_owned()),
        }
        before = key;
    }
    words.join("_")
}

/// Returns the target of an object that only consists of a reference.
fn only_reference(value: &Value) -> Option<&str> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.get("$ref")?.as_str()
}

#[derive(Clone)]
struct Found {
    document: Rc<Value>,
    place: Place,
}

impl Found {
    fn value(&self) -> &Value {
        let value = self.document.pointer(self.place.pointer.as_str());
        value.unwrap_or(&Value::Null)
    }
}

enum Followed {
    Reference(String),
    Content(Value),
}

/// The files below the directory of the document.
struct Files<'a> {
    name: &'a str,
    /// The directory and file name of the document, if it was read from a file.
    root: Option<(&'a Path, &'a str)>,
    document: Rc<Value>,
    read: BTreeMap<String, Result<Rc<Value>, Reason>>,
    bytes: usize,
}

impl<'a> Files<'a> {
    fn new(spec: &'a Spec, document: Rc<Value>) -> Self {
        let root = spec.document.path.as_deref().and_then(|path| {
            let name = path.file_name()?.to_str()?;
            Some((path.parent()?, name))
        });
        Self {
            name: spec.name(),
            root,
            document,
            read: BTreeMap::new(),
            bytes: spec.document.text.len(),
        }
    }

    /// Returns the path of the file, for messages and for opening it.
    fn path(&self, file: &str) -> PathBuf {
        match self.root {
            Some((directory, name)) if file.is_empty() => directory.join(name),
            Some((directory, _)) => directory.join(file),
            None => PathBuf::from(self.name),
        }
    }

    fn paths(&self) -> Vec<PathBuf> {
        let read = self.read.iter().filter(|(_, document)| document.is_ok());
        read.map(|(file, _)| self.path(file)).collect()
    }

    /// Returns the place that a reference leads to.
    fn target(&self, reference: &str, from: &Place) -> Result<Place, Reason> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let decoded = |text| percent_decode_str(text).decode_utf8();
        let (Ok(path), Ok(pointer)) = (decoded(path), decoded(fragment)) else {
            return Err((
                format!("the reference `{reference}` is not UTF-8"),
                "use the form `file.json#/path/to/part`".into(),
            ));
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err((
                format!("the reference `{reference}` does not end in a JSON pointer"),
                "use the form `file.json#/path/to/part`".into(),
            ));
        }
        let pointer = Pointer::parse(&pointer);
        let file = if path.is_empty() {
            Rc::clone(&from.file)
        } else {
            let file = self.file(&path, from).map_err(|message| {
                (
                    format!("the reference `{reference}` {message}"),
                    self.remedy(),
                )
            })?;
            file.into()
        };
        Ok(Place { file, pointer })
    }

    /// Returns the path of a file relative to the directory of the document.
    fn file(&self, path: &str, from: &Place) -> Result<String, &'static str> {
        let Some((_, root)) = self.root else {
            return Err("leads to another file, but this document was not read from a file");
        };
        if path.starts_with('/') || path.contains([':', '\\']) {
            return Err("is not a relative path, and nothing is downloaded");
        }
        let mut keys: Vec<&str> = from.file.split('/').collect();
        keys.pop();
        for key in path.split('/') {
            match key {
                "" | "." => {}
                ".." if keys.pop().is_none() => {
                    return Err("leads outside of the directory of the document");
                }
                ".." => {}
                key => keys.push(key),
            }
        }
        let file = keys.join("/");
        Ok(if file == root { String::new() } else { file })
    }

    fn remedy(&self) -> String {
        match self.root {
            Some((directory, _)) => format!(
                "move the file below `{}` and refer to it by a relative path",
                Path::new(".").join(directory).display()
            ),
            None => "read the document with `Spec::from_file`, or use a single document".into(),
        }
    }

    fn document(&mut self, file: &str) -> Result<Rc<Value>, Reason> {
        if file.is_empty() {
            return Ok(Rc::clone(&self.document));
        }
        if let Some(document) = self.read.get(file) {
            return document.clone();
        }
        let document = self.read(file).map(Rc::new);
        self.read.insert(file.to_owned(), document.clone());
        document
    }

    fn read(&mut self, file: &str) -> Result<Value, Reason> {
        let path = self.path(file);
        let shown = path.display().to_string();
        let directory = Path::new(".").join(self.path("").parent().unwrap_or(Path::new("")));
        let inside = directory.canonicalize().and_then(|directory| {
            let path = path.canonicalize()?;
            Ok(path.starts_with(directory) && path.metadata()?.is_file())
        });
        match inside {
            Ok(true) => {}
            Ok(false) => {
                let message =
                    format!("`{shown}` is not a file below the directory of the document");
                return Err((message, self.remedy()));
            }
            Err(error) => {
                let message = format!("`{shown}` cannot be read: {error}");
                return Err((message, self.remedy()));
            }
        }
        let reason = |error: crate::Error| {
            let problem = error.problems().first();
            problem.map_or_else(Reason::default, |it| {
                (format!("`{shown}`: {}", it.message), it.remedy.clone())
            })
        };
        let text = Document::read(&path).map_err(reason)?.text;
        self.bytes += text.len();
        if self.bytes > MAX_BYTES || self.read.len() >= MAX_FILES {
            return Err((
                format!(
                    "references lead to more than {MAX_FILES} files or {MAX_BYTES} bytes up to `{shown}`"
                ),
                TOO_LARGE.into(),
            ));
        }
        read_value(&shown, &text).map_err(reason)
    }
}
