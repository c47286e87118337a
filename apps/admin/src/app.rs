//! The application: sign-in or shell, and the table of screens.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::path;

use crate::parts::guard::LeaveGuard;
use crate::parts::toast::{Toaster, Toasts};
use crate::parts::{FailureView, icon};
use crate::place;
use crate::screens::{
    access, audit, collections, customers, dashboard, drafts, gift_cards, import, invitations, modules, oidc,
    orders, payments, people, prices, products, promotions, returns, reviews, security, settings, signin,
    stock, tenants,
};
use crate::session::{Session, Stage};
use crate::shell::Shell;

/// The whole application.
#[component]
pub fn Admin() -> impl IntoView {
    // Before the router reads the address.
    provide_context(oidc::door::Arrival::new());
    let session = Session::start();
    provide_context(session);
    provide_context(Toaster::new());
    provide_context(LeaveGuard::new());
    view! {
        <Router base=place::admin_base()>
            <Gate/>
            <Toasts/>
        </Router>
    }
}

/// Lets in who works here.
#[component]
fn Gate() -> impl IntoView {
    let session = crate::session::use_session();
    let inside = place::memo(move || matches!(session.stage(), Stage::In | Stage::Expired));
    let expired = place::memo(move || session.stage() == Stage::Expired);
    // Links from mails open for whoever has them.
    let path = use_location().pathname;
    let link = place::memo(move || path.with(|path| access::is_link(path)));
    move || {
        let asked = !matches!(session.stage(), Stage::Starting | Stage::Failed(_));
        if let Some(link) = link.get().filter(|_| asked) {
            view! { <access::Linked link/> }.into_any()
        } else if inside.get() {
            view! {
                <Shell><Screens/></Shell>
                <Show when=move || expired.get()><signin::SignInAgain/></Show>
            }
            .into_any()
        } else {
            match session.stage() {
                Stage::Starting => Starting().into_any(),
                Stage::Failed(failure) => view! {
                    <main class="signin">
                        <section class="gate">
                            <FailureView failure again=move || session.ask()/>
                        </section>
                    </main>
                }
                .into_any(),
                Stage::Customer => signin::NotStaff().into_any(),
                Stage::Out | Stage::In | Stage::Expired => signin::SignIn().into_any(),
            }
        }
    }
}

/// Nothing to see for the first moments; a line of it after.
#[component]
fn Starting() -> impl IntoView {
    view! {
        <main class="signin" aria-busy="true">
            <p class="starting dim" role="status">{icon("refresh")} "Opening the shop…"</p>
        </main>
    }
}

