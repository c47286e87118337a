//! The second step: switch it on with an application, keep the recovery codes, switch it off.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::security::{
    ConfirmTwoStep, ConfirmTwoStepInput, ConfirmTwoStepVariables, DisableTwoStep, DisableTwoStepVariables,
    MyTwoStep, PasswordAndCodeInput, RenewRecoveryCodes, RenewRecoveryCodesVariables, StartTwoStep,
    StartTwoStepInput, StartTwoStepPayload, StartTwoStepVariables, TwoStep,
};
use crate::parts::dialog::{Drawer, Wrong};
use crate::parts::field::Field;
use crate::parts::toast::use_toaster;
use crate::parts::{FailureView, icon, pill};
use crate::place;

/// What is being done in the drawer.
#[derive(Clone)]
enum Doing {
    /// The password, before a secret is drawn.
    Begin,
    /// The secret is shown and a code awaited.
    Confirm(StartTwoStepPayload),
    /// Recovery codes are shown, this once.
    Codes(Vec<String>),
    /// Password and code, to switch it off.
    Disable,
    /// Password and code, for new recovery codes.
    Renew,
}

impl Doing {
    fn title(&self) -> &'static str {
        match self {
            Self::Begin | Self::Confirm(_) => "Switch the second step on",
            Self::Codes(_) => "Your recovery codes",
            Self::Disable => "Switch the second step off",
            Self::Renew => "New recovery codes",
        }
    }

    fn act(&self) -> &'static str {
        match self {
            Self::Begin => "Go on",
            Self::Confirm(_) => "Switch it on",
            Self::Codes(_) => "I have written them down",
            Self::Disable => "Switch it off",
            Self::Renew => "Draw new codes",
        }
    }
}

/// How the second step stands, and what can be done about it.
#[component]
pub fn TwoStepCard() -> impl IntoView {
    let stands = remote(|| async { api::ask(MyTwoStep::build(())).await.map(|answer| answer.two_step) });
    let open = RwSignal::new(false);
    let doing = RwSignal::new(Doing::Begin);
    let begin = move |what: Doing| {
        doing.set(what);
        open.set(true);
    };
    // The last codes and the secret do not stay in memory when the drawer closes.
    place::effect(move |_| {
        if !open.get() {
            doing.set(Doing::Begin);
        }
    });
    let body = move || match (stands.data.get(), stands.failure.get()) {
        (_, Some(failure)) => view! { <FailureView failure again=move |()| stands.reload()/> }.into_any(),
        (None, None) => view! { <span class="skel late"></span> }.into_any(),
        (Some(stands), None) => about(stands, begin).into_any(),
    };
    let on =
        move || stands.data.with(|stands| stands.as_ref().is_some_and(|stands| stands.enabled_at.is_some()));
    view! {
        <section class="card">
            <header>
                <h2>"Second step"</h2>
                {move || if on() { pill("good", "On").into_any() } else { pill("", "Off").into_any() }}
            </header>
            <div class="body stack">{body}</div>
        </section>
        <Steps open doing stands/>
    }
}

