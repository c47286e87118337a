//! One tenant: its names, its hosts, and what can be done with it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::domains::{DomainsCard, Whose};
use crate::api::{self, Failure, Remote, remote};
use crate::gql::Document;
use crate::gql::tenants::{
    SlugVariables, Tenant, TenantBySlug, TenantClone, TenantCloneInput, TenantCloneVariables, TenantDelete,
    TenantDeleteInput, TenantDeleteVariables, TenantInput, TenantRename, TenantRenameInput,
    TenantRenameVariables, TenantRestore, TenantRestoreVariables, TenantResume, TenantResumeVariables,
    TenantStatus, TenantSuspend, TenantSuspendInput, TenantSuspendVariables,
};
use crate::parts::dialog::{Confirm, Drawer, Wrong};
use crate::parts::editor::cards;
use crate::parts::field::TextField;
use crate::parts::toast::use_toaster;
use crate::parts::{PageHead, icon, pill};
use crate::place;
use crate::session::use_session;

async fn fetch(slug: String) -> Result<Tenant, Failure> {
    let answer = api::ask(TenantBySlug::build(SlugVariables { slug })).await?;
    answer.tenant.ok_or_else(|| Failure::new("NOT_FOUND", "There is no shop with this slug."))
}

/// The screen of one tenant.
#[component]
pub fn TenantScreen() -> impl IntoView {
    let session = use_session();
    let params = use_params_map();
    let slug = place::memo(move || params.with(|params| params.get("slug").unwrap_or_default()));
    let tenant = remote(move || fetch(slug.get()));
    let name =
        move || tenant.data.with(|it| it.as_ref().map_or_else(|| " ".to_owned(), |it| it.name.clone()));
    place::title(move || name().trim().to_owned());
    let about = place::derived(move || {
        tenant.data.with(|it| {
            it.as_ref().map_or_else(
                || " ".to_owned(),
                |it| format!("{}, {}, {}, {}", it.slug, it.currency, it.country, it.locale),
            )
        })
    });
    let beside = move || {
        tenant.data.with(|it| {
            it.as_ref().map(|it| {
                let (tone, word) = it.status.words();
                pill(tone, word)
            })
        })
    };
    let manages = place::memo(move || session.may("tenants:manage"));
    view! {
        <div class="page">
            <PageHead title=place::derived(name) about beside back=(place::to("/tenants"), "Tenants")/>
            {cards(tenant, &[5, 5], move |it| {
                let whose = Whose::Tenant(it.slug.clone());
                let open = matches!(it.status, TenantStatus::Active | TenantStatus::Suspended);
                view! {
                    <div class="cols">
                        <div class="stack">
                            <DomainsCard
                                whose
                                domains=it.domains.clone()
                                editable=manages.get() && open
                                changed=move |()| tenant.reload()
                            />
                        </div>
                        <aside class="stack">
                            <Facts tenant=it.clone()/>
                            {manages.get().then(|| view! { <Acts tenant=it remote=tenant/> })}
                        </aside>
                    </div>
                }
                    .into_any()
            })}
        </div>
    }
}

#[component]
fn Facts(tenant: Tenant) -> impl IntoView {
    let reader = place::reader();
    let gone = tenant.purge_at.map(|at| reader.moment(&at.0));
    view! {
        <section class="card">
            <header><h2>"The shop"</h2></header>
            <div class="body">
                <dl class="dl">
                    <dt>"Slug"</dt><dd><code>{tenant.slug}</code></dd>
                    <dt>"Id"</dt><dd><code>{tenant.id.into_inner()}</code></dd>
                    <dt>"Opened"</dt><dd>{reader.moment(&tenant.created_at.0)}</dd>
                    {gone.map(|gone| view! { <dt>"Gone for good"</dt><dd>{gone}</dd> })}
                </dl>
            </div>
        </section>
    }
}

