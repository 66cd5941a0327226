//! Lists that come in pages: streams of their items and of their pages.
//!
//! A builder of a list operation gives [`Items`] or [`Pages`]. Nothing is requested before the stream
//! is polled, and no page is requested that is not needed. What the caller set goes with every page,
//! unchanged. The streams are [`futures_core::Stream`]s, and `next` is also a method of their own.
//!
//! An error ends a stream. It carries a [`ResumePoint`], from which another stream of the same
//! operation goes on, without losing an item or giving one twice; a stream tells at any time where it
//! is, too.

mod cursor;
mod fields;
mod items;
mod numbered;
mod page;
mod pages;
mod resume;
mod source;
mod timed;
mod token;

pub use self::fields::{Count, List, Token};
pub use self::items::Items;
pub use self::page::{ListPage, Page, Turn};
pub use self::pages::Pages;
pub use self::resume::ResumePoint;

/// What is set of a list beside its parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct PagingOptions {
    pub max_items: Option<u64>,
    pub prefetch: usize,
    pub resume: Option<ResumePoint>,
}
