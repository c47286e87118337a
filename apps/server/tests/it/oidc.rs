//! Sign-in through another provider, as a browser goes through it.

use crate::world::{PASSWORD, Visitor, World};
use identity::oidc::flow::{self, Answer, Finished};
use identity::oidc::provider::{self, ProviderInput};
use identity::{Visit, people};
use platform::{Actor, Ctx};
use primitives::{OidcProviderId, SystemRole};
use serde_json::{Value, json};
use testkit::oidc::{CLIENT_ID, CLIENT_SECRET, OidcProvider};
use totp_rs::{Builder, Secret};
use url::Url;

const EDITOR: &str = "editor.oidc@example.com";

async fn provider_of(world: &World) -> OidcProvider {
    let provider = OidcProvider::start(world.app.clock().now()).await;
    provider.behave(|it| it.email = EDITOR.to_owned());
    provider
}

async fn system(world: &World, tenant: &str) -> Ctx {
    let record = identity::tenant::find(&world.app, tenant).await.expect("the tenant");
    Ctx::system(&world.app, record.info.clone(), "test")
}

/// Sets a provider up in a shop and lets an editor sign in with it once.
pub async fn link(world: &World, tenant: &str) {
    let (ctx, provider) = (system(world, tenant).await, provider_of(world).await);
    people::create(&ctx, EDITOR, "Editor", PASSWORD, "editor").await.expect("an editor");
    let owner = people::create(&ctx, "owner.oidc@example.com", "Owner", PASSWORD, "owner").await;
    let permissions = SystemRole::Owner.permissions();
    let owner = Actor::Staff { user: owner.expect("an owner").id, permissions };
    let input = ProviderInput {
        name: "Corp".to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.to_owned()),
        domains: Vec::new(),
        enabled: true,
    };
    let trusted = provider::create(&ctx.with_actor(owner), &provider.issuer, input).await;
    let anonymous = ctx.with_actor(Actor::Anonymous);
    let (id, visit): (OidcProviderId, Visit) = (trusted.expect("a provider").id, Visit::local());
    let started = flow::start(&anonymous, id, "/", &visit).await.expect("a sign-in");
    let back = back_from(&started.url).await;
    let said =
        |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let answer = Answer {
        state: said("state").unwrap_or_default(),
        code: said("code").unwrap_or_default(),
        ..Answer::default()
    };
    let held = started.cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie").1;
    let finished = flow::finish(&anonymous, &answer, Some(held), &visit).await.expect("an end");
    assert!(matches!(finished, Finished::In(..)));
    // A second one is under way, so that every table has a row.
    flow::start(&anonymous, id, "/", &visit).await.expect("a sign-in");
}

/// Goes to the provider, which sends everybody back at once.
async fn back_from(url: &str) -> Url {
    let http =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let answer = http.get(url).send().await.expect("an answer");
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
    Url::parse(location.unwrap_or_else(|| panic!("{}", answer.status()))).expect("an address")
}

