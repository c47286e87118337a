//! Where an order goes, who is written to and what its delivery costs, while that is being edited.

use crate::gql::order_edit::{AddressInput, OrderEditChangesInput};
use crate::gql::orders::Address;
use crate::logic::amount::{self, AmountError};

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

/// Every part of an address.
const PARTS: [fn(&mut Address) -> &mut String; 9] = [
    |it| &mut it.name,
    |it| &mut it.company,
    |it| &mut it.line1,
    |it| &mut it.line2,
    |it| &mut it.postal_code,
    |it| &mut it.city,
    |it| &mut it.region,
    |it| &mut it.country,
    |it| &mut it.phone,
];

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

    /// Somebody else has changed the order: what was not typed over is what it is now.
    pub fn follow(&mut self, address: &Address, email: &str) {
        let (mut was, was_email) = std::mem::replace(&mut self.saved, (address.clone(), email.to_owned()));
        let mut now = address.clone();
        for part in PARTS {
            if part(&mut self.address) == part(&mut was) {
                std::mem::swap(part(&mut self.address), part(&mut now));
            }
        }
        if self.email == was_email {
            email.clone_into(&mut self.email);
        }
    }

    /// What the delivery costs from now on, as it is sent; empty: what it did.
    ///
    /// # Errors
    /// What is typed is no amount of the order's currency, which has so many decimals.
    pub fn shipping(&self, exponent: u32) -> Result<String, AmountError> {
        amount::wire(&self.shipping, exponent)
    }

    /// Puts what differs into the changes. A phone alone is no other address: it may change after a parcel has left.
    ///
    /// # Errors
    /// As [`Contact::shipping`].
    pub fn put_into(&self, changes: &mut OrderEditChangesInput, exponent: u32) -> Result<(), AmountError> {
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
        changes.shipping = Some(self.shipping(exponent)?).filter(|text| !text.is_empty());
        Ok(())
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
        contact.put_into(&mut changes, 2).unwrap();
        changes
    }

    #[test]
    fn reads_the_price_of_the_delivery_in_the_currency_of_the_order() {
        let contact = Contact { shipping: "1,500".into(), ..contact() };
        let mut changes = OrderEditChangesInput::none(false);
        for exponent in [0, 2] {
            assert!(contact.put_into(&mut changes, exponent).is_err(), "{exponent}");
        }
        contact.put_into(&mut changes, 3).unwrap();
        assert_eq!(changes.shipping.as_deref(), Some("1.500"));
        let contact = Contact { shipping: " 500 ".into(), ..contact };
        contact.put_into(&mut changes, 0).unwrap();
        assert_eq!(changes.shipping.as_deref(), Some("500"));
    }

    #[test]
    fn keeps_what_was_typed_when_somebody_else_changes_the_order() {
        let mut mine = contact();
        (mine.address.city, mine.shipping) = ("Ghent".into(), "3".into());
        let theirs = Address { city: "Antwerp".into(), line1: "Meir 1".into(), ..contact().address };
        mine.follow(&theirs, "m@example.com");
        assert_eq!((mine.address.city.as_str(), mine.address.line1.as_str()), ("Ghent", "Meir 1"));
        assert_eq!((mine.email.as_str(), mine.shipping.as_str()), ("m@example.com", "3"));
        let mut changes = OrderEditChangesInput::none(false);
        mine.put_into(&mut changes, 2).unwrap();
        assert_eq!(changes.address.map(|it| (it.city, it.line1)), Some(("Ghent".into(), "Meir 1".into())));
        assert_eq!(changes.email, None);
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
