//! Customers for staff: the list, one of them, groups, taxes.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use platform::Ctx;
use platform::graphql::{DateTime, Long, Money, ctx_of, failure, parse_id};
use primitives::{CustomerGroupId, CustomerId};

use super::order::Address;
use super::{connection, nodes, page_args};
use crate::customer::{self, CustomerFilter, GroupDraft, GroupView, NewCustomer, TaxDraft};
use crate::view;

/// Customers and their groups, for staff.
#[derive(Default)]
pub struct CustomersQuery;

#[Object]
impl CustomersQuery {
    /// Customers of the shop; `q` looks in e-mail and name.
    #[graphql(complexity = "10 + nodes(first, last) * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, filters and sort")]
    async fn customers(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        #[graphql(default)] q: String,
        #[graphql(desc = "Only members of this group")] group_id: Option<ID>,
        #[graphql(desc = "Only those who want letters about offers, or only the others")] marketing: Option<
            bool,
        >,
        #[graphql(default_with = "CustomerSort::CreatedDesc")] sort: CustomerSort,
    ) -> Result<CustomerConnection> {
        let ctx = ctx_of(context)?;
        let page = page_args(first, after, last, before)?;
        let group = group_id.map(|id| parse_id(&id, CustomerGroupId::KIND)).transpose()?;
        let filter = CustomerFilter { q, group, marketing };
        let page = customer::list(ctx, &filter, sort.into(), &page).await.map_err(failure)?;
        Ok(CustomerConnection::of(page, |customer| Customer::of(customer, ctx)))
    }

    /// A customer with addresses.
    async fn customer(&self, context: &Context<'_>, id: ID) -> Result<Customer> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&id, "customer")?;
        Ok(Customer::of(customer::get(ctx, id).await.map_err(failure)?, ctx))
    }

    /// The customers that fit, oldest first, as CSV; at most 100,000.
    #[graphql(complexity = "500")]
    async fn customers_export(
        &self,
        context: &Context<'_>,
        #[graphql(default)] q: String,
        group_id: Option<ID>,
        marketing: Option<bool>,
    ) -> Result<CustomersFile> {
        let group = group_id.map(|id| parse_id(&id, CustomerGroupId::KIND)).transpose()?;
        let filter = CustomerFilter { q, group, marketing };
        let (csv, customers) = customer::export(ctx_of(context)?, &filter).await.map_err(failure)?;
        Ok(CustomersFile { filename: "customers.csv".to_owned(), csv, customers: customers as u64 })
    }

    /// Whether the caller wants letters about offers; nothing for an account that is no customer yet.
    async fn my_consent(&self, context: &Context<'_>) -> Result<Option<bool>> {
        customer::own_consent(ctx_of(context)?).await.map_err(failure)
    }

    /// Every group of customers, by name; at most 200.
    #[graphql(complexity = "20 + 200 * child_complexity")]
    async fn customer_groups(&self, context: &Context<'_>) -> Result<Vec<CustomerGroup>> {
        let groups = customer::groups(ctx_of(context)?).await.map_err(failure)?;
        Ok(groups.into_iter().map(CustomerGroup::from).collect())
    }

    /// Everything that the shop holds about a customer, as a JSON document; without the notes of the staff.
    #[graphql(complexity = "200")]
    async fn customer_data(&self, context: &Context<'_>, id: ID) -> Result<String> {
        let id = parse_id(&id, CustomerId::KIND)?;
        let data = Box::pin(customer::data(ctx_of(context)?, id)).await.map_err(failure)?;
        data.json().map_err(failure)
    }

    /// Everything that the shop holds about the caller, as a JSON document.
    #[graphql(complexity = "200")]
    async fn my_data(&self, context: &Context<'_>) -> Result<String> {
        let data = Box::pin(customer::own_data(ctx_of(context)?)).await.map_err(failure)?;
        data.json().map_err(failure)
    }

