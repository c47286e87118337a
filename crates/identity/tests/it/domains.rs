//! Hosts of a shop's own.

use crate::support::{count, events, names, proved_domain, resolve};
use identity::tenant::domain;
use primitives::{ErrorCode, Permission};
use std::net::SocketAddr;
use testkit::{Backend, TestApp};
use tokio::net::UdpSocket;

const OWNER: &[Permission] = &[Permission::TENANTS_READ, Permission::TENANTS_UPDATE];

async fn a_domain_leads_to_its_shop_once_it_is_proved(app: TestApp) {
    let host = [("host", "hearth.example")];
    let owner = app.staff(OWNER);
    let added = domain::add(&owner, "Hearth.example.").await.unwrap();
    assert_eq!(added.record_name, "_rustok.hearth.example");
    assert!(added.record_value.starts_with("rustok-verify=") && added.record_value.len() == 46, "{added:?}");
    assert_eq!(domain::add(&owner, "hearth.example").await.unwrap(), added, "the token stays");
    // Named is not proved.
    assert_eq!(resolve(app.app(), "/", &host).await.unwrap_err().code(), ErrorCode::NotFound);
    assert!(app.anonymous().tenant().hosts.is_empty());
    let names = names(&app);
    for texts in
        [vec![], vec!["v=spf1 -all".to_owned()], vec![added.record_value.to_uppercase(), String::new()]]
    {
        names.0.lock().unwrap().insert(added.record_name.clone(), texts);
        let error = domain::verify(&owner, "hearth.example").await.unwrap_err();
        assert_eq!((error.code(), error.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "host"));
    }
    assert_eq!(resolve(app.app(), "/", &host).await.unwrap_err().code(), ErrorCode::NotFound);
    proved_domain(&app, &owner, "hearth.example").await;
    let found = resolve(app.app(), "/", &host).await.unwrap().tenant;
    assert_eq!((found.id, &found.hosts[..]), (app.tenant().id, &["hearth.example".to_owned()][..]));
    assert!(domain::verify(&owner, "hearth.example").await.unwrap().verified_at.is_some());

    domain::remove(&owner, "hearth.example").await.unwrap();
    assert_eq!(resolve(app.app(), "/", &host).await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(domain::remove(&owner, "hearth.example").await.unwrap_err().code(), ErrorCode::NotFound);
    assert_eq!(events(&app, "tenant.updated").await, 3);
}

async fn a_domain_is_the_shop_s_that_proved_it(app: TestApp) {
    let (owner, other) = (app.staff(OWNER), app.other_tenant());
    let ours = domain::add(&owner, "shop.example").await.unwrap();
    let theirs = domain::add(&other, "SHOP.example").await.unwrap();
    assert_ne!(ours.record_value, theirs.record_value);
    let names = names(&app);
    names.0.lock().unwrap().insert(ours.record_name.clone(), vec![theirs.record_value.clone()]);
    // Somebody else's proof proves nothing here.
    assert_eq!(domain::verify(&owner, "shop.example").await.unwrap_err().code(), ErrorCode::BadUserInput);
    domain::verify(&other, "shop.example").await.unwrap();
    names.0.lock().unwrap().insert(ours.record_name, vec![ours.record_value]);
    assert_eq!(domain::verify(&owner, "shop.example").await.unwrap_err().code(), ErrorCode::Conflict);
    let found = resolve(app.app(), "/", &[("host", "shop.example")]).await.unwrap().tenant;
    assert_eq!(found.slug, "other");
    assert_eq!(domain::remove(&owner, "shop.example").await.map_err(|error| error.code()), Ok(()));
    assert_eq!(domain::list(&other).await.unwrap().len(), 1, "the other shop's stays");
    assert_eq!(domain::verify(&owner, "nobody.example").await.unwrap_err().code(), ErrorCode::NotFound);
}

async fn what_is_no_host_of_a_shop_is_refused(app: TestApp) {
    let backend = app.database().backend();
    let app =
        TestApp::configured(backend, |config| config.server.base_domains.0 = vec!["shops.example".into()])
            .await;
    let owner = app.staff(OWNER);
    for wrong in [
        "",
        "localhost",
        "10.0.0.1",
        "[::1]",
        "intranet",
        "shop.example:8080",
        "https://shop.example",
        "a..b",
        "-a.example",
        // The platform's own, and what is somebody's by the slug.
        "shops.example",
        "other.shops.example",
        // The Kelvin sign and a Cyrillic o.
        "\u{212a}iosk.example",
        "sh\u{43e}p.example",
        "_rustok.shop.example",
    ] {
        let error = domain::add(&owner, wrong).await.unwrap_err();
        assert_eq!(
            (error.code(), error.fields()[0].field.as_str()),
            (ErrorCode::BadUserInput, "host"),
            "{wrong:?}"
        );
    }
    assert_eq!(count(&app, "SELECT count(*) FROM tenant_domain").await, 0);
    assert_eq!(domain::add(&app.staff(&[]), "a.example").await.unwrap_err().code(), ErrorCode::Forbidden);
    for n in 0..50 {
        domain::add(&owner, &format!("n{n}.example")).await.unwrap();
    }
    assert_eq!(domain::add(&owner, "n50.example").await.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(domain::list(&owner).await.unwrap().len(), 50);
}

/// Answers every question with one TXT record, or with nothing.
async fn name_server(text: Option<String>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut asked = [0; 1_500];
        while let Ok((length, from)) = socket.recv_from(&mut asked).await {
            let end = 12 + asked[12..length].iter().position(|byte| *byte == 0).unwrap() + 5;
            let mut answer = asked[..end].to_vec();
            // An answer, recursion desired and available, one question, no additions.
            answer[2..4].copy_from_slice(&[0x81, if text.is_some() { 0x80 } else { 0x83 }]);
            answer[6..12].copy_from_slice(&[0, u8::from(text.is_some()), 0, 0, 0, 0]);
            if let Some(text) = &text {
                answer.extend([0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 60]);
                answer.extend(u16::try_from(text.len() + 1).unwrap().to_be_bytes());
                answer.push(u8::try_from(text.len()).unwrap());
                answer.extend(text.as_bytes());
            }
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn asks_the_name_server_that_is_configured() {
    let nobody = name_server(None).await;
    let app = TestApp::configured(Backend::Sqlite, |config| {
        config.tenants.nameserver = Some(nobody.to_string());
    })
    .await;
    let owner = app.staff(OWNER);
    let added = domain::add(&owner, "shop.example").await.unwrap();
    let error = domain::verify(&owner, "shop.example").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::BadUserInput, "{error:?}");

    let proof = name_server(Some(added.record_value)).await;
    let mut config = app.app().config().clone();
    config.tenants.nameserver = Some(proof.to_string());
    let db = platform::Db::connect(&config.database).await.unwrap();
    let second =
        platform::App::new(db, std::sync::Arc::new(platform::SystemClock), std::sync::Arc::new(config));
    let owner = platform::Ctx::new(second, app.tenant().clone(), owner.actor().clone(), "test");
    assert!(domain::verify(&owner, "shop.example").await.unwrap().verified_at.is_some());
}

testkit::on_both!(
    a_domain_leads_to_its_shop_once_it_is_proved,
    a_domain_is_the_shop_s_that_proved_it,
    what_is_no_host_of_a_shop_is_refused,
);
