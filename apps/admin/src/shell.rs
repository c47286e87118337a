//! The frame around every screen: top bar, side bar, tab bar on phones, person menu.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::parts::icon;
use crate::parts::toast::use_toaster;
use crate::place;
use crate::session::{Session, use_session};

/// One entry of the side bar.
struct Entry {
    path: &'static str,
    label: &'static str,
    icon: &'static str,
    /// Needed to see it; none: everybody who works here.
    permission: Option<&'static str>,
    /// Heading in front of it.
    heading: Option<&'static str>,
    /// Key after G.
    key: &'static str,
}

const ENTRIES: &[Entry] = &[
    Entry { path: "/", label: "Dashboard", icon: "home", permission: None, heading: None, key: "d" },
    Entry {
        path: "/orders",
        label: "Orders",
        icon: "orders",
        permission: Some("orders:list"),
        heading: None,
        key: "o",
    },
    Entry {
        path: "/drafts",
        label: "Drafts",
        icon: "draft",
        permission: Some("orders:list"),
        heading: None,
        key: "x",
    },
    Entry {
        path: "/returns",
        label: "Returns",
        icon: "returns",
        permission: Some("orders:list"),
        heading: None,
        key: "b",
    },
    Entry {
        path: "/payments",
        label: "Payments",
        icon: "card",
        permission: Some("payments:list"),
        heading: None,
        key: "z",
    },
    Entry {
        path: "/products",
        label: "Products",
        icon: "products",
        permission: Some("products:list"),
        heading: Some("Catalogue"),
        key: "p",
    },
    Entry {
        path: "/inventory",
        label: "Inventory",
        icon: "stock",
        permission: Some("inventory:read"),
        heading: None,
        key: "y",
    },
    Entry {
        path: "/collections",
        label: "Collections",
        icon: "collections",
        permission: Some("categories:list"),
        heading: None,
        key: "l",
    },
    Entry {
        path: "/prices",
        label: "Price lists",
        icon: "list",
        permission: Some("prices:list"),
        heading: None,
        key: "h",
    },
    Entry {
        path: "/promotions",
        label: "Promotions",
        icon: "prices",
        permission: Some("promotions:list"),
        heading: None,
        key: "f",
    },
    Entry {
        path: "/reviews",
        label: "Reviews",
        icon: "quote",
        permission: Some("comments:list"),
        heading: None,
        key: "q",
    },
    Entry {
        path: "/gift-cards",
        label: "Gift cards",
        icon: "card",
        permission: Some("payments:list"),
        heading: None,
        key: "u",
    },
    Entry {
        path: "/products/import",
        label: "Import",
        icon: "import",
        permission: Some("products:import"),
        heading: None,
        key: "i",
    },
    Entry {
        path: "/customers",
        label: "Customers",
        icon: "customers",
        permission: Some("customers:list"),
        heading: Some("People"),
        key: "c",
    },
    Entry {
        path: "/settings",
        label: "Settings",
        icon: "settings",
        permission: Some("settings:read"),
        heading: Some("Shop"),
        key: "s",
    },
    Entry {
        path: "/audit",
        label: "Audit log",
        icon: "events",
        permission: Some("logs:list"),
        heading: None,
        key: "a",
    },
    Entry {
        path: "/modules",
        label: "Modules",
        icon: "rows",
        permission: Some("modules:read"),
        heading: None,
        key: "m",
    },
    Entry {
        path: "/domains",
        label: "Domains",
        icon: "globe",
        permission: Some("tenants:update"),
        heading: None,
        key: "n",
    },
    Entry {
        path: "/team",
        label: "Team",
        icon: "team",
        permission: Some("users:list"),
        heading: Some("Access"),
        key: "w",
    },
    Entry {
        path: "/invitations",
        label: "Invitations",
        icon: "mail",
        permission: Some("users:list"),
        heading: None,
        key: "v",
    },
    Entry {
        path: "/roles",
        label: "Roles",
        icon: "shield",
        permission: Some("roles:list"),
        heading: None,
        key: "r",
    },
    Entry {
        path: "/api-keys",
        label: "API keys",
        icon: "key",
        permission: Some("api_keys:list"),
        heading: None,
        key: "k",
    },
    Entry {
        path: "/single-sign-on",
        label: "Single sign-on",
        icon: "link",
        permission: Some("roles:manage"),
        heading: None,
        key: "e",
    },
    Entry {
        path: "/tenants",
        label: "Tenants",
        icon: "shop",
        permission: Some("tenants:list"),
        heading: Some("Platform"),
        key: "t",
    },
];

