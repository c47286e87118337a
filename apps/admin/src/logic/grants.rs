//! The grid of permissions: resources down, actions across.

use std::collections::BTreeMap;

use crate::gql::people::{GrantInput, PermissionGrant, PermissionInfo, PermissionScope};

/// Columns of the grid; the last but one is what only a few resources know.
pub const COLUMNS: [(&str, &str); 10] = [
    ("list", "List"),
    ("read", "Read"),
    ("create", "Create"),
    ("update", "Change"),
    ("delete", "Delete"),
    ("publish", "Publish"),
    ("import", "Import"),
    ("export", "Export"),
    ("", "Special"),
    ("manage", "Everything"),
];

/// Resources as people look for them.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Selling", &["orders", "payments", "customers", "shipping", "taxes", "promotions"]),
    ("Catalogue", &["products", "categories", "prices", "inventory", "media"]),
    ("Content", &["posts", "pages", "nodes", "topics", "comments", "menus"]),
    ("Shop", &[]),
];

/// One resource of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `api_keys`.
    pub resource: String,
    /// One permission for each of [`COLUMNS`].
    pub cells: Vec<Option<PermissionInfo>>,
}

/// Rows under their headings; a resource that no heading names is the shop's.
pub fn rows(permissions: &[PermissionInfo]) -> Vec<(&'static str, Vec<Row>)> {
    let known = |resource: &str| GROUPS.iter().any(|(_, names)| names.contains(&resource));
    let mut order: Vec<&str> = Vec::new();
    for permission in permissions {
        if !order.contains(&permission.resource.as_str()) {
            order.push(&permission.resource);
        }
    }
    let row = |resource: &str| {
        let of = |action: &str| {
            let mut all = permissions.iter().filter(|it| it.resource == resource);
            let special = |it: &&PermissionInfo| COLUMNS.iter().all(|(name, _)| *name != it.action);
            if action.is_empty() { all.find(special) } else { all.find(|it| it.action == action) }.cloned()
        };
        Row { resource: resource.to_owned(), cells: COLUMNS.iter().map(|(action, _)| of(action)).collect() }
    };
    GROUPS
        .iter()
        .map(|(heading, names)| {
            let mine: Vec<Row> = if names.is_empty() {
                order.iter().filter(|resource| !known(resource)).map(|resource| row(resource)).collect()
            } else {
                names.iter().filter(|name| order.contains(*name)).map(|name| row(name)).collect()
            };
            (*heading, mine)
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect()
}

/// A resource in words.
pub fn words(resource: &str) -> String {
    match resource {
        "api_keys" => "API keys".to_owned(),
        "index" => "Search index".to_owned(),
        "categories" => "Collections".to_owned(),
        other => crate::gql::people::role_words(other),
    }
}

/// What is chosen in the grid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice(BTreeMap<String, PermissionScope>);

impl Choice {
    /// What a role gives.
    pub fn of(grants: &[PermissionGrant]) -> Self {
        let mut choice = Self::default();
        for grant in grants {
            let scope = choice.0.get(&grant.permission).map_or(grant.scope, |known| grant.scope.max(*known));
            choice.0.insert(grant.permission.clone(), scope);
        }
        choice
    }

    /// With whose things a permission is chosen itself.
    pub fn get(&self, permission: &str) -> Option<PermissionScope> {
        self.0.get(permission).copied()
    }

    /// Whether "everything" on its resource is chosen, which stands for each action.
    pub fn implied(&self, permission: &str) -> bool {
        permission.split_once(':').is_some_and(|(resource, action)| {
            action != "manage" && self.get(&format!("{resource}:manage")) == Some(PermissionScope::All)
        })
    }

    /// Chooses, or takes the choice back. "Everything" stands for the single actions, which go.
    pub fn set(&mut self, permission: &str, scope: Option<PermissionScope>) {
        match scope {
            Some(scope) => self.0.insert(permission.to_owned(), scope),
            None => self.0.remove(permission),
        };
        if let (Some(resource), Some(PermissionScope::All)) = (permission.strip_suffix(":manage"), scope) {
            let single = |name: &str| name.split_once(':').is_some_and(|(of, _)| of == resource);
            self.0.retain(|name, _| name == permission || !single(name));
        }
    }

    /// How many permissions are chosen.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For the API.
    pub fn grants(&self) -> Vec<GrantInput> {
        let grant = |(name, scope): (&String, &PermissionScope)| GrantInput {
            permission: name.clone(),
            scope: *scope,
        };
        self.0.iter().map(grant).collect()
    }

    /// The names alone.
    pub fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// Whether whoever looks at the grid may choose it in a scope.
pub fn may_choose(permission: &PermissionInfo, scope: PermissionScope) -> bool {
    permission.held.is_some_and(|held| held >= scope) && permission.scopes.contains(&scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str, held: Option<PermissionScope>) -> PermissionInfo {
        let (resource, action) = name.split_once(':').unwrap();
        PermissionInfo {
            name: name.into(),
            resource: resource.into(),
            action: action.into(),
            scopes: vec![PermissionScope::All, PermissionScope::Own],
            held,
        }
    }

    #[test]
    fn every_permission_has_its_cell() {
        let names = ["users:read", "orders:read", "orders:refund", "orders:manage", "plumbing:list"];
        let all: Vec<_> = names.iter().map(|name| info(name, None)).collect();
        let rows = rows(&all);
        let shape: Vec<(&str, Vec<&str>)> = rows
            .iter()
            .map(|(heading, rows)| (*heading, rows.iter().map(|row| row.resource.as_str()).collect()))
            .collect();
        assert_eq!(shape, [("Selling", vec!["orders"]), ("Shop", vec!["users", "plumbing"])]);
        let cells = rows.iter().flat_map(|(_, rows)| rows).flat_map(|row| row.cells.iter().flatten());
        assert_eq!(cells.count(), names.len());
        assert_eq!(rows[0].1[0].cells[8].as_ref().unwrap().name, "orders:refund");
        assert_eq!((words("api_keys"), words("orders")), ("API keys".into(), "Orders".into()));
    }

    #[test]
    fn everything_stands_for_each_action() {
        let mut choice = Choice::default();
        choice.set("orders:read", Some(PermissionScope::Own));
        choice.set("media:read", Some(PermissionScope::All));
        assert!(!choice.implied("orders:read"));
        choice.set("orders:manage", Some(PermissionScope::All));
        assert!(choice.implied("orders:read") && !choice.implied("orders:manage"));
        assert_eq!(choice.names(), ["media:read", "orders:manage"]);
        choice.set("orders:manage", None);
        assert_eq!((choice.len(), choice.get("orders:read")), (1, None));
        let grants = [
            PermissionGrant { permission: "a:b".into(), scope: PermissionScope::All },
            PermissionGrant { permission: "a:b".into(), scope: PermissionScope::Own },
        ];
        assert_eq!(Choice::of(&grants).get("a:b"), Some(PermissionScope::All));
    }

    #[test]
    fn nobody_chooses_what_he_does_not_hold() {
        let own = info("orders:read", Some(PermissionScope::Own));
        assert!(may_choose(&own, PermissionScope::Own) && !may_choose(&own, PermissionScope::All));
        assert!(!may_choose(&info("orders:read", None), PermissionScope::Own));
    }
}
