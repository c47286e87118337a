//! Hosts of a shop: named, proved by a record at the name server, taken away.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::tenants::{
    ShopDomainAdd, ShopDomainAddVariables, ShopDomainInput, ShopDomainRemove, ShopDomainRemoveVariables,
    ShopDomainVerify, ShopDomainVerifyVariables, ShopDomains, TenantDomain, TenantDomainAdd,
    TenantDomainAddVariables, TenantDomainInput, TenantDomainRemove, TenantDomainRemoveVariables,
    TenantDomainVerify, TenantDomainVerifyVariables,
};
use crate::parts::dialog::{Confirm, Wrong};
use crate::parts::editor::cards;
use crate::parts::field::TextField;
use crate::parts::toast::use_toaster;
use crate::parts::{PageHead, icon, status};
use crate::place;
use crate::session::use_session;

/// Whose hosts they are: a tenant's that the platform looks after, or the own shop's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// By slug.
    Tenant(String),
    /// The shop of this address.
    Own,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Add,
    Verify,
    Remove,
}

async fn send(whose: Whose, act: Act, host: String) -> Result<(), Failure> {
    match (whose, act) {
        (Whose::Tenant(slug), Act::Add) => {
            let input = TenantDomainInput { slug, host };
            api::ask(TenantDomainAdd::build(TenantDomainAddVariables { input })).await.map(|_| ())
        }
        (Whose::Tenant(slug), Act::Verify) => {
            let input = TenantDomainInput { slug, host };
            api::ask(TenantDomainVerify::build(TenantDomainVerifyVariables { input })).await.map(|_| ())
        }
        (Whose::Tenant(slug), Act::Remove) => {
            let input = TenantDomainInput { slug, host };
            api::ask(TenantDomainRemove::build(TenantDomainRemoveVariables { input })).await.map(|_| ())
        }
        (Whose::Own, Act::Add) => {
            let input = ShopDomainInput { host };
            api::ask(ShopDomainAdd::build(ShopDomainAddVariables { input })).await.map(|_| ())
        }
        (Whose::Own, Act::Verify) => {
            let input = ShopDomainInput { host };
            api::ask(ShopDomainVerify::build(ShopDomainVerifyVariables { input })).await.map(|_| ())
        }
        (Whose::Own, Act::Remove) => {
            let input = ShopDomainInput { host };
            api::ask(ShopDomainRemove::build(ShopDomainRemoveVariables { input })).await.map(|_| ())
        }
    }
}

/// The screen of the own shop's hosts.
#[component]
pub fn Domains() -> impl IntoView {
    place::title(|| "Domains".to_owned());
    let session = use_session();
    let domains =
        remote(|| async { api::ask(ShopDomains::build(())).await.map(|answer| answer.shop_domains) });
    let editable = place::memo(move || session.may("tenants:update"));
    view! {
        <div class="page" data-narrow="">
            <PageHead
                title="Domains".to_owned()
                about=Signal::stored("Addresses of your own that lead to this shop".to_owned())
            />
            {cards(domains, &[5], move |rows| {
                view! {
                    <DomainsCard whose=Whose::Own domains=rows editable=editable.get() changed=move |()| domains.reload()/>
                }
                    .into_any()
            })}
        </div>
    }
}

