//! Reading: lists, pages and tables, each in a constant number of statements.
//!
//! What everybody may see is kept in process behind [`cache`]; what editors see is read every time.

pub mod admin;
mod cache;
mod list;
mod offer;
mod page;
mod sql;

pub use list::{PAGE_SIZE, facets, list, products, products_with_pages};
pub use offer::{collections_of, must_exist, names_of, offers, tags_of};
pub use page::{
    CollectionIndex, collection, collection_by_id, collections, pages, product, product_by_id, related,
    sitemap,
};

use primitives::{Cursor, Direction, PageArgs};

/// One page of a keyset list.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    /// In the list's order, each with its place.
    pub items: Vec<(Cursor, T)>,
    /// Rows on all pages.
    pub total: u64,
    /// Whether more comes after.
    pub has_next: bool,
    /// Whether more comes before.
    pub has_previous: bool,
}

impl<T> Slice<T> {
    /// From one row more than asked for, in the direction of reading.
    pub(crate) fn of(mut items: Vec<(Cursor, T)>, page: &PageArgs, total: u64) -> Self {
        let limit = page.limit() as usize;
        let more = limit < items.len();
        items.truncate(limit);
        let beyond = page.cursor().is_some();
        let (has_next, has_previous) = match page.direction() {
            Direction::Forward => (more, beyond),
            Direction::Backward => {
                items.reverse();
                (beyond, more)
            }
        };
        Self { items, total, has_next, has_previous }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_backwards_is_shown_forwards() {
        let item = |n: i64| (Cursor::encode("t", &n).unwrap(), n);
        let page = PageArgs::new(None, None, Some(2), Some(item(5).0.to_string())).unwrap();
        let slice = Slice::of(vec![item(4), item(3), item(2)], &page, 9);
        assert_eq!(slice.items.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [3, 4]);
        assert!(slice.has_previous && slice.has_next);
        let slice = Slice::of(vec![item(1), item(2)], &PageArgs::first(2), 2);
        assert!(!slice.has_previous && !slice.has_next);
    }
}
