//! Pictures from asking to showing, on both databases.

use crate::peer::{Peer, png};
use axum::Extension;
use axum::body::Body;
use axum::http::Request;
use content::media::{self, Fetcher, MediaState, ReadyPicture};
use platform::config::List;
use platform::{Access, App, Ctx, Result, TenantInfo};
use primitives::{ErrorCode, MediaId, Permission, TenantId};
use std::sync::Arc;
use std::time::Duration;
use testkit::TestApp;
use tower::ServiceExt as _;

/// An application that may call 127.0.0.1.
async fn open_app(app: &TestApp) -> TestApp {
    TestApp::configured(app.database().backend(), |config| {
        config.outbound.allow_cidrs = List(vec!["127.0.0.0/8".to_owned()]);
    })
    .await
}

fn fetcher(app: &TestApp) -> Fetcher {
    let tenants = [app.tenant().clone(), app.other_system().tenant().clone()];
    let find = move |_: App, id: TenantId| {
        let found = tenants.iter().find(|tenant| tenant.id == id).cloned();
        async move { found.ok_or_else(|| platform::Error::not_found("tenant")) as Result<Arc<TenantInfo>> }
    };
    Fetcher::new(app.app().clone(), Arc::new(find)).unwrap()
}

async fn request(ctx: &Ctx, urls: &[String]) -> Vec<MediaId> {
    let requests: Vec<(&str, &str)> = urls.iter().map(|url| (url.as_str(), "A vase")).collect();
    ctx.write(Access::System, async |tx| media::request_fetch_many(tx, &requests).await).await.unwrap()
}

async fn state(ctx: &Ctx, id: MediaId) -> (MediaState, String) {
    let reader = ctx.read(Access::System).await.unwrap();
    let views = media::views(&reader, &[id]).await.unwrap();
    (views[0].state, views[0].error.clone())
}

async fn fetches_what_was_asked_for(app: TestApp) {
    let (app, peer) = (open_app(&app).await, Peer::start().await);
    let ctx = app.system();
    let id = request(&ctx, &[peer.url("/vase.png")]).await[0];
    assert_eq!(state(&ctx, id).await.0, MediaState::Pending);

    assert_eq!(fetcher(&app).fetch_due().await.unwrap(), 1);
    assert_eq!(state(&ctx, id).await, (MediaState::Ready, String::new()));
    let reader = ctx.read(Access::System).await.unwrap();
    let picture = media::pictures(&reader, &[id]).await.unwrap().remove(&id).unwrap();
    assert_eq!((picture.width, picture.height, picture.alt.as_str()), (640, 800, "A vase"));
    assert_eq!(picture.widths, [240, 480, 640]);
    for width in &picture.widths {
        let name = picture.url_base.strip_prefix("/media/").unwrap();
        let file = app.app().config().media.dir.join(format!("{name}-{width}.webp"));
        assert!(file.is_file(), "{}", file.display());
    }
    // Nothing is left to do, and another tenant sees none of it.
    assert_eq!(fetcher(&app).fetch_due().await.unwrap(), 0);
    let foreign = app.other_system();
    let reader = foreign.read(Access::System).await.unwrap();
    assert!(media::views(&reader, &[id]).await.unwrap().is_empty());
}

async fn asking_twice_gives_the_same_picture(app: TestApp) {
    let ctx = app.system();
    let urls: Vec<String> = ["https://a.example/1.jpg", "https://a.example/2.jpg", "https://a.example/1.jpg"]
        .map(str::to_owned)
        .to_vec();
    let first = request(&ctx, &urls).await;
    assert_eq!(first[0], first[2]);
    assert_ne!(first[0], first[1]);
    assert_eq!(request(&ctx, &urls).await, first);
    // The same address in another tenant is another picture.
    assert_ne!(request(&app.other_system(), &urls).await[0], first[0]);
}

