//! What goes by mail, as a browser without scripts sees it, up to the development mailbox.

use crate::world::{Answer, PASSWORD, Visitor, World};
use platform::Config;
use serde_json::json;
use testkit::Backend;

const NEXT: &str = "another horse battery";

/// A page of the mailbox, with what its HTML means.
async fn newest(visitor: &mut Visitor, subject: &str) -> (String, String) {
    let list = visitor.get("/dev/mailbox").await;
    assert_eq!(list.status, 200, "{}", list.body);
    let row = list.body.split("<li").find(|row| row.contains(subject));
    let row = row.unwrap_or_else(|| panic!("no mail {subject:?} in {}", list.body));
    let path =
        row.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link").to_owned();
    let mail = visitor.get(&path).await;
    assert_eq!(mail.status, 200, "{}", mail.body);
    (path, mail.body)
}

/// Path and token of the link in a mail.
fn link(mail: &str) -> (String, String) {
    let address = mail.split("href=\"").find(|part| part.contains("?token=")).expect("a link with a token");
    let address = address.split('"').next().expect("an end");
    let (before, token) = address.split_once("?token=").expect("a token");
    let path = before.splitn(4, '/').nth(3).expect("a path");
    (format!("/{path}"), token.to_owned())
}

fn location(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("location"))
}

/// Shows, with the link of a letter, that the address of an account is its owner's.
pub async fn confirm(visitor: &mut Visitor) {
    assert_eq!(location(&visitor.post("/account/verify", &[]).await), (303, "/account?sent=1"));
    let (path, token) = link(&newest(visitor, "Confirm your address").await.1);
    assert_eq!(visitor.post(&path, &[("token", &token)]).await.status, 303);
}

async fn register(visitor: &mut Visitor, email: &str) {
    let form = [("email", email), ("password", PASSWORD), ("name", "Anna")];
    let answer = visitor.post("/register", &form).await;
    assert_eq!(location(&answer), (303, "/sign-in?registered=1"), "{}", answer.body);
}

async fn sign_in(visitor: &mut Visitor, email: &str, password: &str) -> u16 {
    visitor.post("/sign-in", &[("email", email), ("password", password)]).await.status
}

async fn an_address_is_confirmed_without_scripts(world: World) {
    let mut anna = world.visitor("hearth");
    register(&mut anna, "anna@x.example").await;
    assert_eq!(sign_in(&mut anna, "anna@x.example", PASSWORD).await, 303);
    assert!(anna.get("/account").await.body.contains("Not confirmed yet"));
    assert_eq!(location(&anna.post("/account/verify", &[]).await), (303, "/account?sent=1"));
    let (_, mail) = newest(&mut anna, "Confirm your address").await;
    let (path, token) = link(&mail);
    assert_eq!(path, "/t/hearth/verify-email");
    let page = anna.get(&format!("{path}?token={token}")).await;
    assert!(page.status == 200 && page.body.contains("Is anna@x.example your e-mail?"), "{}", page.body);
    assert!(page.header("cache-control").contains("no-store"));
    let answer = anna.post(&path, &[("token", &token)]).await;
    assert_eq!(location(&answer), (303, "/t/hearth/verify-email?done=1"));
    assert!(anna.get("/verify-email?done=1").await.body.contains("is confirmed"));
    let account = anna.get("/account").await.body;
    assert!(account.contains("Confirmed") && !account.contains("Not confirmed yet"));
    let gone = anna.get(&format!("{path}?token={token}")).await;
    assert!(gone.status == 410 && gone.body.contains("no good any more"), "{}", gone.status);
    let me = anna.graphql("{ me { user { emailVerifiedAt } } }", json!({})).await;
    assert!(me["data"]["me"]["user"]["emailVerifiedAt"].is_string(), "{me}");
}

