//! The audit log: what it says, that it says nothing it must not, and that nobody changes it unseen.

use crate::support::{PASSWORD, count, register, visit_from};
use identity::audit::{self, AuditFilter, AuditPage, EntryView, Head, Kind, Report};
use identity::roles;
use identity::tenant::{self, ShopChange};
use identity::user::{self, NewUser};
use platform::audit::Origin;
use platform::{Access, Actor, App, Ctx, Db, Error, SystemClock};
use primitives::{ErrorCode, PageArgs, Permission, SystemRole};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use testkit::{Backend, Fixture, TestApp};

/// An application with a secret of its own, so that checkpoints are signed.
struct Shop(TestApp);

impl Fixture for Shop {
    async fn create(backend: Backend) -> Self {
        let secret = Some("0123456789abcdef0123456789abcdef".to_owned());
        Self(TestApp::configured(backend, |config| config.security.secret_key = secret).await)
    }
}

impl Shop {
    fn boss(&self) -> Ctx {
        let everything: Vec<_> = SystemRole::Owner.permissions().iter().collect();
        self.0.staff(&everything).with_origin(Origin {
            operation: "updateShop".to_owned(),
            address: "192.0.2.7".to_owned(),
            user_agent: "Netscape".to_owned(),
        })
    }

    async fn log(&self) -> Vec<EntryView> {
        let page = audit::list(&self.boss(), &AuditFilter::default(), &PageArgs::first(100)).await.unwrap();
        page.entries.into_iter().map(|(entry, _)| entry).rev().collect()
    }

    /// So many entries, one after the other, sealed in turns of two.
    async fn sealed(&self, entries: usize) {
        let boss = self.boss();
        for n in 0..entries {
            rename(&boss, &format!("Shop {n}")).await;
            if n % 2 == 1 {
                audit::seal(&self.0.system()).await.unwrap();
            }
        }
        audit::seal(&self.0.system()).await.unwrap();
    }

    async fn verify(&self) -> Report {
        audit::verify(&self.0.system(), None).await.unwrap()
    }

