//! Signing in, at the start and again when a session ended in the middle of work.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::Failure;
use crate::gql::security::SignInChallenge;
use crate::parts::icon;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::screens::access::Forgotten;
use crate::screens::oidc::door::{Arrival, Providers, watch_other_tabs};
use crate::session::use_session;

/// The page for those who are not signed in.
#[component]
pub fn SignIn() -> impl IntoView {
    place::title(|| "Sign in".to_owned());
    let session = use_session();
    let forgotten = RwSignal::new(false);
    let arrival = expect_context::<Arrival>();
    view! {
        <main class="signin">
            <section class="gate">
                <Shop/>
                <Show
                    when=move || !forgotten.get()
                    fallback=move || {
                        view! {
                            <h1>"Forgot your password?"</h1>
                            <Forgotten back=move |()| forgotten.set(false)/>
                        }
                    }
                >
                    <div>
                        <h1>"Sign in"</h1>
                        <p class="dim">"to run " {move || session.shop_name()}</p>
                    </div>
                    {arrival.notice()}
                    <SignInForm/>
                    <Providers/>
                    <button class="btn" type="button" data-kind="link" on:click=move |_| forgotten.set(true)>
                        "Forgot your password?"
                    </button>
                </Show>
                <p class="meta">
                    "Looking for the shop? " <a href=place::shop("/")>"Go to " {move || session.shop_name()}</a>
                </p>
            </section>
        </main>
    }
}

