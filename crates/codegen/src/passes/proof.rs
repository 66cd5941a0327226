//! Compares the clients with the output of stock progenitor for the same document: everything in
//! that output exists under the same name, and README.md lists the differences that each pass makes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use quote::ToTokens;
use serde::Deserialize as _;
use serde_json::Value;
use syn::{Attribute, Expr, ExprLit, Fields, ImplItem, Item, ItemImpl, Lit, TraitItem, Visibility};

use super::{Context, PASSES};
use crate::model::{Api, Kind};
use crate::placeholders::Placeholders;
use crate::tree::{Tree, last_name};
use crate::{Overlay, Spec};

/// A kind of item in the generated interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The client and its own functions.
    Client,
    /// A method of the client for an operation.
    Method,
    /// The builder of an operation.
    Builder,
    /// A method of an operation's builder.
    Setter,
    /// A struct or enum among the types.
    Type,
    /// A field of a struct.
    Field,
    /// A variant of an enum.
    Variant,
    /// The builder of a type.
    TypeBuilder,
    /// A method of a type's builder.
    TypeSetter,
    /// An implementation of a trait.
    Implementation,
    /// A module, or an item of one of progenitor's own modules.
    Module,
    /// The mocks.
    Mock,
    /// Documentation.
    Docs,
}

/// A kind of difference that a pass makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Adds,
    Changes,
    Removes,
}

/// The differences that progenitor's settings may make: see `generator`.
const SETTINGS: &[(Change, Part)] = &[
    (Change::Changes, Part::Type),
    (Change::Changes, Part::Field),
    (Change::Changes, Part::Setter),
    (Change::Changes, Part::TypeSetter),
    (Change::Changes, Part::Implementation),
];

/// The documentation of a whole block of methods.
const BLOCK: &str = "block ";

type Surface = BTreeMap<(Part, String), String>;
type Differences = BTreeSet<(Change, Part, String)>;

/// The stages from stock progenitor to the clients: its output, then that of each pass.
struct Stages {
    api: Api,
    stages: Vec<(&'static str, Surface)>,
}

static CLIENTS: LazyLock<[(&str, Stages); 2]> =
    LazyLock::new(|| ["compute", "kfp"].map(|name| (name, Stages::of(&spec(name), true))));

fn spec(name: &str) -> Spec {
    let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../specs");
    let (spec, crate_name) = match name {
        "compute" => ("compute.openapi.json", "compute_api_client"),
        _ => ("kfp.swagger.json", "kfp_api_client"),
    };
    Spec::from_file(format!("{specs}/{spec}"))
        .unwrap()
        .overlay(Overlay::from_file(format!("{specs}/{name}.overlay.json")).unwrap())
        .for_crate(crate_name)
}

impl Stages {
    fn of(spec: &Spec, with_stock: bool) -> Self {
        let (api, _) = crate::model(spec, &crate::lift(spec).unwrap()).unwrap();
        let placeholders = Placeholders::of(&api);
        let mut stages = Vec::new();
        let document = crate::document::document(&api, Some(&placeholders));
        let mut tree = crate::generator::generate(&document).unwrap();
        if with_stock {
            let document = crate::document::document(&api, None);
            let stock = stock(&document);
            // Only stock progenitor is asked for mocks, because the pass `mocks` replaces them.
            tree.mocks = stock.mocks.clone();
            stages.push(("stock", surface(&stock)));
            let mut settings = crate::generator::generate(&document).unwrap();
            settings.mocks = stock.mocks;
            stages.push(("settings", surface(&settings)));
        } else {
            // progenitor refuses a document whose names collide.
            let surface = surface(&tree).into_iter();
            let named = |text: String| {
                let types = api.schemas.keys();
                types.fold(text, |text, name| {
                    text.replace(&placeholders.type_name(name).unwrap(), name)
                })
            };
            let surface = surface.map(|((part, key), text)| ((part, named(key)), named(text)));
            stages.push(("settings", surface.collect()));
        }
        let context = Context {
            api: &api,
            placeholders: &placeholders,
            crate_name: spec.crate_name.as_deref(),
        };
        for (name, pass) in PASSES {
            pass(&context, &mut tree).unwrap();
            stages.push((name, surface(&tree)));
        }
        Self { api, stages }
    }

    fn stock(&self) -> &Surface {
        &self.stages[0].1
    }

