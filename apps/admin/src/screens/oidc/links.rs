//! The person's own accounts at providers.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::oidc::{MyLinks, OidcLink, Unlink, UnlinkOidcInput, UnlinkVariables};
use crate::parts::FailureView;
use crate::parts::dialog::Confirm;
use crate::parts::toast::use_toaster;
use crate::place;

/// What opens the own account beside the password; nothing in shops without providers.
#[component]
pub fn LinksCard() -> impl IntoView {
    let toaster = use_toaster();
    let mine = remote(|| async { api::ask(MyLinks::build(())).await });
    let (open, of) = (RwSignal::new(false), RwSignal::new(None::<OidcLink>));
    let (busy, failure) = (RwSignal::new(false), RwSignal::new(None::<Failure>));
    let ask = Callback::new(move |link: OidcLink| {
        failure.set(None);
        of.set(Some(link));
        open.set(true);
    });
    let yes = move |()| {
        let Some(link) = of.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            let input = UnlinkOidcInput { id: link.id };
            match api::ask(Unlink::build(UnlinkVariables { input })).await {
                Ok(_) => {
                    toaster.done("Unlinked: everybody else was signed out of your account");
                    let _ = open.try_set(false);
                    mine.reload();
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let title = place::derived(move || {
        let name = of.with(|link| link.as_ref().map(|link| link.provider.clone()).unwrap_or_default());
        format!("Unlink {name}?")
    });
    let body = move || match (mine.data.get(), mine.failure.get()) {
        (_, Some(failure)) => Some(card(
            view! { <div class="body"><FailureView failure again=move |()| mine.reload()/></div> }.into_any(),
        )),
        // Most shops have none: a place that is empty in the end is not shown while it loads.
        (None, None) => None,
        (Some(mine), None) if mine.oidc_links.is_empty() && mine.sign_in_providers.is_empty() => None,
        (Some(mine), None) if mine.oidc_links.is_empty() => {
            let names: Vec<String> = mine.sign_in_providers.into_iter().map(|it| it.name).collect();
            let text = format!(
                "Nothing is linked. Sign in with {} once, with the address of your account here, and it opens this account from then on.",
                names.join(" or ")
            );
            Some(card(view! { <div class="body"><p class="dim">{text}</p></div> }.into_any()))
        }
        (Some(mine), None) => {
            let rows = mine.oidc_links.into_iter().map(|link| row(link, ask)).collect_view();
            Some(card(view! { <div class="list">{rows}</div> }.into_any()))
        }
    };
    view! {
        {body}
        <Confirm open title act="Unlink".to_owned() busy failure on_yes=yes>
            <p>"It no longer opens your account, and your other sessions end within five seconds. This one stays. You can link it again by signing in with it."</p>
        </Confirm>
    }
}

fn card(inside: AnyView) -> AnyView {
    view! { <section class="card"><header><h2>"Sign-in with other accounts"</h2></header>{inside}</section> }
        .into_any()
}

fn row(link: OidcLink, ask: Callback<OidcLink>) -> impl IntoView {
    let reader = place::reader();
    let since = format!(
        "linked {}, last used {}",
        reader.day(&link.created_at.0),
        reader.moment(&link.last_used_at.0)
    );
    let email = if link.email.is_empty() { String::new() } else { format!(" · {}", link.email) };
    let label = format!("Unlink {}", link.provider);
    let name = link.provider.clone();
    view! {
        <div>
            <span class="grow">{name} {email} <small>{since}</small></span>
            <button class="btn" type="button" data-size="sm" aria-label=label on:click=move |_| ask.run(link.clone())>
                "Unlink"
            </button>
        </div>
    }
}
