//! Paged lists: streams of their items and of their pages.
//!
//! Builders of list operations return [`Items`] or [`Pages`]. Nothing is requested before the
//! stream is polled, and no page is requested unless it is needed. The caller's parameters are sent
//! unchanged with every page. The streams are [`futures_core::Stream`]s, and also have a method
//! `next` of their own.
//!
//! An error ends a stream. It carries a [`ResumePoint`], from which another stream of the same
//! operation can resume, without losing or repeating an item. A stream can also return its current
//! position at any time.

mod fields;
mod items;
mod page;
mod pager;
mod pages;

#[doc(hidden)]
pub use self::fields::{PageField, count, token};
pub use self::items::Items;
pub use self::page::{ListPage, NextPage, Page};
pub use self::pages::Pages;
pub use crate::resume_point::ResumePoint;
