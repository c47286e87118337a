//! Sign-in of staff through other providers, against a small one that the test starts.

use crate::support::{PASSWORD, count, events, who};
use identity::oidc::flow::{self, Answer, Finished, Started};
use identity::oidc::link::{self, Refusal};
use identity::oidc::peer::Standing;
use identity::oidc::provider::{self, ProviderInput, ProviderView};
use identity::security::two_step;
use identity::{SignedIn, Visit, people, second_step, user};
use outbound::{AddressRule, Call, Outbound};
use platform::config::List;
use platform::{Actor, Ctx, Error};
use primitives::{ErrorCode, OidcProviderId, Permission, PermissionSet, SystemRole, UserId};
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use testkit::oidc::{CLIENT_ID, CLIENT_SECRET, Lie, OidcProvider};
use testkit::{Backend, Fixture, TestApp};
use totp_rs::{Builder, Secret};

const ANNA: &str = "anna@x.example";

/// A shop with an owner, an editor called Anna, and a provider where she is `subject-1`.
struct World {
    app: TestApp,
    provider: OidcProvider,
    owner: Ctx,
    anna: UserId,
}

impl Fixture for World {
    async fn create(backend: Backend) -> Self {
        let app = TestApp::configured(backend, |config| {
            config.outbound.allow_cidrs = List(vec!["127.0.0.0/8".to_owned()]);
        })
        .await;
        let provider = OidcProvider::start(app.now()).await;
        provider.behave(|it| it.email = ANNA.to_owned());
        let anna = person(&app, ANNA, "editor").await;
        let owner =
            staff(&app.anonymous(), person(&app, "owner@x.example", "owner").await, SystemRole::Owner);
        Self { app, provider, owner, anna }
    }
}

async fn person(app: &TestApp, email: &str, role: &str) -> UserId {
    people::create(&app.system(), email, "Somebody", PASSWORD, role).await.unwrap().id
}

fn staff(ctx: &Ctx, user: UserId, role: SystemRole) -> Ctx {
    ctx.with_actor(Actor::Staff { user, permissions: role.permissions() })
}

fn input() -> ProviderInput {
    ProviderInput {
        name: "Corp".to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Some(CLIENT_SECRET.to_owned()),
        domains: Vec::new(),
        enabled: true,
    }
}

/// A browser on its way back from the provider.
struct Back {
    answer: Answer,
    held: String,
}

impl World {
    async fn trust(&self) -> ProviderView {
        provider::create(&self.owner, &self.provider.issuer, input()).await.unwrap()
    }

    async fn change(&self, view: &ProviderView, change: impl FnOnce(&mut ProviderInput)) -> ProviderView {
        let mut input = ProviderInput { client_secret: None, domains: view.domains.clone(), ..input() };
        change(&mut input);
        provider::update(&self.owner, view.id, view.version, input).await.unwrap()
    }

    async fn start(&self, id: OidcProviderId, visit: &Visit) -> Started {
        flow::start(&self.app.anonymous(), id, "/orders", visit).await.unwrap()
    }

    async fn back(&self, id: OidcProviderId) -> Back {
        let started = self.start(id, &Visit::local()).await;
        visit_provider(&started).await
    }

    async fn finish(&self, back: &Back) -> Finished {
        let ctx = self.app.anonymous();
        flow::finish(&ctx, &back.answer, Some(&back.held), &Visit::local()).await.unwrap()
    }

    /// From the button to the end.
    async fn sign_in(&self, id: OidcProviderId) -> Finished {
        self.finish(&self.back(id).await).await
    }

    async fn refused(&self, id: OidcProviderId) -> Refusal {
        refusal(self.sign_in(id).await)
    }

    async fn nobody_came_in(&self) {
        assert_eq!(count(&self.app, "SELECT count(*) FROM session").await, 0);
        assert_eq!(count(&self.app, "SELECT count(*) FROM oidc_link").await, 0);
        assert_eq!(events(&self.app, "user.logged_in").await, 0);
    }
}

