//! Password and security of an account: the second step of signing in, and where it is signed in.
//!
//! What is shown once only, the secret and the recovery codes, stands in the answer to the form itself.

use crate::data::{self, Security};
use crate::page::{Head, Page, answer};
use crate::parts::form::{self, Field, Problems, sentence};
use crate::parts::icon;
use crate::query;
use crate::routes::errors;
use crate::routes::list::breadcrumbs;
use crate::shop::Shop;
use crate::visitor::{Visitor, set_cookie};
use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use identity::security::two_step::{Enrolment, TwoStepView};
use identity::view::SessionView;
use leptos::prelude::*;
use platform::{Ctx, Error};
use primitives::ErrorCode;

const PATH: &str = "/account/security";

/// What the second step shows.
enum Showing {
    /// How it stands.
    State,
    /// The secret, to be confirmed.
    Drawn(Enrolment),
    /// The confirmation once more, without the secret.
    Again,
    /// Recovery codes.
    Codes(Vec<String>),
}

/// Which form came back.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Start,
    Confirm,
    Codes,
    Disable,
    Sessions,
}

/// `GET /account/security`
pub async fn show(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor) -> Response {
    render(&ctx, &shop, &visitor, &Showing::State, None, StatusCode::OK).await
}

/// `POST /account/two-step/start`: `password`.
pub async fn start(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let typed = Typed::read(&body);
    match data::two_step_start(&ctx, &visitor, &typed.password).await {
        Ok(drawn) => render(&ctx, &shop, &visitor, &Showing::Drawn(drawn), None, StatusCode::OK).await,
        Err(error) => again(&ctx, &shop, &visitor, Form::Start, &error).await,
    }
}

/// `POST /account/two-step/confirm`: `code`.
pub async fn confirm(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    match data::two_step_confirm(&ctx, &Typed::read(&body).code).await {
        Ok(codes) => render(&ctx, &shop, &visitor, &Showing::Codes(codes), None, StatusCode::OK).await,
        Err(error) => again(&ctx, &shop, &visitor, Form::Confirm, &error).await,
    }
}

/// `POST /account/two-step/codes`: `password`, `code`.
pub async fn codes(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let typed = Typed::read(&body);
    match data::two_step_codes(&ctx, &visitor, &typed.password, &typed.code).await {
        Ok(codes) => render(&ctx, &shop, &visitor, &Showing::Codes(codes), None, StatusCode::OK).await,
        Err(error) => again(&ctx, &shop, &visitor, Form::Codes, &error).await,
    }
}

/// `POST /account/two-step/disable`: `password`, `code`.
pub async fn disable(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor, body: String) -> Response {
    let typed = Typed::read(&body);
    match data::two_step_disable(&ctx, &visitor, &typed.password, &typed.code).await {
        Ok(()) => Redirect::to(&shop.href(PATH)).into_response(),
        Err(error) => again(&ctx, &shop, &visitor, Form::Disable, &error).await,
    }
}

