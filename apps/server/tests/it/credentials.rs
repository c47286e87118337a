//! Wrong credentials through the real door: forged tokens, passwords of a megabyte, headers that only a proxy may send.

use crate::world::{Answer, PASSWORD, Visitor, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::Backend;

const ANNA: &str = "anna.door@example.com";

async fn rest(visitor: &mut Visitor, path: &str, body: Value) -> Answer {
    let request = visitor.request(Method::POST, path).header("sec-fetch-site", "same-origin").json(&body);
    visitor.send(request).await
}

async fn registered(world: &World) -> Visitor {
    let mut anna = world.visitor("hearth");
    let body = json!({ "email": ANNA, "password": PASSWORD });
    assert_eq!(rest(&mut anna, "/api/v1/auth/register", body).await.status, 202);
    anna
}

/// Status and code of a problem document, and the field that it names.
fn problem(answer: &Answer) -> (u16, String, String) {
    let problem = answer.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status, text(&problem["code"]), text(&problem["fields"][0]["field"]))
}

fn refused(status: u16, code: &str, field: &str) -> (u16, String, String) {
    (status, code.to_owned(), field.to_owned())
}

/// The token with other claims or another header and whatever signature.
fn forged(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

async fn tokens_that_were_changed_open_nothing(world: World) {
    let mut anna = registered(&world).await;
    let shown = json!({ "email": ANNA, "password": PASSWORD });
    let given = rest(&mut anna, "/api/v1/auth/token", shown).await.json();
    let token = given["access_token"].as_str().unwrap_or_else(|| panic!("{given}"));
    let parts: Vec<&str> = token.split('.').collect();
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base 64")).expect("JSON")
    };
    let (header, claims, signature) = (read(parts[0]), read(parts[1]), parts[2]);
    let ask = async |token: &str| {
        let request = world.visitor("hearth").request(Method::GET, "/api/v1/me").bearer_auth(token);
        world.visitor("hearth").send(request).await
    };
    assert_eq!(ask(token).await.status, 200);
    let with = |part: &Value, name: &str, value: Value| {
        let mut other = part.clone();
        other[name] = value;
        other
    };
    let none = with(&header, "alg", json!("none"));
    let exp = claims["exp"].as_u64().expect("a number");
    let cases = [
        ("no algorithm, no signature", forged(&none, &claims, "")),
        ("no algorithm in other letters", forged(&with(&header, "alg", json!("nOnE")), &claims, "")),
        ("no algorithm, a signature", forged(&none, &claims, signature)),
        ("another algorithm", forged(&with(&header, "alg", json!("RS256")), &claims, signature)),
        ("no signature", forged(&header, &claims, "")),
        ("another audience", forged(&header, &with(&claims, "aud", json!("other")), signature)),
        ("a text for a time", forged(&header, &with(&claims, "exp", json!(exp.to_string())), signature)),
        ("a longer life", forged(&header, &with(&claims, "exp", json!(exp + 60)), signature)),
        ("no end", forged(&header, &with(&claims, "exp", json!(null)), signature)),
        ("another person", forged(&header, &with(&claims, "sub", json!(uuid::Uuid::nil())), signature)),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("a megabyte is no header", "A".repeat(8_000)),
    ];
    for (what, token) in cases {
        let answer = ask(&token).await;
        assert_eq!(problem(&answer), refused(401, "UNAUTHENTICATED", ""), "{what}: {}", answer.body);
    }
    // Of another shop.
    let mut elsewhere = world.visitor("northbound");
    let request = elsewhere.request(Method::GET, "/api/v1/me").bearer_auth(token);
    assert_eq!(problem(&elsewhere.send(request).await), refused(401, "UNAUTHENTICATED", ""));
}