/// Goes where the provider's sign-in is, which sends everybody back at once.
async fn visit_provider(started: &Started) -> Back {
    let outbound = Outbound::new(AddressRule::new(["127.0.0.0/8"]).unwrap()).unwrap();
    let answer = outbound.send(Call::get(started.url.parse().unwrap())).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302, "{}", String::from_utf8_lossy(&answer.body));
    let location = answer.headers["location"].to_str().unwrap();
    let (address, query) = location.split_once('?').unwrap();
    assert_eq!(address, "http://localhost:3000/api/v1/auth/oidc/callback");
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut said: HashMap<String, String> =
        pairs.map(|(name, value)| (name.to_owned(), value.replace("%3A", ":").replace("%2F", "/"))).collect();
    let mut take = |name: &str| said.remove(name);
    let answer = Answer {
        state: take("state").unwrap_or_default(),
        code: take("code").unwrap_or_default(),
        error: take("error"),
        iss: take("iss"),
    };
    let held = started.cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap().1.to_owned();
    Back { answer, held }
}

fn inside(finished: Finished) -> (SignedIn, String) {
    match finished {
        Finished::In(signed_in, to) => (*signed_in, to),
        Finished::Code(..) => panic!("a code is owed"),
        Finished::Refused(why) => panic!("refused: {why:?}"),
    }
}

fn refusal(finished: Finished) -> Refusal {
    match finished {
        Finished::Refused(why) => why,
        Finished::In(..) | Finished::Code(..) => panic!("somebody came in"),
    }
}

fn wrong(error: &Error) -> (ErrorCode, Vec<&str>) {
    (error.code(), error.fields().iter().map(|field| field.field.as_str()).collect())
}

