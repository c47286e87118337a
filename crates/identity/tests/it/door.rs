//! REST and GraphQL behind a host in miniature: resolve, authenticate, check the origin, then the module's routes.

use crate::support::{PASSWORD, cookie_pair, events};
use async_graphql::{EmptySubscription, MergedObject, Schema};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::api_key::graphql::{ApiKeyMutation, ApiKeyQuery};
use identity::audit::graphql::AuditQuery;
use identity::graphql::{IdentityMutation, IdentityQuery};
use identity::invitation::graphql::{InvitationMutation, InvitationQuery};
use identity::modules::graphql::{ModulesMutation, ModulesQuery};
use identity::recovery::graphql::RecoveryMutation;
use identity::roles::graphql::{RolesMutation, RolesQuery};
use identity::security::graphql::{SecurityMutation, SecurityQuery};
use identity::{Authenticated, people};
use platform::surface::Kind;
use platform::{App, Ctx, Error};
use serde_json::{Value, json};
use testkit::TestApp;
use tower::ServiceExt;

/// Everything that this module asks.
#[derive(MergedObject, Default)]
struct Query(
    IdentityQuery,
    AuditQuery,
    InvitationQuery,
    ModulesQuery,
    SecurityQuery,
    RolesQuery,
    ApiKeyQuery,
    identity::oidc::graphql::OidcQuery,
);

/// Everything that this module does.
#[derive(MergedObject, Default)]
struct Mutation(
    IdentityMutation,
    InvitationMutation,
    ModulesMutation,
    RecoveryMutation,
    SecurityMutation,
    RolesMutation,
    ApiKeyMutation,
    identity::oidc::graphql::OidcMutation,
);

async fn send(app: &App, request: Request<Body>) -> Response {
    match answer(app, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(app: &App, request: Request<Body>) -> Result<Response, Error> {
    let (mut parts, body) = request.into_parts();
    let resolved = identity::resolve(app, &parts, None).await?;
    let who = identity::authenticate(app, &resolved, &parts.headers).await?;
    identity::check_origin(&resolved, &parts)?;
    let ctx = Ctx::new(app.clone(), resolved.tenant.clone(), who.actor.clone(), "request");
    parts.uri = resolved.rest_path.parse().unwrap();
    parts.extensions.insert(ctx.clone());
    parts.extensions.insert(who.clone());
    if parts.uri.path() == "/api/graphql" {
        let query = String::from_utf8(to_bytes(body, 10_000).await.unwrap().to_vec()).unwrap();
        return Ok(graphql(ctx, who, &query).await);
    }
    let router = axum::Router::new().nest("/api/v1", identity::rest()).with_state(app.clone());
    Ok(router.oneshot(Request::from_parts(parts, body)).await.unwrap())
}

async fn graphql(ctx: Ctx, who: Authenticated, query: &str) -> Response {
    let schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription).finish();
    let mut answer = schema.execute(async_graphql::Request::new(query).data(ctx).data(who)).await;
    let headers = std::mem::take(&mut answer.http_headers);
    (headers, serde_json::to_string(&answer).unwrap()).into_response()
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:3000");
    if !body.is_null() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) }).unwrap()
}

