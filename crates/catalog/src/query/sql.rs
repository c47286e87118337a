//! Conditions of lists as SQL text with values. All values are bound; the text is ours.

use platform::db::holes;
use sea_orm::Value;
use uuid::Uuid;

use crate::text::{contains_pattern, fold, prefix_pattern, search_words};
use crate::view::{ListQuery, ListSort};

/// Option filters in one query, and values in one filter.
const MAX_FILTERS: usize = 10;
const MAX_VALUES: usize = 50;
/// Puts names that do not begin with the text behind those that do; beyond every `featured`.
const BEHIND: i64 = 4_000_000_000_000_000;

/// A piece of SQL and its values, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Sql {
    pub text: String,
    pub values: Vec<Value>,
}

impl Sql {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    pub fn push(&mut self, text: &str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(text);
        self.values.extend(values);
    }

    pub fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
    }
}

/// A query in the one form that equal questions share.
pub(super) fn normal(query: &ListQuery) -> ListQuery {
    let text = |text: &Option<String>| {
        text.as_ref()
            .map(|text| fold(text).chars().take(200).collect::<String>())
            .filter(|text| !text.is_empty())
    };
    let mut options: Vec<_> = query
        .options
        .iter()
        .map(|filter| {
            let mut values: Vec<String> = filter.values.iter().map(|value| fold(value)).collect();
            values.sort();
            values.dedup();
            values.truncate(MAX_VALUES);
            crate::view::OptionFilter { name: fold(&filter.name), values }
        })
        .filter(|filter| !filter.name.is_empty() && !filter.values.is_empty())
        .collect();
    options.sort_by(|a, b| a.name.cmp(&b.name));
    options.dedup_by(|later, kept| {
        let same = later.name == kept.name;
        if same {
            kept.values.append(&mut later.values);
            kept.values.sort();
            kept.values.dedup();
        }
        same
    });
    options.truncate(MAX_FILTERS);
    ListQuery {
        collection: query.collection.clone().filter(|slug| !slug.is_empty()),
        q: text(&query.q),
        price_min: query.price_min.filter(|price| 0 < *price),
        price_max: query.price_max.filter(|price| 0 <= *price),
        options,
        in_stock: query.in_stock,
        sort: query.sort,
        page: query.page.clamp(1, 100_000),
    }
}

/// `FROM … WHERE …` over published documents `d`, `without` what was chosen of one option; `query` is normal.
pub(super) fn published(query: &ListQuery, collection: Option<Uuid>, without: Option<&str>) -> Sql {
    let mut sql = Sql::new(" FROM product_doc d");
    if let Some(collection) = collection {
        sql.push(
            " JOIN collection_product m ON m.tenant_id = d.tenant_id AND m.product_id = d.product_id \
             AND m.collection_id = ?",
            [collection.into()],
        );
    }
    sql.push(" WHERE d.tenant_id = {tenant} AND d.status = 'published'", []);
    priced(&mut sql, query);
    if query.in_stock {
        sql.push(" AND d.in_stock", []);
    }
    search(&mut sql, query.q.as_deref());
    chosen(&mut sql, query, without, "d");
    sql
}

/// The bounds of the price, each with ` AND ` before it.
pub(super) fn priced(sql: &mut Sql, query: &ListQuery) {
    if let Some(price) = query.price_min {
        sql.push(" AND d.price_min >= ?", [price.into()]);
    }
    if let Some(price) = query.price_max {
        sql.push(" AND d.price_min <= ?", [price.into()]);
    }
}

/// The chosen options, on the table named `alias`.
fn chosen(sql: &mut Sql, query: &ListQuery, without: Option<&str>, alias: &str) {
    for filter in &query.options {
        if without == Some(&*filter.name) {
            continue;
        }
        let mut values: Vec<Value> = vec![filter.name.as_str().into()];
        values.extend(filter.values.iter().map(|value| Value::from(value.as_str())));
        sql.push(
            &format!(
                " AND EXISTS (SELECT 1 FROM product_facet o WHERE o.tenant_id = {alias}.tenant_id \
                 AND o.product_id = {alias}.product_id AND o.name_key = ? AND o.value_key IN ({}))",
                holes(filter.values.len())
            ),
            values,
        );
    }
}

