//! The audit log in words.

use primitives::{Currency, Money, Timestamp};

/// What was called, for people: `productUpdate` is "Product update"; a form or a command stays as it is.
pub fn action(name: &str) -> String {
    if name.contains(['/', ' ']) && !name.contains(", ") {
        return capital(name);
    }
    let mut words = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    capital(&words)
}

/// A kind of thing: `order_note` is "Order note".
pub fn kind(name: &str) -> String {
    let name = match name {
        "category" => "collection",
        "orders" => "order",
        "tenant" => "shop",
        "user_account" => "account",
        "user_role" | "custom_role" => "role",
        name => name,
    };
    capital(&name.replace('_', " "))
}

/// The name of a value: `price_minor` is "Price", `settings.tax.rate` stays a path.
pub fn field(name: &str) -> String {
    if name.contains('.') {
        return name.replace('_', " ");
    }
    let name = name.strip_suffix("_minor").or_else(|| name.strip_suffix("_id")).unwrap_or(name);
    capital(&name.replace('_', " "))
}

/// A value for people: amounts in the shop's currency, moments as RFC 3339 text for the reader's clock.
pub fn value(name: &str, text: &str, currency: &str) -> Value {
    let number = || text.parse::<i64>().ok();
    if name.ends_with("_minor")
        && let (Some(minor), Ok(currency)) = (number(), Currency::parse(currency))
    {
        return Value::Text(format!("{} {}", Money::new(minor, currency).decimal(), currency.code()));
    }
    if (name.ends_with("_at") || name == "at" || name == "hold_until")
        && let Some(millis) = number()
    {
        return Value::Moment(Timestamp::from_millis(millis).rfc3339());
    }
    match text {
        "true" => Value::Text("yes".to_owned()),
        "false" => Value::Text("no".to_owned()),
        text => Value::Text(text.to_owned()),
    }
}

/// A value that is a text, or a moment to be told by the reader's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// As it is.
    Text(String),
    /// RFC 3339.
    Moment(String),
}

/// Where in the admin a thing is looked at, if it has a screen.
pub fn screen(kind: &str, id: &str) -> Option<String> {
    let list = match kind {
        "product" => "products",
        "category" | "collection" => "collections",
        "order" | "orders" => "orders",
        "customer" => "customers",
        "custom_role" => "roles",
        _ => return None,
    };
    Some(format!("/{list}/{id}"))
}

fn capital(text: &str) -> String {
    let mut letters = text.trim().chars();
    let text: String =
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    text.replace("Api key", "API key").replace("api key", "API key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_things_by_their_names() {
        assert_eq!(action("productVariantsSave"), "Product variants save");
        assert_eq!(action("orderShip, orderDeliver"), "Order ship, order deliver");
        assert_eq!(action("POST /account/profile"), "POST /account/profile");
        assert_eq!(action("user grant"), "User grant");
        assert_eq!((kind("order_note").as_str(), kind("tenant").as_str()), ("Order note", "Shop"));
        assert_eq!(field("price_minor"), "Price");
        assert_eq!(field("settings.flat_rate"), "settings.flat rate");
        assert_eq!(screen("order", "7").as_deref(), Some("/orders/7"));
        assert_eq!(screen("session", "7"), None);
    }

    #[test]
    fn amounts_and_moments_are_told_as_such() {
        assert_eq!(value("price_minor", "1250", "EUR"), Value::Text("12.50 EUR".to_owned()));
        assert_eq!(value("on_hand", "1250", "EUR"), Value::Text("1250".to_owned()));
        assert_eq!(value("taxable", "true", "EUR"), Value::Text("yes".to_owned()));
        let moment = value("paid_at", "1767323045000", "EUR");
        assert!(
            matches!(&moment, Value::Moment(text) if text.starts_with("2026-01-02T03:04:05")),
            "{moment:?}"
        );
    }
}