async fn json_of(response: Response) -> Value {
    let bytes = to_bytes(response.into_body(), 100_000).await.unwrap();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

fn set_cookie(response: &Response) -> String {
    response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned()
}

async fn rest_signs_in_and_out(app: TestApp) {
    let app = app.app();
    let account = json!({"email": "anna@x.example", "password": PASSWORD});
    let post = |path: &str, body: &Value| request("POST", path, &[], body);
    let registered = send(app, post("/api/v1/auth/register", &account)).await;
    assert_eq!(registered.status(), StatusCode::ACCEPTED);
    assert!(!registered.headers().contains_key(header::SET_COOKIE));
    let again = send(app, post("/api/v1/auth/register", &account)).await;
    assert_eq!(again.status(), StatusCode::ACCEPTED);

    assert_eq!(
        send(app, request("GET", "/api/v1/me", &[], &Value::Null)).await.status(),
        StatusCode::UNAUTHORIZED
    );
    let signed_in = send(app, post("/api/v1/auth/sign-in", &account)).await;
    assert_eq!(
        (signed_in.status(), &signed_in.headers()[header::CACHE_CONTROL]),
        (StatusCode::OK, &"no-store".parse().unwrap())
    );
    let cookie = set_cookie(&signed_in);
    let cookie = cookie_pair(&cookie);
    let body = json_of(signed_in).await;
    assert_eq!((&body["kind"], &body["user"]["email"]), (&json!("customer"), &json!("anna@x.example")));
    let me = send(app, request("GET", "/api/v1/me", &[("cookie", cookie)], &Value::Null)).await;
    assert_eq!(json_of(me).await, body);

    let forged = request("POST", "/api/v1/auth/sign-out", &[("cookie", cookie)], &Value::Null);
    assert_eq!(send(app, forged).await.status(), StatusCode::FORBIDDEN);
    let own = [("cookie", cookie), ("origin", "http://localhost:3000")];
    let signed_out = send(app, request("POST", "/api/v1/auth/sign-out", &own, &Value::Null)).await;
    assert_eq!(signed_out.status(), StatusCode::NO_CONTENT);
    assert!(set_cookie(&signed_out).contains("Max-Age=0"));
    let me = send(app, request("GET", "/api/v1/me", &[("cookie", cookie)], &Value::Null)).await;
    assert_eq!(me.status(), StatusCode::UNAUTHORIZED);
}

async fn rest_refuses_what_it_cannot_read(app: TestApp) {
    for (body, status) in [
        (json!({"email": "a@x.example"}), 400),
        (json!({"email": "a@x.example", "password": PASSWORD, "role": "owner"}), 400),
        (json!({"email": 7, "password": PASSWORD}), 400),
        (json!([]), 400),
        (json!({"email": "a@x.example", "password": "x".repeat(1_025)}), 401),
    ] {
        let response = send(app.app(), request("POST", "/api/v1/auth/sign-in", &[], &body)).await;
        assert_eq!(response.status().as_u16(), status, "{body}");
        assert!(response.extensions().get::<Error>().is_some(), "the host shapes the error");
    }
}

async fn a_token_signs_api_calls(app: TestApp) {
    people::create(&app.system(), "api@x.example", "", PASSWORD, "manager").await.unwrap();
    let account = json!({"email": "api@x.example", "password": PASSWORD});
    let token = json_of(send(app.app(), request("POST", "/api/v1/auth/token", &[], &account)).await).await;
    assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(600)));
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let me = send(app.app(), request("GET", "/api/v1/me", &[("authorization", &bearer)], &Value::Null)).await;
    assert_eq!(json_of(me).await["kind"], "staff");
    let foreign = [("authorization", bearer.as_str()), ("x-tenant-id", "other")];
    let foreign = send(app.app(), request("GET", "/api/v1/me", &foreign, &Value::Null)).await;
    assert_eq!(foreign.status(), StatusCode::UNAUTHORIZED);
}

async fn rest_gives_tokens_for_a_password_and_for_a_refresh_token(app: TestApp) {
    people::create(&app.system(), "api@x.example", "", PASSWORD, "manager").await.unwrap();
    let ask = async |body: Value| {
        let response = send(app.app(), request("POST", "/api/v1/auth/token", &[], &body)).await;
        let error = response.extensions().get::<Error>().cloned();
        (response.status().as_u16(), error, json_of(response).await)
    };
    let password = json!({"grant_type": "password", "email": "api@x.example", "password": PASSWORD});
    let (status, _, first) = ask(password).await;
    assert_eq!((status, &first["refresh_expires_in"]), (200, &json!(14 * 24 * 3600)));
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]});
    let (status, _, second) = ask(refresh).await;
    assert_eq!((status, &second["token_type"], &second["expires_in"]), (200, &json!("Bearer"), &json!(600)));
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let bearer = format!("Bearer {}", second["access_token"].as_str().unwrap());
    let me = send(app.app(), request("GET", "/api/v1/me", &[("authorization", &bearer)], &Value::Null)).await;
    assert_eq!(json_of(me).await["kind"], "staff");
    for (body, status, fields) in [
        (json!({"grant_type": "refresh_token"}), 400, "refresh_token"),
        (json!({"grant_type": "password", "email": "a@x.example"}), 400, "password"),
        (json!({}), 400, "email password"),
        (json!({"grant_type": "implicit"}), 400, "grant_type"),
        (json!({"grant_type": "refresh_token", "refresh_token": "x", "password": "y"}), 400, "password"),
        (json!({"email": "a@x.example", "password": PASSWORD, "refresh_token": "x"}), 400, "refresh_token"),
        (json!({"grant_type": "refresh_token", "refresh_token": "x"}), 401, ""),
        (json!({"grant_type": "refresh_token", "refresh_token": "x".repeat(100_000)}), 401, ""),
        (json!({"grant_type": 7}), 400, ""),
    ] {
        let (answered, error, _) = ask(body.clone()).await;
        let error = error.unwrap();
        let named: Vec<_> = error.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!((answered, named.join(" ").as_str()), (status, fields), "{body}");
    }
}

