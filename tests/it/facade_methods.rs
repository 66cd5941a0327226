//! The facade adds methods to the generated clients, and hides none of theirs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use compute_kfp::operation::Operation;
use compute_kfp::{compute, kfp};
use syn::{ImplItem, Item, Type, Visibility};

/// The public functions of the `Client` of a module of the facade.
pub fn methods(module: &str) -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/compute-kfp/src");
    let mut files = vec![source.join(format!("{module}.rs"))];
    let mut directories = vec![source.join(module)];
    directories.retain(|directory| directory.exists());
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                files.push(path);
            }
        }
    }
    let mut found = BTreeSet::new();
    for file in files {
        for item in syn::parse_file(&fs::read_to_string(file).unwrap())
            .unwrap()
            .items
        {
            let Item::Impl(block) = item else { continue };
            let Type::Path(ty) = &*block.self_ty else {
                continue;
            };
            if block.trait_.is_some() || ty.path.segments.last().unwrap().ident != "Client" {
                continue;
            }
            found.extend(block.items.into_iter().filter_map(|item| match item {
                ImplItem::Fn(it) if matches!(it.vis, Visibility::Public(_)) => {
                    Some(it.sig.ident.to_string())
                }
                _ => None,
            }));
        }
    }
    found
}

#[track_caller]
fn assert_hides_nothing(module: &str, known: &str, operations: &[&Operation]) {
    let methods = methods(module);
    assert!(methods.contains(known), "{methods:?}");
    let generated = operations.iter().map(|operation| operation.name);
    let hidden: Vec<&str> = generated.filter(|name| methods.contains(*name)).collect();
    assert!(hidden.is_empty(), "{module} hides {hidden:?}");
}

#[test]
fn no_method_of_the_facade_hides_a_generated_one() {
    let operations = compute::operations::OPERATIONS;
    assert_hides_nothing("compute", "wait_for_job", operations);
    assert_hides_nothing("kfp", "wait_for_run", kfp::operations::OPERATIONS);
}
