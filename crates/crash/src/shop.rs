//! Who is in the shop: buyers who do not give up, and staff who gives money back. All of them over GraphQL.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use catalog::product::input::{NewProduct, VariantInput};
use identity::api_key::NewApiKey;
use platform::{Actor, Ctx};
use primitives::{Permission, PermissionSet, VariantId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::chance::Chance;
use crate::server::Site;

/// The shop of the demo data that is crashed.
pub const TENANT: &str = "hearth";
/// Variants that never run out.
const PLENTY: usize = 8;
/// How long a buyer asks for an answer.
const PATIENCE: Duration = Duration::from_secs(90);

const ADD: &str = "mutation A($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { token } }";
const CODES: &str =
    "mutation S($input: CartCodesSetInput!) { cartCodesSet(input: $input) { cart { codes { code } } } }";
const CHECKOUT: &str = "query C($token: String!, $email: String!) { checkout(token: $token, country: \"BE\", \
    email: $email) { method cart { totals { total { minor } } } } }";
const PLACE: &str = "mutation P($input: CheckoutPlaceInput!) { checkoutPlace(input: $input) { replayed order { \
    number state } } }";
const ROWS: &str = "query R($filter: OrderFilter!) { orders(first: 20, filter: $filter) { nodes { id state \
    paymentProvider } } }";

const SEEN: &str = "query S($id: ID!) { order(id: $id) { version } }";

/// How a question was answered.
pub enum Answer {
    /// With data.
    Data(Value),
    /// With an error of this code.
    Refused(String),
    /// Not at all, or with an error that says nothing about what was done.
    Lost(String),
}

/// Asks one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    key: Option<Arc<str>>,
}

impl Client {
    /// Nobody signed in.
    pub fn guest() -> Result<Self> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        Ok(Self { http, key: None })
    }

    /// With an API key.
    pub fn staff(key: &str) -> Result<Self> {
        Ok(Self { key: Some(key.into()), ..Self::guest()? })
    }

    /// Asks once.
    pub async fn ask(&self, shop: SocketAddr, query: &str, variables: Value) -> Answer {
        let mut request = self.http.post(format!("http://{shop}/api/graphql")).header("host", "localhost");
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        let sent = request.json(&json!({ "query": query, "variables": variables })).send().await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return Answer::Lost(error.to_string()),
        };
        let status = answer.status();
        let mut body: Value = match answer.json().await {
            Ok(body) => body,
            Err(error) => return Answer::Lost(format!("{status}: {error}")),
        };
        match body["errors"][0]["extensions"]["code"].as_str() {
            Some(code @ ("SERVICE_UNAVAILABLE" | "INTERNAL_SERVER_ERROR" | "RATE_LIMIT_EXCEEDED")) => {
                Answer::Lost(format!("{code}: {}", body["errors"][0]["message"]))
            }
            Some(code) => Answer::Refused(code.to_owned()),
            None if status.is_success() && body["data"].is_object() => Answer::Data(body["data"].take()),
            None => Answer::Lost(format!("{status}: {body}")),
        }
    }

    /// Asks until there is an answer, for as long as `until`.
    pub async fn insist(
        &self,
        shop: SocketAddr,
        query: &str,
        variables: &Value,
        until: Instant,
    ) -> Result<std::result::Result<Value, String>> {
        loop {
            match self.ask(shop, query, variables.clone()).await {
                Answer::Data(data) => return Ok(Ok(data)),
                Answer::Refused(code) => return Ok(Err(code)),
                Answer::Lost(why) if until < Instant::now() => bail!("no answer: {why}"),
                Answer::Lost(_) => tokio::time::sleep(Duration::from_millis(40)).await,
            }
        }
    }
}

/// What the shop sells, and the key of its staff.
pub struct Shop {
    /// Never runs out.
    pub plenty: Vec<VariantId>,
    /// Runs out all the time.
    pub scarce: VariantId,
    /// API key of the staff.
    pub key: String,
}

impl Shop {
    /// A shop with goods, in an empty database.
    pub async fn open(site: &Site, n_scarce: i64) -> Result<Self> {
        site.run(&["migrate", "up"])?;
        site.run(&["seed", "--demo"])?;
        let ctx = site.look().await?;
        let mut plenty = Vec::with_capacity(PLENTY);
        for n in 0..PLENTY {
            plenty.push(thing(&ctx, &format!("Plenty {n}"), 1_000_000).await?);
        }
        let scarce = thing(&ctx, "Scarce", n_scarce).await?;
        let maker =
            identity::people::create(&ctx, "crash@hearth.example", "Crash", "a password for a day", "owner");
        let actor = Actor::Staff { user: maker.await?.id, permissions: PermissionSet::everything() };
        let permissions =
            vec![Permission::ORDERS_MANAGE, Permission::ORDERS_REFUND, Permission::PAYMENTS_MANAGE];
        let new = NewApiKey { name: "Crash".to_owned(), permissions, expires_at: None };
        let key = identity::api_key::create(&ctx.with_actor(actor), new).await?.1;
        Ok(Self { plenty, scarce, key })
    }
}

