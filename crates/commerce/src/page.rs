//! Keyset pages.

use platform::Error;
use primitives::{Cursor, CursorError, Direction, PageArgs};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, Value};

use crate::error::{CommerceError, Result};

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The nodes, in the list's order.
    pub items: Vec<T>,
    /// The place of each node.
    pub cursors: Vec<String>,
    /// Whether there is more after the last node.
    pub has_next: bool,
    /// Whether there is more before the first node.
    pub has_previous: bool,
    /// How many nodes the whole list has.
    pub total: u64,
}

impl<T> Page<T> {
    pub(crate) fn new(items: Vec<T>, cursors: Vec<String>, page: &PageArgs, more: bool, total: u64) -> Self {
        let came_from_somewhere = page.cursor().is_some();
        let (has_next, has_previous) = match page.direction() {
            Direction::Forward => (more, came_from_somewhere),
            Direction::Backward => (came_from_somewhere, more),
        };
        Self { items, cursors, has_next, has_previous, total }
    }
}

/// Rows after the place `(value, id)` of a list ordered by `column`, then `id`.
pub(crate) fn place_after<C: ColumnTrait>(
    column: C,
    value: Value,
    id_column: C,
    id: uuid::Uuid,
    ascending: bool,
) -> Condition {
    let tie = Condition::all().add(column.eq(value.clone()));
    if ascending {
        Condition::any().add(column.gt(value)).add(tie.add(id_column.gt(id)))
    } else {
        Condition::any().add(column.lt(value)).add(tie.add(id_column.lt(id)))
    }
}

/// `lower(column) LIKE pattern`, where [`escape_like`] made the parts that people typed harmless.
pub(crate) fn contains<C: ColumnTrait>(column: C, pattern: &str) -> SimpleExpr {
    let lower = sea_orm::sea_query::Func::lower(Expr::col(column));
    Expr::expr(lower).like(LikeExpr::new(pattern).escape('\\'))
}

/// What people typed to find something, in lower case. PostgreSQL knows no NUL: what stands for it is found nowhere.
pub(crate) fn searched(text: &str) -> String {
    text.trim().replace('\0', "\u{fffd}").to_lowercase()
}

/// What people typed, as literal text inside a pattern.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Cuts the row too many that says whether there is more, and brings rows into the list's order.
pub(crate) fn cut<R>(
    mut rows: Vec<R>,
    page: &PageArgs,
    cursor_of: impl Fn(&R) -> Result<Cursor, CursorError>,
) -> Result<(Vec<R>, Vec<String>, bool)> {
    let limit = page.limit() as usize;
    let more = limit < rows.len();
    rows.truncate(limit);
    if page.direction() == Direction::Backward {
        rows.reverse();
    }
    let cursors = rows.iter().map(|row| cursor_of(row).map(|cursor| cursor.to_string()));
    let cursors = cursors.collect::<Result<Vec<_>, _>>().map_err(bad_cursor)?;
    Ok((rows, cursors, more))
}

pub(crate) fn bad_cursor(error: CursorError) -> CommerceError {
    CommerceError::Platform(Error::invalid("after", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_patterns_are_text() {
        assert_eq!(escape_like(r"50%_\"), r"50\%\_\\");
    }

    #[test]
    fn the_row_too_many_says_that_there_is_more() {
        let cursor = |n: &i32| Cursor::encode("n", n);
        let forward = PageArgs::first(2);
        let (rows, cursors, more) = cut(vec![1, 2, 3], &forward, cursor).unwrap();
        assert_eq!((rows, cursors.len(), more), (vec![1, 2], 2, true));
        let backward = PageArgs::new(None, None, Some(2), None).unwrap();
        let (rows, _, more) = cut(vec![3, 2], &backward, cursor).unwrap();
        assert_eq!((rows, more), (vec![2, 3], false));
    }
}
