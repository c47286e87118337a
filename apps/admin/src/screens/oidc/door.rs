//! At the door: a button for each provider, and what became of those who came back from one.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::oidc::{
    SignInProvider, SignInProviders, StartOidcSignInInput, StartSignIn, StartSignInVariables,
};
use crate::gql::security::SignInChallenge;
use crate::logic::door::{inside, refusal, second_step, without_refusal, words};
use crate::parts::icon;
use crate::place;
use crate::session::use_session;

/// What the address said when the application began; it is taken out of the address, so that nobody keeps it.
#[derive(Clone, Copy)]
pub struct Arrival {
    challenge: StoredValue<Option<String>>,
    refusal: RwSignal<Option<String>>,
}

impl Arrival {
    /// Reads the address, before anything else does.
    pub fn new() -> Self {
        let location = window().location();
        let (path, query, fragment) = (
            location.pathname().unwrap_or_default(),
            location.search().unwrap_or_default(),
            location.hash().unwrap_or_default(),
        );
        let (challenge, refused) = (second_step(&fragment), refusal(&query));
        if (challenge.is_some() || refused.is_some())
            && let Ok(history) = window().history()
        {
            let address = format!("{path}{}", without_refusal(&query));
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address));
        }
        Self { challenge: StoredValue::new(challenge), refusal: RwSignal::new(refused) }
    }

    /// What the second step needs, once.
    pub fn take_challenge(self) -> Option<SignInChallenge> {
        let token = self.challenge.try_update_value(Option::take).flatten();
        token.map(|token| SignInChallenge { token })
    }

    /// Why nobody came in, in words.
    pub fn notice(self) -> impl IntoView {
        move || {
            self.refusal.get().map(|refusal| {
                let (title, text) = words(&refusal);
                view! {
                    <div class="banner" data-tone="warning" role="alert">
                        {icon("warn")}
                        <div class="grow"><b>{title}</b><p>{text}</p></div>
                    </div>
                }
            })
        }
    }
}

impl Default for Arrival {
    fn default() -> Self {
        Self::new()
    }
}

/// A button for each provider; nothing where there is none. The password is always there, so nothing is said when the
/// providers cannot be asked for.
#[component]
pub fn Providers(
    /// Over a page with unsaved work: signs in beside it, in a tab of its own.
    #[prop(optional)]
    beside: bool,
) -> impl IntoView {
    let offered = remote(|| async {
        api::ask(SignInProviders::build(())).await.map(|answer| answer.sign_in_providers)
    });
    let (busy, failure) = (RwSignal::new(None::<cynic::Id>), RwSignal::new(None::<Failure>));
    let go = Callback::new(move |id: cynic::Id| {
        if beside {
            let _ = window().open_with_url_and_target(&place::to("/"), "_blank");
            return;
        }
        busy.set(Some(id.clone()));
        failure.set(None);
        let location = window().location();
        let (path, query) = (location.pathname().unwrap_or_default(), location.search().unwrap_or_default());
        spawn_local(async move {
            let input =
                StartOidcSignInInput { provider_id: id, to: inside(&place::admin_base(), &path, &query) };
            match api::ask(StartSignIn::build(StartSignInVariables { input })).await {
                // The button stays busy until the browser has left.
                Ok(answer) if window().location().assign(&answer.start_oidc_sign_in.url).is_ok() => {}
                Ok(_) => {
                    let _ = busy.try_set(None);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                    let _ = busy.try_set(None);
                }
            }
        });
    });
    let wrong = move || {
        failure.get().map(|failure| {
            let title = match failure.code.as_str() {
                "RATE_LIMIT_EXCEEDED" => "Too many tries",
                "OFFLINE" => "No connection",
                _ => "This way is closed at the moment",
            };
            view! {
                <div class="banner" data-tone="danger" role="alert">
                    {icon("stop")}
                    <div class="grow"><b>{title}</b><p>{failure.message}</p></div>
                </div>
            }
        })
    };
    let button = move |provider: SignInProvider| {
        let (id, own) = (provider.id.clone(), provider.id);
        view! {
            <button
                class="btn"
                type="button"
                data-block=""
                disabled=move || busy.with(Option::is_some)
                aria-busy=move || busy.with(|busy| busy.as_ref() == Some(&own)).to_string()
                on:click=move |_| go.run(id.clone())
            >
                {icon("key")}
                "Continue with "
                {provider.name}
            </button>
        }
    };
    move || {
        let providers = offered.data.get().filter(|providers| !providers.is_empty())?;
        Some(view! {
            <div class="stack" role="group" aria-label="Other ways to sign in">
                {wrong}
                {providers.into_iter().map(button).collect_view()}
                {beside.then(|| view! { <p class="meta">"Opens in a new tab. Come back here afterwards: your work waits."</p> })}
            </div>
        })
    }
}

/// Looks again, whenever the person comes back to this tab, whether the session was renewed in another one.
pub fn watch_other_tabs() {
    let session = use_session();
    let handle = window_event_listener(leptos::ev::focus, move |_| session.look_for_me());
    on_cleanup(move || handle.remove());
}