/// Whether the person may see a screen, and the shop has what is on it.
fn reachable(session: Session, entry: &Entry) -> bool {
    entry.permission.is_none_or(|permission| session.may(permission)) && session.has_screen(entry.path)
}

/// The most specific entry that an address belongs to.
fn current(path: &str) -> &'static str {
    let base = place::admin_base();
    let inside = path.strip_prefix(base.as_str()).unwrap_or(path);
    let begins = |entry: &&Entry| {
        inside == entry.path || inside.strip_prefix(entry.path).is_some_and(|rest| rest.starts_with('/'))
    };
    let best = ENTRIES.iter().skip(1).filter(begins).max_by_key(|entry| entry.path.len());
    match (best, inside) {
        (Some(entry), _) => entry.path,
        (None, "" | "/") => "/",
        _ => "",
    }
}

/// The frame.
#[component]
pub fn Shell(children: Children) -> impl IntoView {
    let session = use_session();
    let place_now = use_location().pathname;
    let here = place::memo(move || current(&place_now.get()));
    let allowed = move |entry: &Entry| reachable(session, entry);
    jump_keys();

    let entries = move || {
        ENTRIES
            .iter()
            .filter(|entry| allowed(entry))
            .map(|entry| {
                let path = entry.path;
                view! {
                    {entry.heading.map(|heading| view! { <h2>{heading}</h2> })}
                    <a
                        href=place::to(path)
                        title=entry.label
                        aria-current=move || (here.get() == path).then_some("page")
                        on:click=|_| close_menu()
                    >
                        {icon(entry.icon)}
                        {entry.label}
                    </a>
                }
            })
            .collect_view()
    };
    let quick = move || {
        ENTRIES
            .iter()
            .filter(|entry| {
                ["/", "/orders", "/products", "/customers"].contains(&entry.path) && allowed(entry)
            })
            .map(|entry| {
                let path = entry.path;
                view! {
                    <a href=place::to(path) aria-current=move || (here.get() == path).then_some("page")>
                        {icon(entry.icon)}
                        {if path == "/" { "Home" } else { entry.label }}
                    </a>
                }
            })
            .collect_view()
    };
    let folded = RwSignal::new(place::remembered("sidebar").as_deref() == Some("rail"));
    let fold = move |_| {
        folded.update(|folded| *folded = !*folded);
        place::remember("sidebar", if folded.get_untracked() { "rail" } else { "full" });
    };

    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="shell">
            <header class="topbar">
                <a class="tenant" href=place::to("/")>
                    <span class="avatar" aria-hidden="true" data-shop="">
                        {move || session.shop_name().chars().next().map(|c| c.to_string())}
                    </span>
                    <span>{move || session.shop_name()}<small>{move || session.currency()} " · admin"</small></span>
                </a>
                <span></span>
                <div class="topbar-end">
                    <a class="btn wide" data-kind="quiet" href=place::shop("/") target="_blank" rel="noopener">
                        {icon("eye")}
                        "View the shop"
                    </a>
                    <PersonMenu/>
                </div>
            </header>
            <div class="rail-ready">
                <nav class="sidebar" id="nav" popover="auto" aria-label="Main">
                    {entries}
                    <button class="fold" type="button" on:click=fold aria-pressed=move || folded.get().to_string()>
                        {icon("sidebar")}
                        <span>{move || if folded.get() { "Show names" } else { "Only symbols" }}</span>
                    </button>
                </nav>
            </div>
            <main class="main" id="main" tabindex="-1">{children()}</main>
        </div>
        <nav class="tabbar" aria-label="Quick">
            {quick}
            <button type="button" popovertarget="nav">{icon("menu")} "Menu"</button>
        </nav>
    }
}