    /// One group of customers.
    async fn customer_group(&self, context: &Context<'_>, id: ID) -> Result<CustomerGroup> {
        let id = parse_id(&id, CustomerGroupId::KIND)?;
        Ok(customer::group(ctx_of(context)?, id).await.map_err(failure)?.into())
    }
}

/// Changing customers and their groups, for staff.
#[derive(Default)]
pub struct CustomersMutation;

#[Object]
impl CustomersMutation {
    /// Makes a group without members.
    async fn customer_group_create(
        &self,
        context: &Context<'_>,
        input: CustomerGroupInput,
    ) -> Result<CustomerGroupPayload> {
        let group = customer::create_group(ctx_of(context)?, &input.into()).await.map_err(failure)?;
        Ok(CustomerGroupPayload { group: group.into() })
    }

    /// Gives a group another name or another say about taxes.
    async fn customer_group_update(
        &self,
        context: &Context<'_>,
        id: ID,
        version: Long,
        input: CustomerGroupInput,
    ) -> Result<CustomerGroupPayload> {
        let id = parse_id(&id, CustomerGroupId::KIND)?;
        let group = customer::update_group(ctx_of(context)?, id, version.0, &input.into()).await;
        Ok(CustomerGroupPayload { group: group.map_err(failure)?.into() })
    }

    /// Deletes a group that no promotion names; its members stay customers.
    async fn customer_group_delete(&self, context: &Context<'_>, id: ID, version: Long) -> Result<bool> {
        let id = parse_id(&id, CustomerGroupId::KIND)?;
        customer::delete_group(ctx_of(context)?, id, version.0).await.map_err(failure)?;
        Ok(true)
    }

    /// Puts up to 500 customers into a group; gives back how many were not in it before.
    async fn customer_group_members_add(
        &self,
        context: &Context<'_>,
        input: CustomerGroupMembersInput,
    ) -> Result<u64> {
        let (id, customers) = input.read()?;
        customer::add_members(ctx_of(context)?, id, &customers).await.map_err(failure)
    }

    /// Takes up to 500 customers out of a group; gives back how many were in it.
    async fn customer_group_members_remove(
        &self,
        context: &Context<'_>,
        input: CustomerGroupMembersInput,
    ) -> Result<u64> {
        let (id, customers) = input.read()?;
        customer::remove_members(ctx_of(context)?, id, &customers).await.map_err(failure)
    }

    /// Makes the record of somebody who has neither ordered nor opened an account; no letter goes out. The first order with
    /// the address, or the account that confirms it, gets this record.
    async fn customer_create(
        &self,
        context: &Context<'_>,
        input: CustomerCreateInput,
    ) -> Result<CustomerPayload> {
        let ctx = ctx_of(context)?;
        let groups = input.group_ids.iter().map(|id| parse_id(id, CustomerGroupId::KIND));
        let groups = groups.collect::<Result<_>>()?;
        let new = NewCustomer { email: input.email, name: input.name, groups, note: input.note };
        let customer = customer::create(ctx, &new).await.map_err(failure)?;
        Ok(CustomerPayload { customer: Customer::of(customer, ctx) })
    }