/// Presses the button; where the provider sends the browser, as a path of the shop.
async fn pressed(visitor: &mut Visitor, provider: &Value, to: &str) -> String {
    let start = "mutation S($input: StartOidcSignInInput!) { startOidcSignIn(input: $input) { url } }";
    let answer = visitor.graphql(start, json!({ "input": { "providerId": provider, "to": to } })).await;
    let url = answer["data"]["startOidcSignIn"]["url"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let back = back_from(url).await;
    assert_eq!(
        format!("http://{}", visitor.host),
        format!("{}://{}", back.scheme(), &back[url::Position::BeforeHost..url::Position::AfterPort])
    );
    back[url::Position::BeforePath..].to_owned()
}

const SETTINGS: &str = "{ oidcSettings { available redirectUri providers \
     { id name issuer clientId domains enabled usable linkedCount version } } }";

async fn an_owner_sets_a_provider_up_and_an_editor_comes_in_with_it(world: World) {
    let provider = provider_of(&world).await;
    people::create(&system(&world, "hearth").await, EDITOR, "Editor", PASSWORD, "editor")
        .await
        .expect("an editor");
    let mut owner = world.sign_in("hearth", "owner").await;
    let mut answers = Vec::new();
    let create = "mutation C($input: CreateOidcProviderInput!) { createOidcProvider(input: $input) \
         { provider { id name issuer clientId domains enabled usable linkedCount version } } }";
    let input = json!({
        "issuer": provider.issuer, "name": "Corp", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET,
    });
    let made = owner.graphql(create, json!({ "input": input })).await;
    let id = made["data"]["createOidcProvider"]["provider"]["id"].clone();
    assert!(id.is_string(), "{made}");
    let wrong = owner
        .graphql(create, json!({ "input": { "issuer": "http://x.example", "name": "", "clientId": "", "clientSecret": CLIENT_SECRET } }))
        .await;
    let fields = wrong["errors"][0]["extensions"]["fields"].as_array().expect("fields");
    assert_eq!(fields.iter().map(|it| &it["field"]).collect::<Vec<_>>(), ["issuer", "name", "clientId"]);
    let test = "mutation T($input: OidcProviderInput!) { testOidcProvider(input: $input) \
         { problem authorizationEndpoint standing } }";
    let tested = owner.graphql(test, json!({ "input": { "id": id } })).await;
    assert_eq!(tested["data"]["testOidcProvider"]["standing"], "ACCEPTED", "{tested}");
    let settings = owner.graphql(SETTINGS, Value::Null).await;
    let redirect_uri = format!("http://{}/api/v1/auth/oidc/callback", owner.host);
    assert_eq!(settings["data"]["oidcSettings"]["redirectUri"], redirect_uri, "{settings}");
    answers.extend([made, wrong, tested, settings]);

    let mut editor = world.visitor("hearth");
    let offered = editor.graphql("{ signInProviders { id name } }", Value::Null).await;
    assert_eq!(offered["data"]["signInProviders"], json!([{ "id": id, "name": "Corp" }]));
    let back = pressed(&mut editor, &id, "/orders?status=paid").await;
    // Whoever gets hold of the address in another browser has nothing of it.
    let stolen = world.visitor("hearth").get(&back).await;
    assert_eq!((stolen.status, stolen.header("location")), (303, "/admin/?sign-in=expired"));
    let answer = editor.get(&back).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/admin/orders?status=paid"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookies: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().filter_map(|it| it.to_str().ok()).collect();
    assert_eq!(cookies.len(), 3, "{cookies:?}");
    assert!(cookies[0].starts_with("rustok_oidc_hearth=; Path=/; Max-Age=0"), "{cookies:?}");
    assert!(cookies[1].contains("SameSite=Strict") && cookies[2].contains("SameSite=Strict"));
    let me =
        editor.graphql("{ me { kind user { email } } oidcLinks { id provider email } }", Value::Null).await;
    assert_eq!(me["data"]["me"], json!({ "kind": "STAFF", "user": { "email": EDITOR } }));
    assert_eq!(me["data"]["oidcLinks"][0]["provider"], "Corp");
    let again = editor.get(&back).await;
    assert_eq!(again.header("location"), "/admin/?sign-in=expired", "once");

    // What came of it is in the audit log, with where it came from.
    let log = owner.graphql("{ auditLog(first: 50) { nodes { action address } } }", Value::Null).await;
    let entries = log["data"]["auditLog"]["nodes"].as_array().unwrap_or_else(|| panic!("{log}"));
    let callback = entries.iter().find(|it| it["action"] == "GET /api/v1/auth/oidc/callback");
    assert_eq!(callback.map(|it| &it["address"]), Some(&json!("127.0.0.1")), "{log}");
    let link = me["data"]["oidcLinks"][0]["id"].clone();
    let unlink = "mutation U($input: UnlinkOidcInput!) { unlinkOidc(input: $input) { unlinked } }";
    let stranger = owner.graphql(unlink, json!({ "input": { "id": link } })).await;
    assert_eq!(stranger["errors"][0]["extensions"]["code"], "NOT_FOUND");
    let gone = editor.graphql(unlink, json!({ "input": { "id": link } })).await;
    assert_eq!(gone["data"]["unlinkOidc"]["unlinked"], true, "{gone}");
    let settings = owner.graphql(SETTINGS, Value::Null).await;
    answers.extend([offered, me, log, stranger, gone, settings]);
    for answer in &answers {
        assert!(!answer.to_string().contains("the secret of the client"), "{answer}");
    }

    let delete = "mutation D($input: OidcProviderInput!) { deleteOidcProvider(input: $input) { deleted } }";
    let refused = editor.graphql(delete, json!({ "input": { "id": id } })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
    owner.graphql(delete, json!({ "input": { "id": id } })).await;
    let offered = editor.graphql("{ signInProviders { id } }", Value::Null).await;
    assert_eq!(offered["data"]["signInProviders"], json!([]));
}

async fn whoever_fails_is_led_to_the_door_with_the_reason(world: World) {
    let provider = provider_of(&world).await;
    let mut owner = world.sign_in("hearth", "owner").await;
    let create = "mutation C($input: CreateOidcProviderInput!) { createOidcProvider(input: $input) { provider { id } } }";
    let input = json!({
        "issuer": provider.issuer, "name": "Corp", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET,
    });
    let made = owner.graphql(create, json!({ "input": input })).await;
    let id = made["data"]["createOidcProvider"]["provider"]["id"].clone();
    let mut visitor = world.visitor("hearth");
    for path in ["", "?state=x", "?state=x&state=y", "?code=x", "?error=access_denied", "?state=%ff&code=%00"]
    {
        let answer = visitor.get(&format!("/api/v1/auth/oidc/callback{path}")).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/admin/?sign-in=expired"), "{path}");
    }
    let back = pressed(&mut visitor, &id, "").await;
    let answer = visitor.get(&back).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/admin/?sign-in=unknown"));
    provider.behave(|it| it.denies = true);
    let back = pressed(&mut visitor, &id, "").await;
    assert_eq!(visitor.get(&back).await.header("location"), "/admin/?sign-in=cancelled");
    assert!(visitor.graphql("{ me { kind } }", Value::Null).await["data"]["me"].is_null());
    // The other shop has no such provider.
    let start = "mutation S($input: StartOidcSignInInput!) { startOidcSignIn(input: $input) { url } }";
    let mut elsewhere = world.visitor("northbound");
    let answer = elsewhere.graphql(start, json!({ "input": { "providerId": id } })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
    let away = visitor.graphql(start, json!({ "input": { "providerId": id, "to": "//evil.example" } })).await;
    assert_eq!(away["errors"][0]["extensions"]["fields"][0]["field"], "to");
    // A shop that is reached by path stays on its path.
    link(&world, "northbound").await;
    let answer = visitor.get("/t/northbound/api/v1/auth/oidc/callback").await;
    assert_eq!(answer.header("location"), "/t/northbound/admin/?sign-in=expired");
}

async fn the_code_that_is_owed_goes_behind_the_hash(world: World) {
    let provider = provider_of(&world).await;
    provider.behave(|it| it.email = "owner.hash@example.com".to_owned());
    let ctx = system(&world, "hearth").await;
    people::create(&ctx, "owner.hash@example.com", "Owner", PASSWORD, "owner").await.expect("an owner");
    let sign_in = "mutation S($input: SignInInput!) { signIn(input: $input) { me { kind } } }";
    let mut owner = world.visitor("hearth");
    let shown = json!({ "input": { "email": "owner.hash@example.com", "password": PASSWORD } });
    owner.graphql(sign_in, shown).await;
    let create = "mutation C($input: CreateOidcProviderInput!) { createOidcProvider(input: $input) { provider { id } } }";
    let input = json!({
        "issuer": provider.issuer, "name": "Corp", "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET,
    });
    let made = owner.graphql(create, json!({ "input": input })).await;
    let id = made["data"]["createOidcProvider"]["provider"]["id"].clone();
    let start = "mutation S($input: StartTwoStepInput!) { startTwoStep(input: $input) { secret } }";
    let drawn = owner.graphql(start, json!({ "input": { "password": PASSWORD } })).await;
    let secret = drawn["data"]["startTwoStep"]["secret"].as_str().expect("a secret").replace(' ', "");
    let application =
        Builder::new().with_secret(Secret::try_from_base32(secret).expect("base 32")).build().expect("one");
    let now = u64::try_from(world.app.clock().now().millis()).expect("a time") / 1_000;
    let confirm =
        "mutation C($input: ConfirmTwoStepInput!) { confirmTwoStep(input: $input) { recoveryCodes } }";
    let code = application.generate(now).to_string();
    let on = owner.graphql(confirm, json!({ "input": { "code": code } })).await;
    let recovery = on["data"]["confirmTwoStep"]["recoveryCodes"][0].clone();

    let mut browser = world.visitor("hearth");
    let back = pressed(&mut browser, &id, "/settings").await;
    let answer = browser.get(&back).await;
    let location = answer.header("location").to_owned();
    let token = location.strip_prefix("/admin/settings#second-step=").unwrap_or_else(|| panic!("{location}"));
    assert!(browser.graphql("{ me { kind } }", Value::Null).await["data"]["me"].is_null());
    let second =
        "mutation S($input: SignInSecondStepInput!) { signInSecondStep(input: $input) { me { kind } } }";
    let inside = browser.graphql(second, json!({ "input": { "token": token, "code": recovery } })).await;
    assert_eq!(inside["data"]["signInSecondStep"]["me"]["kind"], "STAFF", "{inside}");
}

testkit::on_both!(
    an_owner_sets_a_provider_up_and_an_editor_comes_in_with_it,
    whoever_fails_is_led_to_the_door_with_the_reason,
    the_code_that_is_owed_goes_behind_the_hash,
);
