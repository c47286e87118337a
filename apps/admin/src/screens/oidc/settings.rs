//! The providers that the shop trusts: the list, adding, changing, testing, removing.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::oidc::{
    CreateOidcProviderInput, CreateProvider, CreateProviderVariables, DeleteProvider,
    DeleteProviderVariables, OidcProvider, OidcProviderInput, OidcSettings, OidcStanding, Settings,
    TestOidcProviderPayload, TestProvider, TestProviderVariables, UpdateOidcProviderInput, UpdateProvider,
    UpdateProviderVariables,
};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::tags::Tags;
use crate::parts::toast::use_toaster;
use crate::parts::{Empty, PageHead, copied, count, icon, status};
use crate::place;
use crate::session::use_session;

/// What is being edited.
#[derive(Clone, PartialEq)]
enum Editing {
    New,
    Old(OidcProvider),
}

/// What the rows do.
#[derive(Clone, Copy)]
struct Acts {
    editing: RwSignal<Option<Editing>>,
    removing: RwSignal<Option<OidcProvider>>,
    tested: RwSignal<Option<(OidcProvider, Result<TestOidcProviderPayload, Failure>)>>,
    testing: RwSignal<Option<cynic::Id>>,
}

const COLUMNS: [Column; 5] = [
    Column::new("Provider"),
    Column::new("State"),
    Column::new("Addresses").prio("2"),
    Column::new("People").prio("3"),
    Column::heard("Actions"),
];

/// The screen.
#[component]
pub fn SignInSettings() -> impl IntoView {
    place::title(|| "Single sign-on".to_owned());
    let session = use_session();
    let settings =
        remote(|| async { api::ask(Settings::build(())).await.map(|answer| answer.oidc_settings) });
    let may = place::memo(move || session.may("roles:manage"));
    let acts = Acts {
        editing: RwSignal::new(None),
        removing: RwSignal::new(None),
        tested: RwSignal::new(None),
        testing: RwSignal::new(None),
    };
    let ready =
        move || may.get() && settings.data.with(|it| it.as_ref().is_some_and(|settings| settings.available));
    let add = move || {
        ready().then(|| {
            view! {
                <button class="btn" type="button" data-kind="primary" on:click=move |_| acts.editing.set(Some(Editing::New))>
                    {icon("plus")}
                    "Add a provider"
                </button>
            }
        })
    };
    let rows = Rows::of(settings, |settings| Shown::all(settings.providers.len()));
    let body = move || {
        let providers = settings.data.get().map(|settings| settings.providers).unwrap_or_default();
        providers.into_iter().map(|row| view! { <Line row acts may/> }).collect_view()
    };
    let empty = move || {
        view! {
            <Empty symbol="key" title="Everybody signs in with a password" text="Add the provider where your staff has accounts already: Google Workspace, Microsoft Entra, Okta, Keycloak, or any other that speaks OpenID Connect.">
                {add}
            </Empty>
        }
    };
    view! {
        <div class="page">
            <PageHead
                title="Single sign-on".to_owned()
                about=Signal::stored(
                    "Your staff signs in with the accounts that it has elsewhere. Only people who work here come in; a second step is asked for all the same."
                        .to_owned(),
                )
            >
                {add}
            </PageHead>
            {move || settings.data.get().map(notices)}
            {move || acts.tested.get().map(|(provider, found)| view! { <Findings provider found acts/> })}
            <Table label="Providers" rows columns=&COLUMNS grey=2 body empty/>
            <Edit acts settings/>
            <Remove of=acts.removing settings/>
        </div>
    }
}

/// What has to be known before a provider is added.
fn notices(settings: OidcSettings) -> impl IntoView {
    let OidcSettings { available, redirect_uri, .. } = settings;
    match available {
        false => view! {
            <div class="banner" data-tone="warning" role="status">
                {icon("warn")}
                <div class="grow">
                    <b>"This host cannot keep client secrets"</b>
                    <p>"It needs a lasting key: whoever runs it sets " <code>"security.secret_key"</code> "."</p>
                </div>
            </div>
        }
        .into_any(),
        true => view! { <RedirectUri redirect_uri/> }.into_any(),
    }
}

