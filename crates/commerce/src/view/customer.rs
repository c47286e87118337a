//! Customers.

use primitives::{AddressId, CustomerGroupId, CustomerId, Money, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::Address;

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    /// Identity.
    pub id: CustomerId,
    /// The account, when there is one.
    pub user: Option<UserId>,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Orders that were not cancelled.
    pub n_orders: u64,
    /// Received minus given back.
    pub spent: Money,
    /// `spent` by order, rounded half away from zero; `None` without an order.
    pub average: Option<Money>,
    /// When the last order was placed.
    pub last_order_at: Option<Timestamp>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// Wants letters about offers.
    pub marketing: bool,
    /// Each answer to that, newest first; empty in lists.
    pub consents: Vec<ConsentView>,
    /// What the staff wrote down, newest first; empty in lists and for the customer.
    pub notes: Vec<CustomerNoteView>,
    /// The groups it is in, by name.
    pub groups: Vec<GroupName>,
    /// Since when it says nothing about anybody any more; name and address are made up then.
    pub erased_at: Option<Timestamp>,
    /// Pays no tax, whatever the groups say.
    pub tax_exempt: bool,
    /// Tax number; may be empty.
    pub tax_number: String,
    /// Why no tax is asked for; empty unless `tax_exempt`.
    pub tax_reason: String,
    /// Last used first; empty in lists.
    pub addresses: Vec<Address>,
}

/// What the staff wrote down about a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerNoteView {
    /// Who wrote it.
    pub author: Option<UserId>,
    /// Name of whoever wrote it, else the address; empty for somebody who is gone.
    pub author_name: String,
    /// Plain text.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// An address that an account keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnAddress {
    /// Identity.
    pub id: AddressId,
    /// The address.
    pub address: Address,
    /// The checkout begins with it.
    pub first_choice: bool,
}

/// An answer to whether letters are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentView {
    /// Given, else withdrawn.
    pub given: bool,
    /// Where: `checkout`, `account` or `staff`.
    pub source: String,
    /// Who had signed in.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// A group of customers by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupName {
    /// Identity.
    pub id: CustomerGroupId,
    /// What staff calls it.
    pub name: String,
}
