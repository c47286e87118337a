//! Password and security: what keeps the own account its owner's.

use leptos::prelude::*;

use crate::parts::PageHead;
use crate::place;
use crate::screens::oidc::links::LinksCard;

mod address;
mod password;
pub mod sessions;
mod two_step;

/// The screen.
#[component]
pub fn Security() -> impl IntoView {
    place::title(|| "Password and security".to_owned());
    view! {
        <div class="page" data-narrow="">
            <PageHead
                title="Password and security".to_owned()
                about=Signal::stored("Of your own account, in this shop.".to_owned())
            />
            <two_step::TwoStepCard/>
            <password::PasswordCard/>
            <address::AddressCard/>
            <LinksCard/>
            <sessions::MySessionsCard/>
        </div>
    }
}
