//! Lists as streams.
//!
//! Why: progenitor only streams operations that the extension of one framework marks. Here paging
//! is detected by the shape of an operation, and its builder returns streams of items and of pages.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{ImplItem, Item, Type, parse_quote};

use super::{Change, Context, Part, Pass};
use crate::model::{Api, Kind, Object, Operation, Paging, Success};
use crate::normalise::is_whole_number;
use crate::tree::{Tree, fields, functions, generic, ident, is_about, structs};

pub(super) const PASS: Pass = Pass {
    name: "paging",
    changes: &[
        (Change::Adds, Part::Setter),
        (Change::Adds, Part::Implementation),
    ],
    run,
};

fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let mut pages: Vec<&str> = Vec::new();
    for operation in &context.api.operations {
        let (Some(paging), Some((page, object))) =
            (&operation.paging, page(context.api, operation))
        else {
            continue;
        };
        let page_type = ident(page);
        let declared = methods(&parse_quote! { types::#page_type });
        edit(
            tree.builder(&operation.builder)?,
            operation,
            paging,
            declared,
        );
        if !pages.contains(&page) {
            pages.push(page);
            let item = list_page(context.api, tree, page, object, paging)?;
            let at = tree.types.iter().rposition(|it| is_about(it, page));
            tree.types.insert(at.map_or(0, |at| at + 1), item);
        }
    }
    Ok(())
}

/// Returns the name and the object that an operation returns, if it returns one.
fn page<'a>(api: &'a Api, operation: &'a Operation) -> Option<(&'a str, &'a Object)> {
    let Success::Json(schema) = &operation.success else {
        return None;
    };
    let Kind::Reference(name) = &schema.kind else {
        return None;
    };
    Some((name, api.object(name)?))
}

fn edit(
    block: &mut syn::ItemImpl,
    operation: &Operation,
    paging: &Paging,
    declared: Vec<ImplItem>,
) {
    if !functions(block).any(|it| it.sig.ident == "page_size") {
        let size = paging.size();
        let summary = format!(" Sets the maximum number of items on a page, as `{size}` does.");
        let parameter = operation.parameters.iter().find(|it| it.name == size);
        let limit = parameter.and_then(|it| it.maximum).map(|most| {
            let limit =
                format!(" A number above {most} is sent as {most}, the maximum in the spec.");
            quote! { #[doc = ""] #[doc = #limit] }
        });
        block.items.push(parse_quote! {
            #[doc = #summary]
            #limit
            pub fn page_size(mut self, items: u32) -> Self {
                self.request.page_size(items);
                self
            }
        });
    }
    block.items.extend(declared);
}

fn methods(page: &Type) -> Vec<ImplItem> {
    vec![
        parse_quote! {
            /// Sets the maximum number of items that [`items`](Self::items) yields [default: all].
            ///
            /// [`pages`](Self::pages) stops after the page that reaches it.
            pub fn max_items(mut self, items: u64) -> Self {
                self.request.max_items(items);
                self
            }
        },
        parse_quote! {
            /// Sets the number of pages that are fetched ahead [default: 0].
            pub fn prefetch(mut self, pages: usize) -> Self {
                self.request.prefetch(pages);
                self
            }
        },
        parse_quote! {
            /// Continues where a stream of this operation stopped, with the same filters and order.
            pub fn resume(mut self, point: ::compute_kfp_runtime::paging::ResumePoint) -> Self {
                self.request.resume(point);
                self
            }
        },
        parse_quote! {
            /// Returns the items of all pages as a stream. Nothing is sent before it is polled.
            pub fn items(self) -> ::compute_kfp_runtime::paging::Items<#page> {
                self.pages().items()
            }
        },
        parse_quote! {
            /// Returns the pages as a stream. Nothing is sent before it is polled.
            pub fn pages(self) -> ::compute_kfp_runtime::paging::Pages<#page> {
                ::compute_kfp_runtime::paging::Pages::new(
                    self.client.transport().clone(),
                    self.request,
                )
            }
        },
    ]
}