    /// Gives a customer another name. Orders keep the names that they were placed with.
    async fn customer_rename(
        &self,
        context: &Context<'_>,
        input: CustomerRenameInput,
    ) -> Result<CustomerPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, CustomerId::KIND)?;
        let customer = customer::rename(ctx, id, &input.name).await.map_err(failure)?;
        Ok(CustomerPayload { customer: Customer::of(customer, ctx) })
    }

    /// Says whether a customer pays tax, and under which number.
    async fn customer_tax_set(
        &self,
        context: &Context<'_>,
        input: CustomerTaxInput,
    ) -> Result<CustomerPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, CustomerId::KIND)?;
        let draft = TaxDraft { exempt: input.exempt, number: input.number, reason: input.reason };
        let customer = customer::set_tax(ctx, id, &draft).await.map_err(failure)?;
        Ok(CustomerPayload { customer: Customer::of(customer, ctx) })
    }

    /// Writes something down about a customer, for the staff alone.
    async fn customer_note_add(
        &self,
        context: &Context<'_>,
        input: CustomerNoteInput,
    ) -> Result<CustomerPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, CustomerId::KIND)?;
        let customer = customer::add_note(ctx, id, &input.text).await.map_err(failure)?;
        Ok(CustomerPayload { customer: Customer::of(customer, ctx) })
    }

    /// Notes what a customer has told the staff about letters.
    async fn customer_consent_set(
        &self,
        context: &Context<'_>,
        input: CustomerConsentInput,
    ) -> Result<CustomerPayload> {
        let ctx = ctx_of(context)?;
        let id = parse_id(&input.id, CustomerId::KIND)?;
        let customer = customer::set_consent(ctx, id, input.given).await.map_err(failure)?;
        Ok(CustomerPayload { customer: Customer::of(customer, ctx) })
    }

    /// Whether the caller wants letters about offers from now on.
    async fn my_consent_set(&self, context: &Context<'_>, given: bool) -> Result<bool> {
        customer::set_own_consent(ctx_of(context)?, given).await.map_err(failure)
    }

    /// Whoever has placed the order that the key opens wants letters about offers.
    async fn order_consent_give(&self, context: &Context<'_>, token: String) -> Result<bool> {
        customer::consent_with_order(ctx_of(context)?, &token).await.map_err(failure)?;
        Ok(true)
    }

    /// Forgets a customer for good: name, addresses and account go, the books stay. Refused while an order is open.
    async fn customer_erase(
        &self,
        context: &Context<'_>,
        input: CustomerEraseInput,
    ) -> Result<CustomerErasedPayload> {
        let id = parse_id(&input.id, CustomerId::KIND)?;
        let erased = Box::pin(customer::erase(ctx_of(context)?, id, &input.confirmation)).await;
        Ok(erased.map_err(failure)?.into())
    }

    /// Forgets the caller for good: account, name and addresses go, the shop's books stay. Refused while an order is open.
    async fn my_account_erase(
        &self,
        context: &Context<'_>,
        input: MyAccountEraseInput,
    ) -> Result<CustomerErasedPayload> {
        let who = context.data::<identity::Authenticated>()?;
        let ctx = ctx_of(context)?;
        let erased = customer::erase_own(ctx, &input.confirmation, &input.password, &who.visit);
        Ok(Box::pin(erased).await.map_err(failure)?.into())
    }
}

/// Orders of the list of customers.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "customer::CustomerSort")]
pub enum CustomerSort {
    /// Newest record first.
    CreatedDesc,
    /// Oldest record first.
    CreatedAsc,
    /// By name.
    NameAsc,
    /// By name, backwards.
    NameDesc,
    /// Who has spent most first.
    SpentDesc,
    /// Who has spent least first.
    SpentAsc,
    /// Who has ordered most often first.
    OrdersDesc,
    /// Who has ordered least often first.
    OrdersAsc,
}

/// A group as it shall be.
#[derive(InputObject)]
pub struct CustomerGroupInput {
    /// What staff calls it, 1 to 60 characters, once per shop.
    name: String,
    /// Its members pay no tax.
    #[graphql(default)]
    tax_exempt: bool,
    /// Why they do not; shoppers read it. Needed with `taxExempt`.
    #[graphql(default)]
    tax_reason: String,
}

impl From<CustomerGroupInput> for GroupDraft {
    fn from(input: CustomerGroupInput) -> Self {
        let CustomerGroupInput { name, tax_exempt, tax_reason } = input;
        Self { name, tax_exempt, tax_reason }
    }
}

/// Customers that go into a group or leave it.
#[derive(InputObject)]
pub struct CustomerGroupMembersInput {
    /// The group.
    id: ID,
    /// 1 to 500 customers.
    customer_ids: Vec<ID>,
}

