//! Where an order goes, who is written to and what its delivery costs, while that is being edited.

use crate::gql::order_edit::{AddressInput, OrderEditChangesInput};
use crate::gql::orders::Address;

/// What is typed, with what was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contact {
    /// As it is typed; never in another country than the order.
    pub address: Address,
    /// As it is typed.
    pub email: String,
    /// What the delivery costs from now on; empty: what it did.
    pub shipping: String,
    saved: (Address, String),
}

/// An address as it is sent, without blanks around it.
fn input(address: &Address) -> AddressInput {
    let clean = |text: &String| text.trim().to_owned();
    AddressInput {
        name: clean(&address.name),
        company: clean(&address.company),
        line1: clean(&address.line1),
        line2: clean(&address.line2),
        postal_code: clean(&address.postal_code),
        city: clean(&address.city),
        region: clean(&address.region),
        country: clean(&address.country),
        phone: clean(&address.phone),
    }
}

impl Contact {
    /// Of an order as it is.
    pub fn of(address: &Address, email: &str) -> Self {
        let (address, email) = (address.clone(), email.to_owned());
        Self { saved: (address.clone(), email.clone()), address, email, shipping: String::new() }
    }

    /// Puts what differs into the changes. A phone alone is no other address: it may change after a parcel has left.
    pub fn put_into(&self, changes: &mut OrderEditChangesInput) {
        let (saved, typed) = (input(&self.saved.0), input(&self.address));
        let phone = (saved.phone != typed.phone).then(|| typed.phone.clone());
        let moved = AddressInput { phone: String::new(), ..typed.clone() }
            != AddressInput { phone: String::new(), ..saved };
        match moved {
            true => changes.address = Some(typed),
            false => changes.phone = phone,
        }
        let email = self.email.trim();
        changes.email = (email != self.saved.1.trim()).then(|| email.to_owned());
        let shipping = self.shipping.trim().replace(',', ".");
        changes.shipping = Some(shipping).filter(|text| !text.is_empty());
    }
}

/// Whether what the server says of this field stands beside a field of the form.
pub fn has_field(name: &str) -> bool {
    match name.strip_prefix("address.") {
        Some(part) => part != "country",
        None => matches!(name, "email" | "phone" | "shipping"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact() -> Contact {
        let address = Address {
            name: "Maud Peeters".into(),
            company: String::new(),
            line1: "Rue Haute 12".into(),
            line2: String::new(),
            postal_code: "1000".into(),
            city: "Brussels".into(),
            region: String::new(),
            country: "BE".into(),
            phone: "+32 2 555 01 02".into(),
        };
        Contact::of(&address, "maud@example.com")
    }

    fn changes(edit: impl FnOnce(&mut Contact)) -> OrderEditChangesInput {
        let mut contact = contact();
        edit(&mut contact);
        let mut changes = OrderEditChangesInput::none(false);
        contact.put_into(&mut changes);
        changes
    }

    #[test]
    fn sends_what_differs_and_nothing_else() {
        assert_eq!(changes(|_| ()), OrderEditChangesInput::none(false));
        let same = changes(|it| it.address.city = " Brussels ".into());
        assert_eq!(same, OrderEditChangesInput::none(false));
        let other = changes(|it| (it.email, it.shipping) = (" m@example.com".into(), "4,50".into()));
        assert_eq!(
            (other.email.as_deref(), other.shipping.as_deref()),
            (Some("m@example.com"), Some("4.50"))
        );
        assert_eq!((other.address, other.phone), (None, None));
    }

    #[test]
    fn tells_a_phone_from_an_address() {
        let phone = changes(|it| it.address.phone = String::new());
        assert_eq!((phone.address, phone.phone.as_deref()), (None, Some("")));
        let both = changes(|it| (it.address.line2, it.address.phone) = ("Floor 2".into(), "1".into()));
        let address = both.address.unwrap();
        assert_eq!((address.line2.as_str(), address.phone.as_str(), both.phone), ("Floor 2", "1", None));
        assert_eq!((address.city.as_str(), address.country.as_str()), ("Brussels", "BE"));
    }

    #[test]
    fn knows_what_has_a_field() {
        for name in ["address.city", "address.postalCode", "email", "phone", "shipping"] {
            assert!(has_field(name), "{name}");
        }
        for name in ["address", "address.country", "total", "restReceived", "quantities.0.quantity"] {
            assert!(!has_field(name), "{name}");
        }
    }
}