async fn what_cannot_be_fetched_fails_with_a_reason(app: TestApp) {
    let (app, peer) = (open_app(&app).await, Peer::start().await);
    let ctx = app.system();
    let urls = ["/gone", "/text", "/hop"].map(|path| peer.url(path));
    let hopeless = ["/images/a.png", "javascript:alert(1)", "http://10.0.0.1/a.png"].map(str::to_owned);
    let ids = request(&ctx, &[urls.as_slice(), &hopeless].concat()).await;
    // The two that are no web addresses fail at once, the private one is refused when it is called.
    assert_eq!(state(&ctx, ids[3]).await.0, MediaState::Failed);
    assert_eq!(fetcher(&app).fetch_due().await.unwrap(), 4);
    for (index, reason) in [
        (0, "server answered 404"),
        (1, "file is not a JPEG, PNG, WebP or GIF picture"),
        (2, "server answered 302"),
        (3, "address is not a URL"),
        (4, "address is not http or https"),
        (5, "address cannot be called: it is not on the public internet"),
    ] {
        assert_eq!(state(&ctx, ids[index]).await, (MediaState::Failed, reason.to_owned()), "{index}");
    }
    let reader = ctx.read(Access::System).await.unwrap();
    assert!(media::pictures(&reader, &ids).await.unwrap().is_empty());
}

async fn tries_again_later_what_may_come_back(app: TestApp) {
    let (app, peer) = (open_app(&app).await, Peer::start().await);
    let ctx = app.system();
    let id = request(&ctx, &[peer.url("/flaky.png")]).await[0];
    let fetcher = fetcher(&app);
    assert_eq!(fetcher.fetch_due().await.unwrap(), 1);
    assert_eq!(state(&ctx, id).await, (MediaState::Pending, "server answered 503".to_owned()));
    assert_eq!(fetcher.fetch_due().await.unwrap(), 0);
    app.advance(Duration::from_secs(31));
    assert_eq!(fetcher.fetch_due().await.unwrap(), 1);
    assert_eq!(state(&ctx, id).await, (MediaState::Ready, String::new()));
}

async fn gives_up_in_the_end_and_starts_over_when_asked(app: TestApp) {
    let app = open_app(&app).await;
    let ctx = app.system();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/a.png", closed.local_addr().unwrap().port());
    drop(closed);
    let id = request(&ctx, std::slice::from_ref(&url)).await[0];
    let fetcher = fetcher(&app);
    for attempt in 1..=6 {
        assert_eq!(fetcher.fetch_due().await.unwrap(), 1, "{attempt}");
        app.advance(Duration::from_secs(7 * 3600));
    }
    assert_eq!(state(&ctx, id).await.0, MediaState::Failed);
    assert_eq!(fetcher.fetch_due().await.unwrap(), 0);
    assert_eq!(request(&ctx, &[url]).await[0], id);
    assert_eq!(state(&ctx, id).await.0, MediaState::Pending);
    assert_eq!(fetcher.fetch_due().await.unwrap(), 1);
}

/// Whatever goes wrong on our own side, even a crash, counts as an attempt: nothing is tried for ever.
async fn gives_up_on_what_fails_on_our_side_every_time(app: TestApp) {
    let (app, peer) = (open_app(&app).await, Peer::start().await);
    let ctx = app.system();
    let id = request(&ctx, &[peer.url("/vase.png")]).await[0];
    // A file where the folder of the renditions should be.
    std::fs::write(&app.app().config().media.dir, "in the way").unwrap();
    let fetcher = fetcher(&app);
    for attempt in 1..=7 {
        assert_eq!(state(&ctx, id).await.0, MediaState::Pending, "{attempt}");
        assert_eq!(fetcher.fetch_due().await.unwrap(), 1, "{attempt}");
        app.advance(Duration::from_secs(3 * 60));
    }
    assert_eq!(state(&ctx, id).await.0, MediaState::Failed);
    assert_eq!(fetcher.fetch_due().await.unwrap(), 0);
    assert_eq!(peer.visits(), 6);
}

async fn two_fetchers_never_take_the_same_picture(app: TestApp) {
    let (app, peer) = (open_app(&app).await, Peer::start().await);
    let urls: Vec<String> = (0..12).map(|n| peer.url(&format!("/other.png?{n}"))).collect();
    request(&app.system(), &urls).await;
    let (one, two) = (fetcher(&app), fetcher(&app));
    let (one, two) = tokio::join!(one.fetch_due(), two.fetch_due());
    assert_eq!(one.unwrap() + two.unwrap(), 12);
    assert_eq!(peer.visits(), 12);
}