/// The hosts with what proves them.
#[component]
pub fn DomainsCard(
    /// Whose they are.
    whose: Whose,
    /// The hosts.
    domains: Vec<TenantDomain>,
    /// Whether they may be changed.
    editable: bool,
    /// Something has changed.
    #[prop(into)]
    changed: Callback<()>,
) -> impl IntoView {
    let toaster = use_toaster();
    let host = RwSignal::new(String::new());
    let busy = RwSignal::new(None::<(Act, String)>);
    let failure = RwSignal::new(None::<Failure>);
    let removing = RwSignal::new(String::new());
    let asking = RwSignal::new(false);
    let whose = StoredValue::new(whose);
    let act = Callback::new(move |(act, host_name): (Act, String)| {
        if busy.with_untracked(Option::is_some) {
            return;
        }
        busy.set(Some((act, host_name.clone())));
        failure.set(None);
        spawn_local(async move {
            let sent = send(whose.get_value(), act, host_name.clone()).await;
            let _ = busy.try_set(None);
            match sent {
                Ok(()) => {
                    toaster.done(match act {
                        Act::Add => format!("{host_name} is named; now it needs its record"),
                        Act::Verify => format!("{host_name} leads to the shop"),
                        Act::Remove => format!("{host_name} no longer leads to the shop"),
                    });
                    let _ = asking.try_set(false);
                    let _ = host.try_set(String::new());
                    changed.run(());
                }
                Err(wrong) => {
                    let _ = asking.try_set(false);
                    let _ = failure.try_set(Some(wrong));
                }
            }
        });
    });
    let error = place::derived(move || failure.with(|failure| failure.as_ref().and_then(|it| it.at("host"))));
    let none = domains.is_empty();
    let rows = domains
        .into_iter()
        .map(|domain| {
            let name = StoredValue::new(domain.host.clone());
            let checking = move || {
                busy.with(|busy| busy.as_ref().is_some_and(|(act, host)| *act == Act::Verify && *host == name.get_value()))
            };
            let proof = (!domain.verified).then(|| {
                view! {
                    <p class="dim">"Put this record at the name server of the domain, then check it. It can take a while to be seen."</p>
                    <dl class="dl" data-start="">
                        <dt>"Name"</dt><dd><code>{domain.record_name.clone()}</code></dd>
                        <dt>"Type"</dt><dd><code>"TXT"</code></dd>
                        <dt>"Value"</dt><dd><code>{domain.record_value.clone()}</code></dd>
                    </dl>
                }
            });
            let state = if domain.verified { status("good", "Leads here") } else { status("warning", "Waits for its proof") };
            let waits = !domain.verified;
            view! {
                <div class="body">
                    <div class="flex">
                        <b>{domain.host}</b>
                        {state}
                        <span class="end flex">
                            {(editable && waits)
                                .then(|| {
                                    view! {
                                        <button
                                            class="btn"
                                            type="button"
                                            data-size="sm"
                                            aria-busy=move || checking().to_string()
                                            disabled=move || busy.with(Option::is_some)
                                            on:click=move |_| act.run((Act::Verify, name.get_value()))
                                        >
                                            {icon("refresh")}
                                            "Check the record"
                                        </button>
                                    }
                                })}
                            {editable
                                .then(|| {
                                    view! {
                                        <button
                                            class="btn"
                                            type="button"
                                            data-kind="quiet"
                                            data-size="sm"
                                            data-icon=""
                                            aria-label=move || format!("Remove {}", name.get_value())
                                            on:click=move |_| {
                                                removing.set(name.get_value());
                                                asking.set(true);
                                            }
                                        >
                                            {icon("trash")}
                                        </button>
                                    }
                                })}
                        </span>
                    </div>
                    {proof}
                </div>
            }
        })
        .collect_view();
    let general = move || failure.get().filter(|failure| failure.at("host").is_none());
    view! {
        <section class="card" aria-label="Domains">
            <header><h2>"Domains"</h2></header>
            {rows}
            {none.then(|| view! { <div class="body"><p class="dim">"None yet: the shop is found by its slug."</p></div> })}
            {editable
                .then(|| {
                    view! {
                        <form
                            class="body stack"
                            novalidate
                            on:submit=move |event| {
                                event.prevent_default();
                                act.run((Act::Add, host.get_untracked().trim().to_owned()));
                            }
                        >
                            {move || general().map(|failure| view! { <Wrong failure/> })}
                            <TextField
                                id="host"
                                label="Add a domain"
                                value=host
                                on_input=move |text| host.set(text)
                                error
                                hint=Signal::stored("Such as shop.example".to_owned())
                                most=253
                            />
                            <div class="actions">
                                <button
                                    class="btn"
                                    type="submit"
                                    disabled=move || host.with(|host| host.trim().is_empty()) || busy.with(Option::is_some)
                                >
                                    "Add"
                                </button>
                            </div>
                        </form>
                    }
                })}
            <Confirm
                open=asking
                title=place::derived(move || format!("Remove {}?", removing.get()))
                act=Signal::stored("Remove the domain".to_owned())
                busy=place::derived(move || busy.with(Option::is_some))
                on_yes=move |()| act.run((Act::Remove, removing.get_untracked()))
            >
                <p>"Links to this domain stop leading to the shop at once. To have it back it has to be proved again."</p>
            </Confirm>
        </section>
    }
}
