//! A new shop.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use primitives::{Country, Currency, Slug};

use crate::api::{self, Failure};
use crate::gql::Document;
use crate::gql::tenants::{TenantCreate, TenantCreateInput, TenantCreateVariables, TenantOwnerInput};
use crate::parts::PageHead;
use crate::parts::dialog::Wrong;
use crate::parts::field::{Field, TextField};
use crate::parts::guard::{Guard, LeaveGuard};
use crate::parts::toast::use_toaster;
use crate::place;

/// The languages that the shop speaks.
const LANGUAGES: &[(&str, &str)] = &[
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("ru", "Русский"),
    ("zh", "中文"),
];

fn choice(value: &'static str, text: &'static str, first: &str) -> impl IntoView + use<> {
    view! { <option value=value selected=value == first>{text}</option> }
}

#[derive(Clone, Default, PartialEq)]
struct Draft {
    name: String,
    slug: String,
    locale: String,
    currency: String,
    country: String,
    email: String,
    person: String,
    password: String,
    sample: bool,
}

impl Draft {
    fn new() -> Self {
        Self { locale: "en".into(), currency: "EUR".into(), country: "BE".into(), ..Self::default() }
    }

    /// As long as nobody has written a slug, it follows the name.
    fn rename(&mut self, name: String) {
        let proposed = |name: &str| {
            let slug = Slug::slugify(name).map(|slug| slug.as_str().replace('_', "-")).unwrap_or_default();
            slug.chars().take(63).collect::<String>().trim_matches('-').to_owned()
        };
        if self.slug.is_empty() || self.slug == proposed(&self.name) {
            self.slug = proposed(&name);
        }
        self.name = name;
    }

    fn input(&self) -> TenantCreateInput {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let owner = some(&self.email).map(|email| TenantOwnerInput {
            email,
            name: some(&self.person),
            password: Some(self.password.clone()).filter(|password| !password.is_empty()),
        });
        TenantCreateInput {
            slug: self.slug.trim().to_owned(),
            name: self.name.trim().to_owned(),
            locale: some(&self.locale),
            currency: self.currency.trim().to_uppercase(),
            country: self.country.trim().to_uppercase(),
            owner,
            sample: Some(self.sample),
        }
    }
}

/// The screen.
#[component]
pub fn NewTenant() -> impl IntoView {
    place::title(|| "Open a shop".to_owned());
    let toaster = use_toaster();
    let navigate = use_navigate();
    let draft = RwSignal::new(Draft::new());
    let (busy, done) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let dirty = place::derived(move || !done.get() && draft.with(|draft| *draft != Draft::new()));
    let error = move |field: &'static str| {
        place::derived(move || failure.with(|failure| failure.as_ref().and_then(|it| it.at(field))))
    };
    let create = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failure.set(None);
        let navigate = navigate.clone();
        let guard = expect_context::<LeaveGuard>();
        let input = draft.with_untracked(Draft::input);
        spawn_local(async move {
            match api::ask(TenantCreate::build(TenantCreateVariables { input })).await {
                Ok(answer) => {
                    done.set(true);
                    guard.clear();
                    toaster.done("The shop is open");
                    let path = place::to(&format!("/tenants/{}", answer.tenant_create.tenant.slug));
                    navigate(&path, NavigateOptions { resolve: false, replace: true, ..Default::default() });
                }
                Err(wrong) => {
                    let _ = failure.try_set(Some(wrong));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <div class="page" data-narrow="">
            <PageHead title="Open a shop".to_owned() back=(place::to("/tenants"), "Tenants")/>
            <Guard dirty/>
            <form class="stack" novalidate on:submit=create>
                {move || failure.get().map(|failure| view! { <Wrong failure/> })}
                <section class="card">
                    <header><h2>"The shop"</h2></header>
                    <div class="body stack">
                        <TextField
                            id="name"
                            label="Name"
                            value=place::derived(move || draft.with(|it| it.name.clone()))
                            on_input=move |text| draft.update(|it| it.rename(text))
                            error=error("name")
                            most=200
                        />
                        <TextField
                            id="slug"
                            label="Slug"
                            value=place::derived(move || draft.with(|it| it.slug.clone()))
                            on_input=move |text| draft.update(|it| it.slug = text)
                            error=error("slug")
                            hint=Signal::stored("Its name in addresses: letters a to z, digits and -".to_owned())
                            most=63
                        />
                        <Field id="currency" label="Currency" error=error("currency") hint="It stays once the shop has prices.".to_owned()>
                            <select class="input" id="currency" on:change=move |event| draft.update(|it| it.currency = event_target_value(&event))>
                                {Currency::all().map(|it| choice(it.code(), it.code(), "EUR")).collect_view()}
                            </select>
                        </Field>
                        <Field id="country" label="Country" error=error("country") hint="Where it is at home: taxes are counted from there.".to_owned()>
                            <select class="input" id="country" on:change=move |event| draft.update(|it| it.country = event_target_value(&event))>
                                {Country::all().map(|it| choice(it.as_str(), it.name(), "BE")).collect_view()}
                            </select>
                        </Field>
                        <Field id="locale" label="Language" error=error("locale")>
                            <select class="input" id="locale" on:change=move |event| draft.update(|it| it.locale = event_target_value(&event))>
                                {LANGUAGES.iter().map(|(tag, name)| choice(tag, name, "en")).collect_view()}
                            </select>
                        </Field>
                        <label class="check">
                            <input
                                type="checkbox"
                                prop:checked=move || draft.with(|it| it.sample)
                                on:change=move |event| draft.update(|it| it.sample = event_target_checked(&event))
                            />
                            <span>"With things to try it out with"</span>
                        </label>
                    </div>
                </section>
                <section class="card">
                    <header><h2>"The owner"</h2></header>
                    <div class="body stack">
                        <TextField
                            id="owner-email"
                            label="E-mail"
                            value=place::derived(move || draft.with(|it| it.email.clone()))
                            on_input=move |text| draft.update(|it| it.email = text)
                            error=error("owner.email")
                            mode="email"
                            optional=true
                            most=254
                        />
                        <TextField
                            id="owner-name"
                            label="Name"
                            value=place::derived(move || draft.with(|it| it.person.clone()))
                            on_input=move |text| draft.update(|it| it.person = text)
                            error=error("owner.name")
                            optional=true
                            most=200
                        />
                        <TextField
                            id="owner-password"
                            label="First password"
                            value=place::derived(move || draft.with(|it| it.password.clone()))
                            on_input=move |text| draft.update(|it| it.password = text)
                            error=error("owner.password")
                            hint=Signal::stored("Without one the owner gets an invitation by mail".to_owned())
                            optional=true
                            most=1024
                        />
                    </div>
                </section>
                <div class="actions">
                    <button
                        class="btn"
                        type="submit"
                        data-kind="primary"
                        aria-busy=move || busy.get().to_string()
                        disabled=move || busy.get()
                    >
                        "Open the shop"
                    </button>
                </div>
            </form>
        </div>
    }
}