async fn stores_uploads_and_refuses_what_is_no_picture(app: TestApp) {
    let staff = app.staff(&[Permission::MEDIA_CREATE]);
    let view = media::store_upload(&staff, png(500, 500), "C:\\photos\\vase.png", "A vase").await.unwrap();
    assert_eq!(view.state, MediaState::Ready);
    assert_eq!(view.picture.as_ref().unwrap().widths, [240, 480]);

    let refused = media::store_upload(&staff, b"<svg/>".to_vec(), "a.png", "").await.unwrap_err();
    assert_eq!((refused.code(), refused.fields()[0].field.as_str()), (ErrorCode::BadUserInput, "file"));
    let huge = vec![0; app.app().config().server.upload_limit + 1];
    assert_eq!(
        media::store_upload(&staff, huge, "a.png", "").await.unwrap_err().code(),
        ErrorCode::BadUserInput
    );
    for (ctx, code) in [
        (app.anonymous(), ErrorCode::Unauthenticated),
        (app.customer(), ErrorCode::Forbidden),
        (app.staff(&[Permission::MEDIA_READ]), ErrorCode::Forbidden),
    ] {
        let refused = media::store_upload(&ctx, png(10, 10), "a.png", "").await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
}

async fn knows_ready_pictures_by_their_address(app: TestApp) {
    let ctx = app.system();
    let picture = ReadyPicture {
        source_url: "/demo/vase-1200.webp",
        url_base: "/demo/vase",
        widths: &[240, 480, 800, 1200],
        width: 800,
        height: 1000,
        alt: "A vase",
    };
    let id: Result<MediaId> = ctx
        .write(Access::System, async |tx| {
            let ids = media::register_ready(tx, std::slice::from_ref(&picture)).await?;
            assert_eq!(media::register_ready(tx, std::slice::from_ref(&picture)).await?, ids);
            Ok(ids[0])
        })
        .await;
    let id = id.unwrap();
    assert_eq!(request(&ctx, &["/demo/vase-1200.webp".to_owned()]).await, [id]);
    let reader = ctx.read(Access::System).await.unwrap();
    let shown = media::pictures(&reader, &[id]).await.unwrap().remove(&id).unwrap();
    assert_eq!((shown.url_base.as_str(), shown.widths.len()), ("/demo/vase", 4));
}

/// Sends a form with these parts (name, file name or nothing, bytes) and gives back status and JSON.
async fn post_form(ctx: &Ctx, parts: &[(&str, &str, &[u8])]) -> (u16, serde_json::Value) {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = if file.is_empty() { String::new() } else { format!("; filename=\"{file}\"") };
        let head = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    let request = Request::post("/media")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .unwrap();
    let router = content::rest().layer(Extension(ctx.clone())).with_state(ctx.app().clone());
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn takes_uploads_over_rest(app: TestApp) {
    let app =
        TestApp::configured(app.database().backend(), |config| config.server.upload_limit = 50_000).await;
    let staff = app.staff(&[Permission::MEDIA_CREATE]);
    let picture = png(300, 200);
    let parts: [(&str, &str, &[u8]); 3] =
        [("alt", "", b"A vase"), ("note", "", b"ignored"), ("file", "vase.png", &picture)];
    let (status, view) = post_form(&staff, &parts).await;
    assert_eq!(status, 201, "{view}");
    assert_eq!((view["state"].as_str(), view["picture"]["alt"].as_str()), (Some("ready"), Some("A vase")));
    assert!(MediaId::parse(view["id"].as_str().unwrap()).is_ok());

    let large = vec![0; 60_000];
    let many: [(&str, &str, &[u8]); 2] = [("a", "", &large[..20_000]), ("file", "vase.png", &picture)];
    for parts in [
        &[("file", "a.svg", b"<svg/>".as_slice())][..],
        &[("file", "a.png", &large)],
        &many,
        &[("alt", "", b"no file")],
    ] {
        assert_eq!(post_form(&staff, parts).await.0, 400);
    }
    assert_eq!(post_form(&app.anonymous(), &parts).await.0, 401);
    assert_eq!(post_form(&app.customer(), &parts).await.0, 403);
}

testkit::on_both!(
    takes_uploads_over_rest,
    fetches_what_was_asked_for,
    asking_twice_gives_the_same_picture,
    what_cannot_be_fetched_fails_with_a_reason,
    tries_again_later_what_may_come_back,
    gives_up_in_the_end_and_starts_over_when_asked,
    gives_up_on_what_fails_on_our_side_every_time,
    two_fetchers_never_take_the_same_picture,
    stores_uploads_and_refuses_what_is_no_picture,
    knows_ready_pictures_by_their_address,
);