async fn a_password_is_set_anew_without_scripts(world: World) {
    let (mut anna, mut elsewhere) = (world.visitor("hearth"), world.visitor("hearth"));
    register(&mut anna, "anna@x.example").await;
    assert_eq!(sign_in(&mut elsewhere, "anna@x.example", PASSWORD).await, 303);
    assert!(anna.get("/sign-in").await.body.contains("/forgot-password"));
    let known = anna.post("/forgot-password", &[("email", "anna@x.example")]).await;
    let unknown = anna.post("/forgot-password", &[("email", "nobody@x.example")]).await;
    assert_eq!(location(&known), (303, "/forgot-password?done=1"));
    assert_eq!(location(&unknown), location(&known));
    let bad = anna.post("/forgot-password", &[("email", "no address")]).await;
    assert!(bad.status == 422 && bad.body.contains("malformed"), "{}", bad.body);
    let (path, token) = link(&newest(&mut anna, "A new password").await.1);
    assert_eq!(anna.get(&format!("{path}?token={token}")).await.status, 200);
    let short = anna.post(&path, &[("token", token.as_str()), ("password", "short")]).await;
    assert!(short.status == 422 && short.body.contains("at least 8") && short.body.contains(&token));
    let answer = anna.post(&path, &[("token", token.as_str()), ("password", NEXT)]).await;
    assert_eq!(location(&answer), (303, "/t/hearth/sign-in?changed=1"));
    assert_eq!(elsewhere.get("/account").await.status, 303, "signed out everywhere");
    assert_eq!(sign_in(&mut anna, "anna@x.example", NEXT).await, 303);
    for replay in ["", "x", token.as_str()] {
        let answer = anna.post(&path, &[("token", replay), ("password", NEXT)]).await;
        assert_eq!(answer.status, 410, "{replay}");
    }
}

async fn an_account_moves_without_scripts(world: World) {
    let mut anna = world.visitor("hearth");
    assert_eq!(anna.get("/account/address").await.status, 303, "signed in only");
    register(&mut anna, "anna@x.example").await;
    sign_in(&mut anna, "anna@x.example", PASSWORD).await;
    let form = [("email", "anna@new.example"), ("password", "wrong horse battery")];
    let wrong = anna.post("/account/address", &form).await;
    assert!(wrong.status == 422 && wrong.body.contains("Is not your password"), "{}", wrong.body);
    let form = [("email", "anna@new.example"), ("password", PASSWORD)];
    let asked = anna.post("/account/address", &form).await;
    assert_eq!(location(&asked), (303, "/account/address?done=1"));
    assert!(newest(&mut anna, "A new address for your account").await.1.contains("To anna@x.example"));
    let (path, token) = link(&newest(&mut anna, "Confirm your new address").await.1);
    assert!(anna.get(&format!("{path}?token={token}")).await.body.contains("anna@new.example"));
    assert_eq!(anna.post(&path, &[("token", &token)]).await.status, 303);
    assert!(anna.get("/account").await.body.contains("anna@new.example"));
}

async fn staff_are_invited_and_begin(world: World) {
    let mut owner = world.sign_in("hearth", "owner").await;
    let invite =
        "mutation I($input: InviteStaffInput!) { inviteStaff(input: $input) { invitation { id state } } }";
    let input = json!({ "input": { "email": "ed@x.example", "name": "Ed", "roles": ["editor"] } });
    let answer = owner.graphql(invite, input).await;
    assert_eq!(answer["data"]["inviteStaff"]["invitation"]["state"], "OPEN", "{answer}");
    let mut ed = world.visitor("hearth");
    let (path, token) = link(&newest(&mut ed, "Work with").await.1);
    assert_eq!(path, "/t/hearth/admin/invitation");
    let found = ed
        .graphql(
            "query F($token: String!) { invited(token: $token) { email name roles } }",
            json!({ "token": token }),
        )
        .await;
    assert_eq!(
        found["data"]["invited"],
        json!({ "email": "ed@x.example", "name": "Ed", "roles": ["editor"] })
    );
    // The same link works where there are no scripts.
    let page = ed.get(&format!("/invitation?token={token}")).await;
    assert!(page.status == 200 && page.body.contains("as editor"), "{}", page.body);
    let form = [("token", token.as_str()), ("name", "Ed"), ("password", NEXT)];
    assert_eq!(location(&ed.post("/invitation", &form).await), (303, "/admin/"));
    assert_eq!(ed.post("/invitation", &form).await.status, 410);
    assert_eq!(sign_in(&mut ed, "ed@x.example", NEXT).await, 303);
    let me = ed.graphql("{ me { kind user { roles } } }", json!({})).await;
    assert_eq!(me["data"]["me"], json!({ "kind": "STAFF", "user": { "roles": ["editor"] } }));
    let listed = owner.graphql("{ invitations { email state invitedBy } }", json!({})).await;
    assert_eq!(listed["data"]["invitations"][0]["state"], "ACCEPTED", "{listed}");
}

