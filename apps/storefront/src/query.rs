//! Addresses of lists: read from the query string, and written back with one thing changed.
//!
//! `sort`, `page`, `price_min`, `price_max` (decimals in the visitor's currency), `option.<name>=<value>` (repeatable),
//! `in_stock=1`, `q`. What cannot be read is left out, because an address is no form.

use catalog::view::{ListQuery, ListSort, OptionFilter};
use primitives::{Currency, Money};

/// Most values of all options in one address.
const MOST_VALUES: usize = 60;
/// Longest text to search for, in characters.
const LONGEST_SEARCH: usize = 200;
/// Last page that is looked for.
const LAST_PAGE: u32 = 10_000;

/// Key and value pairs of a query string or of a posted form, in order.
pub fn pairs(encoded: &str) -> Vec<(String, String)> {
    serde_urlencoded::from_str(encoded).unwrap_or_default()
}

/// Key and value pairs as a query string.
pub fn encode<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_ref(), v.as_ref())).collect();
    serde_urlencoded::to_string(pairs).unwrap_or_default()
}

/// Chosen option values, `option.<name>=<value>`, in the order of the address.
pub fn chosen_options(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("option.")?, value.as_str())))
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .take(MOST_VALUES)
        .collect()
}

/// Whether a form has sent fields of a list that nobody filled in.
pub fn has_blanks(encoded: &str) -> bool {
    pairs(encoded).iter().any(|(key, value)| {
        let ours = matches!(key.as_str(), "sort" | "page" | "price_min" | "price_max" | "in_stock" | "q");
        value.trim().is_empty() && (ours || key.starts_with("option."))
    })
}

/// A list with its address.
#[derive(Clone, Debug, PartialEq)]
pub struct ListAddress {
    /// Path inside the shop, `/products` or `/collections/{slug}`.
    path: String,
    /// What to list, normalised so that equal lists have equal queries.
    pub query: ListQuery,
    currency: Currency,
}

impl ListAddress {
    /// Reads the query string of a list at `path`.
    pub fn parse(path: String, collection: Option<String>, encoded: &str, currency: Currency) -> Self {
        let pairs = pairs(encoded);
        let mut query = ListQuery { collection, page: 1, ..ListQuery::default() };
        for (name, value) in chosen_options(&pairs) {
            match query.options.iter_mut().find(|filter| same(&filter.name, name)) {
                Some(filter) if filter.values.iter().any(|v| same(v, value)) => {}
                Some(filter) => filter.values.push(value.to_owned()),
                None => {
                    query.options.push(OptionFilter { name: name.to_owned(), values: vec![value.to_owned()] })
                }
            }
        }
        query.options.iter_mut().for_each(|filter| filter.values.sort());
        query.options.sort_by(|a, b| a.name.cmp(&b.name));
        for (key, value) in &pairs {
            match key.as_str() {
                "sort" => query.sort = value.parse().unwrap_or_default(),
                "page" => query.page = value.parse().unwrap_or(1).clamp(1, LAST_PAGE),
                "price_min" => query.price_min = price(value, currency).filter(|minor| 0 < *minor),
                "price_max" => query.price_max = price(value, currency),
                "in_stock" => query.in_stock = value == "1",
                "q" => query.q = search_text(value),
                _ => {}
            }
        }
        Self { path, query, currency }
    }

    /// Path inside the shop.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The address with one thing changed; anything but another page goes back to the first.
    pub fn with(&self, change: impl FnOnce(&mut ListQuery)) -> String {
        let mut query = self.query.clone();
        let page = query.page;
        change(&mut query);
        if query.page == page {
            query.page = 1;
        }
        self.write(&query)
    }

    /// The address of another page of this list.
    pub fn page(&self, page: u32) -> String {
        self.write(&ListQuery { page, ..self.query.clone() })
    }

    /// The address without one value of one option.
    pub fn without_value(&self, name: &str, value: &str) -> String {
        self.with(|query| {
            for filter in query.options.iter_mut().filter(|filter| same(&filter.name, name)) {
                filter.values.retain(|v| !same(v, value));
            }
            query.options.retain(|filter| !filter.values.is_empty());
        })
    }

    /// The address without any filter; keeps what was searched for and the order.
    pub fn cleared(&self) -> String {
        self.with(|query| {
            query.options.clear();
            query.price_min = None;
            query.price_max = None;
            query.in_stock = false;
        })
    }

    /// How many filters are active.
    pub fn active(&self) -> usize {
        let prices = usize::from(self.query.price_min.is_some() || self.query.price_max.is_some());
        let values: usize = self.query.options.iter().map(|filter| filter.values.len()).sum();
        values + prices + usize::from(self.query.in_stock)
    }

