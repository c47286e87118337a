//! The second step as a browser without scripts, and the admin's GraphQL, go through it.

use crate::world::{PASSWORD, Visitor, World};
use identity::people;
use platform::Ctx;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};
use totp_rs::{Builder, Secret};

const ANNA: &str = "anna.two@example.com";

async fn account(world: &World, role: &str) {
    let record = identity::tenant::find(&world.app, "hearth").await.expect("the tenant");
    let ctx = Ctx::system(&world.app, record.info.clone(), "test");
    people::create(&ctx, ANNA, "Anna", PASSWORD, role).await.expect("an account");
}

/// The code of an application that holds `secret`, as people type it.
fn code_of(secret: &str) -> String {
    let secret = Secret::try_from_base32(secret.replace(' ', "")).expect("a secret");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    Builder::new().with_secret(secret).build().expect("an application").generate(now).to_string()
}

/// What stands between `<code>` and `</code>`, each time.
fn codes_in(html: &str) -> Vec<String> {
    html.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next()).map(str::to_owned).collect()
}

async fn password_step(visitor: &mut Visitor, to: &str) -> (u16, String) {
    let answer = visitor.post("/sign-in", &[("email", ANNA), ("password", PASSWORD), ("to", to)]).await;
    (answer.status, answer.header("location").to_owned())
}