async fn a_link_of_one_shop_opens_nothing_in_another(world: World) {
    let (mut anna, mut there) = (world.visitor("hearth"), world.visitor("northbound"));
    register(&mut anna, "anna@x.example").await;
    register(&mut there, "anna@x.example").await;
    anna.post("/forgot-password", &[("email", "anna@x.example")]).await;
    let (_, token) = link(&newest(&mut anna, "A new password").await.1);
    let set = "mutation R($input: ResetPasswordInput!) { resetPassword(input: $input) { changed } }";
    let input = json!({ "input": { "token": token, "password": NEXT } });
    let foreign = there.graphql(set, input.clone()).await;
    let missing = there.graphql(set, json!({ "input": { "token": "A".repeat(43), "password": NEXT } })).await;
    let said = |answer: &serde_json::Value| {
        (answer["errors"][0]["message"].clone(), answer["errors"][0]["extensions"]["fields"].clone())
    };
    assert_eq!(said(&foreign), said(&missing));
    assert_eq!(foreign["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(sign_in(&mut there, "anna@x.example", PASSWORD).await, 303);
    assert_eq!(anna.graphql(set, input).await["data"]["resetPassword"]["changed"], true);
    // Nor does a shop's mailbox show the mails of another.
    let (path, _) = newest(&mut anna, "A new password").await;
    assert_eq!(there.get(&path).await.status, 404);
    assert!(there.get("/dev/mailbox").await.body.contains("Confirm your address"));
}

async fn a_mail_in_the_mailbox_is_shown_in_a_cage(world: World) {
    let mut anna = world.visitor("hearth");
    register(&mut anna, "anna@x.example").await;
    let (path, page) = newest(&mut anna, "Confirm your address").await;
    assert!(page.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""), "{page}");
    let html = anna.get(&format!("{path}/html")).await;
    assert_eq!(html.status, 200);
    let policy = html.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert!(html.body.contains("Confirm this address"));
    for missing in ["/dev/mailbox/x", "/dev/mailbox/00000000-0000-7000-8000-000000000000"] {
        assert_eq!(anna.get(missing).await.status, 404, "{missing}");
    }
}

async fn the_mailbox_is_not_there_for_others(world: World) {
    let mut anna = world.visitor("hearth");
    assert_eq!(anna.get("/t/hearth/dev/mailbox").await.status, 200);
    // A proxy on this machine passes the name that the browser asked for.
    anna.host = "203.0.113.5".to_owned();
    assert_eq!(anna.get("/t/hearth/dev/mailbox").await.status, 404);
    assert_eq!(anna.get("/t/hearth/products").await.status, 200);
    let https = |config: &mut Config| config.server.public_url = Some("https://shop.example".to_owned());
    let smtp = |config: &mut Config| {
        config.mail.smtp_url = Some("smtp://127.0.0.1:1".to_owned());
        config.mail.from = Some("shop@x.example".to_owned());
    };
    for change in [https as fn(&mut Config), smtp] {
        let closed = World::configured(Backend::Sqlite, change).await;
        assert_eq!(closed.visitor("hearth").get("/dev/mailbox").await.status, 404);
    }
}

/// The same on both databases, except that which looks at configuration alone.
#[test]
fn mailbox_for_others() {
    testkit::run(Backend::Sqlite, the_mailbox_is_not_there_for_others);
}

testkit::on_both!(
    an_address_is_confirmed_without_scripts,
    a_password_is_set_anew_without_scripts,
    an_account_moves_without_scripts,
    staff_are_invited_and_begin,
    a_link_of_one_shop_opens_nothing_in_another,
    a_mail_in_the_mailbox_is_shown_in_a_cage,
);
