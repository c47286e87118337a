//! Puts a price list away for good.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::list::n_prices;
use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::prices::{PriceList, PriceListArchive, PriceListArchiveVariables};
use crate::parts::dialog::Confirm;
use crate::parts::icon;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::use_session;

/// Button and dialog.
#[component]
pub fn PutAway(
    /// As it is saved; nothing while it is new.
    saved: RwSignal<Option<PriceList>>,
    /// It was put away.
    #[prop(into)]
    on_done: Callback<PriceList>,
) -> impl IntoView {
    let (session, toaster) = (use_session(), use_toaster());
    let (asking, busy, failure) =
        (RwSignal::new(false), RwSignal::new(false), RwSignal::new(None::<Failure>));
    let may = place::memo(move || {
        let open = saved.with(|saved| saved.as_ref().is_some_and(|saved| saved.archived_at.is_none()));
        open && session.may("prices:delete")
    });
    let yes = move |()| {
        let Some(list) = saved.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let variables = PriceListArchiveVariables { id: list.id, version: list.version };
            match api::ask(PriceListArchive::build(variables)).await {
                Ok(answer) => {
                    toaster.done("The price list is put away");
                    let _ = asking.try_set(false);
                    on_done.run(answer.price_list_archive.price_list);
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let said =
        move |say: fn(&PriceList) -> String| saved.with(|saved| saved.as_ref().map(say).unwrap_or_default());
    let title = place::derived(move || format!("Put “{}” away?", said(|list| list.name.clone())));
    view! {
        <Show when=move || may.get()>
            <button
                class="btn"
                type="button"
                on:click=move |_| {
                    failure.set(None);
                    asking.set(true);
                }
            >
                {icon("trash")}
                "Put away"
            </button>
        </Show>
        <Confirm open=asking title act="Put the list away".to_owned() busy failure on_yes=yes>
            <p>
                <b>{said(|list| n_prices(list.n_prices))}</b>
                " count for nobody any more, from the next cart on. Orders keep what was paid. The list can still be read; it cannot be taken into use again."
            </p>
        </Confirm>
    }
}