impl CustomerGroupMembersInput {
    fn read(&self) -> Result<(CustomerGroupId, Vec<CustomerId>)> {
        let customers = self.customer_ids.iter().map(|id| parse_id(id, CustomerId::KIND));
        Ok((parse_id(&self.id, CustomerGroupId::KIND)?, customers.collect::<Result<_>>()?))
    }
}

/// A customer as the staff knows it.
#[derive(InputObject)]
pub struct CustomerCreateInput {
    /// The address of nobody else in the shop.
    email: String,
    /// Up to 200 characters.
    #[graphql(default)]
    name: String,
    /// Up to 50 groups to begin with.
    #[graphql(default)]
    group_ids: Vec<ID>,
    /// For the staff alone, up to 4,000 characters.
    #[graphql(default)]
    note: String,
}

/// Another name of a customer.
#[derive(InputObject)]
pub struct CustomerRenameInput {
    /// The customer.
    id: ID,
    /// Up to 200 characters; may be empty.
    name: String,
}

/// What is said about a customer's taxes.
#[derive(InputObject)]
pub struct CustomerTaxInput {
    /// The customer.
    id: ID,
    /// Pays no tax.
    exempt: bool,
    /// Tax number as it stands on invoices; may be empty.
    #[graphql(default)]
    number: String,
    /// Why no tax is asked for; shoppers read it. Needed with `exempt`.
    #[graphql(default)]
    reason: String,
}

/// Which customer is to be forgotten.
#[derive(InputObject)]
pub struct CustomerEraseInput {
    /// The customer.
    id: ID,
    /// The customer's e-mail address, to show that this one is meant.
    confirmation: String,
}

/// What somebody says who wants to be forgotten.
#[derive(InputObject)]
pub struct MyAccountEraseInput {
    /// The address of the account, to show that it is meant.
    confirmation: String,
    /// The password of the account.
    #[graphql(secret)]
    password: String,
}

/// What was forgotten.
#[derive(SimpleObject)]
pub struct CustomerErasedPayload {
    /// Orders that say no more whose they were.
    n_orders: u64,
    /// There was an account, and it is gone.
    account: bool,
}

impl From<customer::Erased> for CustomerErasedPayload {
    fn from(erased: customer::Erased) -> Self {
        Self { n_orders: erased.n_orders as u64, account: erased.account }
    }
}

/// What is written down about a customer.
#[derive(InputObject)]
pub struct CustomerNoteInput {
    /// The customer.
    id: ID,
    /// 1 to 4,000 characters.
    text: String,
}

/// What a customer said about letters.
#[derive(InputObject)]
pub struct CustomerConsentInput {
    /// The customer.
    id: ID,
    /// Given, else withdrawn.
    given: bool,
}

/// Customers as a file.
#[derive(SimpleObject)]
pub struct CustomersFile {
    /// What to call it.
    filename: String,
    /// The rows.
    csv: String,
    /// How many there are.
    customers: u64,
}

/// What the staff wrote down about a customer.
#[derive(SimpleObject, Clone)]
pub struct CustomerNote {
    /// Who wrote it.
    author_id: Option<ID>,
    /// Name of whoever wrote it; empty for somebody who is gone.
    author: String,
    /// What.
    text: String,
    /// When.
    at: DateTime,
}

/// An answer to whether letters are wanted.
#[derive(SimpleObject, Clone)]
pub struct CustomerConsent {
    /// Given, else withdrawn.
    given: bool,
    /// Where: `checkout`, `account` or `staff`.
    source: String,
    /// When.
    at: DateTime,
}

/// A group after a change.
#[derive(SimpleObject)]
pub struct CustomerGroupPayload {
    /// With its new version.
    group: CustomerGroup,
}

/// A customer after a change.
#[derive(SimpleObject)]
pub struct CustomerPayload {
    /// The customer.
    customer: Customer,
}