#[component]
fn Screens() -> impl IntoView {
    view! {
        <Routes fallback=NotFound transition=false>
            <Route path=path!("/") view=screen(dashboard::Dashboard)/>
            <Route path=path!("/orders") view=screen(orders::list::Orders)/>
            <Route path=path!("/orders/:id") view=screen(orders::detail::OrderScreen)/>
            <Route path=path!("/drafts") view=screen(drafts::list::Drafts)/>
            <Route path=path!("/drafts/new") view=screen(drafts::editor::NewDraft)/>
            <Route path=path!("/drafts/:id") view=screen(drafts::editor::DraftScreen)/>
            <Route path=path!("/returns") view=screen(returns::Returns)/>
            <Route path=path!("/payments") view=screen(payments::Payments)/>
            <Route path=path!("/products") view=screen(products::list::Products)/>
            <Route path=path!("/products/new") view=screen(products::create::NewProduct)/>
            <Route path=path!("/products/import") view=screen(import::Import)/>
            <Route path=path!("/products/:id") view=screen(products::editor::ProductScreen)/>
            <Route path=path!("/inventory") view=screen(stock::inventory::Inventory)/>
            <Route path=path!("/inventory/history") view=screen(stock::history::History)/>
            <Route path=path!("/inventory/locations") view=screen(stock::locations::Locations)/>
            <Route path=path!("/inventory/transfers") view=screen(stock::transfers::Transfers)/>
            <Route path=path!("/inventory/transfers/:id") view=screen(stock::transfer::TransferScreen)/>
            <Route path=path!("/inventory/deliveries") view=screen(stock::deliveries::Deliveries)/>
            <Route path=path!("/inventory/counts") view=screen(stock::counts::Counts)/>
            <Route path=path!("/inventory/counts/:id") view=screen(stock::count::CountScreen)/>
            <Route path=path!("/collections") view=screen(collections::list::Collections)/>
            <Route path=path!("/collections/new") view=screen(collections::editor::NewCollection)/>
            <Route path=path!("/collections/:id") view=screen(collections::editor::CollectionScreen)/>
            <Route path=path!("/prices") view=screen(prices::list::PriceLists)/>
            <Route path=path!("/prices/new") view=screen(prices::editor::NewPriceList)/>
            <Route path=path!("/prices/explain") view=screen(prices::explain::Explain)/>
            <Route path=path!("/prices/:id") view=screen(prices::editor::PriceListScreen)/>
            <Route path=path!("/promotions") view=screen(promotions::list::Promotions)/>
            <Route path=path!("/promotions/new") view=screen(promotions::editor::NewPromotion)/>
            <Route path=path!("/promotions/:id") view=screen(promotions::editor::PromotionScreen)/>
            <Route path=path!("/reviews") view=screen(reviews::list::Reviews)/>
            <Route path=path!("/gift-cards") view=screen(gift_cards::list::GiftCards)/>
            <Route path=path!("/gift-cards/:id") view=screen(gift_cards::detail::GiftCardScreen)/>
            <Route path=path!("/customers") view=screen(customers::list::Customers)/>
            <Route path=path!("/customers/groups") view=screen(customers::groups::CustomerGroups)/>
            <Route path=path!("/customers/:id") view=screen(customers::detail::CustomerScreen)/>
            <Route path=path!("/invitations") view=screen(invitations::Invitations)/>
            <Route path=path!("/audit") view=screen(audit::list::AuditLog)/>
            <Route path=path!("/audit/:id") view=screen(audit::detail::AuditEntryScreen)/>
            <Route path=path!("/settings") view=screen(settings::Settings)/>
            <Route path=path!("/modules") view=screen(modules::Modules)/>
            <Route path=path!("/security") view=screen(security::Security)/>
            <Route path=path!("/single-sign-on") view=screen(oidc::settings::SignInSettings)/>
            <Route path=path!("/domains") view=screen(tenants::domains::Domains)/>
            <Route path=path!("/tenants") view=screen(tenants::list::Tenants)/>
            <Route path=path!("/tenants/new") view=screen(tenants::create::NewTenant)/>
            <Route path=path!("/tenants/:slug") view=screen(tenants::detail::TenantScreen)/>
            <Route path=path!("/team") view=screen(people::team::Team)/>
            <Route path=path!("/team/:id") view=screen(people::person::PersonScreen)/>
            <Route path=path!("/roles") view=screen(people::roles::Roles)/>
            <Route path=path!("/roles/new") view=screen(people::role::NewRole)/>
            <Route path=path!("/roles/:id") view=screen(people::role::RoleScreen)/>
            <Route path=path!("/api-keys") view=screen(people::keys::ApiKeys)/>
        </Routes>
    }
}

/// In a box, because a route brings a copy of the router for every kind of view.
fn screen<V: IntoView + 'static>(view: fn() -> V) -> impl Fn() -> AnyView + Clone + Send + 'static {
    boxed_screen(Arc::new(move || view().into_any()))
}

fn boxed_screen(
    view: Arc<dyn Fn() -> AnyView + Send + Sync>,
) -> impl Fn() -> AnyView + Clone + Send + 'static {
    move || view()
}

/// An address without a screen.
#[component]
fn NotFound() -> impl IntoView {
    place::title(|| "Not found".to_owned());
    view! {
        <div class="page">
            <header class="page-head"><div><h1>"There is no such page"</h1></div></header>
            <section class="card"><div class="empty">
                {icon("search")}
                <p>"The address may be old, or was typed with a slip."</p>
                <div class="actions"><a class="btn" data-kind="primary" href=place::to("/")>"Go to the dashboard"</a></div>
            </div></section>
        </div>
    }
}