/// `POST /account/sessions/end`: `session`.
pub async fn end_session(
    Extension(ctx): Extension<Ctx>,
    shop: Shop,
    visitor: Visitor,
    body: String,
) -> Response {
    match data::end_session(&ctx, &Typed::read(&body).session).await {
        // It may have ended by itself.
        Err(error) if error.code() == ErrorCode::NotFound => {
            let problems = Problems::message("That sign-in is over already.");
            let failed = Some((Form::Sessions, problems));
            render(&ctx, &shop, &visitor, &Showing::State, failed, StatusCode::NOT_FOUND).await
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
        Ok(()) => Redirect::to(&shop.href(PATH)).into_response(),
    }
}

/// `POST /account/sessions/end-all`
pub async fn end_all(Extension(ctx): Extension<Ctx>, shop: Shop, visitor: Visitor) -> Response {
    match data::sign_out_everywhere(&ctx, &visitor).await {
        Ok(cookie) => {
            let response = Redirect::to(&shop.href("/sign-in")).into_response();
            let response = visitor.with_count(&shop, response, 0);
            cookie.into_iter().fold(response, |response, cookie| set_cookie(response, &cookie))
        }
        Err(error) => errors::failure(&ctx, &shop, &error).await,
    }
}

/// What was typed; never shown again.
#[derive(Default)]
struct Typed {
    password: String,
    code: String,
    session: String,
}

impl Typed {
    fn read(body: &str) -> Self {
        let mut typed = Self::default();
        for (key, value) in query::pairs(body) {
            match key.as_str() {
                "password" => typed.password = value,
                "code" => typed.code = value.trim().to_owned(),
                "session" => typed.session = value.trim().to_owned(),
                _ => {}
            }
        }
        typed
    }
}

/// The page once more with what is wrong.
async fn again(ctx: &Ctx, shop: &Shop, visitor: &Visitor, form: Form, error: &Error) -> Response {
    let (status, problems) = match error.code() {
        ErrorCode::BadUserInput => {
            let fields = error.fields().to_vec();
            (StatusCode::UNPROCESSABLE_ENTITY, Problems { message: String::new(), fields })
        }
        ErrorCode::Conflict => {
            (StatusCode::CONFLICT, Problems::message(format!("{}.", sentence(error.message()))))
        }
        ErrorCode::RateLimitExceeded => {
            let words = "Too many tries. Wait a few minutes, then try again.";
            (StatusCode::TOO_MANY_REQUESTS, Problems::message(words))
        }
        _ => return errors::failure(ctx, shop, error).await,
    };
    let confirming = form == Form::Confirm && status == StatusCode::UNPROCESSABLE_ENTITY;
    let showing = if confirming { Showing::Again } else { Showing::State };
    let response = render(ctx, shop, visitor, &showing, Some((form, problems)), status).await;
    errors::when_to_come_back(response, error)
}

async fn render(
    ctx: &Ctx,
    shop: &Shop,
    visitor: &Visitor,
    showing: &Showing,
    failed: Option<(Form, Problems)>,
    status: StatusCode,
) -> Response {
    match data::security(ctx, visitor).await {
        Ok(security) => answer(shop, || Page { status, ..view(shop, &security, showing, failed.as_ref()) }),
        Err(error) => errors::failure(ctx, shop, &error).await,
    }
}

fn view(shop: &Shop, security: &Security, showing: &Showing, failed: Option<&(Form, Problems)>) -> Page {
    let head = Head { title: "Password and security".into(), hidden: true, ..Head::default() };
    let crumbs = [
        ("Home".to_owned(), Some("/".to_owned())),
        ("Account".to_owned(), Some("/account".to_owned())),
        ("Security".to_owned(), None),
    ];
    let none = Problems::default();
    let of = |form: Form| failed.filter(|failed| failed.0 == form).map_or(&none, |failed| &failed.1);
    let step = match showing {
        Showing::Drawn(drawn) => confirm_form(shop, Some(drawn), of(Form::Confirm)),
        Showing::Again => confirm_form(shop, None, of(Form::Confirm)),
        Showing::Codes(codes) => recovery_codes(shop, codes),
        Showing::State => state(shop, &security.two_step, &of),
    };
    let view = view! {
        <div class="shell">
            {breadcrumbs(shop, &crumbs)}
            <div class="section-head"><h1>"Password and security"</h1></div>
            <div class="stack" data-gap="large">
                <section class="stack" aria-labelledby="step">
                    <h2 id="step">"Second step"</h2>
                    {step}
                </section>
                <section class="stack" aria-labelledby="sessions">
                    <h2 id="sessions">"Where you are signed in"</h2>
                    {notice(of(Form::Sessions))}
                    {sessions(shop, &security.sessions)}
                </section>
            </div>
        </div>
    };
    Page::new(head, PATH, view.into_any())
}

fn notice(problems: &Problems) -> Option<AnyView> {
    (!problems.message.is_empty()).then(|| form::notice("danger", problems.message.clone()))
}

fn state<'p>(shop: &Shop, stands: &TwoStepView, of: &impl Fn(Form) -> &'p Problems) -> AnyView {
    match stands.enabled_at {
        None if !stands.available => {
            view! { <p class="muted">"This shop signs in with a password alone."</p> }.into_any()
        }
        None => {
            let problems = of(Form::Start);
            view! {
                <p>"With a second step, signing in also asks for a code from an authenticator application on your phone. Nobody gets in with your password alone."</p>
                <form action=shop.href("/account/two-step/start") method="post" novalidate="" class="stack">
                    {notice(problems)}
                    {notice(of(Form::Confirm))}
                    {password("start-").view(problems)}
                    <p><button class="button">"Switch it on"</button></p>
                </form>
            }
            .into_any()
        }
        Some(since) => {
            let left = match stands.recovery_codes_left {
                0 => "No recovery code is left: draw new ones, or a lost phone keeps you out.".to_owned(),
                1 => "One recovery code is left.".to_owned(),
                n => format!("{n} recovery codes are left."),
            };
            view! {
                <p>{format!("On since {}. {left}", shop.day(since))}</p>
                <details class="fold" open=!of(Form::Codes).is_empty()>
                    <summary>"New recovery codes"</summary>
                    {proof(shop, "/account/two-step/codes", "codes-", "Draw new codes", of(Form::Codes))}
                </details>
                <details class="fold" open=!of(Form::Disable).is_empty()>
                    <summary>"Switch it off"</summary>
                    {proof(shop, "/account/two-step/disable", "off-", "Switch it off", of(Form::Disable))}
                </details>
            }
            .into_any()
        }
    }
}