async fn staff_signs_in_and_is_known_by_subject_from_then_on(world: World) {
    let view = world.trust().await;
    assert_eq!((view.issuer.as_str(), view.linked, view.usable), (world.provider.issuer.as_str(), 0, true));
    let offered = provider::offered(&world.app.anonymous()).await.unwrap();
    assert_eq!(offered, [(view.id, "Corp".to_owned())]);
    let started = world.start(view.id, &Visit::local()).await;
    assert!(started.cookie.starts_with("rustok_oidc_hearth="), "{}", started.cookie);
    assert!(started.cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"), "{}", started.cookie);
    let secure = world.start(view.id, &Visit { secure: true, ..Visit::local() }).await;
    assert!(secure.cookie.starts_with("__Host-rustok_oidc_hearth=") && secure.cookie.ends_with("; Secure"));

    let (signed_in, to) = inside(world.finish(&visit_provider(&started).await).await);
    assert_eq!((signed_in.me.user.id, to.as_str()), (world.anna, "/orders"));
    assert!(signed_in.cookie.contains("SameSite=Strict") && signed_in.cookie.contains("HttpOnly"));
    let cookie = signed_in.cookie.split(';').next().unwrap();
    let known = who(world.app.app(), "hearth", &[("cookie", cookie)]).await.unwrap();
    assert!(matches!(known.actor, Actor::Staff { user, .. } if user == world.anna));
    for (kind, times) in [("user.logged_in", 1), ("oidc_provider.created", 1), ("user.updated", 1)] {
        assert_eq!(events(&world.app, kind).await, times, "{kind}");
    }
    let noted = "SELECT count(*) FROM audit_entry WHERE subject_kind = 'linked sign-in' OR \
         changes LIKE '%oidc_link%' OR changes LIKE '%linked sign-in%'";
    assert!(0 < count(&world.app, noted).await, "the link is in the audit log");

    // Another address there is the same person; the address alone is not.
    world.provider.behave(|it| {
        it.email = "married@elsewhere.example".to_owned();
        it.verified = Some(false);
    });
    assert_eq!(inside(world.sign_in(view.id).await).0.me.user.id, world.anna);
    assert_eq!(events(&world.app, "user.updated").await, 1, "it is linked once");
    let links = link::list(&staff(&world.owner, world.anna, SystemRole::Editor)).await.unwrap();
    assert_eq!(
        (links.len(), links[0].provider.as_str(), links[0].email.as_str()),
        (1, "Corp", "married@elsewhere.example")
    );
    // An address that went to somebody else there does not take the account along.
    world.provider.behave(|it| {
        it.subject = "subject-2".to_owned();
        it.email = ANNA.to_owned();
        it.verified = Some(true);
    });
    assert_eq!(world.refused(view.id).await, Refusal::Unknown);
    assert_eq!(provider::settings(&world.owner, &Visit::local()).await.unwrap().providers[0].linked, 1);
}

async fn an_answer_counts_once_in_its_browser_and_in_time(world: World) {
    let view = world.trust().await;
    let (mine, other) = (world.back(view.id).await, world.back(view.id).await);
    let exchanged = world.provider.asked().2;
    let state = |text: &str| Answer { state: text.to_owned(), ..mine.answer.clone() };
    for (answer, held) in [
        (mine.answer.clone(), None),
        (mine.answer.clone(), Some("x")),
        (mine.answer.clone(), Some(other.held.as_str())),
        (other.answer.clone(), Some(mine.held.as_str())),
        (state(""), Some(mine.held.as_str())),
        (state(&"A".repeat(43)), Some(mine.held.as_str())),
        (state(&"A".repeat(100_000)), Some(mine.held.as_str())),
    ] {
        let ctx = world.app.anonymous();
        let finished = flow::finish(&ctx, &answer, held, &Visit::local()).await.unwrap();
        assert_eq!(refusal(finished), Refusal::Expired);
    }
    assert_eq!(world.provider.asked().2, exchanged, "the provider heard of none of them");
    world.nobody_came_in().await;
    // None of that used the answer up.
    inside(world.finish(&mine).await);
    assert_eq!(refusal(world.finish(&mine).await), Refusal::Expired, "a second time");
    assert_eq!(count(&world.app, "SELECT count(*) FROM session").await, 1);
    // Another sign-in's code does not go with this one's state: the verifier is another.
    let third = world.back(view.id).await;
    let mixed = Back { answer: Answer { code: third.answer.code, ..other.answer }, held: other.held };
    assert_eq!(refusal(world.finish(&mixed).await), Refusal::Provider);
    let late = world.back(view.id).await;
    world.app.advance(Duration::from_secs(600));
    assert_eq!(refusal(world.finish(&late).await), Refusal::Expired);
    assert_eq!(count(&world.app, "SELECT count(*) FROM session").await, 1);
    world.app.advance(Duration::from_secs(1));
    identity::sweep(world.app.app()).await.unwrap();
    assert_eq!(count(&world.app, "SELECT count(*) FROM oidc_flow").await, 0);
}

async fn a_token_that_is_not_right_opens_nothing(world: World) {
    let view = world.trust().await;
    for lie in [
        Lie::OtherNonce,
        Lie::NoNonce,
        Lie::OtherAudience,
        Lie::TwoAudiences,
        Lie::OtherParty,
        Lie::OtherIssuer,
        Lie::Unsigned,
        Lie::Shared,
        Lie::OtherKey,
        Lie::UnknownKey,
        Lie::Changed,
        Lie::Expired,
        Lie::Nothing,
    ] {
        world.provider.behave(|it| it.lie = lie);
        assert_eq!(world.refused(view.id).await, Refusal::Provider, "{lie:?}");
    }
    world.nobody_came_in().await;
    world.provider.behave(|it| it.lie = Lie::None);
    inside(world.sign_in(view.id).await);
}

async fn whoever_is_no_staff_stays_outside_and_learns_nothing(world: World) {
    let view = world.trust().await;
    person(&world.app, "carl@x.example", "customer").await;
    person(&world.app, "platform@x.example", "super_admin").await;
    let closed = person(&world.app, "closed@x.example", "editor").await;
    user::set_active(&world.app.system(), closed, false).await.unwrap();
    people::create(&world.app.other_system(), "theirs@x.example", "Theirs", PASSWORD, "editor")
        .await
        .unwrap();
    for (n, email) in
        ["carl@x.example", "platform@x.example", "closed@x.example", "theirs@x.example", "nobody@x.example"]
            .into_iter()
            .enumerate()
    {
        world.provider.behave(|it| {
            it.email = email.to_owned();
            it.subject = format!("subject-{n}");
        });
        assert_eq!(world.refused(view.id).await, Refusal::Unknown, "{email}");
    }
    for (email, verified) in [(ANNA, Some(false)), (ANNA, None), ("", Some(true)), ("no address", Some(true))]
    {
        world.provider.behave(|it| {
            it.email = email.to_owned();
            it.verified = verified;
        });
        assert_eq!(world.refused(view.id).await, Refusal::Unverified, "{email} {verified:?}");
    }
    world.nobody_came_in().await;
    // Who is linked and leaves the staff stays outside, too.
    world.provider.behave(|it| {
        it.email = ANNA.to_owned();
        it.verified = Some(true);
    });
    inside(world.sign_in(view.id).await);
    for active in [false, true] {
        user::set_active(&world.app.system(), world.anna, active).await.unwrap();
        if active {
            let customer = vec![SystemRole::Customer.into()];
            identity::roles::assign(&world.app.system(), world.anna, customer).await.unwrap();
        }
        assert_eq!(world.refused(view.id).await, Refusal::Unknown);
    }
}

async fn domains_limit_who_may_come(world: World) {
    let view = world.trust().await;
    inside(world.sign_in(view.id).await);
    let view = world.change(&view, |it| it.domains = vec!["@Corp.Example".to_owned()]).await;
    assert_eq!(view.domains, ["corp.example"]);
    assert_eq!(world.refused(view.id).await, Refusal::Domain, "linked or not");
    world.provider.behave(|it| it.email = "anna@corp.example".to_owned());
    assert_eq!(inside(world.sign_in(view.id).await).0.me.user.id, world.anna);
    world.provider.behave(|it| it.verified = Some(false));
    assert_eq!(world.refused(view.id).await, Refusal::Unverified);
}

async fn the_second_step_is_asked_for_all_the_same(world: World) {
    let view = world.trust().await;
    let ctx = staff(&world.owner, world.anna, SystemRole::Editor);
    let drawn = two_step::start(&ctx, PASSWORD, &Visit::local()).await.unwrap();
    let secret = Secret::try_from_base32(&drawn.secret).unwrap();
    let application = Builder::new().with_secret(secret).build().unwrap();
    let code =
        |app: &TestApp| application.generate(u64::try_from(app.now().millis()).unwrap() / 1_000).to_string();
    two_step::confirm(&ctx, &code(&world.app)).await.unwrap();
    world.app.advance(Duration::from_secs(30));
    let Finished::Code(challenge, to) = world.sign_in(view.id).await else { panic!("a code is owed") };
    assert_eq!(to, "/orders");
    assert_eq!(count(&world.app, "SELECT count(*) FROM session").await, 0);
    assert_eq!(events(&world.app, "user.logged_in").await, 0);
    let anonymous = world.app.anonymous();
    let error = second_step(&anonymous, &challenge.token, "000000", &Visit::local()).await.unwrap_err();
    assert_eq!(wrong(&error), (ErrorCode::Unauthenticated, vec!["code"]));
    let code = code(&world.app);
    let signed_in = second_step(&anonymous, &challenge.token, &code, &Visit::local()).await.unwrap();
    assert_eq!(signed_in.me.user.id, world.anna);
}

async fn keys_that_change_at_the_provider_are_looked_for_once_a_minute(world: World) {
    let view = world.trust().await;
    inside(world.sign_in(view.id).await);
    let (descriptions, key_sets, _) = world.provider.asked();
    assert_eq!((descriptions, key_sets), (1, 1), "kept since it was set up");
    world.provider.rotate();
    assert_eq!(world.refused(view.id).await, Refusal::Provider, "asked a moment ago");
    assert_eq!(world.provider.asked().1, 1);
    world.app.advance(Duration::from_secs(61));
    world.provider.set_now(world.app.now());
    inside(world.sign_in(view.id).await);
    assert_eq!(world.provider.asked().1, 2);
    // Whoever signs with keys of his own does not make us ask all the time.
    world.provider.behave(|it| it.lie = Lie::UnknownKey);
    for _ in 0..5 {
        assert_eq!(world.refused(view.id).await, Refusal::Provider);
    }
    assert_eq!(world.provider.asked().1, 2);
    world.app.advance(Duration::from_secs(61));
    world.provider.set_now(world.app.now());
    for _ in 0..5 {
        assert_eq!(world.refused(view.id).await, Refusal::Provider);
    }
    assert_eq!(world.provider.asked().1, 3);
    // RS256 is the other algorithm.
    world.provider.behave(|it| it.lie = Lie::None);
    world.provider.use_rsa();
    world.app.advance(Duration::from_secs(61));
    world.provider.set_now(world.app.now());
    inside(world.sign_in(view.id).await);
}

async fn a_provider_that_is_away_says_so_and_is_left_alone(world: World) {
    let view = world.trust().await;
    let back = world.back(view.id).await;
    let elsewhere = crate::support::second_process(&world.app).await;
    let ctx = Ctx::new(elsewhere, world.app.tenant().clone(), Actor::Anonymous, "test");
    world.provider.behave(|it| it.silent = true);
    let before = world.provider.asked().0;
    for _ in 0..3 {
        let error = flow::start(&ctx, view.id, "/", &Visit::local()).await.err().unwrap();
        assert_eq!(error.code(), ErrorCode::ServiceUnavailable);
    }
    assert_eq!(world.provider.asked().0, before + 1, "asked once");
    let finished = flow::finish(&ctx, &back.answer, Some(&back.held), &Visit::local()).await.unwrap();
    assert_eq!(refusal(finished), Refusal::Provider);
    world.nobody_came_in().await;
}

async fn people_may_say_no_and_answers_say_from_whom_they_are(world: World) {
    let view = world.trust().await;
    world.provider.behave(|it| it.denies = true);
    let back = world.back(view.id).await;
    assert_eq!(refusal(world.finish(&back).await), Refusal::Cancelled);
    assert_eq!(refusal(world.finish(&back).await), Refusal::Expired, "it is over");
    world.provider.behave(|it| it.denies = false);
    let mut back = world.back(view.id).await;
    back.answer.error = Some("server_error".to_owned());
    assert_eq!(refusal(world.finish(&back).await), Refusal::Provider);
    let issuer = world.provider.issuer.clone();
    for (iss, good) in [(Some("https://evil.example"), false), (Some(issuer.as_str()), true), (None, true)] {
        world.provider.behave(|it| it.iss = iss.map(str::to_owned));
        let finished = world.sign_in(view.id).await;
        assert_eq!(matches!(finished, Finished::In(..)), good, "{iss:?}");
    }
    // One that says that its answers say so has to keep its word.
    world.provider.behave(|it| {
        it.description = json!({ "authorization_response_iss_parameter_supported": true });
    });
    world.change(&view, |_| {}).await;
    assert_eq!(world.refused(view.id).await, Refusal::Provider);
    world.provider.behave(|it| it.iss = Some(issuer));
    inside(world.sign_in(view.id).await);
}

async fn a_provider_is_looked_at_before_it_is_trusted(world: World) {
    let create =
        async |issuer: &str, input: ProviderInput| provider::create(&world.owner, issuer, input).await;
    let issuer = world.provider.issuer.clone();
    let nonsense =
        ProviderInput { name: String::new(), client_id: " ".into(), client_secret: None, ..input() };
    let error = create("nonsense", nonsense).await.unwrap_err();
    assert_eq!(wrong(&error), (ErrorCode::BadUserInput, vec!["issuer", "name", "clientId", "clientSecret"]));
    for (bad, says) in [
        ("http://id.example", "must begin with https://"),
        ("https://127.0.0.2:1", "server cannot be reached"),
        ("https://169.254.169.254", "address cannot be called"),
        ("https://10.0.0.1", "address cannot be called"),
    ] {
        let error = create(bad, input()).await.unwrap_err();
        assert_eq!(wrong(&error), (ErrorCode::BadUserInput, vec!["issuer"]), "{bad}");
        assert!(error.fields()[0].message.contains(says), "{bad}: {}", error.fields()[0].message);
    }
    for (description, says) in [
        (json!({ "issuer": "https://another.example" }), "is not what this provider calls itself"),
        (json!({ "authorization_endpoint": "http://id.example/authorize" }), "without https"),
        (json!({ "token_endpoint": "http://id.example/token" }), "without https"),
        (json!({ "token_endpoint": null }), "names no token endpoint"),
        (json!({ "jwks_uri": "http://id.example/keys" }), "address cannot be called"),
        (json!({ "jwks_uri": null }), "missing field `jwks_uri`"),
        (json!({ "response_types_supported": ["id_token"] }), "authorisation code flow"),
        (json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] }), "neither RS256 nor ES256"),
        (json!({ "code_challenge_methods_supported": ["plain"] }), "PKCE"),
        (json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }), "client_secret_basic"),
    ] {
        world.provider.behave(|it| it.description = description.clone());
        let error = create(&issuer, input()).await.unwrap_err();
        assert_eq!(wrong(&error), (ErrorCode::BadUserInput, vec!["issuer"]), "{description}");
        let message = &error.fields()[0].message;
        assert!(message.contains(says), "{description}: {message}");
    }
    assert_eq!(count(&world.app, "SELECT count(*) FROM oidc_provider").await, 0);
    world.provider.behave(|it| {
        it.description = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    });
    // A stroke too many, and the address of the description, are understood.
    let view = create(&format!("{issuer}/"), input()).await.unwrap();
    assert_eq!(view.issuer, issuer);
    inside(world.sign_in(view.id).await);
    let error = create(&format!("{issuer}/.well-known/openid-configuration"), input()).await.unwrap_err();
    assert_eq!(wrong(&error), (ErrorCode::Conflict, vec!["issuer"]));
    // Sealed, and nowhere in plain text.
    let test = provider::test(&world.owner, view.id, &Visit::local()).await.unwrap();
    assert_eq!((test.problem, test.standing), (None, Standing::Accepted));
    let view = world.change(&view, |it| it.client_secret = Some("another".to_owned())).await;
    let test = provider::test(&world.owner, view.id, &Visit::local()).await.unwrap();
    assert_eq!(test.standing, Standing::Refused);
    assert_eq!(world.refused(view.id).await, Refusal::Provider);
    assert!(!format!("{view:?}").contains("another"));
    world.provider.behave(|it| it.silent = true);
    let test = provider::test(&world.owner, view.id, &Visit::local()).await.unwrap();
    assert!(test.problem.unwrap().contains("it answered 503"));
    // Switching it off takes no answer of the provider.
    let view = world.change(&view, |it| it.enabled = false).await;
    let error = provider::update(&world.owner, view.id, view.version, input()).await.unwrap_err();
    assert_eq!(wrong(&error), (ErrorCode::BadUserInput, vec!["issuer"]));
    let error = provider::update(
        &world.owner,
        view.id,
        view.version - 1,
        ProviderInput { enabled: false, ..input() },
    );
    assert_eq!(error.await.unwrap_err().code(), ErrorCode::Conflict);
}

