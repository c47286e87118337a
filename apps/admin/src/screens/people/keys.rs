//! API keys: the list, making one, showing its secret once, revoking.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::grid::Grid;
use crate::api::{self, Failure, Remote, remote};
use crate::gql::DateTime;
use crate::gql::Document;
use crate::gql::people::{
    ApiKey, ApiKeyState, ApiKeys as Page, ApiKeysVariables, CreateApiKey, CreateApiKeyInput,
    CreateApiKeyVariables, Permissions, RenameApiKey, RenameApiKeyInput, RenameApiKeyVariables, RevokeApiKey,
    RevokeApiKeyInput, RevokeApiKeyVariables,
};
use crate::logic::grants::Choice;
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::field::{Field, TextField};
use crate::parts::table::{Column, Rows, Shown, Table};
use crate::parts::toast::use_toaster;
use crate::parts::{CardSkeleton, Empty, FailureView, PageHead, copied, count, icon, status};
use crate::place;
use crate::session::use_session;

const COLUMNS: [Column; 6] = [
    Column::new("Key"),
    Column::new("State"),
    Column::new("May do").prio("2"),
    Column::new("Last used").prio("3"),
    Column::new("Ends").prio("3"),
    Column::heard("Actions"),
];

/// The list of keys.
#[component]
pub fn ApiKeys() -> impl IntoView {
    place::title(|| "API keys".to_owned());
    let session = use_session();
    let revoked = RwSignal::new(false);
    let keys = remote(move || {
        let variables = ApiKeysVariables { revoked: revoked.get() };
        async move { api::ask(Page::build(variables)).await.map(|answer| answer.api_keys) }
    });
    let may_create = place::memo(move || session.may("api_keys:create"));
    let making = RwSignal::new(false);
    let shown = RwSignal::new(None::<String>);
    let (renaming, revoking) = (RwSignal::new(None::<ApiKey>), RwSignal::new(None::<ApiKey>));
    let rows = Rows::of(keys, |keys| Shown::all(keys.len()));
    let body = move || {
        let all = keys.data.get().unwrap_or_default().into_iter();
        all.map(|row| view! { <Line row renaming revoking/> }).collect_view()
    };
    let empty = move || {
        view! {
            <Empty symbol="key" title="No API keys" text="A key lets a program in: a till, an accounting tool, a script. It may do what you choose, and never more than you.">
                {may_create
                    .get()
                    .then(|| view! { <button class="btn" type="button" data-kind="primary" on:click=move |_| making.set(true)>"Make a key"</button> })}
            </Empty>
        }
    };
    view! {
        <div class="page">
            <PageHead title="API keys".to_owned() about=Signal::stored("Programs send a key as “Authorization: Bearer rk_…”.".to_owned())>
                {move || {
                    may_create
                        .get()
                        .then(|| {
                            view! {
                                <button class="btn" type="button" data-kind="primary" on:click=move |_| making.set(true)>
                                    {icon("plus")}
                                    "Make a key"
                                </button>
                            }
                        })
                }}
            </PageHead>
            {move || shown.get().map(|secret| view! { <Secret secret on_close=move |()| shown.set(None)/> })}
            <Table label="API keys" rows columns=&COLUMNS grey=3 body empty>
                <div class="filters">
                    <label class="check">
                        <input type="checkbox" prop:checked=move || revoked.get() on:change=move |event| revoked.set(event_target_checked(&event))/>
                        <span>"Show revoked keys"</span>
                    </label>
                </div>
            </Table>
            <Make open=making shown keys/>
            <Rename of=renaming keys/>
            <Revoke of=revoking keys/>
        </div>
    }
}