    /// Everything but the sort and the page, for a form that changes only those.
    pub fn filter_pairs(&self) -> Vec<(String, String)> {
        let query = ListQuery { sort: ListSort::default(), page: 1, ..self.query.clone() };
        self.pairs_of(&query)
    }

    fn write(&self, query: &ListQuery) -> String {
        let pairs = self.pairs_of(query);
        match pairs.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, encode(&pairs)),
        }
    }

    fn pairs_of(&self, query: &ListQuery) -> Vec<(String, String)> {
        let amount = |minor: i64| Money { minor, currency: self.currency }.decimal();
        let mut pairs = Vec::new();
        let mut push = |key: &str, value: String| pairs.push((key.to_owned(), value));
        if let Some(q) = &query.q {
            push("q", q.clone());
        }
        for filter in &query.options {
            for value in &filter.values {
                push(&format!("option.{}", filter.name), value.clone());
            }
        }
        if let Some(minor) = query.price_min {
            push("price_min", amount(minor));
        }
        if let Some(minor) = query.price_max {
            push("price_max", amount(minor));
        }
        if query.in_stock {
            push("in_stock", "1".into());
        }
        if query.sort != ListSort::default() {
            push("sort", query.sort.as_str().into());
        }
        if 1 < query.page {
            push("page", query.page.to_string());
        }
        pairs
    }
}

/// A price as people type it: `12`, `12.50`, `12,50`.
fn price(text: &str, currency: Currency) -> Option<i64> {
    let text = text.trim().replace(',', ".");
    let money = Money::parse_decimal(&text, currency).ok()?;
    (0 <= money.minor).then_some(money.minor)
}

fn search_text(text: &str) -> Option<String> {
    let text: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_SEARCH).collect();
    (!text.is_empty()).then_some(text)
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_fields_that_nobody_filled_in() {
        for blank in ["price_min=&price_max=", "option.Size=&page=2", "q=", "q=+&sort=newest", "in_stock"] {
            assert!(has_blanks(blank), "{blank}");
        }
        for written in ["", "price_min=1", "utm_source=", "q=mug&gclid="] {
            assert!(!has_blanks(written), "{written}");
        }
        let list = address("option.Colour=Oat&price_min=&price_max=40&q=&page=2");
        let proper = list.page(list.query.page);
        assert_eq!(proper, "/products?option.Colour=Oat&price_max=40.00&page=2");
        assert!(!has_blanks(&proper));
    }

    fn address(encoded: &str) -> ListAddress {
        ListAddress::parse("/products".into(), None, encoded, Currency::EUR)
    }

    #[test]
    fn reads_every_part_of_an_address() {
        let list = address(
            "q=+two++words&option.Colour=Oat&option.colour=Ink&option.Size=L&price_min=10&price_max=99,5&in_stock=1&sort=price-asc&page=3",
        );
        let query = &list.query;
        assert_eq!(query.q.as_deref(), Some("two words"));
        assert_eq!(query.options.len(), 2);
        assert_eq!(query.options[0].values, ["Ink", "Oat"]);
        assert_eq!((query.price_min, query.price_max), (Some(1000), Some(9950)));
        assert!(query.in_stock);
        assert_eq!((query.sort, query.page), (ListSort::PriceAsc, 3));
        assert_eq!(list.active(), 5);
    }

    #[test]
    fn leaves_out_what_it_cannot_read() {
        let list = address(
            "page=-4&price_min=cheap&price_max=-1&sort=best&option.=x&option.Size=&in_stock=yes&%FF=1",
        );
        assert_eq!(list.query, ListQuery { page: 1, ..ListQuery::default() });
        assert_eq!(address("page=99999999").query.page, LAST_PAGE);
    }

    #[test]
    fn equal_lists_have_equal_queries() {
        assert_eq!(
            address("option.B=2&option.A=1&option.A=0"),
            address("option.A=0&option.A=1&option.B=2&page=1")
        );
    }

    #[test]
    fn writes_addresses_with_one_thing_changed() {
        let list = address("option.Colour=Oat&option.Colour=Ink&price_max=400&page=2");
        assert_eq!(list.page(3), "/products?option.Colour=Ink&option.Colour=Oat&price_max=400.00&page=3");
        assert_eq!(list.without_value("Colour", "Oat"), "/products?option.Colour=Ink&price_max=400.00");
        assert_eq!(list.with(|q| q.price_max = None), "/products?option.Colour=Ink&option.Colour=Oat");
        assert_eq!(list.cleared(), "/products");
    }
}
