//! What builders and answers of list operations have beside the others.

use proc_macro2::TokenStream;
use quote::quote;

use super::items::{Items, generic};
use super::tokens::{ident, shown};
use crate::model::{Api, Kind, Object, Operation, Paging, Success};
use crate::normalise::is_whole_number;

/// Methods of a list operation's builder; `answer` is the type of its page.
pub(super) fn methods(operation: &Operation, answer: &TokenStream) -> TokenStream {
    let Some(paging) = &operation.paging else {
        return TokenStream::new();
    };
    let size = match paging {
        Paging::Token { .. } => "page_size",
        Paging::Numbered { .. } => "size",
        Paging::Timed { .. } => "limit",
    };
    let declared = operation
        .parameters
        .iter()
        .any(|parameter| parameter.ident == "page_size");
    let page_size = (!declared).then(|| {
        let summary = format!(" How many items a page holds at most, as `{size}` says.");
        let limit = operation
            .parameters
            .iter()
            .find(|parameter| parameter.name == size)
            .and_then(|parameter| parameter.maximum)
            .map(|most| format!(" What is more than {most} becomes {most}, the largest that the description allows."));
        let limit = limit.iter();
        quote! {
            #[doc = #summary]
            #(#[doc = ""] #[doc = #limit])*
            pub fn page_size(mut self, items: u32) -> Self {
                self.request.page_size(items);
                self
            }
        }
    });
    quote! {
        #page_size

        /// How many items [`items`](Self::items) gives at most; all unless set.
        ///
        /// [`pages`](Self::pages) ends with the page that reaches it.
        pub fn max_items(mut self, items: u64) -> Self {
            self.request.max_items(items);
            self
        }

        /// How many pages are fetched before they are asked for; none unless set.
        pub fn prefetch(mut self, pages: usize) -> Self {
            self.request.prefetch(pages);
            self
        }

        /// Goes on where a stream of this operation was, with the same filters and order.
        pub fn resume(mut self, point: runtime::paging::ResumePoint) -> Self {
            self.request.resume(point);
            self
        }

        /// The items of all pages, as a stream; nothing is sent before it is polled.
        pub fn items(self) -> runtime::paging::Items<#answer> {
            self.pages().items()
        }

        /// The pages, as a stream; nothing is sent before it is polled.
        pub fn pages(self) -> runtime::paging::Pages<#answer> {
            runtime::paging::Pages::new(self.client.transport().clone(), self.request)
        }
    }
}

/// The implementation of `ListPage` for a type that is the page of a list operation.
pub(super) fn list_page(api: &Api, items: &Items, name: &str) -> Result<TokenStream, String> {
    let found = api.operations.iter().find_map(|operation| {
        let Success::Json(schema) = &operation.success else {
            return None;
        };
        let answers = matches!(&schema.kind, Kind::Reference(answer) if answer == name);
        operation.paging.as_ref().filter(|_| answers)
    });
    let Some(paging) = found else {
        return Ok(TokenStream::new());
    };
    let Some(Kind::Object(page)) = api.schemas.get(name).map(|named| &named.schema.kind) else {
        return Ok(TokenStream::new());
    };
    let page_type = ident(name);
    let list = property(page, paging.items());
    let item = item_type(api, items, name, page, paging.items())?;
    let turn = match paging {
        Paging::Token { .. } => {
            let token = property(page, "next_page_token");
            quote! { Token(runtime::paging::Token::token(&self.#token)) }
        }
        Paging::Numbered { .. } => {
            let (number, pages) = (property(page, "page"), property(page, "pages"));
            quote! {
                Number {
                    page: runtime::paging::Count::count(&self.#number),
                    pages: runtime::paging::Count::count(&self.#pages),
                }
            }
        }
        Paging::Timed { .. } => {
            let next = property(page, "next_start");
            quote! { Time(runtime::paging::Count::count(&self.#next)) }
        }
    };
    let total = ["total", "total_size"]
        .into_iter()
        .find(|name| {
            let total = page.properties.get(*name);
            total.is_some_and(|total| is_whole_number(&total.schema.kind))
        })
        .map(|name| {
            let total = property(page, name);
            quote! {
                fn total(&self) -> __Option<u64> {
                    runtime::paging::Count::count(&self.#total)?.try_into().ok()
                }
            }
        });
    let time = time_of_item(api, page, paging).map(|timestamp| {
        quote! {
            fn time(item: &Self::Item) -> __Option<i64> {
                runtime::paging::Count::count(&item.#timestamp)
            }
        }
    });
    Ok(quote! {
        impl runtime::paging::ListPage for #page_type {
            type Item = #item;

            fn items(&self) -> &[Self::Item] {
                runtime::paging::List::items(&self.#list)
            }

            fn take_items(&mut self) -> __Vec<Self::Item> {
                runtime::paging::List::take(&mut self.#list)
            }

            fn retain_items(&mut self, keep: impl ::core::ops::FnMut(&Self::Item) -> bool) {
                runtime::paging::List::retain(&mut self.#list, keep);
            }

            fn turn(&self) -> runtime::paging::Turn<'_> {
                runtime::paging::Turn::#turn
            }

            #total
            #time
        }
    })
}

/// The property of an item that a list is paged by, if it is by time.
fn time_of_item(api: &Api, page: &Object, paging: &Paging) -> Option<proc_macro2::Ident> {
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

fn property(page: &Object, name: &str) -> proc_macro2::Ident {
    let property = page.properties.get(name);
    ident(property.map_or(name, |property| &property.ident))
}

fn item_type(
    api: &Api,
    items: &Items,
    name: &str,
    page: &Object,
    list: &str,
) -> Result<syn::Type, String> {
    let missing = || format!("progenitor made no list `{list}` in `{name}`");
    let index = page.properties.get_index_of(list).ok_or_else(missing)?;
    let fields = items.fields(api, name)?;
    let field = fields
        .get(&crate::view::member(index))
        .ok_or_else(missing)?;
    let ty = shown(&field.ty, api);
    let list = generic(&ty, "Option").unwrap_or(&ty);
    generic(list, "Vec").cloned().ok_or_else(missing)
}