#[component]
fn Line(
    row: ApiKey,
    renaming: RwSignal<Option<ApiKey>>,
    revoking: RwSignal<Option<ApiKey>>,
) -> impl IntoView {
    let session = use_session();
    let reader = place::reader();
    let (tone, word) = row.state.words();
    let moment =
        |at: Option<&DateTime>, none: &str| at.map_or_else(|| none.to_owned(), |at| reader.moment(&at.0));
    let allowed = if row.permissions == row.effective_permissions || row.state != ApiKeyState::Active {
        count(row.permissions.len() as i64, "permission", "permissions")
    } else {
        // Its maker has lost something since.
        format!("{} of {} permissions", row.effective_permissions.len(), row.permissions.len())
    };
    let names = row.permissions.join(", ");
    let live = row.state != ApiKeyState::Revoked;
    let (one, two) = (row.clone(), row.clone());
    let (name, other) = (row.name.clone(), row.name.clone());
    view! {
        <tr>
            <td class="fill" data-slot="title">
                <span class="name">
                    <span><b>{row.name.clone()}</b><small><code>{format!("{}_…", row.prefix)}</code> " by " {row.created_by.clone()}</small></span>
                </span>
            </td>
            <td data-slot="state">{status(tone, word)}</td>
            <td data-prio="2" data-slot="sub" title=names>{allowed}</td>
            <td data-prio="3" class="nowrap dim">{moment(row.last_used_at.as_ref(), "never")}</td>
            <td data-prio="3" class="nowrap dim">{moment(row.expires_at.as_ref(), "never")}</td>
            <td data-slot="more" class="nowrap">
                {(live && session.may("api_keys:update"))
                    .then(|| {
                        view! {
                            <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Rename {name}") on:click=move |_| renaming.set(Some(one.clone()))>
                                "Rename"
                            </button>
                        }
                    })}
                {(live && session.may("api_keys:delete"))
                    .then(|| {
                        view! {
                            <button class="btn" type="button" data-kind="quiet" data-size="sm" aria-label=format!("Revoke {other}") on:click=move |_| revoking.set(Some(two.clone()))>
                                "Revoke"
                            </button>
                        }
                    })}
            </td>
        </tr>
    }
}

/// The whole key, this once.
#[component]
fn Secret(secret: String, #[prop(into)] on_close: Callback<()>) -> impl IntoView {
    let toaster = use_toaster();
    let text = StoredValue::new(secret.clone());
    let field = NodeRef::<leptos::html::Input>::new();
    let copy = move |_| {
        if let Some(input) = field.get_untracked() {
            input.select();
        }
        spawn_local(async move {
            if copied(&text.get_value()).await {
                toaster.done("Copied");
            } else {
                toaster.done("The browser does not let us copy: the key is selected, press Ctrl C");
            }
        });
    };
    view! {
        <div class="banner" data-tone="warning" role="alert">
            {icon("key")}
            <div class="grow stack">
                <b>"Copy this key now: it is not shown again"</b>
                <p>"The shop keeps only a fingerprint of it. Whoever has the key may do what it allows."</p>
                <div class="secret">
                    <input class="input" node_ref=field readonly aria-label="The whole key" value=secret on:focus=move |_| {
                        if let Some(input) = field.get_untracked() {
                            input.select();
                        }
                    }/>
                    <button class="btn" type="button" data-kind="primary" on:click=copy>"Copy"</button>
                    <button class="btn" type="button" on:click=move |_| on_close.run(())>"I have it"</button>
                </div>
            </div>
        </div>
    }
}