/// What has to be registered at the provider.
#[component]
fn RedirectUri(redirect_uri: String) -> impl IntoView {
    let toaster = use_toaster();
    let text = StoredValue::new(redirect_uri.clone());
    let field = NodeRef::<html::Input>::new();
    let select = move || {
        if let Some(input) = field.get_untracked() {
            input.select();
        }
    };
    let copy = move |_| {
        select();
        spawn_local(async move {
            if copied(&text.get_value()).await {
                toaster.done("Copied");
            } else {
                toaster.done("The browser does not let us copy: the address is selected, press Ctrl C");
            }
        });
    };
    view! {
        <section class="card">
            <div class="body stack">
                <label for="redirect-uri">"Redirect URI"</label>
                <div class="secret">
                    <input id="redirect-uri" class="input grow" node_ref=field readonly value=redirect_uri on:focus=move |_| select()/>
                    <button class="btn" type="button" on:click=copy>"Copy"</button>
                </div>
                <p class="meta">"Register it at the provider for each address on which you open this admin."</p>
            </div>
        </section>
    }
}

#[component]
fn Line(row: OidcProvider, acts: Acts, may: Memo<bool>) -> impl IntoView {
    let toaster = use_toaster();
    let (tone, word) = match (row.usable, row.enabled) {
        (false, _) => ("danger", "Secret lost"),
        (true, true) => ("good", "On"),
        (true, false) => ("neutral", "Off"),
    };
    let addresses = if row.domains.is_empty() { "all".to_owned() } else { row.domains.join(", ") };
    let (own, name) = (row.id.clone(), row.name.clone());
    let shared = StoredValue::new(row.clone());
    let test = move |_| {
        let provider = shared.get_value();
        acts.testing.set(Some(provider.id.clone()));
        acts.tested.set(None);
        spawn_local(async move {
            let input = OidcProviderInput { id: provider.id.clone() };
            let found = api::ask(TestProvider::build(TestProviderVariables { input })).await;
            let found = found.map(|answer| answer.test_oidc_provider);
            if let Err(failure) = &found {
                toaster.failure("The provider was not tested", failure);
            }
            let _ = acts.tested.try_set(Some((provider, found)));
            let _ = acts.testing.try_set(None);
        });
    };
    let waits = move || acts.testing.with(|testing| testing.as_ref() == Some(&own));
    let waiting = waits.clone();
    let actions = move || {
        let (name, waits, waiting) = (name.clone(), waits.clone(), waiting.clone());
        may.get().then(move || {
            view! {
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Test {name}") aria-busy=move || waits().to_string() disabled=waiting on:click=test>
                    "Test"
                </button>
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Edit {name}") on:click=move |_| acts.editing.set(Some(Editing::Old(shared.get_value())))>
                    "Edit"
                </button>
                <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Remove {name}") on:click=move |_| acts.removing.set(Some(shared.get_value()))>
                    "Remove"
                </button>
            }
        })
    };
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name"><span><b>{row.name}</b><small>{row.issuer}</small></span></span>
            </td>
            <td data-slot="state">{status(tone, word)}</td>
            <td data-prio="2" data-slot="sub">{addresses}</td>
            <td data-prio="3" class="nowrap dim">{count(i64::from(row.linked_count), "person", "people")}</td>
            <td data-slot="more" class="nowrap">{actions}</td>
        </tr>
    }
}

