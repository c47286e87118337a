use crate::server::{Mood, Server};
use mail::{Letter, Link, Sender, To, mailbox};
use platform::{Access, App, Ctx, Error, Result, TenantInfo};
use primitives::{Email, ErrorCode, Locale, MailId, TenantId};
use sea_orm::{ConnectionTrait, Statement};
use std::sync::Arc;
use std::time::Duration;
use testkit::{Backend, Fixture, TestApp};

/// A shop whose mailbox keeps two mails and whose queue holds three.
struct Small(TestApp);

impl Fixture for Small {
    async fn create(backend: Backend) -> Self {
        let change = |config: &mut platform::Config| {
            config.mail.mailbox_messages = 2;
            config.mail.queue = 3;
        };
        Self(TestApp::configured(backend, change).await)
    }
}

/// A shop that sends over a server of its own.
struct Post {
    app: TestApp,
    server: Server,
}

impl Fixture for Post {
    async fn create(backend: Backend) -> Self {
        let server = Server::start().await;
        let url = format!("smtp://{}", server.address);
        let app = TestApp::configured(backend, |config| {
            config.mail.smtp_url = Some(url);
            config.mail.from = Some("post@shops.example".to_owned());
        })
        .await;
        Self { app, server }
    }
}

fn sender(app: &TestApp) -> Sender {
    let both = [app.tenant().clone(), app.other_system().tenant().clone()];
    let find = move |_: App, id: TenantId| {
        let found = both.iter().find(|tenant| tenant.id == id).cloned();
        async move { found.ok_or_else(|| Error::not_found("tenant")) as Result<Arc<TenantInfo>> }
    };
    Sender::new(app.app().clone(), Arc::new(find)).unwrap()
}

fn letter() -> Letter {
    Letter::ResetPassword {
        link: Link::new("http://localhost:3000/reset-password?token=SECRET"),
        life: Duration::from_secs(3600),
    }
}

async fn write(ctx: &Ctx, to: &str) -> Result<MailId> {
    let email = Email::parse(to).unwrap();
    ctx.write(Access::Public, async |tx| mail::send(tx, To::Somebody(&email), Locale::EN, &letter()).await)
        .await
}

async fn texts(app: &TestApp, sql: &str) -> Vec<String> {
    let owner = app.database().owner().await;
    let statement = Statement::from_string(owner.get_database_backend(), sql);
    let rows = owner.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn count(app: &TestApp, table: &str) -> usize {
    texts(app, &format!("SELECT 'x' FROM {table}")).await.len()
}

async fn a_mail_goes_out_once_with_text_and_html_and_leaves_no_words_behind(post: Post) {
    let id = write(&post.app.anonymous(), "anna@x.example").await.unwrap();
    let sender = sender(&post.app);
    assert_eq!(sender.send_due().await.unwrap(), 1);
    assert_eq!(sender.send_due().await.unwrap(), 0);
    let taken = post.server.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].from, "MAIL FROM:<post@shops.example>");
    assert_eq!(taken[0].to, ["RCPT TO:<anna@x.example>"]);
    let data = &taken[0].data;
    assert!(data.contains(&format!("Message-ID: <{id}@shops.example>")), "{data}");
    assert!(data.contains("From: =?utf-8?b?SGVhcnRoICYgSG9tZQ==?= <post@shops.example>"), "{data}");
    assert!(data.contains("Subject: A new password for Hearth & Home"), "{data}");
    assert!(data.contains("Content-Type: multipart/alternative"), "{data}");
    assert!(data.contains("text/plain") && data.contains("text/html"), "{data}");
    assert_eq!(texts(&post.app, "SELECT state FROM mail_job").await, ["sent"]);
    assert_eq!(texts(&post.app, "SELECT text || html || error FROM mail_job").await, [""]);
    assert_eq!(count(&post.app, "mail_queue").await, 0);
    let hidden = mailbox::list(&post.app.anonymous()).await.unwrap_err();
    assert_eq!(hidden.code(), ErrorCode::NotFound);
}