async fn a_provider_that_is_switched_off_opens_nothing(world: World) {
    let view = world.trust().await;
    let back = world.back(view.id).await;
    let view = world.change(&view, |it| it.enabled = false).await;
    assert_eq!(provider::offered(&world.app.anonymous()).await.unwrap(), []);
    let start = async |ctx: &Ctx| flow::start(ctx, view.id, "/", &Visit::local()).await.err().unwrap();
    assert_eq!(start(&world.app.anonymous()).await.code(), ErrorCode::NotFound);
    assert_eq!(refusal(world.finish(&back).await), Refusal::Provider, "begun before");
    world.nobody_came_in().await;
    let view = world.change(&view, |_| {}).await;
    inside(world.sign_in(view.id).await);
    // Another client may know people by other names.
    let other = world.change(&view, |it| it.client_id = "another".to_owned()).await;
    assert_eq!((other.linked, other.version), (0, view.version + 1));
    let back = world.change(&other, |_| {}).await;
    inside(world.sign_in(back.id).await);
    let waiting = world.back(back.id).await;
    provider::delete(&world.owner, back.id).await.unwrap();
    assert_eq!(refusal(world.finish(&waiting).await), Refusal::Expired);
    for table in ["oidc_provider", "oidc_link", "oidc_flow"] {
        assert_eq!(count(&world.app, &format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    let error = provider::delete(&world.owner, back.id).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
}

async fn another_shop_has_no_part_in_it(world: World) {
    let view = world.trust().await;
    let back = world.back(view.id).await;
    let (theirs, outside) = (world.app.other_tenant(), world.app.other_system().with_actor(Actor::Anonymous));
    people::create(&world.app.other_system(), ANNA, "Anna", PASSWORD, "editor").await.unwrap();
    assert_eq!(provider::offered(&outside).await.unwrap(), []);
    assert_eq!(provider::settings(&theirs, &Visit::local()).await.unwrap().providers, []);
    let finished = flow::finish(&outside, &back.answer, Some(&back.held), &Visit::local()).await.unwrap();
    assert_eq!(refusal(finished), Refusal::Expired, "another shop's state");
    for error in [
        flow::start(&outside, view.id, "/", &Visit::local()).await.err().unwrap(),
        provider::test(&theirs, view.id, &Visit::local()).await.unwrap_err(),
        provider::update(&theirs, view.id, view.version, input()).await.unwrap_err(),
        provider::delete(&theirs, view.id).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), ErrorCode::NotFound);
    }
    inside(world.finish(&back).await);
    let id = link::list(&staff(&world.owner, world.anna, SystemRole::Editor)).await.unwrap()[0].id;
    for stranger in [&theirs, &world.owner] {
        let error = link::unlink(stranger, id, &Visit::local()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::NotFound);
    }
    // The same provider may serve both shops.
    provider::create(&theirs, &world.provider.issuer, input()).await.unwrap();
}

async fn only_who_may_do_everything_sets_a_provider_up(world: World) {
    let view = world.trust().await;
    let admin = staff(&world.owner, UserId::new(), SystemRole::Admin);
    let some = world.app.staff(&[Permission::ROLES_MANAGE, Permission::SETTINGS_MANAGE]);
    let program = world.app.anonymous().with_actor(Actor::ApiKey {
        key: primitives::ApiKeyId::new(),
        owner: UserId::new(),
        permissions: PermissionSet::everything(),
    });
    for ctx in [&admin, &some, &program] {
        for error in [
            provider::create(ctx, &world.provider.issuer, input()).await.unwrap_err(),
            provider::update(ctx, view.id, view.version, input()).await.unwrap_err(),
            provider::test(ctx, view.id, &Visit::local()).await.unwrap_err(),
            provider::delete(ctx, view.id).await.unwrap_err(),
        ] {
            assert_eq!(error.code(), ErrorCode::Forbidden);
        }
    }
    assert_eq!(provider::settings(&admin, &Visit::local()).await.unwrap().providers.len(), 1);
    let nobody = provider::settings(&world.app.customer(), &Visit::local()).await.unwrap_err();
    assert_eq!(nobody.code(), ErrorCode::Forbidden);
}

async fn unlinking_ends_the_other_sessions(world: World) {
    let view = world.trust().await;
    let (elsewhere, here) = (inside(world.sign_in(view.id).await).0, inside(world.sign_in(view.id).await).0);
    let ctx = staff(&world.owner, world.anna, SystemRole::Editor);
    let id = link::list(&ctx).await.unwrap()[0].id;
    let visit = Visit { session: Some(here.session), ..Visit::local() };
    link::unlink(&ctx, id, &visit).await.unwrap();
    for (session, open) in [(&elsewhere, false), (&here, true)] {
        let cookie = session.cookie.split(';').next().unwrap();
        let known = who(world.app.app(), "hearth", &[("cookie", cookie)]).await.unwrap();
        assert_eq!(matches!(known.actor, Actor::Staff { .. }), open);
    }
    assert_eq!(link::list(&ctx).await.unwrap(), []);
    assert_eq!(link::unlink(&ctx, id, &visit).await.unwrap_err().code(), ErrorCode::NotFound);
    // The next time finds the address again.
    inside(world.sign_in(view.id).await);
}

async fn the_browser_stays_known_and_its_session_is_replaced(world: World) {
    let view = world.trust().await;
    let first = inside(world.sign_in(view.id).await).0;
    let pair = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let cookies = format!("{}; {}", pair(&first.cookie), pair(&first.device_cookie));
    let before = who(world.app.app(), "hearth", &[("cookie", &cookies)]).await.unwrap().visit;
    assert!(before.session.is_some() && before.device.is_some());
    // What is `Strict` does not come back from the provider's site.
    let started = world.start(view.id, &Visit { site: Visit::local().site, ..before }).await;
    let again = inside(world.finish(&visit_provider(&started).await).await).0;
    assert_eq!(pair(&again.device_cookie), pair(&first.device_cookie));
    assert_eq!(events(&world.app, "user.new_device").await, 0);
    assert_eq!(count(&world.app, "SELECT count(*) FROM session WHERE revoked_at IS NULL").await, 1);
}

async fn starting_is_counted_and_leads_nowhere_else(world: World) {
    let view = world.trust().await;
    let ctx = world.app.anonymous();
    for to in ["//evil.example", "https://evil.example", "/\\evil.example", "/../api/graphiql"] {
        let error = flow::start(&ctx, view.id, to, &Visit::local()).await.err().unwrap();
        assert_eq!(wrong(&error), (ErrorCode::BadUserInput, vec!["to"]), "{to}");
    }
    let missing = OidcProviderId::new();
    let mut slowed = None;
    for _ in 0..210 {
        let error = flow::start(&ctx, missing, "/", &Visit::local()).await.err().unwrap();
        if error.code() == ErrorCode::RateLimitExceeded {
            slowed = error.retry_after_seconds();
            break;
        }
        assert_eq!(error.code(), ErrorCode::NotFound);
    }
    assert_eq!(slowed, Some(1));
    let other = crate::support::visit_from([198, 51, 100, 7]);
    flow::start(&ctx, view.id, "", &other).await.unwrap();
    assert_eq!(count(&world.app, "SELECT count(*) FROM oidc_flow").await, 1);
}

/// Without a lasting key there is nothing to keep secrets with.
async fn it_needs_a_lasting_key(app: TestApp) {
    let keyless =
        TestApp::configured(app.database().backend(), |config| config.security.secret_key = None).await;
    let owner = staff(&keyless.anonymous(), UserId::new(), SystemRole::Owner);
    let error = provider::create(&owner, "https://id.example", input()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::FeatureNotEnabled);
    assert!(!provider::settings(&owner, &Visit::local()).await.unwrap().available);
    assert_eq!(provider::offered(&keyless.anonymous()).await.unwrap(), []);
}

testkit::on_both!(
    staff_signs_in_and_is_known_by_subject_from_then_on,
    an_answer_counts_once_in_its_browser_and_in_time,
    a_token_that_is_not_right_opens_nothing,
    whoever_is_no_staff_stays_outside_and_learns_nothing,
    domains_limit_who_may_come,
    the_second_step_is_asked_for_all_the_same,
    keys_that_change_at_the_provider_are_looked_for_once_a_minute,
    a_provider_that_is_away_says_so_and_is_left_alone,
    people_may_say_no_and_answers_say_from_whom_they_are,
    a_provider_is_looked_at_before_it_is_trusted,
    a_provider_that_is_switched_off_opens_nothing,
    another_shop_has_no_part_in_it,
    only_who_may_do_everything_sets_a_provider_up,
    unlinking_ends_the_other_sessions,
    the_browser_stays_known_and_its_session_is_replaced,
    starting_is_counted_and_leads_nowhere_else,
    it_needs_a_lasting_key,
);