async fn thing(ctx: &Ctx, title: &str, on_hand: i64) -> Result<VariantId> {
    let variant = VariantInput {
        price: Some("12.50".to_owned()),
        on_hand: Some(on_hand),
        option_values: Some(Vec::new()),
        ..VariantInput::default()
    };
    let title = title.to_owned();
    let new = NewProduct { title, variants: vec![variant], publish: true, ..NewProduct::default() };
    let made = catalog::product::create(ctx, &new).await.map_err(platform::Error::from)?;
    Ok(made.variants.first().context("a variant")?.id)
}

/// What buyers were told.
#[derive(Default)]
pub struct Told {
    /// Keys and the numbers of their orders.
    pub acknowledged: Mutex<Vec<(String, i64)>>,
    /// Keys that were refused.
    pub refused: Mutex<Vec<String>>,
    /// What a buyer must never hear.
    pub wrong: Mutex<Vec<String>>,
    /// Buyers at work.
    pub busy: AtomicU64,
    /// Nobody begins anything new.
    pub closing: AtomicBool,
}

impl Told {
    fn note<T>(list: &Mutex<Vec<T>>, one: T) {
        list.lock().unwrap_or_else(PoisonError::into_inner).push(one);
    }

    /// How many orders were acknowledged.
    pub fn count(&self) -> usize {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Buys until the shop closes, and then waits for the answer of the last order.
pub async fn buyer(shop: Arc<Shop>, address: SocketAddr, chance: Chance, told: Arc<Told>) -> Result<()> {
    let client = Client::guest()?;
    told.busy.fetch_add(1, Ordering::Relaxed);
    while !told.closing.load(Ordering::Relaxed) {
        if let Err(error) = buy(&client, &shop, address, &chance, &told).await {
            Told::note(&told.wrong, format!("a buyer gave up: {error:#}"));
        }
        tokio::time::sleep(Duration::from_millis(chance.below(60))).await;
    }
    told.busy.fetch_sub(1, Ordering::Relaxed);
    Ok(())
}

async fn buy(client: &Client, shop: &Shop, address: SocketAddr, chance: &Chance, told: &Told) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    let variant = match chance.percent(15) {
        true => shop.scarce,
        false => shop.plenty[usize::try_from(chance.below(PLENTY as u64)).unwrap_or(0)],
    };
    let lines = json!([{ "variantId": variant, "quantity": 1 + chance.below(2) }]);
    let added = json!({ "input": { "lines": lines } });
    let Ok(cart) = client.insist(address, ADD, &added, until).await? else { return Ok(()) };
    let token = cart["cartLinesAdd"]["token"].as_str().context("the token of a new cart")?.to_owned();
    let email = format!("buyer-{}@example.com", Uuid::new_v4().simple());
    if chance.percent(30) {
        let codes = json!({ "input": { "token": token, "codes": ["WELCOME10"] } });
        if client.insist(address, CODES, &codes, until).await?.is_err() {
            return Ok(());
        }
    }
    let asked = json!({ "token": token, "email": email });
    let Ok(checkout) = client.insist(address, CHECKOUT, &asked, until).await? else { return Ok(()) };
    let by_hand = chance.percent(10);
    let input = place_input(&checkout, &token, &email, if by_hand { "manual" } else { "http" });
    let key = input["input"]["idempotencyKey"].as_str().unwrap_or_default().to_owned();
    let placed = match client.insist(address, PLACE, &input, until).await? {
        Ok(placed) => placed,
        Err(_) => {
            Told::note(&told.refused, key);
            return Ok(());
        }
    };
    let number = number_of(&placed)?;
    Told::note(&told.acknowledged, (key, number));
    if chance.percent(20) {
        let again = client.insist(address, PLACE, &input, until).await?;
        let again = again.map_err(|code| anyhow!("order {number} was refused the second time: {code}"))?;
        if (number_of(&again)?, again["checkoutPlace"]["replayed"].as_bool()) != (number, Some(true)) {
            bail!("the second click did not give order {number} again: {again}");
        }
    }
    Ok(())
}

/// What the form of a checkout sends, with a key of its own.
pub fn place_input(checkout: &Value, token: &str, email: &str, provider: &str) -> Value {
    let checkout = &checkout["checkout"];
    json!({ "input": {
        "token": token,
        "email": email,
        "address": {
            "name": "Maud Peeters", "line1": "Oude Beestenmarkt 6", "postalCode": "9000", "city": "Ghent",
            "country": "BE"
        },
        "shippingMethod": checkout["method"],
        "paymentProvider": provider,
        "expectedTotal": checkout["cart"]["totals"]["total"]["minor"],
        "idempotencyKey": format!("key-{}", Uuid::new_v4()),
    } })
}

fn number_of(placed: &Value) -> Result<i64> {
    placed["checkoutPlace"]["order"]["number"]
        .as_i64()
        .with_context(|| format!("an order's number: {placed}"))
}

/// A cart with one piece, and what its form sends; the code of the refusal when the piece cannot be had.
pub async fn ready(
    client: &Client,
    address: SocketAddr,
    variant: VariantId,
    until: Instant,
) -> Result<std::result::Result<Value, String>> {
    let added = json!({ "input": { "lines": [{ "variantId": variant, "quantity": 1 }] } });
    let cart = match client.insist(address, ADD, &added, until).await? {
        Ok(cart) => cart,
        Err(code) => return Ok(Err(code)),
    };
    let token = cart["cartLinesAdd"]["token"].as_str().context("the token of a new cart")?.to_owned();
    let email = format!("buyer-{}@example.com", Uuid::new_v4().simple());
    let asked = json!({ "token": token, "email": email });
    let checkout = client.insist(address, CHECKOUT, &asked, until).await?;
    Ok(checkout.map(|checkout| place_input(&checkout, &token, &email, "http")))
}

/// Places an order; its number, or the code of the refusal.
pub async fn place(
    client: &Client,
    address: SocketAddr,
    input: &Value,
    until: Instant,
) -> Result<std::result::Result<i64, String>> {
    match client.insist(address, PLACE, input, until).await? {
        Ok(placed) => Ok(Ok(number_of(&placed)?)),
        Err(code) => Ok(Err(code)),
    }
}

/// Gives some orders back and calls some off while the shop is open, and sees to what needs attention until it is told
/// to stop.
pub async fn staff(
    shop: Arc<Shop>,
    address: SocketAddr,
    chance: Chance,
    told: Arc<Told>,
    stop: Arc<AtomicBool>,
) {
    let Ok(client) = Client::staff(&shop.key) else { return };
    while !stop.load(Ordering::Relaxed) {
        see_to_attention(&client, address).await;
        if !told.closing.load(Ordering::Relaxed) {
            work(&client, address, &chance).await;
        }
        tokio::time::sleep(Duration::from_millis(100 + chance.below(150))).await;
    }
}

async fn work(client: &Client, address: SocketAddr, chance: &Chance) {
    for (id, state, provider) in rows(client, address, json!({ "state": ["PAID", "PENDING_PAYMENT"] })).await
    {
        let (mutation, input) = match (state.as_str(), provider.as_str()) {
            ("PAID", _) if chance.percent(15) => {
                ("orderRefund", json!({ "id": id, "reason": "changed my mind" }))
            }
            ("PENDING_PAYMENT", "manual") if chance.percent(30) => ("orderMarkPaid", json!({ "id": id })),
            ("PENDING_PAYMENT", _) if chance.percent(8) => {
                ("orderCancel", json!({ "id": id, "reason": "called off" }))
            }
            _ => continue,
        };
        act(client, address, mutation, input).await;
    }
}

/// Money that came too late goes back; what only had to be seen has been seen, and nothing that came after it.
async fn see_to_attention(client: &Client, address: SocketAddr) {
    for (id, ..) in rows(client, address, json!({ "attention": true })).await {
        let Answer::Data(seen) = client.ask(address, SEEN, json!({ "id": id })).await else { continue };
        let version = &seen["order"]["version"];
        let back = json!({ "id": id, "reason": "the order was given up" });
        if act(client, address, "orderRefund", back).await == Some(false) {
            act(client, address, "orderAttentionClear", json!({ "id": id, "version": version })).await;
        }
    }
}

async fn rows(client: &Client, address: SocketAddr, filter: Value) -> Vec<(String, String, String)> {
    let Answer::Data(data) = client.ask(address, ROWS, json!({ "filter": filter })).await else {
        return Vec::new();
    };
    let nodes = data["orders"]["nodes"].as_array().cloned().unwrap_or_default();
    let word = |node: &Value, key: &str| node[key].as_str().unwrap_or_default().to_owned();
    nodes.iter().map(|node| (word(node, "id"), word(node, "state"), word(node, "paymentProvider"))).collect()
}

/// Whether it worked; `None` when nobody knows. What the order's state does not allow any more is no mistake.
async fn act(client: &Client, address: SocketAddr, mutation: &str, input: Value) -> Option<bool> {
    let kind = match mutation {
        "orderRefund" => "OrderRefundInput",
        "orderCancel" => "OrderCancelInput",
        _ => "OrderMoveInput",
    };
    let query = format!("mutation M($input: {kind}!) {{ {mutation}(input: $input) {{ order {{ id }} }} }}");
    match client.ask(address, &query, json!({ "input": input })).await {
        Answer::Data(_) => Some(true),
        Answer::Refused(_) => Some(false),
        Answer::Lost(_) => None,
    }
}