    fn ours(&self) -> &Surface {
        &self.stages[self.stages.len() - 1].1
    }

    /// Returns the changes of each stage.
    fn steps(&self) -> impl Iterator<Item = (&'static str, Differences)> {
        self.stages.windows(2).map(|pair| {
            let [(_, before), (name, after)] = pair else {
                unreachable!("windows of two");
            };
            (*name, differences(before, after))
        })
    }
}

/// Returns the output of `cargo progenitor` for a document.
fn stock(document: &Value) -> Tree {
    let document = openapiv3::OpenAPI::deserialize(document).unwrap();
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let code = Generator::new(&settings).generate_tokens(&document);
    let mocks = Generator::new(&settings).httpmock(&document, "super::super");
    let mocks: syn::File = syn::parse2(mocks.unwrap()).unwrap();
    let mut tree = Tree::of(code.unwrap()).unwrap();
    tree.mocks = mocks.items;
    tree
}

fn surface(tree: &Tree) -> Surface {
    let mut surface = Surface::new();
    read(&mut surface, &tree.client, &|part| match part {
        Part::Type => Part::Client,
        part => part,
    });
    read(&mut surface, &tree.types, &|part| match part {
        Part::Setter => Part::Implementation,
        part => part,
    });
    read(&mut surface, &tree.type_builders, &|part| match part {
        Part::Type => Part::TypeBuilder,
        Part::Setter => Part::TypeSetter,
        part => part,
    });
    read(&mut surface, &tree.builders, &|part| match part {
        Part::Type => Part::Builder,
        part => part,
    });
    read(&mut surface, &tree.mocks, &|_| Part::Mock);
    surface
}

fn read(surface: &mut Surface, items: &[Item], part: &dyn Fn(Part) -> Part) {
    for item in items {
        match item {
            Item::Struct(item) => {
                let name = item.ident.to_string();
                let key = (part(Part::Type), name.clone());
                add(surface, key, attributes(&item.attrs), &item.attrs);
                if let Fields::Named(fields) = &item.fields {
                    let public = fields.named.iter().filter(|it| is_public(&it.vis));
                    for field in public {
                        let field_name = field.ident.as_ref().unwrap();
                        let text = format!("{} {}", attributes(&field.attrs), text(&field.ty));
                        let key = (part(Part::Field), format!("{name}.{field_name}"));
                        add(surface, key, text, &field.attrs);
                    }
                }
            }
            Item::Enum(item) => {
                let name = item.ident.to_string();
                let key = (part(Part::Type), name.clone());
                add(surface, key, attributes(&item.attrs), &item.attrs);
                for variant in &item.variants {
                    let value = variant.discriminant.as_ref().map(|(_, value)| text(value));
                    let text = format!("{} {value:?}", text(&variant.fields));
                    let key = (part(Part::Variant), format!("{name}::{}", variant.ident));
                    add(surface, key, text, &variant.attrs);
                }
            }
            Item::Impl(block) => implementation(surface, block, part),
            Item::Trait(item) => {
                for function in &item.items {
                    if let TraitItem::Fn(function) = function {
                        let name = function.sig.ident.to_string();
                        let key = (part(Part::Setter), format!("{}::{name}", item.ident));
                        add(surface, key, text(&function.sig), &function.attrs);
                    }
                }
            }
            Item::Mod(module) => {
                let key = (part(Part::Module), module.ident.to_string());
                if part(Part::Module) == Part::Mock {
                    let items = module.content.as_ref().map(|(_, items)| items.as_slice());
                    read(surface, items.unwrap_or_default(), part);
                } else {
                    add(surface, key, String::new(), &module.attrs);
                }
            }
            Item::Use(item) if is_public(&item.vis) => {
                let key = (part(Part::Module), text(&item.tree));
                add(surface, key, String::new(), &[]);
            }
            _ => {}
        }
    }
}

fn implementation(surface: &mut Surface, block: &ItemImpl, part: &dyn Fn(Part) -> Part) {
    let name = last_name(&block.self_ty).unwrap_or_default();
    if let Some(implemented) = trait_name(block) {
        let (path, _) = block.trait_.as_ref().unwrap();
        let whole = text(path);
        let key = format!("{implemented} for {}", text(&block.self_ty));
        let key = if implemented == "From" {
            format!("{whole} for {}", text(&block.self_ty))
        } else {
            key
        };
        // A type and its builder have the same name.
        let key = format!(
            "{key}{}",
            if part(Part::Type) == Part::TypeBuilder {
                ", the builder"
            } else {
                ""
            }
        );
        add(surface, (part(Part::Implementation), key), whole, &[]);
        return;
    }
    let docs = docs(&block.attrs);
    if let Some(heading) = docs.lines().next() {
        surface.insert((Part::Docs, format!("{BLOCK}{heading}")), docs.clone());
    }
    for item in &block.items {
        let ImplItem::Fn(function) = item else {
            continue;
        };
        let returns = text(&function.sig.output);
        let is_operation = name == "Client" && returns.contains("builder ::");
        let kind = match (is_operation, name.as_str()) {
            (true, _) => Part::Method,
            (_, "Client") => Part::Client,
            _ => part(Part::Setter),
        };
        let key = match kind {
            Part::Method => function.sig.ident.to_string(),
            _ => format!("{name}::{}", function.sig.ident),
        };
        let declared = format!("{}{}", attributes(&function.attrs), text(&function.sig));
        add(surface, (kind, key), declared, &function.attrs);
    }
}

/// Returns the name of the trait that a block implements.
fn trait_name(block: &ItemImpl) -> Option<String> {
    let (path, _) = block.trait_.as_ref()?;
    Some(path.segments.last()?.ident.to_string())
}

/// Adds a part and, if it has any, its documentation.
fn add(surface: &mut Surface, key: (Part, String), declared: String, attrs: &[Attribute]) {
    let docs = docs(attrs);
    if !docs.is_empty() {
        let key = (Part::Docs, format!("{:?} {}", key.0, key.1));
        surface.insert(key, docs);
    }
    surface.insert(key, declared);
}

/// The attributes that callers notice; `inline` is not one of them.
fn attributes(attributes: &[Attribute]) -> String {
    let seen = attributes.iter().filter(|attribute| {
        let path = attribute.path();
        !["doc", "inline", "allow"]
            .iter()
            .any(|it| path.is_ident(it))
    });
    let mut texts: Vec<String> = seen
        .map(|attribute| {
            let mut words: Vec<String> = text(&attribute.meta)
                .split([',', '(', ')'])
                .map(|word| word.trim().to_owned())
                .collect();
            words.sort();
            words.join(" ")
        })
        .collect();
    texts.sort();
    texts.join("; ")
}

fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(doc_text);
    let lines: Vec<String> = lines
        .map(|line| line.strip_prefix(' ').map_or(line.clone(), str::to_owned))
        .collect();
    lines.join("\n")
}