fn password(id_prefix: &'static str) -> Field<'static> {
    Field {
        name: "password",
        label: "Your password",
        kind: "password",
        autocomplete: "current-password",
        id_prefix,
        ..Field::default()
    }
}

fn code(id_prefix: &'static str, hint: &'static str) -> Field<'static> {
    Field { name: "code", label: "Code", autocomplete: "one-time-code", hint, id_prefix, ..Field::default() }
}

/// Password and code for what both are needed for.
fn proof(
    shop: &Shop,
    path: &'static str,
    prefix: &'static str,
    act: &'static str,
    problems: &Problems,
) -> AnyView {
    view! {
        <form action=shop.href(path) method="post" novalidate="" class="stack">
            {notice(problems)}
            {password(prefix).view(problems)}
            {code(prefix, "Of the application, or a recovery code.").view(problems)}
            <p><button class="button" data-kind="secondary">{act}</button></p>
        </form>
    }
    .into_any()
}

fn confirm_form(shop: &Shop, drawn: Option<&Enrolment>, problems: &Problems) -> AnyView {
    let scan = drawn.map(|drawn| {
        let (qr, uri, secret) = (drawn.qr.clone(), drawn.uri.clone(), spaced(&drawn.secret));
        view! {
            <p>"Scan this with an authenticator application, then write the code that it shows."</p>
            <p><img src=qr alt="QR code for the authenticator application" width="220" height="220" /></p>
            <details class="fold">
                <summary>"It cannot be scanned"</summary>
                <p>"Type this key into the application: "<code>{secret}</code></p>
                <p><a href=uri>"Or open the application on this device"</a></p>
            </details>
        }
    });
    let hint = "Six digits, new every half minute.";
    view! {
        {scan}
        <form action=shop.href("/account/two-step/confirm") method="post" novalidate="" class="stack">
            {notice(problems)}
            {code("", hint).view(problems)}
            <p class="cluster">
                <button class="button">"Switch it on"</button>
                <a href=shop.href(PATH)>"Begin again"</a>
            </p>
        </form>
    }
    .into_any()
}

fn recovery_codes(shop: &Shop, codes: &[String]) -> AnyView {
    let items = codes.iter().map(|code| view! { <li><code>{code.clone()}</code></li> }).collect_view();
    view! {
        {form::notice("good", "The second step is on. These are your recovery codes.")}
        <p>"Each signs you in once when the phone is not at hand. Nobody can show them again: print them, or keep them in a password manager."</p>
        <ul>{items}</ul>
        <p><a class="button" href=shop.href(PATH)>{icon::check()}" I have written them down"</a></p>
    }
    .into_any()
}

fn sessions(shop: &Shop, sessions: &[SessionView]) -> AnyView {
    let rows = sessions
        .iter()
        .map(|session| {
            let what = match (session.browser, session.user_agent.as_str()) {
                (false, _) => "A program".to_owned(),
                (true, "") => "A browser".to_owned(),
                (true, agent) => agent.to_owned(),
            };
            let since = format!("since {}", shop.day(session.created_at));
            let label = format!("End: {what}, {since}");
            let id = session.id.to_string();
            let end = (!session.current).then(|| {
                view! {
                    <form action=shop.href("/account/sessions/end") method="post">
                        {form::hidden("session", &id)}
                        <button class="button" data-kind="quiet" data-size="small" aria-label=label>"End"</button>
                    </form>
                }
            });
            let here = session.current.then(|| view! { <p class="status" data-tone="good">"This browser"</p> });
            view! { <li class="order-row" data-plain=""><h3>{what}</h3><p class="meta">{since}</p>{here}{end}</li> }
        })
        .collect_view();
    view! {
        <ul class="plain">{rows}</ul>
        <form action=shop.href("/account/sessions/end-all") method="post">
            <button class="button" data-kind="secondary">"Sign out everywhere"</button>
        </form>
    }
    .into_any()
}

/// In groups of four, for typing.
fn spaced(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