/// Over the page where a session ended; what was typed below stays.
#[component]
pub fn SignInAgain() -> impl IntoView {
    watch_other_tabs();
    let node = NodeRef::<html::Dialog>::new();
    place::effect(move |_| {
        if let Some(dialog) = node.get().filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog
            class="dialog again"
            node_ref=node
            aria-label="Sign in again"
            on:cancel=|event: web_sys::Event| event.prevent_default()
        >
            <div class="body">
                <div>
                    <h1>"Sign in again"</h1>
                    <p class="dim">"Your session ended. What you typed on this page is kept."</p>
                </div>
                <SignInForm/>
                <Providers beside=true/>
            </div>
        </dialog>
    }
}

/// For customers who came to the wrong door.
#[component]
pub fn NotStaff() -> impl IntoView {
    place::title(|| "No access".to_owned());
    let session = use_session();
    let toaster = use_toaster();
    let leave = move |_| {
        spawn_local(async move {
            if let Err(failure) = session.sign_out().await {
                toaster.failure("Signing out did not work", &failure);
            }
        });
    };
    view! {
        <main class="signin">
            <section class="gate">
                <Shop/>
                <div>
                    <h1>"This door is for staff"</h1>
                    <p class="dim">{move || session.email()} " is a customer's account. It shops, but it does not run the shop."</p>
                </div>
                <div class="stack">
                    <a class="btn" data-kind="primary" data-block="" href=place::shop("/")>"Go to the shop"</a>
                    <button class="btn" type="button" data-block="" on:click=leave>"Sign in as somebody else"</button>
                </div>
            </section>
        </main>
    }
}

#[component]
fn Shop() -> impl IntoView {
    let session = use_session();
    view! {
        <div class="flex">
            <span class="avatar" aria-hidden="true" data-shop="">
                {move || session.shop_name().chars().next().map(|c| c.to_string())}
            </span>
            <b>{move || session.shop_name()}</b>
        </div>
    }
}

/// Address and password, then the code where one is owed.
#[component]
fn SignInForm() -> impl IntoView {
    let owed = RwSignal::new(expect_context::<Arrival>().take_challenge());
    move || match owed.get() {
        None => view! { <PasswordForm owed/> }.into_any(),
        Some(challenge) => view! { <CodeForm challenge owed/> }.into_any(),
    }
}

/// The second step: a code of the application, or a recovery code.
#[component]
fn CodeForm(
    /// What signing in gave.
    challenge: SignInChallenge,
    /// Back to the password.
    owed: RwSignal<Option<SignInChallenge>>,
) -> impl IntoView {
    let session = use_session();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let missing = RwSignal::new(false);
    let node = NodeRef::<html::Input>::new();
    place::effect(move |_| {
        if let Some(node) = node.get() {
            let _ = node.focus();
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let code = node.get_untracked().map(|node| node.value()).unwrap_or_default();
        missing.set(code.trim().is_empty());
        failure.set(None);
        if missing.get_untracked() {
            return;
        }
        busy.set(true);
        let token = challenge.token.clone();
        spawn_local(async move {
            if let Err(wrong) = session.second_step(token, code).await {
                let _ = failure.try_set(Some(wrong));
                let _ = busy.try_set(false);
                if let Some(Some(node)) = node.try_get_untracked() {
                    node.select();
                }
            }
        });
    };
    let banner = move || {
        failure.get().map(|failure| {
            let (title, text) = match (failure.code.as_str(), failure.at("token")) {
                ("UNAUTHENTICATED", Some(_)) => {
                    ("This took too long", "Go back and write address and password again.".to_owned())
                }
                ("UNAUTHENTICATED", None) => (
                    "That is not the code",
                    "Codes change every half minute and count once. Wait for the next one, or use a recovery code."
                        .to_owned(),
                ),
                ("RATE_LIMIT_EXCEEDED", _) => ("Too many tries", failure.message),
                ("OFFLINE", _) => ("No connection", failure.message),
                _ => ("Signing in did not work", failure.message),
            };
            view! {
                <div class="banner" data-tone="danger" role="alert">
                    {icon("stop")}
                    <div class="grow"><b>{title}</b><p>{text}</p></div>
                </div>
            }
        })
    };
    view! {
        <form class="stack" novalidate on:submit=submit>
            {banner}
            <div class="field">
                <label for="code">"Code"</label>
                <input
                    class="input"
                    id="code"
                    name="code"
                    autocomplete="one-time-code"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength="40"
                    node_ref=node
                    aria-describedby="code-note"
                    aria-invalid=move || (missing.get() || failure.with(Option::is_some)).to_string()
                />
                {move || match missing.get() {
                    true => view! { <span class="error" id="code-note">{icon("stop")} "Write the code"</span> }.into_any(),
                    false => {
                        view! { <span class="hint" id="code-note">"Six digits from your authenticator application, or a recovery code."</span> }
                            .into_any()
                    }
                }}
            </div>
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "Sign in"
            </button>
            <button class="btn" type="button" data-block="" on:click=move |_| owed.set(None)>"Back"</button>
        </form>
    }
}

#[component]
fn PasswordForm(
    /// Set when a code is owed.
    owed: RwSignal<Option<SignInChallenge>>,
) -> impl IntoView {
    let session = use_session();
    let (email, password) = (RwSignal::new(session.email()), RwSignal::new(String::new()));
    let known = email.with_untracked(|email| !email.is_empty());
    let (shown, busy) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let missing = RwSignal::new((false, false));
    let password_node = NodeRef::<html::Input>::new();
    let email_node = NodeRef::<html::Input>::new();

    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        // Browsers fill fields in without telling; what stands in them counts.
        let read =
            |node: NodeRef<html::Input>| node.get_untracked().map(|node| node.value()).unwrap_or_default();
        let (typed_email, typed_password) = (read(email_node).trim().to_owned(), read(password_node));
        let gaps = (typed_email.is_empty(), typed_password.is_empty());
        missing.set(gaps);
        failure.set(None);
        if gaps.0 || gaps.1 {
            let node = if gaps.0 { email_node } else { password_node };
            if let Some(node) = node.get_untracked() {
                let _ = node.focus();
            }
            return;
        }
        busy.set(true);
        spawn_local(async move {
            match session.sign_in(typed_email, typed_password).await {
                Ok(challenge) => {
                    let _ = owed.try_set(challenge);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                    let _ = busy.try_set(false);
                    if let Some(Some(node)) = password_node.try_get_untracked() {
                        node.select();
                    }
                }
            }
        });
    };
    let banner = move || {
        failure.get().map(|failure| {
            let (title, text) = match failure.code.as_str() {
                "UNAUTHENTICATED" | "BAD_USER_INPUT" => (
                    "That did not match",
                    "Check the address and the password. Capitals count in the password.".to_owned(),
                ),
                "RATE_LIMIT_EXCEEDED" => ("Too many tries", failure.message),
                "OFFLINE" => ("No connection", failure.message),
                _ => ("Signing in did not work", failure.message),
            };
            view! {
                <div class="banner" data-tone="danger" role="alert">
                    {icon("stop")}
                    <div class="grow"><b>{title}</b><p>{text}</p></div>
                </div>
            }
        })
    };
    let error = |text: &'static str| view! { <span class="error">{icon("stop")} {text}</span> };
    let refused =
        move || failure.with(|failure| failure.as_ref().is_some_and(|it| it.code == "UNAUTHENTICATED"));

    view! {
        <form class="stack" novalidate on:submit=submit>
            {banner}
            <div class="field">
                <label for="email">"E-mail"</label>
                <input
                    class="input"
                    id="email"
                    name="email"
                    type="email"
                    autocomplete="username"
                    autofocus=!known
                    maxlength="254"
                    node_ref=email_node
                    aria-invalid=move || (missing.get().0 || refused()).to_string()
                    prop:value=move || email.get()
                    on:input=move |event| email.set(event_target_value(&event))
                />
                {move || missing.get().0.then(|| error("Write the address of your account"))}
            </div>
            <div class="field">
                <label for="password">"Password"</label>
                <span class="input">
                    <input
                        id="password"
                        name="password"
                        type=move || if shown.get() { "text" } else { "password" }
                        autocomplete="current-password"
                        autofocus=known
                        maxlength="1024"
                        node_ref=password_node
                        aria-invalid=move || (missing.get().1 || refused()).to_string()
                        prop:value=move || password.get()
                        on:input=move |event| password.set(event_target_value(&event))
                    />
                    <button
                        class="btn"
                        type="button"
                        data-kind="quiet"
                        data-size="sm"
                        data-icon=""
                        aria-label="Show the password"
                        aria-pressed=move || shown.get().to_string()
                        on:click=move |_| shown.update(|shown| *shown = !*shown)
                    >
                        {icon("eye")}
                    </button>
                </span>
                {move || missing.get().1.then(|| error("Write your password"))}
            </div>
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                data-block=""
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "Sign in"
            </button>
        </form>
    }
}