    /// What somebody with the rights of the schema's owner does, who is stopped by no trigger.
    async fn tamper(&self, statements: &[&str]) {
        let owner = self.0.database().owner().await;
        let (off, on): (&[&str], &[&str]) = match self.0.database().backend() {
            Backend::Sqlite => (
                &[
                    "DROP TRIGGER audit_entry_is_kept",
                    "DROP TRIGGER audit_entry_is_there",
                    "DROP TRIGGER audit_checkpoint_is_kept",
                    "DROP TRIGGER audit_checkpoint_is_there",
                ],
                &[],
            ),
            Backend::Postgres => (
                &[
                    "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_kept",
                    "ALTER TABLE audit_checkpoint DISABLE TRIGGER audit_checkpoint_is_kept",
                ],
                &[
                    "ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_is_kept",
                    "ALTER TABLE audit_checkpoint ENABLE TRIGGER audit_checkpoint_is_kept",
                ],
            ),
        };
        for statement in [off, statements, on].concat() {
            owner.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        owner.close().await.unwrap();
    }

    async fn found(&self) -> Vec<(Option<i64>, Kind)> {
        self.verify().await.findings.into_iter().map(|found| (found.position, found.kind)).collect()
    }
}

async fn rename(ctx: &Ctx, name: &str) {
    let change = ShopChange { name: Some(name.to_owned()), ..ShopChange::default() };
    tenant::update(ctx, change).await.unwrap();
}

fn fields(entry: &EntryView, kind: &str) -> (Value, Value) {
    let change = entry.changes.iter().find(|change| change.kind == kind).expect(kind);
    (json!(change.before), json!(change.after))
}

async fn says_who_did_what_before_after_and_from_where(shop: Shop) {
    let boss = shop.boss();
    rename(&boss, "Hearth").await;
    let log = shop.log().await;
    let [entry] = &log[..] else { panic!("{log:?}") };
    assert_eq!((entry.who.kind.as_str(), entry.who.user), ("staff", boss.user_id()));
    assert_eq!(
        (entry.action.as_str(), entry.address.as_str(), entry.user_agent.as_str()),
        ("updateShop", "192.0.2.7", "Netscape")
    );
    assert_eq!((entry.subject_kind.as_str(), entry.subject), ("tenant", Some(shop.0.tenant().id.uuid())));
    assert_eq!(entry.at, shop.0.now());
    assert_eq!(fields(entry, "tenant"), (json!({"name": "Hearth & Home"}), json!({"name": "Hearth"})));
    assert_eq!(audit::get(&boss, entry.id).await.unwrap(), *entry);
    // A document is compared value by value.
    let section = |rate: i64| ShopChange {
        section: Some(("tax".to_owned(), json!({"rate": rate, "api_key": format!("k{rate}")}))),
        ..ShopChange::default()
    };
    tenant::update(&boss, section(21)).await.unwrap();
    tenant::update(&boss, section(19)).await.unwrap();
    let log = shop.log().await;
    assert_eq!(
        fields(&log[2], "tenant"),
        (json!({"settings.tax.rate": 21}), json!({"settings.tax.rate": 19})),
        "keys stay secret in documents"
    );
}

async fn a_write_that_fails_or_changes_nothing_leaves_no_entry(shop: Shop) {
    let boss = shop.boss();
    let refused = boss.write(Permission::SETTINGS_UPDATE, async |tx| {
        tx.told("tenant", boss.tenant_id().uuid());
        Err::<(), _>(Error::conflict("no"))
    });
    assert_eq!(refused.await.unwrap_err().code(), ErrorCode::Conflict);
    let stranger = shop.0.staff(&[]);
    let change = ShopChange { name: Some("Mine".to_owned()), ..ShopChange::default() };
    assert_eq!(tenant::update(&stranger, change).await.unwrap_err().code(), ErrorCode::Forbidden);
    // The same name as before.
    rename(&boss, "Hearth & Home").await;
    // The process itself, and somebody whom nobody knows.
    shop.0
        .system()
        .write(Access::System, async |tx| {
            tx.told("tenant", boss.tenant_id().uuid());
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert_eq!(shop.log().await, []);
    assert_eq!(count(&shop.0, "SELECT count(*) FROM audit_waiting").await, 0);
}

async fn people_who_register_and_sign_in_are_named_and_nothing_of_theirs_is_shown(shop: Shop) {
    let nobody = shop.0.anonymous();
    register(&nobody, "anna@example.com", PASSWORD).await.unwrap();
    let visit = visit_from([192, 0, 2, 1]);
    let signed_in = identity::sign_in(&nobody, "anna@example.com", PASSWORD, &visit).await.unwrap();
    let anna = Some(signed_in.me.user.id);
    let own = nobody.with_actor(Actor::Customer { user: signed_in.me.user.id });
    user::change_password(&own, PASSWORD, "another horse battery", &visit).await.unwrap();
    let wrong = identity::sign_in(&nobody, "anna@example.com", "wrong horse", &visit).await;
    assert!(wrong.is_err());
    let log = shop.log().await;
    let about: Vec<_> = log.iter().map(|entry| (entry.who.user, entry.subject_kind.as_str())).collect();
    assert_eq!(about, [(anna, "user"), (anna, "user"), (anna, "user")]);
    let hidden = |entry: &EntryView| {
        let account = entry.changes.iter().find(|change| change.kind == "user_account");
        account.map(|account| account.hidden.clone()).unwrap_or_default()
    };
    assert_eq!(hidden(&log[0]), ["email", "name", "password_hash"]);
    assert_eq!(hidden(&log[2]), ["password_hash"]);
    let said = format!("{:?}", log.iter().map(|entry| &entry.changes).collect::<Vec<_>>());
    for secret in ["argon2", "anna", "Anna", "horse"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    assert_eq!(log[0].who.email.as_deref(), Some("anna@example.com"), "as the account says today");
}

async fn roles_are_shown_before_and_after(shop: Shop) {
    let boss = shop.boss().doing("setUserRoles");
    let new = NewUser {
        email: "bob@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        name: "Bob".to_owned(),
        locale: None,
        roles: vec![SystemRole::Editor.into()],
    };
    let bob = user::create(&boss, new).await.unwrap();
    roles::assign(&boss, bob.id, vec![SystemRole::Manager.into()]).await.unwrap();
    user::set_active(&boss, bob.id, false).await.unwrap();
    let log = shop.log().await;
    assert!(log.iter().all(|entry| entry.subject == Some(bob.id.uuid()) && entry.subject_kind == "user"));
    let roles: Vec<_> = log[1]
        .changes
        .iter()
        .map(|change| (json!(change.before)["role"].clone(), json!(change.after)["role"].clone()))
        .collect();
    assert_eq!(roles, [(json!("editor"), Value::Null), (Value::Null, json!("manager"))]);
    assert_eq!(fields(&log[2], "user_account"), (json!({"status": "active"}), json!({"status": "disabled"})));
}

async fn operators_are_noted_and_tenants_begin_with_it(shop: Shop) {
    let new = tenant::NewTenant::new("northbound", "Northbound", "USD", "US");
    let info = tenant::create(shop.0.app(), new).await.unwrap();
    tenant::suspend(shop.0.app(), "northbound", "unpaid").await.unwrap();
    let permissions = [Permission::LOGS_LIST].into_iter().collect();
    let theirs = Ctx::new(
        shop.0.app().clone(),
        info.clone(),
        Actor::Staff { user: primitives::UserId::new(), permissions },
        "t",
    );
    let page = audit::list(&theirs, &AuditFilter::default(), &PageArgs::first(10)).await.unwrap();
    let said: Vec<_> = page
        .entries
        .iter()
        .map(|(entry, _)| (entry.who.kind.as_str(), entry.who.name.as_str(), entry.action.as_str()))
        .collect();
    assert_eq!(said, [("system", "operator", "tenant suspended"), ("system", "operator", "tenant create")]);
    // Nothing of it is in another shop, under whatever id.
    assert_eq!(shop.log().await, []);
    let foreign = page.entries[0].0.id;
    assert_eq!(audit::get(&shop.boss(), foreign).await.unwrap_err().code(), ErrorCode::NotFound);
}

async fn narrows_by_person_thing_action_and_time(shop: Shop) {
    let (one, other) = (shop.boss(), shop.boss().doing("profile"));
    rename(&one, "A").await;
    shop.0.advance(Duration::from_secs(60));
    let from = shop.0.now();
    rename(&other, "B").await;
    let names = async |filter: AuditFilter| -> Vec<String> {
        let page = audit::list(&one, &filter, &PageArgs::first(10)).await.unwrap();
        assert_eq!(page.total, page.entries.len() as u64);
        let name = |entry: &EntryView| fields(entry, "tenant").1["name"].as_str().unwrap().to_owned();
        page.entries.iter().map(|(entry, _)| name(entry)).collect()
    };
    let filter = AuditFilter::default;
    assert_eq!(names(filter()).await, ["B", "A"], "newest first");
    assert_eq!(names(AuditFilter { actor: one.user_id(), ..filter() }).await, ["A"]);
    assert_eq!(names(AuditFilter { action: Some("PROF".into()), ..filter() }).await, ["B"]);
    assert_eq!(names(AuditFilter { action: Some("%".into()), ..filter() }).await, Vec::<String>::new());
    assert_eq!(names(AuditFilter { subject_kind: Some("tenant".into()), ..filter() }).await, ["B", "A"]);
    assert_eq!(
        names(AuditFilter { subject: Some(uuid::Uuid::nil()), ..filter() }).await,
        Vec::<String>::new()
    );
    assert_eq!(names(AuditFilter { from: Some(from), ..filter() }).await, ["B"]);
    assert_eq!(names(AuditFilter { to: Some(from), ..filter() }).await, ["A"]);
    let page = async |args| -> AuditPage { audit::list(&one, &filter(), &args).await.unwrap() };
    let first = page(PageArgs::first(1)).await;
    assert_eq!((first.total, first.has_next, first.has_previous), (2, true, false));
    let after = first.entries[0].1.to_string();
    let second = page(PageArgs::new(Some(1), Some(after), None, None).unwrap()).await;
    assert_eq!((second.has_next, second.has_previous), (false, true));
    assert_ne!(second.entries[0].0.id, first.entries[0].0.id);
    let wrong = PageArgs::new(None, Some("x".to_owned()), None, None).unwrap();
    let wrong = audit::list(&one, &filter(), &wrong).await.unwrap_err();
    assert_eq!(wrong.code(), ErrorCode::BadUserInput);
    let closed = audit::list(&shop.0.staff(&[]), &filter(), &PageArgs::first(1)).await.unwrap_err();
    assert_eq!(closed.code(), ErrorCode::Forbidden);
}

async fn an_untouched_chain_holds(shop: Shop) {
    assert_eq!(shop.verify().await.head, None);
    shop.sealed(5).await;
    let report = shop.verify().await;
    assert_eq!(report.findings, []);
    assert_eq!((report.entries, report.waiting, report.checkpoints, report.signed), (5, 0, 3, true));
    let head = report.head.unwrap();
    assert_eq!(head.position, 5);
    // An entry on its way is no fault.
    rename(&shop.boss(), "Last").await;
    let report = audit::verify(&shop.0.system(), Some(&head)).await.unwrap();
    assert_eq!((report.entries, report.waiting, report.findings), (5, 1, vec![]));
    audit::seal(&shop.0.system()).await.unwrap();
    let wrong = Head { position: 5, hash: "0".repeat(64) };
    let report = audit::verify(&shop.0.system(), Some(&wrong)).await.unwrap();
    let found = report.findings.first().map(|found| (found.position, found.kind));
    assert_eq!(found, Some((Some(5), Kind::Rewritten)));
}

async fn the_application_cannot_change_what_is_written(shop: Shop) {
    shop.sealed(2).await;
    rename(&shop.boss(), "Not sealed yet").await;
    for statement in [
        "UPDATE audit_entry SET action = 'x' WHERE tenant_id = {tenant}",
        "UPDATE audit_entry SET action = 'x' WHERE tenant_id = {tenant} AND position IS NULL",
        "UPDATE audit_entry SET position = 9 WHERE tenant_id = {tenant} AND position = 2",
        "UPDATE audit_entry SET position = NULL, hash = NULL WHERE tenant_id = {tenant} AND position = 2",
        "DELETE FROM audit_entry WHERE tenant_id = {tenant} AND position = 1",
        "DELETE FROM audit_entry WHERE tenant_id = {tenant} AND position IS NULL",
        "UPDATE audit_checkpoint SET position = 9 WHERE tenant_id = {tenant}",
        "DELETE FROM audit_checkpoint WHERE tenant_id = {tenant}",
    ] {
        let tried = shop.0.system();
        let tried = tried.write(Access::System, async |tx| tx.raw_exec(statement, Vec::new()).await).await;
        let error = tried.expect_err(statement);
        assert!(error.report().contains("append-only"), "{statement}: {}", error.report());
    }
    audit::seal(&shop.0.system()).await.unwrap();
    assert_eq!(shop.found().await, []);
}

async fn finds_an_edited_entry(shop: Shop) {
    shop.sealed(6).await;
    shop.tamper(&["UPDATE audit_entry SET address = '203.0.113.1' WHERE position = 3"]).await;
    assert_eq!(shop.found().await, [(Some(3), Kind::Changed)]);
}

async fn finds_entries_that_changed_places(shop: Shop) {
    shop.sealed(6).await;
    shop.tamper(&[
        "UPDATE audit_entry SET position = 1000 WHERE position = 2",
        "UPDATE audit_entry SET position = 2 WHERE position = 5",
        "UPDATE audit_entry SET position = 5 WHERE position = 1000",
    ])
    .await;
    let found = shop.found().await;
    assert_eq!(found[0], (Some(2), Kind::Changed), "{found:?}");
    assert!(found.contains(&(Some(5), Kind::Changed)), "{found:?}");
}

async fn finds_a_removed_entry(shop: Shop) {
    shop.sealed(6).await;
    shop.tamper(&["DELETE FROM audit_entry WHERE position = 3"]).await;
    assert_eq!(shop.found().await, [(Some(3), Kind::Removed)]);
    shop.tamper_again(&["DELETE FROM audit_entry WHERE position IN (1, 2)"]).await;
    assert_eq!(shop.found().await, [(Some(1), Kind::Removed)]);
}

async fn finds_a_chain_that_was_cut_off(shop: Shop) {
    shop.sealed(6).await;
    let head = shop.verify().await.head.unwrap();
    shop.tamper(&["DELETE FROM audit_entry WHERE position > 4"]).await;
    assert_eq!(shop.found().await, [(Some(5), Kind::CutOff)]);
    // With the checkpoints gone as well only somebody who wrote the end down knows.
    shop.tamper_again(&["DELETE FROM audit_checkpoint WHERE position > 4"]).await;
    assert_eq!(shop.found().await, []);
    let report = audit::verify(&shop.0.system(), Some(&head)).await.unwrap();
    assert_eq!(
        report.findings.first().map(|found| (found.position, found.kind)),
        Some((Some(5), Kind::CutOff))
    );
}

async fn finds_an_inserted_entry(shop: Shop) {
    shop.sealed(4).await;
    let columns = "at, actor_kind, actor_id, actor_part, action, subject_kind, subject_id, changes, address, user_agent, \
                   request_id";
    let (new_id, hash) = match shop.0.database().backend() {
        Backend::Sqlite => ("randomblob(16)", "randomblob(32)"),
        Backend::Postgres => ("gen_random_uuid()", "decode(repeat('ab', 32), 'hex')"),
    };
    let insert = format!(
        "INSERT INTO audit_entry (tenant_id, id, {columns}, position, hash) \
         SELECT tenant_id, {new_id}, {columns}, 5, {hash} FROM audit_entry WHERE position = 4"
    );
    shop.tamper(&[&insert]).await;
    let found = shop.found().await;
    assert!(
        found.contains(&(Some(5), Kind::Changed)) && found.contains(&(Some(5), Kind::Inserted)),
        "{found:?}"
    );
    // What comes after is sealed behind it and does not follow it.
    rename(&shop.boss(), "Next").await;
    audit::seal(&shop.0.system()).await.unwrap();
    let found = shop.found().await;
    assert!(found.contains(&(Some(6), Kind::Changed)), "{found:?}");
}

async fn finds_what_was_kept_from_the_sealer(shop: Shop) {
    shop.sealed(2).await;
    rename(&shop.boss(), "Never sealed").await;
    rename(&shop.boss(), "Never seen").await;
    shop.tamper(&["DELETE FROM audit_waiting WHERE id = (SELECT min(id) FROM audit_waiting)"
        .replace(
            "min(id)",
            if shop.0.database().backend() == Backend::Postgres { "min(id::text)::uuid" } else { "min(id)" },
        )
        .as_str()])
        .await;
    assert_eq!(shop.found().await, [(None, Kind::Inserted)]);
    shop.tamper_again(&["DELETE FROM audit_entry WHERE position IS NULL"]).await;
    assert_eq!(shop.found().await, [(None, Kind::Removed)]);
    // The sealer goes on all the same.
    rename(&shop.boss(), "Sealed").await;
    assert_eq!(audit::seal_all(shop.0.app()).await.unwrap(), 1);
}

async fn finds_false_checkpoints(shop: Shop) {
    shop.sealed(4).await;
    shop.tamper(&["UPDATE audit_checkpoint SET at = at + 1 WHERE position = 2"]).await;
    assert_eq!(shop.found().await, [(Some(2), Kind::Unsigned)]);
    // A chain that was computed again from the start cannot be signed.
    shop.tamper_again(&[
        "UPDATE audit_checkpoint SET at = at - 1 WHERE position = 2",
        "UPDATE audit_checkpoint SET key_id = 'none' WHERE position = 4",
    ])
    .await;
    assert_eq!(shop.found().await, [(Some(4), Kind::Unsigned)]);
}

async fn believes_former_keys_that_are_named(shop: Shop) {
    shop.sealed(2).await;
    let process = async |former: &[&str]| {
        let mut config = shop.0.app().config().clone();
        config.security.secret_key = Some("fedcba9876543210fedcba9876543210".to_owned());
        config.security.previous_secret_keys.0 = former.iter().map(|key| (*key).to_owned()).collect();
        let db = Db::connect(&config.database).await.unwrap();
        let app = App::new(db, Arc::new(SystemClock), Arc::new(config));
        Ctx::system(&app, shop.0.tenant().clone(), "test")
    };
    let report = audit::verify(&process(&[]).await, None).await.unwrap();
    assert_eq!(report.findings.first().map(|found| found.kind), Some(Kind::Unsigned));
    let named = process(&["0123456789abcdef0123456789abcdef"]).await;
    assert_eq!(audit::verify(&named, None).await.unwrap().findings, []);
    rename(&shop.boss(), "Signed anew").await;
    audit::seal(&named).await.unwrap();
    assert_eq!(audit::verify(&process(&[]).await, None).await.unwrap().findings, []);
}

async fn eight_writers_and_three_sealers_make_one_whole_chain(shop: Shop) {
    const EACH: usize = 20;
    let writers = (0..8).map(|writer| {
        let boss = shop.boss();
        tokio::spawn(async move {
            for n in 0..EACH {
                boss.write(Permission::SETTINGS_UPDATE, async |tx| {
                    tx.told("tenant", uuid::Uuid::from_u128(1 + (writer * EACH + n) as u128));
                    tokio::task::yield_now().await;
                    Ok::<_, Error>(())
                })
                .await
                .unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let done = tokio_util::sync::CancellationToken::new();
    let sealers = (0..3).map(|_| tokio::spawn(audit::sealer(shop.0.app().clone(), done.clone())));
    let sealers: Vec<_> = sealers.collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let all = (8 * EACH) as i64;
    let sealed = "SELECT count(*) FROM audit_entry WHERE position IS NOT NULL";
    let patience = std::time::Instant::now();
    while count(&shop.0, sealed).await < all {
        assert!(patience.elapsed() < Duration::from_secs(20), "the sealers do not get it done");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    done.cancel();
    for sealer in sealers {
        sealer.await.unwrap();
    }
    let span = "SELECT max(position) - min(position) + count(DISTINCT subject_id) FROM audit_entry";
    assert_eq!(count(&shop.0, span).await, all - 1 + all, "no gap, nobody twice, nobody left out");
    let report = shop.verify().await;
    assert_eq!((report.entries, report.waiting, report.findings), (all as u64, 0, vec![]));
}

/// A process that dies between a write and its sealing leaves an entry for the next one.
async fn the_next_process_seals_what_the_last_one_left(shop: Shop) {
    rename(&shop.boss(), "A").await;
    rename(&shop.boss(), "B").await;
    let config = shop.0.app().config().clone();
    let next =
        App::new(Db::connect(&config.database).await.unwrap(), Arc::new(SystemClock), Arc::new(config));
    assert_eq!(audit::seal_all(&next).await.unwrap(), 2);
    assert_eq!(audit::seal_all(&next).await.unwrap(), 0);
    let report = shop.verify().await;
    assert_eq!((report.entries, report.waiting, report.findings), (2, 0, vec![]));
}

/// A shop whose entries cannot be sealed is not in the way of the others.
async fn a_shop_that_cannot_be_sealed_keeps_no_other_waiting(shop: Shop) {
    rename(&shop.0.other_tenant(), "Older").await;
    rename(&shop.boss(), "Younger").await;
    let broken = "(SELECT id FROM tenant WHERE slug = 'other')";
    let trigger = match shop.0.database().backend() {
        Backend::Sqlite => format!(
            "CREATE TRIGGER broken BEFORE INSERT ON audit_checkpoint WHEN NEW.tenant_id = {broken} \
             BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ),
        Backend::Postgres => format!(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
               IF NEW.tenant_id = {broken} THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$; \
             CREATE TRIGGER broken BEFORE INSERT ON audit_checkpoint FOR EACH ROW EXECUTE FUNCTION broken()"
        ),
    };
    shop.0.database().owner().await.execute_unprepared(&trigger).await.unwrap();
    assert_eq!(audit::seal_all(shop.0.app()).await.unwrap(), 1);
    assert_eq!(count(&shop.0, "SELECT count(*) FROM audit_waiting").await, 1);
    assert_eq!(shop.verify().await.findings, []);
}

async fn a_tenant_takes_its_log_along(shop: Shop) {
    shop.sealed(3).await;
    rename(&shop.boss(), "Still waiting").await;
    let owner = shop.0.database().owner().await;
    owner.execute_unprepared("DELETE FROM tenant WHERE slug = 'hearth'").await.unwrap();
    owner.close().await.unwrap();
    for table in ["audit_entry", "audit_waiting", "audit_checkpoint"] {
        assert_eq!(count(&shop.0, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
}

async fn entries_go_when_their_time_is_over_and_the_rest_still_holds(shop: Shop) {
    let keeping = |days: u64| {
        let mut config = shop.0.app().config().clone();
        config.audit.keep_days = days;
        config
    };
    shop.sealed(3).await;
    shop.0.advance(Duration::from_secs(40 * 24 * 3600));
    shop.sealed(2).await;
    assert_eq!(audit::retain(&shop.0.system()).await.unwrap(), 0, "kept for ever");
    let config = keeping(30);
    let clock = Arc::new(platform::clock::ManualClock::at(shop.0.now()));
    let app = App::new(Db::connect(&config.database).await.unwrap(), clock, Arc::new(config));
    let ctx = Ctx::system(&app, shop.0.tenant().clone(), "test");
    assert_eq!(audit::retain(&ctx).await.unwrap(), 3);
    assert_eq!(audit::retain(&ctx).await.unwrap(), 0);
    let report = shop.verify().await;
    assert_eq!((report.entries, report.findings.clone()), (2, vec![]), "{report:?}");
    shop.sealed(1).await;
    assert_eq!(shop.verify().await.head.unwrap().position, 6);
    // Nobody else can say that the time is over.
    shop.tamper(&["UPDATE audit_start SET position = 4", "DELETE FROM audit_entry WHERE position = 4"]).await;
    assert!(shop.found().await.contains(&(Some(4), Kind::Unsigned)));
}

impl Shop {
    /// As [`Shop::tamper`], once the triggers are gone for good on SQLite.
    async fn tamper_again(&self, statements: &[&str]) {
        match self.0.database().backend() {
            Backend::Postgres => self.tamper(statements).await,
            Backend::Sqlite => {
                let owner = self.0.database().owner().await;
                for statement in statements {
                    owner.execute_unprepared(statement).await.unwrap();
                }
                owner.close().await.unwrap();
            }
        }
    }
}

testkit::on_both!(
    a_tenant_takes_its_log_along,
    a_write_that_fails_or_changes_nothing_leaves_no_entry,
    an_untouched_chain_holds,
    believes_former_keys_that_are_named,
    eight_writers_and_three_sealers_make_one_whole_chain,
    entries_go_when_their_time_is_over_and_the_rest_still_holds,
    finds_a_chain_that_was_cut_off,
    finds_a_removed_entry,
    finds_an_edited_entry,
    finds_an_inserted_entry,
    finds_entries_that_changed_places,
    finds_false_checkpoints,
    finds_what_was_kept_from_the_sealer,
    narrows_by_person_thing_action_and_time,
    operators_are_noted_and_tenants_begin_with_it,
    people_who_register_and_sign_in_are_named_and_nothing_of_theirs_is_shown,
    roles_are_shown_before_and_after,
    says_who_did_what_before_after_and_from_where,
    the_application_cannot_change_what_is_written,
    a_shop_that_cannot_be_sealed_keeps_no_other_waiting,
    the_next_process_seals_what_the_last_one_left,
);
