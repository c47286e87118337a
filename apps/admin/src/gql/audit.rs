//! Who did what, to look at.

use super::catalog::IdVariablesFields;
use super::{DateTime, Long, PageInfo, schema};

/// What narrows the table.
#[derive(cynic::InputObject, Clone, Debug, Default)]
pub struct AuditLogFilter {
    /// Of this person.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<cynic::Id>,
    /// A part of what was called.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// About things of this kind.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub subject_kind: Option<String>,
    /// About this thing.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<cynic::Id>,
    /// At this moment or later.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime>,
    /// Before this moment.
    #[cynic(skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime>,
}

/// Variables of [`AuditLog`].
#[derive(cynic::QueryVariables, Debug)]
#[allow(missing_docs)]
pub struct AuditLogVariables {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
    pub filter: AuditLogFilter,
}

/// One page of the table.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "AuditLogVariables")]
pub struct AuditLog {
    /// The rows.
    #[arguments(first: $first, after: $after, last: $last, before: $before, filter: $filter)]
    pub audit_log: AuditRows,
}

/// The rows of a page.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "AuditEntryConnection")]
pub struct AuditRows {
    /// In order.
    pub nodes: Vec<AuditRow>,
    /// Where the page stands.
    pub page_info: PageInfo,
    /// Rows that fit the filter.
    pub total_count: i32,
}

/// One line of the table.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "AuditEntry")]
#[allow(missing_docs)]
pub struct AuditRow {
    pub id: cynic::Id,
    pub at: DateTime,
    pub actor: AuditActor,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: Option<cynic::Id>,
    pub address: String,
}

/// Who acted.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AuditActor {
    pub kind: String,
    pub id: Option<cynic::Id>,
    pub name: String,
    pub email: Option<String>,
}

impl AuditActor {
    /// How the person is called: by name, else by address, else by what is known.
    pub fn called(&self) -> String {
        match (self.name.trim(), &self.email) {
            ("", Some(email)) => email.clone(),
            ("", None) if self.id.is_some() => "An account that is gone".to_owned(),
            ("", None) => self.kind.clone(),
            (name, _) => name.to_owned(),
        }
    }
}

/// One entry.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query", variables = "IdVariables")]
pub struct AuditEntryById {
    /// Nothing when there is none.
    #[arguments(id: $id)]
    pub audit_entry: Option<AuditEntry>,
}

/// An entry with everything that changed.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AuditEntry {
    pub id: cynic::Id,
    pub at: DateTime,
    pub actor: AuditActor,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: Option<cynic::Id>,
    pub changes: Vec<AuditChange>,
    pub address: String,
    pub user_agent: String,
    pub request_id: String,
    pub position: Option<Long>,
    pub hash: Option<String>,
}

/// What became of a row.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum AuditChangeKind {
    Created,
    Updated,
    Deleted,
    Counted,
}

impl AuditChangeKind {
    /// Tone of the dot and the word.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Created => ("good", "New"),
            Self::Updated => ("info", "Changed"),
            Self::Deleted => ("danger", "Deleted"),
            Self::Counted => ("off", "Not listed"),
        }
    }
}

/// A row that changed.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AuditChange {
    pub kind: String,
    pub id: String,
    pub change: AuditChangeKind,
    pub count: Option<Long>,
    pub fields: Vec<AuditField>,
}

/// A value that changed.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AuditField {
    pub name: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub hidden: bool,
}