#[component]
fn Acts(tenant: Tenant, remote: Remote<Tenant>) -> impl IntoView {
    let toaster = use_toaster();
    let navigate = use_navigate();
    let slug = StoredValue::new(tenant.slug.clone());
    let (suspending, deleting) = (RwSignal::new(false), RwSignal::new(false));
    let (renaming, copying) = (RwSignal::new(false), RwSignal::new(false));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let reason = RwSignal::new(String::new());
    let typed = RwSignal::new(String::new());
    let new_name = RwSignal::new(tenant.name.clone());
    let new_slug = RwSignal::new(tenant.slug.clone());
    let copy_slug = RwSignal::new(format!("{}-copy", tenant.slug));
    let ask = move |which: RwSignal<bool>| {
        failure.set(None);
        typed.set(String::new());
        which.set(true);
    };
    let done = move |text: &str| {
        toaster.done(text.to_owned());
        for open in [suspending, deleting, renaming, copying] {
            let _ = open.try_set(false);
        }
        remote.reload();
    };
    let suspend = move |()| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let reason = Some(reason.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
            let input = TenantSuspendInput { slug: slug.get_value(), reason };
            match api::ask(TenantSuspend::build(TenantSuspendVariables { input })).await {
                Ok(_) => done("The shop is closed to everybody"),
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let delete = move |()| {
        if typed.with_untracked(|typed| slug.with_value(|slug| typed != slug)) {
            failure
                .set(Some(Failure::new("BAD_USER_INPUT", format!("Type {} to mean it", slug.get_value()))));
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = TenantDeleteInput { slug: slug.get_value(), confirm: typed.get_untracked() };
            match api::ask(TenantDelete::build(TenantDeleteVariables { input })).await {
                Ok(_) => done("The shop is hidden; it can be had back until its time is over"),
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let again = move |restore: bool| {
        busy.set(true);
        spawn_local(async move {
            let input = TenantInput { slug: slug.get_value() };
            let answer = if restore {
                api::ask(TenantRestore::build(TenantRestoreVariables { input })).await.map(|_| ())
            } else {
                api::ask(TenantResume::build(TenantResumeVariables { input })).await.map(|_| ())
            };
            match answer {
                Ok(()) => done("The shop is open again"),
                Err(wrong) => toaster.failure("The shop stays as it is", &wrong),
            }
            let _ = busy.try_set(false);
        });
    };
    let go = StoredValue::new_local(navigate);
    let rename = move |()| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = TenantRenameInput {
                slug: slug.get_value(),
                name: Some(new_name.get_untracked()),
                new_slug: Some(new_slug.get_untracked()),
            };
            match api::ask(TenantRename::build(TenantRenameVariables { input })).await {
                Ok(answer) => {
                    let now = answer.tenant_rename.tenant.slug;
                    done("Renamed");
                    if slug.try_get_value().is_some_and(|before| before != now) {
                        let options = NavigateOptions { resolve: false, replace: true, ..Default::default() };
                        go.with_value(|go| go(&place::to(&format!("/tenants/{now}")), options));
                    }
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let copy = move |()| {
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let input = TenantCloneInput {
                slug: slug.get_value(),
                new_slug: copy_slug.get_untracked().trim().to_owned(),
                owner: None,
            };
            match api::ask(TenantClone::build(TenantCloneVariables { input })).await {
                Ok(answer) => {
                    done("Copied");
                    let path = place::to(&format!("/tenants/{}", answer.tenant_clone.tenant.slug));
                    go.with_value(|go| go(&path, NavigateOptions { resolve: false, ..Default::default() }));
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let error = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|it| it.at(field))))
    };
    let general = move || {
        failure
            .get()
            .filter(|it| ["slug", "name"].iter().all(|field| it.at(field).is_none()))
            .map(|failure| view! { <Wrong failure/> })
    };
    let (suspended, deleted) =
        (tenant.status == TenantStatus::Suspended, tenant.status == TenantStatus::Deleted);
    let open = suspended || tenant.status == TenantStatus::Active;
    let save = move |text: &'static str| {
        view! {
            <button
                class="btn"
                type="submit"
                data-kind="primary"
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                {text}
            </button>
        }
    };
    view! {
        <section class="card">
            <header><h2>"What can be done"</h2></header>
            <div class="body stack">
                {open
                    .then(|| {
                        view! {
                            <button class="btn" type="button" on:click=move |_| ask(renaming)>"Rename"</button>
                            <button class="btn" type="button" on:click=move |_| ask(copying)>"Make a copy"</button>
                            <a class="btn" href=place::shop(&format!("/api/v1/tenants/{}/export", slug.get_value())) download="">
                                {icon("download")}
                                "Export"
                            </a>
                        }
                    })}
                {(open && !suspended)
                    .then(|| view! { <button class="btn" type="button" on:click=move |_| ask(suspending)>{icon("stop")} "Suspend"</button> })}
                {suspended
                    .then(|| view! { <button class="btn" type="button" disabled=move || busy.get() on:click=move |_| again(false)>"Resume"</button> })}
                {deleted
                    .then(|| view! { <button class="btn" type="button" data-kind="primary" disabled=move || busy.get() on:click=move |_| again(true)>"Have it back"</button> })}
                {open
                    .then(|| {
                        view! {
                            <button class="btn" type="button" data-kind="danger" on:click=move |_| ask(deleting)>
                                {icon("trash")}
                                "Delete"
                            </button>
                        }
                    })}
                {(!open && !deleted).then(|| view! { <p class="dim">"Nothing: it is on its way."</p> })}
            </div>
            <Confirm
                open=suspending
                title=place::derived(move || format!("Suspend {}?", slug.get_value()))
                act=Signal::stored("Suspend the shop".to_owned())
                busy
                failure
                on_yes=suspend
            >
                <p>"Nobody gets in, neither shoppers nor staff, until it is resumed. Nothing is deleted."</p>
                <TextField id="reason" label="Why" value=reason on_input=move |text| reason.set(text) optional=true most=500/>
            </Confirm>
            <Confirm
                open=deleting
                title=place::derived(move || format!("Delete {}?", slug.get_value()))
                act=Signal::stored("Delete the shop".to_owned())
                busy
                failure
                on_yes=delete
            >
                <p>
                    "The shop is hidden at once. For the days of grace it can be had back; then its products, orders, customers and pictures are gone for good."
                </p>
                <TextField
                    id="confirm"
                    label="Type its slug to confirm"
                    value=typed
                    on_input=move |text| typed.set(text)
                    placeholder=slug.get_value()
                    most=63
                />
            </Confirm>
            <Drawer open=renaming title=Signal::stored("Rename the shop".to_owned()) footer=move || save("Rename") on_submit=rename>
                {general}
                <TextField id="new-name" label="Name" value=new_name on_input=move |text| new_name.set(text) error=error("name") most=200/>
                <TextField
                    id="new-slug"
                    label="Slug"
                    value=new_slug
                    on_input=move |text| new_slug.set(text)
                    error=error("slug")
                    hint=Signal::stored("Addresses with the old slug stop working, and everybody has to sign in again".to_owned())
                    most=63
                />
            </Drawer>
            <Drawer open=copying title=Signal::stored("Make a copy".to_owned()) footer=move || save("Copy") on_submit=copy>
                {general}
                <p>"What the shop sells and how it looks, with ids of its own. Customers, orders and people stay where they are."</p>
                <TextField
                    id="copy-slug"
                    label="Slug of the copy"
                    value=copy_slug
                    on_input=move |text| copy_slug.set(text)
                    error=error("slug")
                    most=63
                />
            </Drawer>
        </section>
    }
}