/// Returns the string of a documentation attribute.
fn doc_text(attribute: &Attribute) -> Option<String> {
    let is_doc = attribute.path().is_ident("doc");
    match &attribute.meta.require_name_value().ok()?.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => is_doc.then(|| text.value()),
        _ => None,
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn text(tokens: impl ToTokens) -> String {
    let stream: TokenStream = tokens.to_token_stream();
    stream.to_string()
}

fn differences(before: &Surface, after: &Surface) -> Differences {
    let mut found = Differences::new();
    for (key, declared) in before {
        let change = match after.get(key) {
            None => Change::Removes,
            Some(other) if other != declared => Change::Changes,
            Some(_) => continue,
        };
        found.insert((change, key.0, key.1.clone()));
    }
    for key in after.keys().filter(|key| !before.contains_key(key)) {
        found.insert((Change::Adds, key.0, key.1.clone()));
    }
    // Documentation comes and goes with its item, and additional documentation needs no reason.
    let named = |surface: &Surface| -> HashSet<String> {
        let keys = surface.keys();
        keys.map(|(part, name)| format!("{part:?} {name}"))
            .collect()
    };
    let (named_before, named_after) = (named(before), named(after));
    found.retain(|(change, part, key)| {
        let stays = || named_before.contains(key) && named_after.contains(key);
        let is_block = key.starts_with(BLOCK);
        *part != Part::Docs || is_block || *change != Change::Adds && stays()
    });
    found
}

/// A spec for differences that do not occur in the clients: names and values that collide, a default,
/// a parameter that is an integer in a string, and server-sent events.
const RARE: &str = r##"{
    "openapi": "3.0.3",
    "paths": {"/depths": {"get": {
        "operationId": "depths",
        "parameters": [{"name": "since", "in": "query", "schema": {"type": "string", "format": "int64"}}],
        "responses": {"200": {"content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Depth"}},
            "text/event-stream": {"schema": {"$ref": "#/components/schemas/Depth"}}
        }}}
    }}},
    "components": {"schemas": {
        "Depth": {"type": "object", "properties": {
            "a-b": {"type": "string"}, "a_b": {"type": "string"},
            "unit": {"type": "string", "default": "metre"},
            "trend": {"$ref": "#/components/schemas/Trend"}
        }},
        "Trend": {"type": "string", "enum": ["up", "UP", "+"]}
    }}
}"##;

