//! Groups of customers, taxes of customers, and what is held about them.

use super::catalog::IdVariablesFields;
use super::{Long, schema};

/// All groups.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Groups {
    /// By name.
    pub customer_groups: Vec<Group>,
}

/// A group.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerGroup")]
#[allow(missing_docs)]
pub struct Group {
    pub id: cynic::Id,
    pub name: String,
    pub tax_exempt: bool,
    pub tax_reason: String,
    pub n_members: i32,
    pub promotions: Vec<String>,
    pub version: Long,
}

/// A group as it shall be.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerGroupInput")]
#[allow(missing_docs)]
pub struct GroupInput {
    pub name: String,
    pub tax_exempt: bool,
    pub tax_reason: String,
}

/// Customers that go into a group or leave it.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerGroupMembersInput")]
#[allow(missing_docs)]
pub struct MembersInput {
    pub id: cynic::Id,
    pub customer_ids: Vec<cynic::Id>,
}

/// What is said about a customer's taxes.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerTaxInput")]
#[allow(missing_docs)]
pub struct TaxInput {
    pub id: cynic::Id,
    pub exempt: bool,
    pub number: String,
    pub reason: String,
}

/// What is left of a group after a change: that there is one.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "CustomerGroupPayload")]
pub struct GroupPayload {
    /// The group.
    pub group: Group,
}

/// What is left of a customer after a change: that there is one.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct CustomerPayload {
    /// The customer.
    pub customer: CustomerName,
}

/// Who was changed.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Customer")]
pub struct CustomerName {
    /// Identity.
    pub id: cynic::Id,
}

/// Which customer is to be forgotten.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerEraseInput")]
#[allow(missing_docs)]
pub struct EraseInput {
    pub id: cynic::Id,
    pub confirmation: String,
}

/// What was forgotten.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "CustomerErasedPayload")]
#[allow(missing_docs)]
pub struct ErasedPayload {
    pub n_orders: i32,
}

/// Everything that the shop holds about a customer.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct CustomerData {
    /// A JSON document.
    #[arguments(id: $id)]
    pub customer_data: String,
}

/// What is written down about a customer.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerNoteInput")]
#[allow(missing_docs)]
pub struct NoteInput {
    pub id: cynic::Id,
    pub text: String,
}

/// A customer whom the staff enters.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerCreateInput")]
#[allow(missing_docs)]
pub struct CustomerInput {
    pub email: String,
    pub name: String,
    pub group_ids: Vec<cynic::Id>,
    pub note: String,
}

/// Another name of a customer.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerRenameInput")]
#[allow(missing_docs)]
pub struct RenameInput {
    pub id: cynic::Id,
    pub name: String,
}

/// What a customer said about letters.
#[derive(cynic::InputObject, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "CustomerConsentInput")]
#[allow(missing_docs)]
pub struct ConsentInput {
    pub id: cynic::Id,
    pub given: bool,
}

super::mutations! {
    /// Makes the record of a customer.
    CustomerCreate("CustomerCreateVariables", CustomerCreateVariables: CustomerInput)
        -> customer_create: CustomerPayload;
    /// Gives a customer another name.
    CustomerRename("CustomerRenameVariables", CustomerRenameVariables: RenameInput)
        -> customer_rename: CustomerPayload;
    /// Writes something down about a customer.
    NoteAdd("NoteAddVariables", NoteAddVariables: NoteInput) -> customer_note_add: CustomerPayload;
    /// Notes what a customer has said about letters.
    ConsentSet("ConsentSetVariables", ConsentSetVariables: ConsentInput) -> customer_consent_set: CustomerPayload;
    /// Forgets a customer.
    Erase("EraseVariables", EraseVariables: EraseInput) -> customer_erase: ErasedPayload;
    /// Makes a group.
    GroupCreate("GroupCreateVariables", GroupCreateVariables: GroupInput) -> customer_group_create: GroupPayload;
    /// Puts customers into a group; says how many were new.
    MembersAdd("MembersAddVariables", MembersAddVariables: MembersInput) -> customer_group_members_add: i32;
    /// Takes customers out of a group; says how many were in it.
    MembersRemove("MembersRemoveVariables", MembersRemoveVariables: MembersInput)
        -> customer_group_members_remove: i32;
    /// Says whether a customer pays tax.
    TaxSet("TaxSetVariables", TaxSetVariables: TaxInput) -> customer_tax_set: CustomerPayload;
}

/// Variables of [`GroupUpdate`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct GroupUpdateVariables {
    pub id: cynic::Id,
    pub version: Long,
    pub input: GroupInput,
}

/// Changes a group.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "GroupUpdateVariables")]
pub struct GroupUpdate {
    /// What came of it.
    #[arguments(id: $id, version: $version, input: $input)]
    pub customer_group_update: GroupPayload,
}

/// Variables of [`GroupDelete`].
#[derive(cynic::QueryVariables)]
#[allow(missing_docs)]
pub struct GroupDeleteVariables {
    pub id: cynic::Id,
    pub version: Long,
}

/// Deletes a group.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Mutation", variables = "GroupDeleteVariables")]
pub struct GroupDelete {
    /// Always true.
    #[arguments(id: $id, version: $version)]
    pub customer_group_delete: bool,
}
