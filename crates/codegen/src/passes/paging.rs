//! Lists as streams.
//!
//! Why: progenitor only streams operations that the extension of one framework marks. Here paging
//! is detected by the shape of an operation, and its builder returns streams of items and of pages.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Item, parse_quote};

use super::Context;
use crate::argument::{arguments, rust_type};
use crate::model::{Api, Kind, Object, Operation, Paging, PagingScheme};
use crate::normalise::is_whole_number;
use crate::tree::{Tree, generic, ident};

pub(super) fn run(context: &Context<'_>, tree: &mut Tree) -> Result<(), String> {
    let api = context.api;
    let mut pages: Vec<&str> = Vec::new();
    for operation in &api.operations {
        let Some(paging) = &operation.paging else {
            continue;
        };
        tree.builders.push(streams(api, operation, paging));
        if !pages.contains(&paging.page.as_str()) {
            pages.push(&paging.page);
            tree.builders.extend(list_page(api, paging));
        }
    }
    Ok(())
}

/// Returns the methods of a list's builder.
fn streams(api: &Api, operation: &Operation, paging: &Paging) -> Item {
    let (builder, page) = (ident(&operation.builder), ident(&paging.page));
    let mut setters = arguments(api, operation).into_iter();
    let has_size = setters.any(|it| !it.required && it.name == "page_size");
    let page_size = (!has_size).then(|| page_size(operation, paging));
    parse_quote! {
        impl #builder<'_> {
            #page_size

            /// Sets the maximum number of items that [`items`](Self::items) yields [default: all].
            ///
            /// [`pages`](Self::pages) stops after the page that reaches it.
            pub fn max_items(mut self, items: u64) -> Self {
                self.request.max_items(items);
                self
            }

            /// Sets the number of pages that are fetched ahead [default: 0].
            pub fn prefetch(mut self, pages: usize) -> Self {
                self.request.prefetch(pages);
                self
            }

            /// Continues where a stream of this operation stopped, with the same filters and order.
            pub fn resume(mut self, point: ::compute_kfp_runtime::paging::ResumePoint) -> Self {
                self.request.resume(point);
                self
            }

            /// Returns the items of all pages as a stream. Nothing is sent before it is polled.
            pub fn items(self) -> ::compute_kfp_runtime::paging::Items<types::#page> {
                self.pages().items()
            }

            /// Returns the pages as a stream. Nothing is sent before it is polled.
            pub fn pages(self) -> ::compute_kfp_runtime::paging::Pages<types::#page> {
                ::compute_kfp_runtime::paging::Pages::new(
                    self.client.transport().clone(),
                    self.request,
                )
            }
        }
    }
}

/// Returns the setter for the size of pages under the name that all lists have.
fn page_size(operation: &Operation, paging: &Paging) -> TokenStream {
    let size = paging.scheme.size();
    let summary = format!(" Sets the maximum number of items on a page, as `{size}` does.");
    let parameter = operation.parameters.iter().find(|it| it.name == size);
    let limit = parameter.and_then(|it| it.maximum).map(|most| {
        let limit = format!(" A number above {most} is sent as {most}, the maximum in the spec.");
        quote! { #[doc = ""] #[doc = #limit] }
    });
    quote! {
        #[doc = #summary]
        #limit
        pub fn page_size(mut self, items: u32) -> Self {
            self.request.page_size(items);
            self
        }
    }
}

/// Implements `ListPage` for the type of a page.
fn list_page(api: &Api, paging: &Paging) -> Option<Item> {
    let (name, page) = (ident(&paging.page), api.object(&paging.page)?);
    let list = property(page, &paging.items);
    let list_schema = &page.properties.get(&paging.items)?.schema;
    let Kind::Array(items) = &list_schema.kind else {
        return None;
    };
    let list_type = rust_type(list_schema);
    let item = generic(&list_type, "Vec")?;
    let count = |field: &Ident| quote! { ::compute_kfp_runtime::paging::count(&self.#field) };
    let next_page = match paging.scheme {
        PagingScheme::Token => {
            let token = property(page, "next_page_token");
            quote! { Token(::compute_kfp_runtime::paging::token(&self.#token)) }
        }
        PagingScheme::Numbered => {
            let number = count(&property(page, "page"));
            let pages = count(&property(page, "pages"));
            quote! { Number { page: #number, pages: #pages } }
        }
        PagingScheme::Timed => {
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
    let time = match (paging.scheme, api.kind(items)) {
        (PagingScheme::Timed, Kind::Object(item)) => {
            let timestamp = property(item, "timestamp");
            Some(quote! {
                fn time(item: &Self::Item) -> ::std::option::Option<i64> {
                    ::compute_kfp_runtime::paging::count(&item.#timestamp)
                }
            })
        }
        _ => None,
    };
    Some(parse_quote! {
        impl ::compute_kfp_runtime::paging::ListPage for types::#name {
            type Item = #item;

            fn list(&self) -> ::std::option::Option<&::std::vec::Vec<Self::Item>> {
                ::compute_kfp_runtime::paging::PageField::get(&self.#list)
            }

            fn list_mut(&mut self) -> ::std::option::Option<&mut ::std::vec::Vec<Self::Item>> {
                ::compute_kfp_runtime::paging::PageField::get_mut(&mut self.#list)
            }

            fn next_page(&self) -> ::compute_kfp_runtime::paging::NextPage<'_> {
                ::compute_kfp_runtime::paging::NextPage::#next_page
            }

            #total
            #time
        }
    })
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

fn property(page: &Object, name: &str) -> Ident {
    let property = page.properties.get(name);
    ident(property.map_or(name, |property| &property.ident))
}