/// Returns the differences that each stage makes, in the clients or in the rare spec.
fn changes() -> BTreeMap<&'static str, BTreeSet<(Change, Part)>> {
    let rare = Stages::of(&Spec::from_string("rare.json", RARE), false);
    let clients = CLIENTS.iter().map(|(_, stages)| stages);
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for stages in clients.chain([&rare]) {
        for (stage, differences) in stages.steps() {
            let changes = differences
                .into_iter()
                .map(|(change, part, _)| (change, part));
            found.entry(stage).or_default().extend(changes);
        }
    }
    found
}

#[test]
fn the_settings_of_progenitor_only_change_the_types_of_values() {
    let changes = &changes()["settings"];
    let undeclared: Vec<_> = changes.iter().filter(|it| !SETTINGS.contains(it)).collect();
    assert!(undeclared.is_empty(), "{undeclared:?}");
}

#[test]
fn every_item_of_stock_progenitor_exists_under_its_name() {
    let mut counted = [0; 3];
    for (name, stages) in &*CLIENTS {
        let (stock, ours) = (stages.stock(), stages.ours());
        for (part, key) in stock.keys() {
            let named = [
                Part::Method,
                Part::Builder,
                Part::Type,
                Part::Field,
                Part::Variant,
                Part::TypeBuilder,
                Part::TypeSetter,
                Part::Setter,
                Part::Mock,
            ];
            if !named.contains(part) || ours.contains_key(&(*part, key.clone())) {
                match part {
                    Part::Method => counted[0] += 1,
                    Part::Type => counted[1] += 1,
                    Part::Field => counted[2] += 1,
                    _ => {}
                }
                continue;
            }
            let is_renamed = match part {
                Part::Setter => is_argument(stages, key),
                Part::Variant => is_union(stages, key),
                // The runtime re-exports httpmock.
                Part::Mock if key.contains("httpmock") => true,
                Part::Mock => is_shortened(stages, key),
                _ => false,
            };
            assert!(
                is_renamed,
                "{part:?} `{key}` of stock progenitor is missing in {name}"
            );
        }
    }
    // 57 and 80 methods, 65 and 73 structs with the enums beside them.
    assert_eq!(counted[0], 57 + 80);
    assert!(counted[1] > 65 + 73, "{counted:?}");
    assert!(counted[2] > 640, "{counted:?}");
}

/// Returns whether a variant belongs to a union; the pass `types` renames those.
fn is_union(stages: &Stages, variant: &str) -> bool {
    let (name, _) = variant.split_once("::").unwrap();
    matches!(stages.api.schemas[name].schema.kind, Kind::Union(_))
}

/// Returns whether a method of a mock has a shorter name, as the setter of the builder has.
fn is_shortened(stages: &Stages, method: &str) -> bool {
    let (operation, name) = method.split_once("When::").unwrap_or_default();
    let operations = &stages.api.operations;
    let operation = operations
        .iter()
        .find(|it| it.builder == operation)
        .unwrap();
    let mut parameters = operation.parameters.iter();
    let parameter = parameters
        .find(|it| it.name.replace('.', "_") == name)
        .unwrap();
    let key = format!("{}When::{}", operation.builder, parameter.ident);
    stages.ours().contains_key(&(Part::Mock, key))
}

/// Returns whether a setter became an argument, was shortened, or was made superfluous by one.
fn is_argument(stages: &Stages, setter: &str) -> bool {
    let (builder, name) = setter.split_once("::").unwrap();
    let operations = &stages.api.operations;
    let operation = operations.iter().find(|it| it.builder == builder).unwrap();
    let method = &stages.ours()[&(Part::Method, operation.name.clone())];
    let parameter = operation
        .parameters
        .iter()
        .find(|it| it.name.replace('.', "_") == name || it.ident == name);
    let ident = parameter.map_or(name, |parameter| &parameter.ident);
    name == "body_map"
        || method.contains(&format!(" {ident} :"))
        || stages
            .ours()
            .contains_key(&(Part::Setter, format!("{builder}::{ident}")))
}