/// What a test found.
#[component]
fn Findings(
    provider: OidcProvider,
    found: Result<TestOidcProviderPayload, Failure>,
    acts: Acts,
) -> impl IntoView {
    let name = provider.name;
    let (tone, symbol, title, text) = match found {
        Err(failure) => ("danger", "stop", format!("{name} was not tested"), failure.message),
        Ok(found) => match (found.problem, found.standing) {
            (Some(problem), _) => ("danger", "stop", format!("{name} does not work"), problem),
            (None, OidcStanding::Refused) => (
                "danger",
                "stop",
                format!("{name} refuses the client"),
                "Client id or client secret is not right.".to_owned(),
            ),
            (None, OidcStanding::Accepted) => (
                "good",
                "check",
                format!("{name} works"),
                "Its description is good, and it takes client id and client secret.".to_owned(),
            ),
            (None, OidcStanding::Unknown) => (
                "info",
                "info",
                format!("{name} answers"),
                "Its description is good. Whether client id and client secret are right shows when somebody signs in.".to_owned(),
            ),
        },
    };
    view! {
        <div class="banner" data-tone=tone role="status">
            {icon(symbol)}
            <div class="grow"><b>{title}</b><p>{text}</p></div>
            <button class="btn" type="button" data-kind="quiet" data-icon="" aria-label="Close" on:click=move |_| acts.tested.set(None)>
                {icon("x")}
            </button>
        </div>
    }
}