/// A group of customers by its name.
#[derive(SimpleObject, Clone)]
pub struct CustomerGroupName {
    /// Identity.
    id: ID,
    /// What staff calls it.
    name: String,
}

/// A group of customers.
#[derive(SimpleObject)]
pub struct CustomerGroup {
    /// Identity.
    id: ID,
    /// What staff calls it.
    name: String,
    /// Its members pay no tax.
    tax_exempt: bool,
    /// Why they do not.
    tax_reason: String,
    /// How many customers are in it.
    n_members: u64,
    /// Names of the promotions that are for it: as long as there are any, it stays.
    promotions: Vec<String>,
    /// For the next change.
    version: Long,
    /// When it was made.
    created_at: DateTime,
}

impl From<GroupView> for CustomerGroup {
    fn from(group: GroupView) -> Self {
        Self {
            id: ID(group.id.to_string()),
            name: group.name,
            tax_exempt: group.tax_exempt,
            tax_reason: group.tax_reason,
            n_members: group.n_members,
            promotions: group.promotions.into_iter().map(|(_, name)| name).collect(),
            version: Long(group.version),
            created_at: DateTime(group.created_at),
        }
    }
}

/// A customer.
#[derive(SimpleObject, Clone)]
pub struct Customer {
    /// Identity.
    id: ID,
    /// The account, when there is one.
    user_id: Option<ID>,
    /// E-mail address.
    email: String,
    /// Name.
    name: String,
    /// Orders that were not cancelled.
    n_orders: u64,
    /// Received minus given back.
    spent: Money,
    /// What an order was worth; missing without one.
    average: Option<Money>,
    /// When the last order was placed.
    last_order_at: Option<DateTime>,
    /// When the record was made.
    created_at: DateTime,
    /// Wants letters about offers.
    marketing: bool,
    /// Each answer to that, newest first; empty in lists.
    consents: Vec<CustomerConsent>,
    /// What the staff wrote down, newest first; empty in lists and for the customer.
    notes: Vec<CustomerNote>,
    /// The groups it is in, by name.
    groups: Vec<CustomerGroupName>,
    /// Since when it says nothing about anybody any more.
    erased_at: Option<DateTime>,
    /// Pays no tax, whatever the groups say.
    tax_exempt: bool,
    /// Tax number; may be empty.
    tax_number: String,
    /// Why no tax is asked for; empty unless `taxExempt`.
    tax_reason: String,
    /// Last used first; empty in lists.
    addresses: Vec<Address>,
}

impl Customer {
    fn of(customer: view::CustomerView, ctx: &Ctx) -> Self {
        Self {
            id: ID(customer.id.to_string()),
            user_id: customer.user.map(|id| ID(id.to_string())),
            email: customer.email,
            name: customer.name,
            n_orders: customer.n_orders,
            spent: Money::of(customer.spent, ctx.locale()),
            average: customer.average.map(|average| Money::of(average, ctx.locale())),
            marketing: customer.marketing,
            consents: customer
                .consents
                .into_iter()
                .map(|one| CustomerConsent { given: one.given, source: one.source, at: DateTime(one.at) })
                .collect(),
            notes: customer
                .notes
                .into_iter()
                .map(|note| CustomerNote {
                    author_id: note.author.map(|id| ID(id.to_string())),
                    author: note.author_name,
                    text: note.text,
                    at: DateTime(note.at),
                })
                .collect(),
            last_order_at: customer.last_order_at.map(DateTime),
            created_at: DateTime(customer.created_at),
            groups: customer
                .groups
                .into_iter()
                .map(|group| CustomerGroupName { id: ID(group.id.to_string()), name: group.name })
                .collect(),
            erased_at: customer.erased_at.map(DateTime),
            tax_exempt: customer.tax_exempt,
            tax_number: customer.tax_number,
            tax_reason: customer.tax_reason,
            addresses: customer.addresses.into_iter().map(Address::from).collect(),
        }
    }
}

connection!(CustomerConnection, CustomerEdge, Customer);