/// `FROM … WHERE …` over the facets `f` of published products, `without` what was chosen of one option; `query` is normal.
///
/// Only published products have facets, so the documents are looked at only when a condition is about them: by themselves,
/// where an index has all that is asked.
pub(super) fn facets(query: &ListQuery, collection: Option<Uuid>, without: Option<&str>) -> Sql {
    let documents =
        query.in_stock || query.q.is_some() || query.price_min.is_some() || query.price_max.is_some();
    let mut sql = Sql::new(" FROM product_facet f");
    if documents {
        sql.push(" WHERE f.tenant_id = {tenant} AND f.product_id IN (SELECT d.product_id", []);
        sql.append(published(query, collection, without));
        sql.push(")", []);
        return sql;
    }
    if let Some(collection) = collection {
        sql.push(
            " JOIN collection_product m ON m.tenant_id = f.tenant_id AND m.product_id = f.product_id \
             AND m.collection_id = ?",
            [collection.into()],
        );
    }
    sql.push(" WHERE f.tenant_id = {tenant}", []);
    chosen(&mut sql, query, without, "f");
    sql
}

/// Every word of `text` must be somewhere.
pub(super) fn search(sql: &mut Sql, text: Option<&str>) {
    for word in text.map(search_words).unwrap_or_default() {
        sql.push(" AND d.search LIKE ? ESCAPE '\\'", [contains_pattern(&word).into()]);
    }
}

/// The sort key as an expression, and whether the largest comes first. Ties go by the product's id, the same way.
pub(super) fn sort_key(query: &ListQuery, in_collection: bool) -> (Sql, bool) {
    match query.sort {
        ListSort::Featured => match query.q.as_deref() {
            // Who searches wants what is called so first.
            Some(text) => {
                let mut key = Sql::new("(CASE WHEN d.title_sort LIKE ? ESCAPE '\\' THEN 0 ELSE ");
                key.values.push(prefix_pattern(text).into());
                key.push(&format!("{BEHIND} END + d.featured)"), []);
                (key, false)
            }
            None if in_collection => (Sql::new("m.position"), false),
            None => (Sql::new("d.featured"), false),
        },
        ListSort::Newest => (Sql::new("d.published_at"), true),
        ListSort::PriceAsc => (Sql::new("d.price_min"), false),
        ListSort::PriceDesc => (Sql::new("d.price_min"), true),
        ListSort::Name => (Sql::new("d.title_sort"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::OptionFilter;

    #[test]
    fn equal_questions_have_one_form() {
        let filter = |name: &str, values: &[&str]| OptionFilter {
            name: name.to_owned(),
            values: values.iter().map(|v| (*v).to_owned()).collect(),
        };
        let query = ListQuery {
            q: Some("  Crème  ".into()),
            options: vec![filter("Size", &["L", "m"]), filter("Colour", &[]), filter("size", &["l"])],
            price_min: Some(0),
            ..ListQuery::default()
        };
        let normal = normal(&query);
        assert_eq!(normal.q.as_deref(), Some("creme"));
        assert_eq!(normal.options, [filter("size", &["l", "m"])]);
        assert_eq!((normal.price_min, normal.page), (None, 1));
        assert_eq!(super::normal(&normal), normal);
    }

    #[test]
    fn a_group_is_counted_without_itself() {
        let query = normal(&ListQuery {
            options: vec![OptionFilter { name: "Size".into(), values: vec!["L".into()] }],
            in_stock: true,
            ..ListQuery::default()
        });
        let all = published(&query, None, None);
        assert!(all.text.contains("EXISTS") && all.text.contains("in_stock"));
        assert!(!published(&query, None, Some("size")).text.contains("EXISTS"));
        assert!(facets(&query, None, Some("size")).text.contains("d.in_stock"));
        assert_eq!(all.text.matches('?').count(), all.values.len());
    }
}