async fn a_password_of_a_megabyte_is_refused_at_every_door(world: World) {
    let mut anna = registered(&world).await;
    let huge = "x".repeat(1024 * 1024);
    let before = identity::password_work(&world.app);
    let (email, token) = ("new.door@example.com", "A".repeat(43));
    let shown = json!({ "email": ANNA, "password": huge });
    for path in ["/api/v1/auth/sign-in", "/api/v1/auth/token"] {
        assert_eq!(problem(&rest(&mut anna, path, shown.clone()).await), refused(401, "UNAUTHENTICATED", ""));
    }
    let answer = rest(&mut anna, "/api/v1/auth/register", json!({ "email": email, "password": huge })).await;
    assert_eq!(problem(&answer), refused(400, "BAD_USER_INPUT", "password"));
    for (mutation, input) in [
        ("register", json!({ "email": email, "password": huge })),
        ("resetPassword", json!({ "token": token, "password": huge })),
        ("acceptInvitation", json!({ "token": token, "name": "", "password": huge })),
    ] {
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!("mutation M($input: {kind}!) {{ {mutation}(input: $input) {{ __typename }} }}");
        let answer = anna.graphql(&query, json!({ "input": input })).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            (extensions["code"].as_str(), extensions["fields"][0]["field"].as_str()),
            (Some("BAD_USER_INPUT"), Some("password")),
            "{mutation}: {answer:.500}"
        );
    }
    // No form is as large; one with a password that is merely too long comes back, without what was typed.
    let long = "y".repeat(2_000);
    // The answer comes also to who sends ten megabytes first, and the connection stays.
    let vast = "z".repeat(10 * 1024 * 1024);
    for (password, status) in [(&huge, 413), (&vast, 413), (&long, 422)] {
        for (path, form) in [
            ("/register", [("email", email), ("password", password)]),
            ("/reset-password", [("token", &token), ("password", password)]),
            ("/sign-in", [("email", ANNA), ("password", password)]),
        ] {
            let answer = anna.post(path, &form).await;
            assert_eq!(answer.status, status, "{path}");
            assert!(!answer.body.contains(&long) && !answer.body.contains(&huge[..2_000]), "{path}");
        }
    }
    let signed_in = json!({ "email": ANNA, "password": PASSWORD });
    assert_eq!(rest(&mut anna, "/api/v1/auth/sign-in", signed_in).await.status, 200);
    assert_eq!(identity::password_work(&world.app), before + 1, "only that one was computed");
    let change = "mutation C($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
    for (current, new, field) in [(PASSWORD, huge.as_str(), "new"), (&huge, PASSWORD, "current")] {
        let answer = anna.graphql(change, json!({ "input": { "current": current, "new": new } })).await;
        let fields = &answer["errors"][0]["extensions"]["fields"];
        assert_eq!(fields[0]["field"].as_str(), Some(field), "{answer:.500}");
    }
    assert_eq!(identity::password_work(&world.app), before + 1);
}

async fn what_only_a_proxy_may_say_is_not_believed_from_anybody(world: World) {
    let mut anna = registered(&world).await;
    // Another shop.
    let request = anna.request(Method::GET, "/").header("x-forwarded-host", "northbound.localhost");
    assert!(!anna.send(request).await.body.contains("Northbound"));
    // A connection that is encrypted.
    let shown = json!({ "email": ANNA, "password": PASSWORD });
    let request = anna
        .request(Method::POST, "/api/v1/auth/sign-in")
        .header("x-forwarded-proto", "https")
        .header("sec-fetch-site", "same-origin")
        .json(&shown);
    let answer = anna.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("text");
        assert!(cookie.starts_with("rustok_") && !cookie.contains("Secure"), "{cookie}");
    }
    // Another address with every guess.
    let mut guesser = world.visitor("hearth");
    let mut statuses = Vec::new();
    for n in 1..=8 {
        let request = guesser
            .request(Method::POST, "/api/v1/auth/sign-in")
            .header("x-forwarded-for", format!("203.0.113.{n}"))
            .header("x-real-ip", format!("203.0.113.{n}"))
            .header("forwarded", format!("for=203.0.113.{n}"))
            .header("sec-fetch-site", "same-origin")
            .json(&json!({ "email": ANNA, "password": "wrong horse battery" }));
        statuses.push(guesser.send(request).await.status);
    }
    assert_eq!(statuses[..5], [401; 5]);
    assert!(statuses[5..].contains(&429), "{statuses:?}");
}

const ID: &str = "a-proxy-has-said-so";

/// The id that a request with an id of its own was answered under.
async fn answered_under(world: &World) -> String {
    let mut visitor = world.visitor("hearth");
    let request = visitor.request(Method::GET, "/health/live").header("x-request-id", ID);
    visitor.send(request).await.header("x-request-id").to_owned()
}

async fn a_stranger_names_no_request(world: World) {
    let id = answered_under(&world).await;
    assert!(uuid::Uuid::parse_str(&id).is_ok(), "{id}");
}

#[tokio::test]
async fn a_trusted_proxy_names_the_request() {
    let world = World::configured(Backend::Sqlite, |config| {
        config.server.trusted_proxies.0 = vec!["127.0.0.0/8".to_owned()];
    })
    .await;
    assert_eq!(answered_under(&world).await, ID);
}

testkit::on_both!(
    a_stranger_names_no_request,
    tokens_that_were_changed_open_nothing,
    a_password_of_a_megabyte_is_refused_at_every_door,
    what_only_a_proxy_may_say_is_not_believed_from_anybody,
);