#[test]
fn all_documentation_of_stock_progenitor_is_kept() {
    let mut compared = 0;
    for (name, stages) in &*CLIENTS {
        let (stock, ours) = (stages.stock(), stages.ours());
        for ((_, key), docs) in stock.iter().filter(|((part, _), _)| *part == Part::Docs) {
            let Some((kind, item)) = key.split_once(' ') else {
                continue;
            };
            let is_about = |part: Part| kind == format!("{part:?}");
            let own = [Part::Method, Part::Type, Part::Field, Part::Builder];
            if !own.into_iter().any(is_about) {
                continue;
            }
            let mut shown = ours.get(&(Part::Docs, key.clone())).cloned();
            if is_about(Part::Method) {
                // Optional arguments are documented at their setters.
                let operations = &stages.api.operations;
                let operation = operations.iter().find(|it| it.name == *item).unwrap();
                let setters = format!("Setter {}::", operation.builder);
                let setters = ours
                    .iter()
                    .filter(|((_, key), _)| key.starts_with(&setters));
                let texts: Vec<&str> = setters.map(|(_, docs)| docs.as_str()).collect();
                shown = shown.map(|shown| format!("{shown}\n{}", texts.join("\n")));
            }
            let shown = plain(&shown.unwrap_or_default());
            let (prose, _) = docs.split_once("```ignore").unwrap_or((docs, ""));
            for paragraph in prose.split("\n\n").flat_map(|it| it.split("\n- ")) {
                let argument = paragraph
                    .strip_prefix('`')
                    .and_then(|it| it.split_once("`: "));
                let paragraph = argument.map_or(paragraph, |(_, text)| text);
                let wanted = plain(paragraph);
                if wanted == "Arguments:"
                    || wanted == format!("`{item}`")
                    || wanted.starts_with('`')
                {
                    continue;
                }
                assert!(
                    shown.contains(&wanted),
                    "{key} of {name} lacks {wanted:?}\nin {shown:?}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// Removes Markdown escapes and normalises whitespace.
fn plain(text: &str) -> String {
    let text = text
        .replace(['\\', '.'], "")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_readme_lists_the_passes_and_exactly_the_differences_that_they_make() {
    let manifest = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{manifest}/README.md")).unwrap();
    let mut rows = String::new();
    let changes = changes();
    for (name, _) in PASSES {
        let code = format!("{manifest}/src/passes/{name}.rs");
        let code = std::fs::read_to_string(code).unwrap();
        let title = code.lines().next().unwrap().trim_start_matches("//! ");
        assert!(code.contains("//! Why: "), "`{name}` gives no reason");
        let changes = said(&changes[name]);
        rows.push_str(&format!("| `{name}` | {title} | {changes} |\n"));
    }
    assert!(
        readme.contains(&rows),
        "the table of passes in README.md should be:\n{rows}"
    );
}

/// For example `adds and changes setters; removes modules`.
fn said(changes: &BTreeSet<(Change, Part)>) -> String {
    let verbs = [Change::Adds, Change::Changes, Change::Removes];
    let said = verbs.into_iter().filter_map(|verb| {
        let parts = changes.iter().filter(|(change, _)| *change == verb);
        let parts: Vec<&str> = parts.map(|(_, part)| noun(*part)).collect();
        (!parts.is_empty()).then(|| format!("{verb:?} {}", parts.join(", ")).to_lowercase())
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() {
        "nothing visible to callers".to_owned()
    } else {
        said.join("; ")
    }
}

fn noun(part: Part) -> &'static str {
    match part {
        Part::Client => "the client",
        Part::Method => "methods",
        Part::Builder => "builders",
        Part::Setter => "setters",
        Part::Type => "types",
        Part::Field => "fields",
        Part::Variant => "variants",
        Part::TypeBuilder => "builders of types",
        Part::TypeSetter => "setters of types",
        Part::Implementation => "implementations",
        Part::Module => "modules",
        Part::Mock => "mocks",
        Part::Docs => "documentation",
    }
}