async fn a_server_that_fails_is_tried_again_with_growing_waits_and_the_same_id(post: Post) {
    let id = write(&post.app.anonymous(), "anna@x.example").await.unwrap();
    let sender = sender(&post.app);
    // A password that is wrong is ours to mend, so it is no reason to give up either.
    post.server.moods([Mood::Refuses(451), Mood::HangsUp, Mood::Refuses(535)]);
    for (attempt, wait) in [(1, 6), (2, 11), (3, 22)] {
        assert_eq!(sender.send_due().await.unwrap(), 1, "attempt {attempt}");
        assert_eq!(post.server.seen(), attempt);
        assert_eq!(sender.send_due().await.unwrap(), 0, "not at once");
        post.app.advance(Duration::from_secs(wait));
    }
    assert!(texts(&post.app, "SELECT error FROM mail_job").await[0].contains("535"));
    assert_eq!(texts(&post.app, "SELECT state FROM mail_job").await, ["waiting"]);
    assert_eq!(sender.send_due().await.unwrap(), 1);
    let taken = post.server.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].data.contains(&format!("<{id}@shops.example>")));
    assert_eq!(texts(&post.app, "SELECT state FROM mail_job").await, ["sent"]);
}

async fn what_cannot_arrive_is_given_up_at_once_and_what_does_not_after_a_day(post: Post) {
    let ctx = post.app.anonymous();
    write(&ctx, "gone@x.example").await.unwrap();
    let sender = sender(&post.app);
    post.server.moods([Mood::Refuses(550)]);
    sender.send_due().await.unwrap();
    assert_eq!(texts(&post.app, "SELECT state FROM mail_job").await, ["failed"]);
    assert_eq!(texts(&post.app, "SELECT text || html FROM mail_job").await, [""]);
    write(&ctx, "slow@x.example").await.unwrap();
    for _ in 0..60 {
        post.server.moods([Mood::Refuses(450)]);
        sender.send_due().await.unwrap();
        post.app.advance(Duration::from_secs(1_801));
    }
    assert_eq!(
        texts(&post.app, "SELECT state FROM mail_job ORDER BY created_at").await,
        ["failed", "failed"]
    );
    assert_eq!(texts(&post.app, "SELECT text || html FROM mail_job").await, ["", ""]);
    assert_eq!((post.server.taken().len(), count(&post.app, "mail_queue").await), (0, 0));
}

async fn a_mail_that_somebody_died_over_is_sent_by_the_next(post: Post) {
    write(&post.app.anonymous(), "anna@x.example").await.unwrap();
    let (one, two) = (sender(&post.app), sender(&post.app));
    let (first, second) = tokio::join!(one.send_due(), two.send_due());
    assert_eq!(first.unwrap() + second.unwrap(), 1, "two senders share the queue");
    assert_eq!(post.server.taken().len(), 1);
    // Taken, not finished: the lease has to run out.
    write(&post.app.anonymous(), "bert@x.example").await.unwrap();
    let far = post.app.now().millis() + 60_000;
    let owner = post.app.database().owner().await;
    let sql = format!("UPDATE mail_queue SET attempts = 1, next_at = {far}");
    owner.execute_raw(Statement::from_string(owner.get_database_backend(), sql)).await.unwrap();
    assert_eq!(one.send_due().await.unwrap(), 0);
    post.app.advance(Duration::from_secs(61));
    assert_eq!(one.send_due().await.unwrap(), 1);
    assert_eq!(post.server.taken().len(), 2);
}

