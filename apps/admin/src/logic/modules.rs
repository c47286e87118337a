//! What belongs to which module, and the words around a switch.

use crate::gql::modules::FeatureName;

/// The module and the feature behind a screen of the side bar; none: it is always there.
pub fn behind(path: &str) -> (Option<&'static str>, Option<FeatureName>) {
    match path {
        "/orders" | "/drafts" | "/returns" | "/payments" | "/customers" | "/prices" | "/promotions"
        | "/reviews" | "/gift-cards" => (Some("commerce"), None),
        "/products" | "/inventory" | "/collections" => (Some("catalog"), None),
        "/products/import" => (Some("catalog"), Some(FeatureName::CatalogFiles)),
        _ => (None, None),
    }
}

/// The name of a module as a title.
pub fn title(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// "a", "a and b", "a, b and c".
pub fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => title(one),
        [most @ .., last] => {
            let most: Vec<_> = most.iter().map(|name| title(name)).collect();
            format!("{} and {}", most.join(", "), title(last))
        }
    }
}

/// What goes away with a module, one line each; the data stays in any case.
pub fn losses(name: &str) -> &'static [&'static str] {
    match name {
        "commerce" => &[
            "Cart, checkout, prices and “Add to cart” in the shop",
            "Orders, Payments, Customers, Prices, Promotions, Reviews and the figures of the dashboard in this admin",
            "The same in GraphQL and REST; payments that have begun are still settled",
        ],
        "catalog" => &[
            "Lists, collections, product pages and the search in the shop",
            "Products, Collections and Import in this admin",
            "The same in GraphQL and REST",
        ],
        _ => &["Its pages in the shop, its screens in this admin, its part of GraphQL and REST"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_of_modules_as_people_do() {
        let names = |names: &[&str]| listed(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&[]), "");
        assert_eq!(names(&["commerce"]), "Commerce");
        assert_eq!(names(&["index", "identity", "content"]), "Index, Identity and Content");
        assert_eq!(title("advanced_search"), "Advanced search");
    }

    #[test]
    fn knows_what_is_behind_a_screen() {
        assert_eq!(behind("/orders").0, Some("commerce"));
        assert_eq!(behind("/promotions"), (Some("commerce"), None));
        assert_eq!(behind("/gift-cards"), (Some("commerce"), None));
        assert_eq!(behind("/products/import"), (Some("catalog"), Some(FeatureName::CatalogFiles)));
        assert_eq!(behind("/settings"), (None, None));
        assert!(losses("commerce").len() == 3 && !losses("blog").is_empty());
    }
}
