//! Typed ids: a `ProductId` cannot be passed where an `OrderId` is wanted.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The text is not a hyphenated UUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} id {text:?} is not a hyphenated UUID")]
pub struct IdError {
    /// What the id would have named.
    pub kind: &'static str,
    /// What was given, cut to 64 characters.
    pub text: String,
}

fn parse_uuid(kind: &'static str, text: &str) -> Result<Uuid, IdError> {
    let error = || IdError { kind, text: text.chars().take(64).collect() };
    // `Uuid::parse_str` also takes braces, URNs and bare hexadecimals; ids have one form only.
    if text.len() != 36 {
        return Err(error());
    }
    Uuid::parse_str(text).map_err(|_| error())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// What the id names, in words for messages.
            pub const KIND: &'static str = $kind;

            /// A fresh id: UUID v7, so that ids sort by creation.
            #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
            #[allow(clippy::new_without_default, reason = "two defaults must not differ")]
            pub fn new() -> $name {
                $name(Uuid::now_v7())
            }

            /// Takes a UUID that is known to name this kind of thing.
            pub const fn from_uuid(uuid: Uuid) -> $name {
                $name(uuid)
            }

            /// The bare UUID, as rows store it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Whether this is the all-zero UUID, which names nothing.
            pub const fn is_nil(self) -> bool {
                self.0.is_nil()
            }

            /// Reads a hyphenated UUID, the only accepted form.
            pub fn parse(text: &str) -> Result<$name, IdError> {
                parse_uuid($kind, text).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<$name, IdError> {
                $name::parse(text)
            }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> $name {
                $name(uuid)
            }
        }
    )*};
}

ids! {
    /// One shop.
    TenantId = "tenant";
    /// A host name that leads to a shop.
    DomainId = "domain";
    /// A person, customer or staff.
    UserId = "user";
    /// One signed-in browser.
    SessionId = "session";
    /// A family of refresh tokens.
    TokenId = "token";
    /// A mail that waits or was sent.
    MailId = "mail";
    /// An invitation to work for a shop.
    InvitationId = "invitation";
    /// A role of a shop.
    RoleId = "role";
    /// An API key.
    ApiKeyId = "API key";
    /// A provider of sign-in.
    OidcProviderId = "sign-in provider";
    /// An account at a provider that belongs to a person here.
    OidcLinkId = "linked sign-in";
    /// A product.
    ProductId = "product";
    /// An option of a product, such as colour.
    OptionId = "option";
    /// A sellable variant of a product.
    VariantId = "variant";
    /// A collection of products.
    CollectionId = "collection";
    /// A picture of a product.
    ImageId = "image";
    /// A stored or awaited picture file.
    MediaId = "media";
    /// An import run.
    ImportId = "import";
    /// A cart.
    CartId = "cart";
    /// A line of a cart.
    CartLineId = "cart line";
    /// What a shopper has put aside.
    SavedLineId = "saved line";
    /// A run of the checkout.
    CheckoutId = "checkout";
    /// A place where stock lies and from which orders are sent.
    LocationId = "location";
    /// Pieces on their way from one location to another.
    TransferId = "transfer";
    /// A count of what is on the shelves of a location.
    StockCountId = "stock count";
    /// Pieces that a supplier is to bring.
    IncomingId = "delivery";
    /// A hold on stock.
    ReservationId = "reservation";
    /// An order.
    OrderId = "order";
    /// An order that staff is writing.
    DraftOrderId = "draft order";
    /// A line of an order that staff is writing.
    DraftLineId = "draft line";
    /// A line of an order.
    OrderLineId = "order line";
    /// A payment of an order.
    PaymentId = "payment";
    /// Money that a customer's bank wants back.
    DisputeId = "dispute";
    /// A parcel of an order.
    FulfilmentId = "fulfilment";
    /// Pieces of an order that come back.
    ReturnId = "return";
    /// A customer's record in a shop.
    CustomerId = "customer";
    /// A stored address.
    AddressId = "address";
    /// A promotion that a merchant set up.
    PromotionId = "promotion";
    /// What a customer says about a product.
    ReviewId = "review";
    /// A gift card.
    GiftCardId = "gift card";
    /// A list of prices for some customers, countries or days.
    PriceListId = "price list";
    /// Places that share their taxes.
    TaxZoneId = "tax zone";
    /// A group of customers.
    CustomerGroupId = "customer group";
    /// A domain event.
    EventId = "event";
    /// What ties together the events of one request.
    CorrelationId = "correlation";
    /// One run of a saga.
    SagaId = "saga";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_seven_and_sort_by_creation() {
        let (first, second) = (ProductId::new(), ProductId::new());
        assert_eq!(first.uuid().get_version_num(), 7);
        assert!(first < second);
    }

    #[test]
    fn only_the_hyphenated_form_is_read() {
        let id = OrderId::new();
        assert_eq!(OrderId::parse(&id.to_string()), Ok(id));
        for text in [
            "",
            "x",
            &id.uuid().simple().to_string(),
            &id.uuid().braced().to_string(),
            &id.uuid().urn().to_string(),
            &format!(" {}", &id.to_string()[1..]),
        ] {
            assert!(OrderId::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn serde_writes_the_hyphenated_form() {
        let id = OrderId::from_uuid(Uuid::nil());
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"00000000-0000-0000-0000-000000000000\"");
        assert!(id.is_nil());
    }
}
