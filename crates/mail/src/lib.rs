//! Mail: what is written to people, kept as jobs in the transaction of the change, sent in the background.
//!
//! Read in this order: [`Letter`] (what there is to say), `words` (how, by language), `render` (text and HTML),
//! [`send`] (the job), [`Sender`] (the loop), [`mailbox`] (what development sees instead).

mod address;
mod entity;
mod letter;
pub mod mailbox;
mod module;
mod outbox;
mod render;
mod sender;
mod words;

pub use address::address_of;
pub use letter::{Bill, BillLine, Letter, LineChanged, Link, MoneyChange};
pub use module::module;
pub use outbox::{To, forget, new_device, send, send_answerable, sweep};
pub use sender::{Sender, jobs};

#[cfg(test)]
mod tests {
    use platform::TenantInfo;
    use primitives::{Country, Currency, Locale, TenantId};
    use std::sync::Arc;

    pub fn shop(name: &str) -> TenantInfo {
        TenantInfo {
            id: TenantId::new(),
            slug: "hearth".into(),
            name: name.into(),
            locale: Locale::EN,
            currency: Currency::parse("EUR").unwrap(),
            country: Country::parse("BE").unwrap(),
            prices_include_tax: true,
            theme: "hearth".into(),
            storefront: Arc::default(),
            settings: Arc::default(),
            hosts: Vec::new(),
            switches: Arc::default(),
        }
    }
}