async fn graphql_gives_and_refreshes_tokens(app: TestApp) {
    people::create(&app.system(), "api@x.example", "", PASSWORD, "manager").await.unwrap();
    let ask = async |query: &str| {
        let mut request = request("POST", "/api/graphql", &[], &Value::Null);
        *request.body_mut() = Body::from(query.to_owned());
        json_of(send(app.app(), request).await).await
    };
    let create = format!(
        r#"mutation {{ createToken(input: {{email: "api@x.example", password: "{PASSWORD}"}}) {{ accessToken expiresIn refreshToken refreshExpiresIn }} }}"#
    );
    let created = ask(&create).await["data"]["createToken"].clone();
    assert_eq!((&created["expiresIn"], &created["refreshExpiresIn"]), (&json!(600), &json!(14 * 24 * 3600)));
    let refresh = |token: &Value| {
        format!(
            "mutation {{ refreshToken(input: {{refreshToken: {token}}}) {{ accessToken refreshToken }} }}"
        )
    };
    let next = ask(&refresh(&created["refreshToken"])).await;
    assert!(next["data"]["refreshToken"]["accessToken"].is_string(), "{next}");
    let wrong = ask(&refresh(&json!("x"))).await;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

async fn graphql_signs_in_with_a_cookie(app: TestApp) {
    let owner = people::create(&app.system(), "owner@x.example", "Olga", PASSWORD, "owner").await.unwrap();
    let ask = async |query: &str, headers: &[(&str, &str)]| {
        let mut request = request("POST", "/api/graphql", headers, &Value::Null);
        *request.body_mut() = Body::from(query.to_owned());
        request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
        send(app.app(), request).await
    };
    let nobody =
        json_of(ask("{ me { kind } shop { slug name currency pricesIncludeTax storefront } }", &[]).await)
            .await;
    let shop = json!({"slug": "hearth", "name": "Hearth & Home", "currency": "EUR", "pricesIncludeTax": true, "storefront": {}});
    assert_eq!(nobody["data"], json!({"me": null, "shop": shop}));
    let wrong =
        r#"mutation { signIn(input: {email: "owner@x.example", password: "wrong horse"}) { me { kind } } }"#;
    let wrong = ask(wrong, &[]).await;
    assert!(!wrong.headers().contains_key(header::SET_COOKIE));
    assert_eq!(json_of(wrong).await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    let right = format!(
        r#"mutation {{ signIn(input: {{email: "owner@x.example", password: "{PASSWORD}"}}) {{ me {{ kind permissions user {{ id }} }} }} }}"#
    );
    let signed_in = ask(&right, &[]).await;
    let cookie = set_cookie(&signed_in);
    let me = &json_of(signed_in).await["data"]["signIn"]["me"];
    assert_eq!((&me["kind"], &me["user"]["id"]), (&json!("STAFF"), &json!(owner.id.to_string())));
    assert!(me["permissions"].as_array().unwrap().contains(&json!("orders:manage")));
    let own = [("cookie", cookie_pair(&cookie)), ("sec-fetch-site", "same-origin")];
    let query = "{ me { user { email status roles } } mySessions { current kind } roles { name } \
                 users(first: 1, query: \"olga\") { totalCount nodes { name } edges { cursor } pageInfo { hasNextPage } } }";
    let answer = json_of(ask(query, &own).await).await;
    let data = &answer["data"];
    assert_eq!(
        data["me"]["user"],
        json!({"email": "owner@x.example", "status": "ACTIVE", "roles": ["owner"]}),
        "{answer}"
    );
    assert_eq!(data["mySessions"], json!([{"current": true, "kind": "BROWSER"}]));
    assert_eq!(
        (&data["users"]["totalCount"], &data["users"]["nodes"][0]["name"]),
        (&json!(1), &json!("Olga"))
    );
    assert_eq!(data["roles"].as_array().unwrap().len(), 7);

    let create = r#"mutation { createUser(input: {email: "x", password: "short", name: "", roles: []}) { user { id } } }"#;
    let refused = json_of(ask(create, &own).await).await;
    let fields = refused["errors"][0]["extensions"]["fields"].as_array().unwrap();
    assert_eq!(fields.iter().map(|field| &field["field"]).collect::<Vec<_>>(), ["email", "password"]);
    let role = r#"mutation { createUser(input: {email: "e@x.example", password: "long enough", name: "", roles: ["king"]}) { user { id } } }"#;
    assert_eq!(
        json_of(ask(role, &own).await).await["errors"][0]["extensions"]["fields"][0]["field"],
        "roles.0"
    );
    let shop = r#"mutation { updateShop(input: {name: "Hearth", storefront: {menu: [{label: "New"}]}}) { shop { name storefront } } }"#;
    let changed = json_of(ask(shop, &own).await).await;
    assert_eq!(changed["data"]["updateShop"]["shop"]["storefront"]["menu"][0]["label"], "New", "{changed}");
    let foreign = people::create(&app.other_system(), "f@x.example", "", PASSWORD, "customer").await.unwrap();
    for nobody in ["x".to_owned(), foreign.id.to_string(), primitives::UserId::new().to_string()] {
        let read = json_of(ask(&format!("{{ user(id: \"{nobody}\") {{ id }} }}"), &own).await).await;
        assert_eq!(read, json!({"data": {"user": null}}), "{nobody}");
        let close = format!(
            "mutation {{ setUserStatus(input: {{id: \"{nobody}\", status: DISABLED}}) {{ user {{ id }} }} }}"
        );
        let closed = json_of(ask(&close, &own).await).await;
        assert_eq!(closed["errors"][0]["extensions"]["code"], "NOT_FOUND", "{nobody}");
    }

    let out = ask("mutation { signOut { signedOut } }", &own).await;
    assert!(set_cookie(&out).contains("Max-Age=0"));
    assert_eq!(json_of(ask("{ me { kind } }", &own).await).await["data"]["me"], Value::Null);
    assert_eq!(events(&app, "user.logged_in").await, 1);
}

#[tokio::test]
async fn the_manifest_names_every_root_field_and_nothing_else() {
    let schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription).finish();
    for (kind, root) in [(Kind::Query, "Query"), (Kind::Mutation, "Mutation")] {
        let answer = schema.execute(format!("{{ __type(name: \"{root}\") {{ fields {{ name }} }} }}")).await;
        let answer = answer.data.into_json().unwrap();
        let fields = answer["__type"]["fields"].as_array().unwrap();
        let mut fields: Vec<_> =
            fields.iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect();
        let mut listed: Vec<_> = identity::surface()
            .into_iter()
            .filter(|entry| entry.kind == kind)
            .map(|entry| entry.name)
            .collect();
        fields.sort();
        listed.sort();
        assert_eq!(fields, listed);
    }
}

testkit::on_both!(
    rest_signs_in_and_out,
    rest_refuses_what_it_cannot_read,
    a_token_signs_api_calls,
    rest_gives_tokens_for_a_password_and_for_a_refresh_token,
    graphql_gives_and_refreshes_tokens,
    graphql_signs_in_with_a_cookie,
);