async fn a_change_that_is_undone_writes_to_nobody(app: TestApp) {
    let email = Email::parse("anna@x.example").unwrap();
    let undone: Result<()> = app
        .anonymous()
        .write(Access::Public, async |tx| {
            mail::send(tx, To::Somebody(&email), Locale::EN, &letter()).await?;
            Err(Error::conflict("never mind"))
        })
        .await;
    assert_eq!(undone.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!((count(&app, "mail_job").await, count(&app, "mail_queue").await), (0, 0));
}

async fn a_mail_to_nobody_takes_the_same_rows_and_leaves_none(app: TestApp) {
    let ctx = app.anonymous();
    ctx.write(Access::Public, async |tx| mail::send(tx, To::Nobody, Locale::EN, &letter()).await)
        .await
        .unwrap();
    assert_eq!((count(&app, "mail_job").await, count(&app, "mail_queue").await), (1, 1));
    assert_eq!(texts(&app, "SELECT recipient || subject || text || html FROM mail_job").await, [""]);
    assert_eq!(mailbox::list(&ctx).await.unwrap(), []);
    sender(&app).send_due().await.unwrap();
    assert_eq!((count(&app, "mail_job").await, count(&app, "mail_queue").await), (0, 0));
}

async fn without_a_server_the_newest_mails_are_kept_for_their_shop(Small(app): Small) {
    let (ctx, sender) = (app.anonymous(), sender(&app));
    for n in 0..3 {
        write(&ctx, &format!("a{n}@x.example")).await.unwrap();
        app.advance(Duration::from_secs(1));
    }
    write(&app.other_system(), "other@x.example").await.unwrap();
    assert_eq!(mailbox::list(&ctx).await.unwrap().len(), 3, "seen before the loop comes by");
    while sender.send_due().await.unwrap() > 0 {}
    let kept = mailbox::list(&ctx).await.unwrap();
    let to: Vec<&str> = kept.iter().map(|message| message.to.as_str()).collect();
    assert_eq!(to, ["a2@x.example", "a1@x.example"]);
    assert!(kept[0].text.contains("token=SECRET") && kept[0].html.contains("token=SECRET"));
    assert!(!format!("{:?}", kept[0]).contains("SECRET"));
    assert_eq!(mailbox::get(&ctx, kept[0].id).await.unwrap(), kept[0]);
    let foreign = mailbox::list(&app.other_system()).await.unwrap().remove(0);
    assert_eq!(mailbox::get(&ctx, foreign.id).await.unwrap_err().code(), ErrorCode::NotFound);
}

async fn a_shop_cannot_fill_the_queue_without_end(Small(app): Small) {
    let ctx = app.anonymous();
    for to in ["a@x.example", "b@x.example", "c@x.example"] {
        write(&ctx, to).await.unwrap();
    }
    let error = write(&ctx, "d@x.example").await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::ServiceUnavailable);
    write(&app.other_system(), "e@x.example").await.unwrap();
    assert_eq!(count(&app, "mail_job").await, 4);
}

#[tokio::test]
async fn on_https_without_a_server_mails_wait() {
    let app = TestApp::configured(Backend::Sqlite, |config| {
        config.server.public_url = Some("https://shop.example".to_owned());
    })
    .await;
    write(&app.anonymous(), "a@x.example").await.unwrap();
    sender(&app).send_due().await.unwrap();
    assert_eq!(texts(&app, "SELECT state FROM mail_job").await, ["waiting"]);
    assert_eq!(mailbox::list(&app.anonymous()).await.unwrap_err().code(), ErrorCode::NotFound);
}

testkit::on_both!(
    a_mail_goes_out_once_with_text_and_html_and_leaves_no_words_behind,
    a_server_that_fails_is_tried_again_with_growing_waits_and_the_same_id,
    what_cannot_arrive_is_given_up_at_once_and_what_does_not_after_a_day,
    a_mail_that_somebody_died_over_is_sent_by_the_next,
    a_change_that_is_undone_writes_to_nobody,
    a_mail_to_nobody_takes_the_same_rows_and_leaves_none,
    without_a_server_the_newest_mails_are_kept_for_their_shop,
    a_shop_cannot_fill_the_queue_without_end,
);