async fn a_shopper_without_scripts_switches_it_on_and_signs_in_with_it(world: World) {
    account(&world, "customer").await;
    let mut anna = world.visitor("hearth");
    assert_eq!(anna.get("/account/security").await.header("location"), "/sign-in");
    assert_eq!(password_step(&mut anna, "").await, (303, "/account".to_owned()));
    let page = anna.get("/account/security").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "private, no-store"));
    assert!(page.body.contains("Switch it on") && page.body.contains("This browser"));

    let wrong = anna.post("/account/two-step/start", &[("password", "wrong horse")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("Is not your password") && !wrong.body.contains("wrong horse"));
    let drawn = anna.post("/account/two-step/start", &[("password", PASSWORD)]).await;
    assert_eq!((drawn.status, drawn.header("cache-control")), (200, "private, no-store"));
    assert!(drawn.body.contains("data:image/svg+xml;base64,") && drawn.body.contains("otpauth://totp/"));
    let secret = codes_in(&drawn.body).remove(0);
    let wrong = anna.post("/account/two-step/confirm", &[("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("Is not the code of this moment") && !wrong.body.contains(&secret));
    let on = anna.post("/account/two-step/confirm", &[("code", &code_of(&secret))]).await;
    let recovery = codes_in(&on.body);
    assert_eq!((on.status, recovery.len()), (200, 10));
    assert!(!anna.get("/account/security").await.body.contains(&recovery[0]), "shown once");

    // Elsewhere the password is half of it.
    let mut phone = world.visitor("hearth");
    assert_eq!(phone.get("/sign-in/code").await.header("location"), "/sign-in");
    assert_eq!(password_step(&mut phone, "checkout").await, (303, "/sign-in/code?to=checkout".to_owned()));
    assert_eq!(phone.get("/account").await.header("location"), "/sign-in");
    let page = phone.get("/sign-in/code?to=checkout").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "private, no-store"));
    assert!(page.body.contains("one-time-code") && page.body.contains("value=\"checkout\""));
    let wrong = phone.post("/sign-in/code", &[("code", "000000"), ("to", "checkout")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("Is not right, or was used before"));
    let inside = phone.post("/sign-in/code", &[("code", &recovery[0]), ("to", "checkout")]).await;
    assert_eq!((inside.status, inside.header("location")), (303, "/checkout"));
    assert_eq!(phone.get("/account").await.status, 200);

    // A code that was used does not count again, and five wrong ones ask for the password again.
    let mut thief = world.visitor("hearth");
    password_step(&mut thief, "").await;
    for _ in 0..4 {
        let wrong = thief.post("/sign-in/code", &[("code", &recovery[0])]).await;
        assert_eq!(wrong.status, 422);
    }
    assert_eq!(thief.post("/sign-in/code", &[("code", &recovery[0])]).await.status, 422);
    let over = thief.post("/sign-in/code", &[("code", &recovery[1])]).await;
    assert_eq!(over.status, 422);
    assert!(over.body.contains("Welcome back"), "back at the password");
    assert_eq!(thief.get("/sign-in/code").await.header("location"), "/sign-in");
    assert_eq!(thief.get("/account").await.header("location"), "/sign-in");

    let out = anna.post("/account/sessions/end-all", &[]).await;
    assert_eq!((out.status, out.header("location")), (303, "/sign-in"));
    for visitor in [&mut anna, &mut phone] {
        assert_eq!(visitor.get("/account").await.header("location"), "/sign-in");
    }
}

async fn the_admin_asks_for_the_code_and_for_nothing_else_before(world: World) {
    account(&world, "owner").await;
    let sign_in = "mutation S($input: SignInInput!) { signIn(input: $input) \
         { me { kind } challenge { token expiresAt } } }";
    let shown = json!({ "input": { "email": ANNA, "password": PASSWORD } });
    let mut owner = world.visitor("hearth");
    let answer = owner.graphql(sign_in, shown.clone()).await;
    assert_eq!(
        (&answer["data"]["signIn"]["me"]["kind"], &answer["data"]["signIn"]["challenge"]),
        (&json!("STAFF"), &json!(null))
    );
    let start = "mutation S($input: StartTwoStepInput!) { startTwoStep(input: $input) { secret uri qr } }";
    let drawn = owner.graphql(start, json!({ "input": { "password": PASSWORD } })).await;
    let secret = drawn["data"]["startTwoStep"]["secret"].as_str().expect("a secret").to_owned();
    let confirm =
        "mutation C($input: ConfirmTwoStepInput!) { confirmTwoStep(input: $input) { recoveryCodes } }";
    let on = owner.graphql(confirm, json!({ "input": { "code": code_of(&secret) } })).await;
    let recovery = on["data"]["confirmTwoStep"]["recoveryCodes"].as_array().expect("codes").clone();
    let state = owner.graphql("{ twoStep { enabledAt recoveryCodesLeft available } }", json!({})).await;
    assert_eq!(state["data"]["twoStep"]["recoveryCodesLeft"], 10, "{state}");

    let mut other = world.visitor("hearth");
    let answer = other.graphql(sign_in, shown).await;
    let challenge = &answer["data"]["signIn"]["challenge"];
    assert!(answer["data"]["signIn"]["me"].is_null() && challenge["token"].is_string(), "{answer}");
    assert!(other.graphql("{ me { kind } }", json!({})).await["data"]["me"].is_null());
    let second =
        "mutation S($input: SignInSecondStepInput!) { signInSecondStep(input: $input) { me { kind } } }";
    let input = |code: &serde_json::Value| json!({ "input": { "token": challenge["token"], "code": code } });
    let wrong = other.graphql(second, input(&json!("000000"))).await;
    let extensions = &wrong["errors"][0]["extensions"];
    assert_eq!(
        (&extensions["code"], &extensions["fields"][0]["field"]),
        (&json!("UNAUTHENTICATED"), &json!("code"))
    );
    let right = other.graphql(second, input(&recovery[0])).await;
    assert_eq!(right["data"]["signInSecondStep"]["me"]["kind"], "STAFF", "{right}");
    let sessions = other.graphql("{ mySessions { id current } }", json!({})).await;
    assert_eq!(sessions["data"]["mySessions"].as_array().map(Vec::len), Some(2));
    let everywhere =
        "mutation E($input: SignOutEverywhereInput!) { signOutEverywhere(input: $input) { ended } }";
    let ended = other.graphql(everywhere, json!({ "input": { "exceptHere": true } })).await;
    assert_eq!(ended["data"]["signOutEverywhere"]["ended"], 1, "{ended}");
    assert!(owner.graphql("{ me { kind } }", json!({})).await["data"]["me"].is_null());
    assert_eq!(other.graphql("{ me { kind } }", json!({})).await["data"]["me"]["kind"], "STAFF");
}

testkit::on_both!(
    a_shopper_without_scripts_switches_it_on_and_signs_in_with_it,
    the_admin_asks_for_the_code_and_for_nothing_else_before,
);