fn about(stands: TwoStep, begin: impl Fn(Doing) + Copy + 'static) -> impl IntoView {
    let left = stands.recovery_codes_left;
    match stands.enabled_at {
        None if !stands.available => view! {
            <p>"Signing in with a code beside the password is not possible on this host yet."</p>
            <p class="dim">"Whoever runs it sets a lasting "<code>"security.secret_key"</code>" (RUSTOK_SECRET_KEY)."</p>
        }
        .into_any(),
        None => view! {
            <p>
                "With a second step, the password alone opens nothing: signing in also asks for a code of an authenticator application on your phone."
            </p>
            <div>
                <button class="btn" type="button" data-kind="primary" on:click=move |_| begin(Doing::Begin)>
                    {icon("key")}
                    "Switch it on"
                </button>
            </div>
        }
        .into_any(),
        Some(since) => view! {
            <p>{format!("Signing in has asked for a code since {}.", place::reader().day(&since.0).replace("Today", "today").replace("Yesterday", "yesterday"))}</p>
            <p class=if left < 3 { "wrong" } else { "dim" }>
                {match left {
                    0 => "No recovery code is left: draw new ones, or a lost phone keeps you out.".to_owned(),
                    1 => "One recovery code is left.".to_owned(),
                    left => format!("{left} recovery codes are left."),
                }}
            </p>
            <div class="flex">
                <button class="btn" type="button" on:click=move |_| begin(Doing::Renew)>
                    {icon("refresh")}
                    "New recovery codes"
                </button>
                <button class="btn" type="button" data-kind="danger" on:click=move |_| begin(Doing::Disable)>
                    "Switch it off"
                </button>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn Steps(open: RwSignal<bool>, doing: RwSignal<Doing>, stands: Remote<TwoStep>) -> impl IntoView {
    let toaster = use_toaster();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let (password, code) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let read = |node: NodeRef<html::Input>| {
        node.get_untracked().map(|node| node.value().trim().to_owned()).unwrap_or_default()
    };
    let secret =
        |node: NodeRef<html::Input>| node.get_untracked().map(|node| node.value()).unwrap_or_default();
    place::effect(move |_| {
        open.track();
        failure.set(None);
    });
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        let now = doing.get_untracked();
        if let Doing::Codes(_) = now {
            open.set(false);
            return;
        }
        let (password, code) = (secret(password), read(code));
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            match act(now, password, code).await {
                Ok(Some(next)) => {
                    if !matches!(next, Doing::Confirm(_)) {
                        stands.reload();
                    }
                    let _ = doing.try_set(next);
                }
                Ok(None) => {
                    toaster.done("The second step is off");
                    stands.reload();
                    let _ = open.try_set(false);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let at = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
    };
    let password_field = move || {
        view! {
            <Field id="step-password" label="Your password" error=at("password")>
                <input
                    class="input"
                    id="step-password"
                    type="password"
                    autocomplete="current-password"
                    autofocus
                    maxlength="1024"
                    node_ref=password
                    aria-describedby="step-password-note"
                    aria-invalid=move || at("password").get().is_some().to_string()
                />
            </Field>
        }
    };
    let code_field = move |hint: &'static str| {
        view! {
            <Field id="step-code" label="Code" hint=place::derived(move || hint.to_owned()) error=at("code")>
                <input
                    class="input"
                    id="step-code"
                    autocomplete="one-time-code"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength="40"
                    node_ref=code
                    aria-describedby="step-code-note"
                    aria-invalid=move || at("code").get().is_some().to_string()
                />
            </Field>
        }
    };
    let banner = move || {
        failure.get().filter(|failure| failure.fields.is_empty()).map(|failure| view! { <Wrong failure/> })
    };
    let body = move || {
        match doing.get() {
        Doing::Begin => view! { <p>"First show that it is you."</p> {password_field()} }.into_any(),
        Doing::Confirm(drawn) => view! {
            <p>"Scan this with an authenticator application, then write the code that it shows."</p>
            <img class="qr" src=drawn.qr alt="QR code for the authenticator application" width="220" height="220"/>
            <details>
                <summary>"It cannot be scanned"</summary>
                <p>"Type this key into the application:"</p>
                <p><code>{spaced(&drawn.secret)}</code></p>
                <p><a href=drawn.uri>"Or open the application on this device"</a></p>
            </details>
            {code_field("Six digits, new every half minute.")}
        }
        .into_any(),
        Doing::Codes(codes) => view! {
            <p>
                "Each of these signs you in once when the phone is not at hand. Nobody can show them again: print them, or keep them in a password manager."
            </p>
            <ul class="codes">
                {codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}
            </ul>
        }
        .into_any(),
        Doing::Disable => view! {
            <p>"From then on the password alone signs in. The recovery codes count no more."</p>
            {password_field()}
            {code_field("Of the application, or a recovery code.")}
        }
        .into_any(),
        Doing::Renew => view! {
            <p>"You get ten new codes; the old ones count no more."</p>
            {password_field()}
            {code_field("Of the application, or a recovery code.")}
        }
        .into_any(),
    }
    };
    let title = place::derived(move || doing.with(|doing| doing.title().to_owned()));
    let button = move || {
        let kind =
            move || if doing.with(|doing| matches!(doing, Doing::Disable)) { "danger" } else { "primary" };
        view! {
            <button
                class="btn"
                type="submit"
                data-kind=kind
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                {move || doing.with(Doing::act)}
            </button>
        }
    };
    view! {
        <Drawer open title footer=button on_submit=submit>
            <div class="stack">{banner} {body}</div>
        </Drawer>
    }
}

/// Does one step; gives back what comes next, nothing when it is done.
async fn act(doing: Doing, password: String, code: String) -> Result<Option<Doing>, Failure> {
    match doing {
        Doing::Begin => {
            let input = StartTwoStepInput { password };
            let answer = api::ask(StartTwoStep::build(StartTwoStepVariables { input })).await?;
            Ok(Some(Doing::Confirm(answer.start_two_step)))
        }
        Doing::Confirm(_) => {
            let input = ConfirmTwoStepInput { code };
            let answer = api::ask(ConfirmTwoStep::build(ConfirmTwoStepVariables { input })).await?;
            Ok(Some(Doing::Codes(answer.confirm_two_step.recovery_codes)))
        }
        Doing::Codes(_) => Ok(None),
        Doing::Disable => {
            let input = PasswordAndCodeInput { password, code };
            api::ask(DisableTwoStep::build(DisableTwoStepVariables { input })).await?;
            Ok(None)
        }
        Doing::Renew => {
            let input = PasswordAndCodeInput { password, code };
            let answer = api::ask(RenewRecoveryCodes::build(RenewRecoveryCodesVariables { input })).await?;
            Ok(Some(Doing::Codes(answer.renew_recovery_codes.recovery_codes)))
        }
    }
}

/// In groups of four, for typing.
fn spaced(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}
