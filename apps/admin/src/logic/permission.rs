//! What the signed-in person may do.

use std::collections::BTreeSet;

/// The permissions of a person as the API lists them, `resource:action`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(BTreeSet<String>);

impl Permissions {
    /// Keeps the list of the API.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// Whether a permission is held, be it for the own things alone; `resource:manage` covers every action on its
    /// resource.
    pub fn may(&self, permission: &str) -> bool {
        let manage = permission.split_once(':').map(|(resource, _)| format!("{resource}:manage"));
        self.0.contains(permission)
            || manage.is_some_and(|manage| self.0.contains(&manage))
            || self.0.contains(&format!("{permission}:own"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manage_covers_its_resource_only() {
        let held = Permissions::new(["orders:manage".to_owned(), "products:read".to_owned()]);
        assert!(held.may("orders:refund"));
        assert!(held.may("products:read"));
        assert!(!held.may("products:update"));
        assert!(!held.may("payments:read"));
        assert!(!Permissions::default().may("orders:read"));
        let own = Permissions::new(["orders:read:own".to_owned()]);
        assert!(own.may("orders:read") && !own.may("orders:list"));
    }
}
