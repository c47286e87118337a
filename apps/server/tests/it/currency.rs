//! Several currencies by session: pages are kept apart, the choice works without scripts, and what is not offered is said.

use crate::world::World;
use serde_json::{Value, json};

const SET: &str = "mutation S($input: CurrencyRateInput!) { currencyRateSet(input: $input) \
    { currencyRate { currency rate version } } }";

/// Whether a page says a price with this symbol.
fn says(page: &str, symbol: char) -> bool {
    page.split(symbol).skip(1).any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

async fn pages_in_other_currencies_are_kept_apart(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut anybody = world.visitor("hearth");
    let before = anybody.get("/products").await;
    assert!(says(&before.body, '€') && !before.body.contains("action=\"/currency\""));
    let input = json!({ "input": { "currency": "USD", "rate": "3", "version": 0 } });
    let set = owner.graphql(SET, input.clone()).await;
    assert_eq!(set["data"]["currencyRateSet"]["currencyRate"]["rate"], "3.00", "{set}");
    // Shoppers of the shop offer nothing.
    let refused = world.sign_in("hearth", "customer").await.graphql(SET, input).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    let found = anybody.graphql("{ products(first: 1) { nodes { slug } } }", json!({})).await;
    let product = format!("/products/{}", found["data"]["products"]["nodes"][0]["slug"].as_str().unwrap());
    let mut traveller = world.visitor("hearth");
    let chosen = traveller.post("/currency", &[("currency", "USD"), ("to", "/products")]).await;
    assert_eq!((chosen.status, chosen.header("location")), (303, "/products"));
    assert!(chosen.header("set-cookie").contains("rustok_currency_hearth=USD"));
    for path in ["/products", "/", product.as_str()] {
        // The second time, the page cache answers.
        for _ in 0..2 {
            let (own, foreign) = (anybody.get(path).await, traveller.get(path).await);
            assert_eq!((own.status, foreign.status), (200, 200), "{path}");
            assert!(!says(&own.body, '$') && own.body.contains("action=\"/currency\""), "{path} has dollars");
            assert!(says(&foreign.body, '$') || path == "/", "{path} has no dollars");
            assert_ne!(own.header("etag"), foreign.header("etag"), "{path} is the same page");
            for answer in [&own, &foreign] {
                assert_eq!(answer.header("cache-control"), "no-cache", "{path} is not kept");
            }
            // Whoever has the etag of one page is not told that the other is the same.
            let asked =
                traveller.request(reqwest::Method::GET, path).header("if-none-match", own.header("etag"));
            assert_eq!(traveller.send(asked).await.status, 200, "{path}");
        }
    }
    assert!(traveller.get(&product).await.body.contains("\"priceCurrency\":\"USD\""));
    assert!(anybody.get(&product).await.body.contains("\"priceCurrency\":\"EUR\""));
    // A currency that nobody offers fills no cache.
    let odd = anybody.request(reqwest::Method::GET, "/products").header("x-currency", "NOK");
    let odd = anybody.send(odd).await;
    assert_eq!(odd.header("cache-control"), "private, no-store");
    assert!(odd.body.contains("Prices are in EUR now: this shop does not offer NOK."));
    assert!(!anybody.get("/products").await.body.contains("NOK"));
    // Staff takes it away: the session goes on in the shop's own, and is told so; nobody else is.
    let gone = "mutation R { currencyRateRemove(currency: \"USD\", version: 1) { currency } }";
    let gone = owner.graphql(gone, json!({})).await;
    assert_eq!(gone["data"]["currencyRateRemove"]["currency"], "USD", "{gone}");
    for path in ["/products", product.as_str()] {
        let (own, foreign) = (anybody.get(path).await, traveller.get(path).await);
        assert!(foreign.body.contains("this shop does not offer USD") && !says(&foreign.body, '$'), "{path}");
        assert!(!own.body.contains("does not offer"), "{path}");
        assert_eq!(foreign.header("cache-control"), "private, no-store", "{path}");
    }
    // Nothing is left to choose from but that: whoever has read it is done with it.
    assert!(!anybody.get("/products").await.body.contains("action=\"/currency\""));
    assert_eq!(way_back(&traveller.get("/products").await.body), "/products");
    let chosen = traveller.post("/currency", &[("currency", "EUR"), ("to", "/products")]).await;
    assert!(chosen.header("set-cookie").contains("rustok_currency_hearth=; Path=/; Max-Age=0"));
    let after = traveller.get("/products").await;
    assert!(!after.body.contains("does not offer"));
    assert_eq!(after.header("cache-control"), "no-cache");
}

/// Where the form of currencies says that its visitor comes from.
fn way_back(page: &str) -> String {
    let (_, form) = page.split_once("action=\"/currency\"").unwrap_or_else(|| panic!("no choice: {page}"));
    let to = form.split("name=\"to\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    to.expect("a way back").replace("&amp;", "&")
}

async fn whoever_chooses_comes_back_to_where_they_were(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let input = json!({ "input": { "currency": "USD", "rate": "3", "version": 0 } });
    let set = owner.graphql(SET, input).await;
    assert!(set["errors"].is_null(), "{set}");
    let order = crate::shop::place_order(&world, "hearth").await;
    let order = format!("/orders/{}", order["token"].as_str().expect("a token"));
    let form = format!("{order}/return");
    let mut shopper = world.visitor("hearth");
    let list = "/products?q=mug&in_stock=1&sort=newest&price_max=90";
    for (path, status) in [
        ("/search?q=mug", 200),
        (list, 200),
        // The page cache keeps both apart.
        ("/products?q=bowl", 200),
        (list, 200),
        (order.as_str(), 200),
        (form.as_str(), 200),
        ("/products/no-such-thing", 404),
    ] {
        let page = shopper.get(path).await;
        assert_eq!((page.status, way_back(&page.body).as_str()), (status, path));
        let chosen = shopper.post("/currency", &[("currency", "USD"), ("to", &way_back(&page.body))]).await;
        assert_eq!((chosen.status, chosen.header("location")), (303, path));
        // The next one as whoever has chosen nothing.
        shopper.post("/currency", &[("currency", "EUR"), ("to", "/")]).await;
    }
    // A form that comes back with what is wrong stands at its own address.
    let again = shopper.post(&form, &[("key", "k")]).await;
    assert_eq!((again.status, way_back(&again.body).as_str()), (422, form.as_str()));
    // What nobody can ask for leads to the shop.
    let lost = shopper.post("/orders/no-such-order/return", &[("key", "k")]).await;
    assert_eq!((lost.status, way_back(&lost.body).as_str()), (404, ""));
    let chosen = shopper.post("/currency", &[("currency", "USD"), ("to", "")]).await;
    assert_eq!((chosen.status, chosen.header("location")), (303, "/"));
}

async fn a_session_chooses_over_graphql(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    for (currency, rate) in [("USD", "1.10"), ("JPY", "160")] {
        let input = json!({ "input": { "currency": currency, "rate": rate, "version": 0 } });
        let set = owner.graphql(SET, input).await;
        assert!(set["errors"].is_null(), "{set}");
    }
    let mut shopper = world.visitor("hearth");
    let cart = crate::shop::fill_cart(&mut shopper).await;
    let choose = "mutation C($input: CurrencySetInput!) { currencySet(input: $input) \
        { currencies { current offered notice } \
          cart { totals { total { minor currency } } lines { problems { __typename } } } } }";
    let chosen = shopper.graphql(choose, json!({ "input": { "currency": "JPY", "token": cart } })).await;
    let payload = &chosen["data"]["currencySet"];
    assert_eq!(payload["currencies"]["current"], "JPY", "{chosen}");
    assert_eq!(payload["currencies"]["offered"], json!(["EUR", "JPY", "USD"]));
    assert_eq!(payload["cart"]["totals"]["total"]["currency"], "JPY");
    let currency = |answer: &Value| answer["data"]["cart"]["totals"]["total"]["currency"].clone();
    let ask = "query Q($token: String, $currency: String) { cart(token: $token, currency: $currency) \
        { totals { total { currency } } } }";
    // By the cookie, by an argument, by a header.
    assert_eq!(currency(&shopper.graphql(ask, json!({ "token": cart })).await), "JPY");
    assert_eq!(currency(&shopper.graphql(ask, json!({ "token": cart, "currency": "usd" })).await), "USD");
    let mut program = world.visitor("hearth");
    let body = json!({ "query": ask, "variables": { "token": cart } });
    let request =
        program.request(reqwest::Method::POST, "/api/graphql").header("x-currency", "USD").json(&body);
    assert_eq!(currency(&program.send(request).await.json()), "USD");
    let odd = shopper.graphql(ask, json!({ "token": cart, "currency": "NOK" })).await;
    assert_eq!(odd["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{odd}");
}

testkit::on_both!(
    pages_in_other_currencies_are_kept_apart,
    whoever_chooses_comes_back_to_where_they_were,
    a_session_chooses_over_graphql,
);
