//! In front of the sign-in: a forgotten password, and links from mails that set one.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::access::{
    AcceptInvitation, AcceptInvitationInput, AcceptInvitationVariables, FindInvited, FindInvitedVariables,
    Invited, RequestPasswordReset, RequestPasswordResetInput, RequestPasswordResetVariables, ResetPassword,
    ResetPasswordInput, ResetPasswordVariables,
};
use crate::parts::field::Field;
use crate::parts::icon;
use crate::place;
use crate::session::use_session;

/// Pages that links from mails lead to, whoever is signed in.
pub fn is_link(path: &str) -> Option<&'static str> {
    let base = place::admin_base();
    let inside = path.strip_prefix(base.as_str()).unwrap_or(path).trim_end_matches('/');
    ["/reset-password", "/invitation"].into_iter().find(|link| *link == inside)
}

/// Asks for a link that sets a new password.
#[component]
pub fn Forgotten(
    /// Back to the sign-in.
    #[prop(into)]
    back: Callback<()>,
) -> impl IntoView {
    let session = use_session();
    let node = NodeRef::<html::Input>::new();
    let email = StoredValue::new(session.email());
    let (busy, sent) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        // Browsers fill fields in without telling; what stands in them counts.
        let email = node.get_untracked().map(|node| node.value()).unwrap_or_default();
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = RequestPasswordResetInput { email: email.trim().to_owned() };
            match api::ask(RequestPasswordReset::build(RequestPasswordResetVariables { input })).await {
                Ok(_) => {
                    let _ = sent.try_set(true);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let error = place::derived(move || failure.get().and_then(|failure| failure.at("email")));
    view! {
        <Show
            when=move || !sent.get()
            fallback=move || {
                view! {
                    <div class="banner" data-tone="good" role="status">
                        {icon("mail")}
                        <div class="grow">
                            <b>"Look into your mailbox"</b>
                            <p>"If an account has this address, a link is on its way to it. It works for an hour."</p>
                        </div>
                    </div>
                }
            }
        >
            <form class="stack" novalidate on:submit=submit>
                {move || failure.get().filter(|failure| failure.fields.is_empty()).map(banner)}
                <Field id="email" label="E-mail" error hint="We send a link there that sets a new password.".to_owned()>
                    <input
                        class="input"
                        id="email"
                        name="email"
                        type="email"
                        autocomplete="username"
                        autofocus=true
                        maxlength="254"
                        node_ref=node
                        value=email.get_value()
                        aria-invalid=move || error.get().is_some().to_string()
                        aria-describedby="email-note"
                    />
                </Field>
                <Submit busy text="Send the link"/>
            </form>
        </Show>
        <button class="btn" type="button" data-kind="quiet" data-block="" on:click=move |_| back.run(())>
            {icon("left")}
            "Back to the sign-in"
        </button>
    }
}

/// The page of a link: a new password, or an invitation.
#[component]
pub fn Linked(
    /// Which of them.
    link: &'static str,
) -> impl IntoView {
    let token = use_query_map().with_untracked(|query| query.get("token").unwrap_or_default());
    view! {
        <main class="signin">
            <section class="gate">
                {match link {
                    "/invitation" => view! { <Invitation token/> }.into_any(),
                    _ => view! { <NewPassword token/> }.into_any(),
                }}
                <p class="meta"><a href=place::to("/")>"Go to the sign-in"</a></p>
            </section>
        </main>
    }
}

#[component]
fn NewPassword(token: String) -> impl IntoView {
    place::title(|| "New password".to_owned());
    let leave = leave();
    let send = Callback::new(move |(_, password): (String, String)| {
        let token = token.clone();
        let input = ResetPasswordInput { token, password };
        Box::pin(
            async move { api::ask(ResetPassword::build(ResetPasswordVariables { input })).await.map(|_| ()) },
        ) as Sending
    });
    view! {
        <div>
            <h1>"Set a new password"</h1>
            <p class="dim">"All your devices are signed out when you set it."</p>
        </div>
        <PasswordForm name=None text="Set the password" send done=leave/>
    }
}

#[component]
fn Invitation(token: String) -> impl IntoView {
    place::title(|| "Invitation".to_owned());
    let session = use_session();
    let leave = leave();
    let key = token.clone();
    let found = remote(move || {
        let variables = FindInvitedVariables { token: key.clone() };
        async move { api::ask(FindInvited::build(variables)).await.map(|answer| answer.invited) }
    });
    let form = move |invited: Invited| {
        let token = token.clone();
        let send = Callback::new(move |(name, password): (String, String)| {
            let input = AcceptInvitationInput { token: token.clone(), name, password };
            Box::pin(async move {
                api::ask(AcceptInvitation::build(AcceptInvitationVariables { input })).await.map(|_| ())
            }) as Sending
        });
        let part = invited.roles.join(", ").replace('_', " ");
        view! {
            <div>
                <h1>"Work for " {session.shop_name()}</h1>
                <p class="dim">"You are invited as " {part} ". Your account has the address " {invited.email} "."</p>
            </div>
            <PasswordForm name=Some(invited.name) text="Accept" send done=leave/>
        }
    };
    move || {
        match (found.failure.get(), found.data.get()) {
        (Some(failure), _) => view! { <h1>"Invitation"</h1> {banner(failure)} }.into_any(),
        (None, Some(invited)) => form(invited).into_any(),
        (None, None) => view! { <p class="starting dim" role="status">{icon("refresh")} "Looking for your invitation…"</p> }.into_any(),
    }
    }
}

/// What a form does with name and password.
type Sending = std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

/// Goes to the sign-in and asks anew who is there: sessions have ended.
fn leave() -> Callback<()> {
    let session = use_session();
    let navigate = use_navigate();
    Callback::new(move |()| {
        let options = NavigateOptions { resolve: false, replace: true, ..Default::default() };
        navigate(&place::to("/"), options);
        session.ask();
    })
}

#[component]
fn PasswordForm(
    /// The name to begin with, where one is asked for.
    name: Option<String>,
    /// Words on the button.
    text: &'static str,
    send: Callback<(String, String), Sending>,
    done: Callback<()>,
) -> impl IntoView {
    let (name_node, password_node) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let (busy, finished) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let read =
            |node: NodeRef<html::Input>| node.get_untracked().map(|node| node.value()).unwrap_or_default();
        let typed = (read(name_node).trim().to_owned(), read(password_node));
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match send.run(typed).await {
                Ok(()) => {
                    let _ = finished.try_set(true);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let at = move |field: &'static str| {
        place::derived(move || failure.get().and_then(|failure| failure.at(field)))
    };
    let (name_error, password_error) = (at("name"), at("password"));
    // What is wrong with neither field is wrong with the link.
    let other = move || {
        failure
            .get()
            .filter(|failure| failure.at("name").is_none() && failure.at("password").is_none())
            .map(banner)
    };
    let name_field = StoredValue::new(name);
    view! {
        <Show
            when=move || !finished.get()
            fallback=move || {
                view! {
                    <div class="banner" data-tone="good" role="status">
                        {icon("check")}
                        <div class="grow"><b>"Your password is set"</b><p>"Sign in with it."</p></div>
                    </div>
                    <button class="btn" type="button" data-kind="primary" data-block="" on:click=move |_| done.run(())>
                        "Sign in"
                    </button>
                }
            }
        >
            <form class="stack" novalidate on:submit=submit>
                {other}
                {name_field
                    .get_value()
                    .map(|name| {
                        view! {
                            <Field id="name" label="Name" optional=true error=name_error>
                                <input
                                    class="input"
                                    id="name"
                                    name="name"
                                    autocomplete="name"
                                    maxlength="200"
                                    node_ref=name_node
                                    value=name
                                    aria-invalid=move || name_error.get().is_some().to_string()
                                    aria-describedby="name-note"
                                />
                            </Field>
                        }
                    })}
                <Field
                    id="password"
                    label="New password"
                    error=password_error
                    hint="Eight characters or more. A sentence works well.".to_owned()
                >
                    <input
                        class="input"
                        id="password"
                        name="password"
                        type="password"
                        autocomplete="new-password"
                        autofocus=true
                        maxlength="1024"
                        node_ref=password_node
                        aria-invalid=move || password_error.get().is_some().to_string()
                        aria-describedby="password-note"
                    />
                </Field>
                <Submit busy text/>
            </form>
        </Show>
    }
}

#[component]
fn Submit(busy: RwSignal<bool>, text: &'static str) -> impl IntoView {
    view! {
        <button
            class="btn"
            type="submit"
            data-kind="primary"
            data-block=""
            aria-busy=move || busy.get().to_string()
            disabled=move || busy.get()
        >
            {text}
        </button>
    }
}

fn banner(failure: Failure) -> impl IntoView {
    let (title, text) = match failure.code.as_str() {
        "BAD_USER_INPUT" if failure.at("token").is_some() => (
            "This link is no good any more",
            "It was used already, a newer one took its place, or it is too old. Ask for a new one."
                .to_owned(),
        ),
        "RATE_LIMIT_EXCEEDED" => ("Too many tries", failure.message),
        "OFFLINE" => ("No connection", failure.message),
        _ => ("That did not work", failure.message),
    };
    view! {
        <div class="banner" data-tone="danger" role="alert">
            {icon("stop")}
            <div class="grow"><b>{title}</b><p>{text}</p></div>
        </div>
    }
}
