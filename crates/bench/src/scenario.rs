//! What is asked, and what counts as an answer.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::http::{Connection, get, graphql};

const LIST: &str = "query List($first: Int!, $after: String) { products(first: $first, after: $after) { totalCount \
    pageInfo { hasNextPage endCursor } nodes { id slug title price { minor currency formatted } \
    compareAtPrice { minor } availability { state } images { url alt } } } }";
const PRODUCT: &str = "query Product($slug: String!) { product(slug: $slug) { id slug title vendor descriptionHtml \
    price { minor currency formatted } images { url alt width height } options { name values { value available } } \
    variants { id title sku price { minor formatted } availability { state } options { name value } } } }";
const ADD: &str = "mutation Add($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { token cart { nItems \
    totals { total { minor } } } } }";
const CHECKOUT: &str = "query Checkout($token: String!, $country: String!) { checkout(token: $token, country: $country) { \
    method idempotencyKey payments { id } cart { totals { total { minor } } } } }";
const PLACE: &str = "mutation Place($input: CheckoutPlaceInput!) { checkoutPlace(input: $input) { next order { number state } } }";

/// One thing that is done again and again.
pub enum Scenario {
    /// Pages or GraphQL reads, prepared as bytes, taken in turn.
    Requests {
        /// The server.
        address: SocketAddr,
        /// Taken in turn.
        requests: Vec<Vec<u8>>,
        /// Whether the answers are GraphQL.
        graphql: bool,
    },
    /// From nothing to a paid order, as a shop of its own front end does it: three requests over GraphQL on one connection,
    /// one after the other without a pause. A new cart with one piece; the checkout with delivery, tax and total; the
    /// order, for which the server reserves the piece, has the gateway authorise and capture over HTTP, and answers with
    /// the confirmation. Each worker takes another of up to 200 variants each time; no page is rendered.
    Buy {
        /// The server.
        address: SocketAddr,
        /// Variants to buy, in turn.
        variants: Vec<String>,
    },
}

/// What there is to ask for in the shop under test.
pub struct Shop {
    address: SocketAddr,
    slugs: Vec<String>,
    variants: Vec<String>,
    /// Published products.
    pub n_products: u64,
}

impl Shop {
    /// Looks the shop over: up to 200 products spread over its list, with a variant of each.
    pub async fn look(address: SocketAddr) -> Result<Self> {
        let mut connection = Connection::open(address).await?;
        let mut shop = Self { address, slugs: vec![], variants: vec![], n_products: 0 };
        let mut after = Value::Null;
        while shop.slugs.len() < 200 {
            let page = ask(&mut connection, LIST, json!({ "first": 100, "after": after })).await?;
            let products = &page["products"];
            shop.n_products = products["totalCount"].as_u64().unwrap_or_default();
            let nodes = products["nodes"].as_array().context("a list of products")?;
            shop.slugs.extend(nodes.iter().filter_map(|node| node["slug"].as_str().map(str::to_owned)));
            after = products["pageInfo"]["endCursor"].clone();
            if products["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        for slug in &shop.slugs {
            let answer = ask(&mut connection, PRODUCT, json!({ "slug": slug })).await?;
            let variant =
                answer["product"]["variants"][0]["id"].as_str().context("a product with a variant")?;
            shop.variants.push(variant.to_owned());
        }
        if shop.slugs.is_empty() {
            bail!("the shop is empty");
        }
        Ok(shop)
    }

    /// The list page as a shopper sees it.
    pub fn list_page(&self) -> Scenario {
        self.requests(vec![get("/products")], false)
    }

    /// Product pages.
    pub fn product_page(&self) -> Scenario {
        self.requests(self.slugs.iter().map(|slug| get(&format!("/products/{slug}"))).collect(), false)
    }

    /// The first 24 products with prices and pictures.
    pub fn graphql_list(&self) -> Scenario {
        self.requests(vec![document(LIST, &json!({ "first": 24 }))], true)
    }

    /// Single products with everything on them.
    pub fn graphql_product(&self) -> Scenario {
        self.requests(
            self.slugs.iter().map(|slug| document(PRODUCT, &json!({ "slug": slug }))).collect(),
            true,
        )
    }

    /// A new cart with one piece in it.
    pub fn add_to_cart(&self) -> Scenario {
        let input =
            |variant: &String| json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } });
        self.requests(self.variants.iter().map(|variant| document(ADD, &input(variant))).collect(), true)
    }

    /// Whole purchases.
    pub fn buy(&self) -> Scenario {
        Scenario::Buy { address: self.address, variants: self.variants.clone() }
    }

    fn requests(&self, requests: Vec<Vec<u8>>, graphql: bool) -> Scenario {
        Scenario::Requests { address: self.address, requests, graphql }
    }
}

impl Scenario {
    /// Where the server is.
    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Requests { address, .. } | Self::Buy { address, .. } => *address,
        }
    }

    /// Does it once; anything but full success is an error.
    pub async fn once(&self, connection: &mut Connection, worker: usize, turn: usize) -> Result<()> {
        // Workers begin at different places, so that they do not all ask for the same thing.
        let turn = turn + worker * 31;
        match self {
            Self::Requests { requests, graphql, .. } => {
                let status = connection.exchange(&requests[turn % requests.len()]).await?;
                if *graphql { succeeded(status, connection.body()) } else { found(status, connection.body()) }
            }
            Self::Buy { variants, .. } => buy(connection, &variants[turn % variants.len()]).await,
        }
    }
}

async fn buy(connection: &mut Connection, variant: &str) -> Result<()> {
    let added =
        ask(connection, ADD, json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } }))
            .await?;
    let token = added["cartLinesAdd"]["token"].as_str().context("a token of a new cart")?;
    let checkout = ask(connection, CHECKOUT, json!({ "token": token, "country": "BE" })).await?;
    let checkout = &checkout["checkout"];
    let input = json!({
        "token": token,
        "email": "bench@example.com",
        "address": {
            "name": "Bench Buyer", "line1": "Rue de la Loi 1", "postalCode": "1000", "city": "Brussels", "country": "BE"
        },
        "shippingMethod": checkout["method"],
        "paymentProvider": "http",
        "expectedTotal": checkout["cart"]["totals"]["total"]["minor"],
        "idempotencyKey": checkout["idempotencyKey"],
    });
    let placed = ask(connection, PLACE, json!({ "input": input })).await?;
    match placed["checkoutPlace"]["order"]["state"].as_str() {
        Some("PAID") => Ok(()),
        _ => bail!("the order is not paid: {placed}"),
    }
}

async fn ask(connection: &mut Connection, query: &str, variables: Value) -> Result<Value> {
    let status = connection.exchange(&document(query, &variables)).await?;
    succeeded(status, connection.body())?;
    let mut answer: Value = serde_json::from_slice(connection.body())?;
    Ok(answer["data"].take())
}

fn document(query: &str, variables: &Value) -> Vec<u8> {
    graphql(&json!({ "query": query, "variables": variables }).to_string())
}

fn found(status: u16, body: &[u8]) -> Result<()> {
    if status != 200 || body.len() < 500 {
        bail!("status {status}, {} bytes: {}", body.len(), shown(body));
    }
    Ok(())
}

/// GraphQL answers 200 whatever happened; errors stand behind the data.
fn succeeded(status: u16, body: &[u8]) -> Result<()> {
    if status != 200 || !body.starts_with(b"{\"data\":{") || !body.ends_with(b"}}") {
        bail!("status {status}: {}", shown(body));
    }
    Ok(())
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(600)]).into_owned()
}
