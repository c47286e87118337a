//! Finds products by their words, for whoever puts them somewhere.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, Failure, remote};
use crate::gql::Document;
use crate::gql::catalog::{
    AdminProductFilter, AdminProductRow, AdminProductSort, IdVariables, Products, ProductsVariables,
};
use crate::gql::promotions::{ProductNameById, VariantName};
use crate::parts::dialog::Wrong;
use crate::parts::{FailureView, icon, thumb};
use crate::place;
use crate::session::use_session;

/// A search whose results are buttons.
#[component]
pub fn FindProducts(
    /// What they are looked for.
    label: &'static str,
    /// Ids of those that are not offered again.
    #[prop(into)]
    taken: Signal<Vec<String>>,
    /// One was chosen.
    #[prop(into)]
    on_pick: Callback<AdminProductRow>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let asked = RwSignal::new(String::new());
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let found = remote(move || {
        let q = asked.get();
        async move {
            if q.is_empty() {
                return Ok(Vec::new());
            }
            let variables = ProductsVariables {
                first: Some(8),
                after: None,
                last: None,
                before: None,
                filter: Some(AdminProductFilter { q: Some(q), ..AdminProductFilter::default() }),
                sort: AdminProductSort::TitleAsc,
            };
            api::ask(Products::build(variables)).await.map(|answer| answer.admin_products.nodes)
        }
    });
    let input = move |event| {
        typed.set(event_target_value(&event));
        if let Some(handle) = waiting.get_value() {
            handle.clear();
        }
        let later = move || asked.set(typed.get_untracked().trim().to_owned());
        waiting.set_value(set_timeout_with_handle(later, Duration::from_millis(250)).ok());
    };
    on_cleanup(move || {
        if let Some(Some(handle)) = waiting.try_get_value() {
            handle.clear();
        }
    });
    let rows = move || {
        if let Some(failure) = found.failure.get() {
            return view! { <FailureView failure again=move |()| found.reload()/> }.into_any();
        }
        let have = taken.get();
        let rows = found.data.get().unwrap_or_default();
        let rest: Vec<_> =
            rows.into_iter().filter(|row| !have.iter().any(|id| id == row.id.inner())).collect();
        if rest.is_empty() && !asked.with(String::is_empty) && !found.busy.get() {
            return view! { <p class="dim">"No other product has these words."</p> }.into_any();
        }
        let buttons = rest
            .into_iter()
            .map(|row| {
                let title = row.title.clone();
                let picture = thumb(row.picture.as_ref());
                view! {
                    <button type="button" on:click=move |_| on_pick.run(row.clone())>
                        {picture}
                        <span class="grow clip">{title}</span>
                        {icon("plus")}
                    </button>
                }
            })
            .collect_view();
        view! { <div class="list found">{buttons}</div> }.into_any()
    };
    view! {
        <label class="input">
            {icon("search")}
            <input
                type="search"
                aria-label=label
                placeholder=label
                maxlength="100"
                prop:value=move || typed.get()
                on:input=input
                on:keydown=|event| if event.key() == "Enter" { event.prevent_default() }
            />
        </label>
        {rows}
    }
}

/// A search for one variant: first the product, then which one of it.
#[component]
pub fn FindVariant(
    /// What it is looked for.
    label: &'static str,
    /// The name of the one that is chosen.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    /// Id and name of the one that was chosen; nothing when it was taken away.
    #[prop(into)]
    on_pick: Callback<Option<(String, String)>>,
) -> impl IntoView {
    let session = use_session();
    let may_find = place::memo(move || session.may("products:list") && session.may("products:read"));
    let product = RwSignal::new(None::<(String, Vec<VariantName>)>);
    let failure = RwSignal::new(None::<Failure>);
    let take = move |title: &str, variant: &VariantName| {
        product.set(None);
        on_pick.run(Some((variant.id.inner().to_owned(), full_name(title, variant))));
    };
    let pick = move |id: cynic::Id| {
        failure.set(None);
        spawn_local(async move {
            match api::ask(ProductNameById::build(IdVariables { id })).await {
                Ok(answer) => {
                    let found = answer.admin_product;
                    match found.variants.as_slice() {
                        [only] => take(&found.title, only),
                        _ => {
                            let _ = product.try_set(Some((found.title, found.variants)));
                        }
                    }
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
        });
    };
    let variants = move || {
        product.get().map(|(title, variants)| {
            let rows = variants
                .into_iter()
                .map(|variant| {
                    let (title, name) = (title.clone(), full_name(&title, &variant));
                    view! {
                        <button type="button" on:click=move |_| take(&title, &variant)>
                            <span class="grow clip">{name}</span>
                            {icon("plus")}
                        </button>
                    }
                })
                .collect_view();
            view! {
                <p class="dim">"Which one of them?"</p>
                <div class="list found">{rows}</div>
            }
        })
    };
    move || {
        match (chosen.get(), may_find.get()) {
        (Some(name), _) => view! {
            <div class="flex wrap gap-s">
                <span class="tag">
                    <span class="clip">{name.clone()}</span>
                    <button type="button" aria-label=format!("Remove {name}") on:click=move |_| on_pick.run(None)>{icon("x")}</button>
                </span>
            </div>
        }
        .into_any(),
        (None, true) => view! {
            <FindProducts label taken=Signal::stored(Vec::new()) on_pick=move |row: AdminProductRow| pick(row.id)/>
            {variants}
            {move || failure.get().map(|failure| view! { <Wrong failure/> })}
        }
        .into_any(),
        (None, false) => {
            view! { <p class="dim">"You may not look at products, so nothing can be chosen here."</p> }.into_any()
        }
    }
    }
}

fn full_name(title: &str, variant: &VariantName) -> String {
    match variant.title.as_str() {
        "" | "Default Title" => title.to_owned(),
        own => format!("{title}, {own}"),
    }
}