/// Makes a key.
#[component]
fn Make(open: RwSignal<bool>, shown: RwSignal<Option<String>>, keys: Remote<Vec<ApiKey>>) -> impl IntoView {
    let (name, days) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let choice = RwSignal::new(Choice::default());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let permissions = remote(move || {
        let wanted = open.get();
        async move {
            if !wanted {
                return Ok(None);
            }
            api::ask(Permissions::build(())).await.map(|answer| Some(answer.permissions))
        }
    });
    let submit = move |()| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let expires_at = days.get_untracked().parse::<f64>().ok().map(|days| {
            let at = js_sys::Date::new(&(js_sys::Date::now() + days * 86_400_000.0).into());
            DateTime(at.to_iso_string().into())
        });
        spawn_local(async move {
            let input = CreateApiKeyInput {
                name: name.get_untracked(),
                permissions: choice.with_untracked(Choice::names),
                expires_at,
            };
            match api::ask(CreateApiKey::build(CreateApiKeyVariables { input })).await {
                Ok(answer) => {
                    shown.set(Some(answer.create_api_key.secret));
                    open.set(false);
                    name.set(String::new());
                    choice.set(Choice::default());
                    keys.reload();
                    window().scroll_to_with_x_and_y(0.0, 0.0);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let fault = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|failure| failure.at(field))))
    };
    let footer = move || {
        view! {
            <span class="dim">{move || count(choice.with(Choice::len) as i64, "permission", "permissions")}</span>
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Make the key"
            </button>
        }
    };
    view! {
        <Drawer open title="New API key".to_owned() footer=footer on_submit=submit>
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
            <TextField id="key-name" label="Name" value=name on_input=move |text| name.set(text) error=fault("name") hint="The program that uses it".to_owned() most=100/>
            <Field id="key-ends" label="Ends by itself" error=fault("expiresAt")>
                <select id="key-ends" class="input" prop:value=move || days.get() on:change=move |event| days.set(event_target_value(&event))>
                    <option value="">"Never"</option>
                    <option value="30">"After 30 days"</option>
                    <option value="90">"After 90 days"</option>
                    <option value="365">"After a year"</option>
                </select>
            </Field>
            <h3>"What it may do"</h3>
            {move || match (permissions.data.get().flatten(), permissions.failure.get()) {
                (_, Some(failure)) => view! { <FailureView failure again=move |()| permissions.reload()/> }.into_any(),
                (None, None) => view! { <CardSkeleton lines=8/> }.into_any(),
                (Some(all), None) => view! { <Grid permissions=all choice editable=Signal::stored(true)/> }.into_any(),
            }}
        </Drawer>
    }
}

/// Gives a key another name.
#[component]
fn Rename(of: RwSignal<Option<ApiKey>>, keys: Remote<Vec<ApiKey>>) -> impl IntoView {
    let toaster = use_toaster();
    let open = RwSignal::new(false);
    let name = RwSignal::new(String::new());
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    place::effect(move |_| {
        if let Some(key) = of.get() {
            name.set(key.name);
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
    let submit = move |()| {
        let Some(key) = of.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            let input = RenameApiKeyInput { id: key.id, name: name.get_untracked() };
            match api::ask(RenameApiKey::build(RenameApiKeyVariables { input })).await {
                Ok(_) => {
                    toaster.done("Renamed");
                    open.set(false);
                    keys.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let error = place::derived(move || {
        failure.with(|failure| failure.as_ref().and_then(|failure| failure.at("name")))
    });
    let footer = move || {
        view! {
            <button class="btn" type="submit" data-kind="primary" aria-busy=move || busy.get().to_string() disabled=move || busy.get()>
                "Rename"
            </button>
        }
    };
    view! {
        <Drawer open title="Rename the key".to_owned() footer=footer on_submit=submit>
            {move || failure.get().filter(|failure| failure.at("name").is_none()).map(|failure| view! { <Wrong failure/> })}
            <TextField id="key-rename" label="Name" value=name on_input=move |text| name.set(text) error most=100/>
        </Drawer>
    }
}

/// Ends a key.
#[component]
fn Revoke(of: RwSignal<Option<ApiKey>>, keys: Remote<Vec<ApiKey>>) -> impl IntoView {
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
        let Some(key) = of.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            let input = RevokeApiKeyInput { id: key.id };
            match api::ask(RevokeApiKey::build(RevokeApiKeyVariables { input })).await {
                Ok(_) => {
                    toaster.done("The key opens nothing any more");
                    open.set(false);
                    keys.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let title = place::derived(move || {
        format!("Revoke “{}”?", of.with(|key| key.as_ref().map(|key| key.name.clone()).unwrap_or_default()))
    });
    view! {
        <Confirm open title act="Revoke the key".to_owned() busy failure on_yes=yes>
            <p>"The program that uses it is locked out within five seconds. This cannot be undone: it then needs a new key."</p>
        </Confirm>
    }
}