/// Implements `ListPage` for the type of a page.
fn list_page(
    api: &Api,
    tree: &mut Tree,
    name: &str,
    page: &Object,
    paging: &Paging,
) -> Result<Item, String> {
    let page_type = ident(name);
    let list = property(page, paging.items());
    let missing = || {
        format!(
            "progenitor generated no list `{}` in `{name}`",
            paging.items()
        )
    };
    let mut items = structs(&mut tree.types).filter(|item| item.ident == name);
    let field = items
        .find_map(|item| fields(item).find(|(field, _)| list == field))
        .ok_or_else(missing)?;
    let ty = &field.1.ty;
    let item = generic(generic(ty, "Option").unwrap_or(ty), "Vec").ok_or_else(missing)?;
    let count = |field: &Ident| quote! { ::compute_kfp_runtime::paging::count(&self.#field) };
    let turn = match paging {
        Paging::Token { .. } => {
            let token = property(page, "next_page_token");
            quote! { Token(::compute_kfp_runtime::paging::token(&self.#token)) }
        }
        Paging::Numbered { .. } => {
            let number = count(&property(page, "page"));
            let pages = count(&property(page, "pages"));
            quote! { Number { page: #number, pages: #pages } }
        }
        Paging::Timed { .. } => {
            let next = count(&property(page, "next_start"));
            quote! { Time(#next) }
        }
    };
    let total = total(page).map(|total| {
        let total = count(&total);
        quote! {
            fn total(&self) -> ::std::option::Option<u64> {
                #total?.try_into().ok()
            }
        }
    });
    let time = time_of_item(api, page, paging).map(|timestamp| {
        quote! {
            fn time(item: &Self::Item) -> ::std::option::Option<i64> {
                ::compute_kfp_runtime::paging::count(&item.#timestamp)
            }
        }
    });
    Ok(list_page_block(&page_type, item, &list, &turn, total, time))
}

fn list_page_block(
    page: &Ident,
    item: &Type,
    list: &Ident,
    turn: &TokenStream,
    total: Option<TokenStream>,
    time: Option<TokenStream>,
) -> Item {
    parse_quote! {
        impl ::compute_kfp_runtime::paging::ListPage for #page {
            type Item = #item;

            fn list(&self) -> ::std::option::Option<&::std::vec::Vec<Self::Item>> {
                ::compute_kfp_runtime::paging::Field::get(&self.#list)
            }

            fn list_mut(&mut self) -> ::std::option::Option<&mut ::std::vec::Vec<Self::Item>> {
                ::compute_kfp_runtime::paging::Field::get_mut(&mut self.#list)
            }

            fn next_page(&self) -> ::compute_kfp_runtime::paging::NextPage<'_> {
                ::compute_kfp_runtime::paging::NextPage::#turn
            }

            #total
            #time
        }
    }
}

/// Returns the field with the total number of items, if there is one.
fn total(page: &Object) -> Option<Ident> {
    let is_number = |name: &&str| {
        let total = page.properties.get(*name);
        total.is_some_and(|total| is_whole_number(&total.schema.kind))
    };
    let name = ["total", "total_size"].into_iter().find(is_number)?;
    Some(property(page, name))
}

/// Returns the timestamp field of an item, if the list is paged by time.
fn time_of_item(api: &Api, page: &Object, paging: &Paging) -> Option<Ident> {
    let Paging::Timed { items } = paging else {
        return None;
    };
    let Kind::Array(item) = &page.properties.get(items)?.schema.kind else {
        return None;
    };
    let Kind::Reference(name) = &item.kind else {
        return None;
    };
    let Kind::Object(item) = &api.schemas.get(name)?.schema.kind else {
        return None;
    };
    Some(property(item, "timestamp"))
}

fn property(page: &Object, name: &str) -> Ident {
    let property = page.properties.get(name);
    ident(property.map_or(name, |property| &property.ident))
}