/// Hides the side bar where it is a sheet.
fn close_menu() {
    use leptos::wasm_bindgen::JsCast;
    let nav = document().get_element_by_id("nav").and_then(|nav| nav.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(nav) = nav.filter(|nav| nav.matches(":popover-open").unwrap_or(false)) {
        let _ = nav.hide_popover();
    }
}

/// `G` and then a letter goes to a screen, as long as nobody is typing.
fn jump_keys() {
    let session = use_session();
    let navigate = use_navigate();
    let armed_at = StoredValue::new(0.0_f64);
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || crate::parts::typing(&event) {
            return;
        }
        let now = event.time_stamp();
        let key = event.key().to_lowercase();
        if key == "g" {
            armed_at.set_value(now);
            return;
        }
        if now - armed_at.get_value() < 1500.0 {
            armed_at.set_value(0.0);
            let entry = ENTRIES.iter().find(|entry| entry.key == key);
            let entry = entry.filter(|entry| reachable(session, entry));
            if let Some(entry) = entry {
                event.prevent_default();
                navigate(&place::to(entry.path), NavigateOptions { resolve: false, ..Default::default() });
            }
        }
    });
    on_cleanup(move || handle.remove());
}

/// Appearance and signing out.
#[component]
fn PersonMenu() -> impl IntoView {
    let session = use_session();
    let toaster = use_toaster();
    let initials = move || {
        let name = session.person();
        let mut letters = name.split([' ', '.', '@']).filter_map(|word| word.chars().next());
        [letters.next(), letters.next()].into_iter().flatten().collect::<String>().to_uppercase()
    };
    let sign_out = move |_| {
        spawn_local(async move {
            if let Err(failure) = session.sign_out().await {
                toaster.failure("Signing out did not work", &failure);
            }
        });
    };
    view! {
        <button
            class="btn"
            type="button"
            data-kind="quiet"
            data-icon=""
            popovertarget="me"
            aria-label=move || format!("{}, {}: appearance, sign out", initials(), session.person())
        >
            <span class="avatar" aria-hidden="true">{initials}</span>
        </button>
        <div class="pop menu me" id="me" popover="auto">
            <h3>{move || session.person()} <br/> <span class="dim">{move || session.email()} " · " {move || session.roles()}</span></h3>
            <hr/>
            <h3>"Appearance"</h3>
            <Choice name="theme" label="Colour scheme" options=[("", "Auto"), ("light", "Light"), ("dark", "Dark")]/>
            <h3>"Density"</h3>
            <Choice name="density" label="Density" options=[("", "Roomy"), ("compact", "Compact")]/>
            <hr/>
            <a href=place::to("/security")>{icon("key")} "Password and security"</a>
            <button type="button" on:click=sign_out>{icon("out")} "Sign out"</button>
        </div>
    }
}

/// A choice that stays on this device.
#[component]
fn Choice<const N: usize>(
    name: &'static str,
    label: &'static str,
    options: [(&'static str, &'static str); N],
) -> impl IntoView {
    let now = RwSignal::new(place::remembered(name).unwrap_or_default());
    let buttons = options
        .into_iter()
        .map(|(value, text)| {
            view! {
                <label>
                    <input
                        type="radio"
                        name=name
                        prop:checked=move || now.get() == value
                        on:change=move |_| {
                            now.set(value.to_owned());
                            place::remember(name, value);
                        }
                    />
                    {text}
                </label>
            }
        })
        .collect_view();
    view! { <div class="seg" role="radiogroup" aria-label=label>{buttons}</div> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_entry_has_a_key_of_its_own() {
        let keys: BTreeSet<_> = ENTRIES.iter().map(|entry| entry.key).collect();
        assert_eq!(keys.len(), ENTRIES.len());
    }
}