/// Adds a provider, or changes one.
#[component]
fn Edit(acts: Acts, settings: Remote<OidcSettings>) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let (issuer, name) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (client_id, domains) = (RwSignal::new(String::new()), RwSignal::new(Vec::<String>::new()));
    let enabled = RwSignal::new(true);
    let secret = NodeRef::<html::Input>::new();
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        let (old, switched_on) = match acts.editing.get() {
            None => return,
            Some(Editing::New) => (None, true),
            Some(Editing::Old(provider)) => {
                let on = provider.enabled;
                (Some(provider), on)
            }
        };
        let text = |pick: fn(&OidcProvider) -> &String| old.as_ref().map(pick).cloned().unwrap_or_default();
        issuer.set(text(|it| &it.issuer));
        name.set(text(|it| &it.name));
        client_id.set(text(|it| &it.client_id));
        domains.set(old.as_ref().map(|it| it.domains.clone()).unwrap_or_default());
        enabled.set(switched_on);
        failure.set(None);
        open.set(true);
    });
    place::effect(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            acts.editing.set(None);
        }
        now
    });
    let old = move || match acts.editing.get() {
        Some(Editing::Old(provider)) => Some(provider),
        _ => None,
    };
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        let Some(editing) = acts.editing.get_untracked() else { return };
        busy.set(true);
        failure.set(None);
        let typed = secret.get_untracked().map(|node| node.value()).unwrap_or_default();
        let (name, client_id) = (name.get_untracked(), client_id.get_untracked());
        let (domains, enabled) = (domains.get_untracked(), enabled.get_untracked());
        spawn_local(async move {
            let done = match editing {
                Editing::New => {
                    let issuer = issuer.get_untracked();
                    let input = CreateOidcProviderInput {
                        issuer,
                        name,
                        client_id,
                        client_secret: typed,
                        domains,
                        enabled,
                    };
                    let answer = api::ask(CreateProvider::build(CreateProviderVariables { input })).await;
                    answer.map(|_| "The provider is added")
                }
                Editing::Old(provider) => {
                    let OidcProvider { id, version, .. } = provider;
                    let client_secret = Some(typed).filter(|typed| !typed.trim().is_empty());
                    let input = UpdateOidcProviderInput {
                        id,
                        version,
                        name,
                        client_id,
                        client_secret,
                        domains,
                        enabled,
                    };
                    let answer = api::ask(UpdateProvider::build(UpdateProviderVariables { input })).await;
                    answer.map(|_| "The provider is changed")
                }
            };
            match done {
                Ok(text) => {
                    toaster.done(text);
                    acts.tested.set(None);
                    open.set(false);
                    settings.reload();
                }
                Err(wrong) => {
                    let stale = wrong.is_stale();
                    let _ = failure.try_set(Some(wrong));
                    if stale {
                        settings.reload();
                    }
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let fault = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
    };
    let domain_fault = place::derived(move || {
        failure.with(|failure| {
            let faults = failure.as_ref().map(|failure| failure.fields.as_slice()).unwrap_or_default();
            faults.iter().find(|fault| fault.field.starts_with("domains")).map(|fault| fault.message.clone())
        })
    });
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                {move || if old().is_some() { "Save" } else { "Add the provider" }}
            </button>
        }
    };
    let title = place::derived(move || match old() {
        Some(provider) => format!("Edit {}", provider.name),
        None => "New provider".to_owned(),
    });
    let other_client = move || {
        old().filter(|it| 0 < it.linked_count && it.client_id != client_id.get().trim()).map(|it| {
            let people = count(i64::from(it.linked_count), "person is", "people are");
            view! {
                <p class="meta">{format!("With another client id {people} linked anew, by address, at the next sign-in.")}</p>
            }
        })
    };
    view! {
        <Drawer open title footer=footer on_submit=submit>
            {move || {
                failure.get().filter(|failure| failure.fields.is_empty()).map(|failure| view! { <Wrong failure/> })
            }}
            <TextField id="oidc-name" label="Name" value=name on_input=move |text| name.set(text) error=fault("name") hint="Stands on the button: Continue with …".to_owned() most=64/>
            <Field id="oidc-issuer" label="Issuer" error=fault("issuer") hint=place::derived(move || {
                if old().is_some() { "Cannot be changed: another issuer is another provider.".to_owned() } else { "The provider's address, such as https://accounts.google.com".to_owned() }
            })>
                <input
                    id="oidc-issuer"
                    class="input"
                    type="url"
                    inputmode="url"
                    autocomplete="off"
                    maxlength="300"
                    readonly=move || old().is_some()
                    aria-describedby="oidc-issuer-note"
                    aria-invalid=move || fault("issuer").get().is_some().to_string()
                    prop:value=move || issuer.get()
                    on:input=move |event| issuer.set(event_target_value(&event))
                />
            </Field>
            <TextField id="oidc-client" label="Client id" value=client_id on_input=move |text| client_id.set(text) error=fault("clientId") hint="What the provider gave the shop".to_owned() most=255/>
            {other_client}
            <Field id="oidc-secret" label="Client secret" error=fault("clientSecret") hint=place::derived(move || {
                if old().is_some() { "Leave it empty to keep the one that is stored; nobody sees it again.".to_owned() } else { "Is kept sealed; nobody sees it again.".to_owned() }
            })>
                <input
                    id="oidc-secret"
                    class="input"
                    type="password"
                    autocomplete="off"
                    maxlength="1024"
                    node_ref=secret
                    aria-describedby="oidc-secret-note"
                    aria-invalid=move || fault("clientSecret").get().is_some().to_string()
                />
            </Field>
            <Field id="oidc-domains" label="Only addresses of these domains" optional=true error=domain_fault hint=Signal::stored("Such as example.com; all when there is none.".to_owned())>
                <Tags id="oidc-domains" tags=domains on_change=move |words| domains.set(words)/>
            </Field>
            <label class="check">
                <input type="checkbox" prop:checked=move || enabled.get() on:change=move |event| enabled.set(event_target_checked(&event))/>
                <span>"People may sign in with it"</span>
            </label>
        </Drawer>
    }
}

/// Trusts a provider no more.
#[component]
fn Remove(of: RwSignal<Option<OidcProvider>>, settings: Remote<OidcSettings>) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        if of.with(Option::is_some) {
            failure.set(None);
            open.set(true);
        }
    });
    place::effect(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            of.set(None);
        }
        now
    });
    let yes = move |()| {
        let Some(provider) = of.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            let input = OidcProviderInput { id: provider.id };
            match api::ask(DeleteProvider::build(DeleteProviderVariables { input })).await {
                Ok(_) => {
                    toaster.done("The provider is removed");
                    open.set(false);
                    settings.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let title = place::derived(move || {
        of.with(|it| it.as_ref().map(|it| format!("Remove {}?", it.name)).unwrap_or_default())
    });
    let linked = move || of.with(|it| it.as_ref().map_or(0, |it| i64::from(it.linked_count)));
    view! {
        <Confirm open title act="Remove the provider".to_owned() busy failure on_yes=yes>
            <p>{move || format!("{} linked to it. From now on the password is the only way in.", count(linked(), "person is", "people are"))}</p>
            <p>"Whoever is signed in stays signed in. To throw somebody out, end the sessions in Team."</p>
        </Confirm>
    }
}
