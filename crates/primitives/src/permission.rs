//! Who may do what: `resource:action`, sets of them, and the roles that every shop has.

mod set;

pub use set::{Grant, PermissionSet, Scope};

use crate::text_value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The text names no permission, resource, action or role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a known {1}")]
pub struct UnknownName(pub String, pub &'static str);

fn unknown(text: &str, kind: &'static str) -> UnknownName {
    UnknownName(text.chars().take(64).collect(), kind)
}

macro_rules! actions {
    ($($name:ident $text:literal $doc:literal;)*) => {
        /// What is done to a resource.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Action { $(#[doc = $doc] $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Action] = &[$(Action::$name),*];

            /// The name outside.
            pub const fn name(self) -> &'static str {
                match self { $(Action::$name => $text),* }
            }

            fn parse(text: &str) -> Option<Action> {
                match text { $($text => Some(Action::$name),)* _ => None }
            }
        }
    };
}

actions! {
    Create "create" "Make a new one.";
    Read "read" "Look at one.";
    Update "update" "Change one.";
    Delete "delete" "Remove one.";
    List "list" "Look at many.";
    Publish "publish" "Show it to the public, or hide it.";
    Export "export" "Take many out.";
    Import "import" "Bring many in.";
    Manage "manage" "Everything with this resource.";
    Refund "refund" "Give money back (orders only).";
    Moderate "moderate" "Judge what others wrote (comments only).";
}

macro_rules! permissions {
    ($($resource:ident $text:literal: $($constant:ident = $action:ident,)* ;)*) => {
        /// A kind of thing that permissions speak of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Resource { $(#[doc = concat!("`", $text, "`.")] $resource,)* }

        impl Resource {
            /// Every resource.
            pub const ALL: &'static [Resource] = &[$(Resource::$resource),*];

            /// The name outside.
            pub const fn name(self) -> &'static str {
                match self { $(Resource::$resource => $text),* }
            }

            fn parse(text: &str) -> Option<Resource> {
                match text { $($text => Some(Resource::$resource),)* _ => None }
            }
        }

        #[allow(missing_docs, reason = "the name says all")]
        impl Permission {
            $($(pub const $constant: Permission =
                Permission { resource: Resource::$resource, action: Action::$action };)*)*

            /// Every permission that exists.
            pub const ALL: &'static [Permission] = &[$($(Permission::$constant),*),*];
        }
    };
}

/// The right to do one thing with one kind of resource.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    resource: Resource,
    action: Action,
}

impl Permission {
    /// What it is about.
    pub const fn resource(self) -> Resource {
        self.resource
    }

    /// What is done.
    pub const fn action(self) -> Action {
        self.action
    }

    /// The name outside, `products:read`.
    pub fn name(self) -> String {
        format!("{}:{}", self.resource.name(), self.action.name())
    }

    /// What there is to look at that knows whose it is: doors with these permissions let people in for their own things
    /// alone ([`Scope::Own`]). The host's tests hold this list against its doors.
    pub const OWNABLE: &'static [Permission] = &[
        Permission::ORDERS_READ,
        Permission::ORDERS_LIST,
        Permission::CUSTOMERS_READ,
        Permission::CUSTOMERS_LIST,
    ];

    /// The scopes in which a shop can give it: none for what is the platform's, such as making tenants.
    pub fn scopes(self) -> &'static [Scope] {
        if Permission::OWNABLE.contains(&self) {
            &[Scope::All, Scope::Own]
        } else if SystemRole::Owner.permissions().contains(self) {
            &[Scope::All]
        } else {
            &[]
        }
    }

    /// Same as [`Permission::name`], for text conversions.
    fn parse_pair(text: &str) -> Option<Permission> {
        let (resource, action) = text.split_once(':')?;
        let permission = Permission { resource: Resource::parse(resource)?, action: Action::parse(action)? };
        Permission::ALL.contains(&permission).then_some(permission)
    }

    /// Reads `products:read`.
    pub fn parse(text: &str) -> Result<Permission, UnknownName> {
        Permission::parse_pair(text).ok_or_else(|| unknown(text, "permission"))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource.name(), self.action.name())
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permission({self})")
    }
}

impl Serialize for Permission {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Permission, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Permission::parse(&text).map_err(serde::de::Error::custom)
    }
}

permissions! {
    Users "users":
        USERS_CREATE=Create, USERS_READ=Read, USERS_UPDATE=Update, USERS_DELETE=Delete,
        USERS_LIST=List, USERS_PUBLISH=Publish, USERS_EXPORT=Export, USERS_IMPORT=Import,
        USERS_MANAGE=Manage,;
    Roles "roles":
        ROLES_CREATE=Create, ROLES_READ=Read, ROLES_UPDATE=Update, ROLES_DELETE=Delete,
        ROLES_LIST=List, ROLES_PUBLISH=Publish, ROLES_EXPORT=Export, ROLES_IMPORT=Import,
        ROLES_MANAGE=Manage,;
    Tenants "tenants":
        TENANTS_CREATE=Create, TENANTS_READ=Read, TENANTS_UPDATE=Update, TENANTS_DELETE=Delete,
        TENANTS_LIST=List, TENANTS_PUBLISH=Publish, TENANTS_EXPORT=Export, TENANTS_IMPORT=Import,
        TENANTS_MANAGE=Manage,;
    Modules "modules":
        MODULES_CREATE=Create, MODULES_READ=Read, MODULES_UPDATE=Update, MODULES_DELETE=Delete,
        MODULES_LIST=List, MODULES_PUBLISH=Publish, MODULES_EXPORT=Export, MODULES_IMPORT=Import,
        MODULES_MANAGE=Manage,;
    Settings "settings":
        SETTINGS_CREATE=Create, SETTINGS_READ=Read, SETTINGS_UPDATE=Update, SETTINGS_DELETE=Delete,
        SETTINGS_LIST=List, SETTINGS_PUBLISH=Publish, SETTINGS_EXPORT=Export,
        SETTINGS_IMPORT=Import, SETTINGS_MANAGE=Manage,;
    Products "products":
        PRODUCTS_CREATE=Create, PRODUCTS_READ=Read, PRODUCTS_UPDATE=Update, PRODUCTS_DELETE=Delete,
        PRODUCTS_LIST=List, PRODUCTS_PUBLISH=Publish, PRODUCTS_EXPORT=Export,
        PRODUCTS_IMPORT=Import, PRODUCTS_MANAGE=Manage,;
    Categories "categories":
        CATEGORIES_CREATE=Create, CATEGORIES_READ=Read, CATEGORIES_UPDATE=Update,
        CATEGORIES_DELETE=Delete, CATEGORIES_LIST=List, CATEGORIES_PUBLISH=Publish,
        CATEGORIES_EXPORT=Export, CATEGORIES_IMPORT=Import, CATEGORIES_MANAGE=Manage,;
    Prices "prices":
        PRICES_CREATE=Create, PRICES_READ=Read, PRICES_UPDATE=Update, PRICES_DELETE=Delete,
        PRICES_LIST=List, PRICES_PUBLISH=Publish, PRICES_EXPORT=Export, PRICES_IMPORT=Import,
        PRICES_MANAGE=Manage,;
    Promotions "promotions":
        PROMOTIONS_CREATE=Create, PROMOTIONS_READ=Read, PROMOTIONS_UPDATE=Update,
        PROMOTIONS_DELETE=Delete, PROMOTIONS_LIST=List, PROMOTIONS_PUBLISH=Publish,
        PROMOTIONS_EXPORT=Export, PROMOTIONS_IMPORT=Import, PROMOTIONS_MANAGE=Manage,;
    Orders "orders":
        ORDERS_CREATE=Create, ORDERS_READ=Read, ORDERS_UPDATE=Update, ORDERS_DELETE=Delete,
        ORDERS_LIST=List, ORDERS_PUBLISH=Publish, ORDERS_EXPORT=Export, ORDERS_IMPORT=Import,
        ORDERS_MANAGE=Manage, ORDERS_REFUND=Refund,;
    Payments "payments":
        PAYMENTS_CREATE=Create, PAYMENTS_READ=Read, PAYMENTS_UPDATE=Update, PAYMENTS_DELETE=Delete,
        PAYMENTS_LIST=List, PAYMENTS_PUBLISH=Publish, PAYMENTS_EXPORT=Export,
        PAYMENTS_IMPORT=Import, PAYMENTS_MANAGE=Manage,;
    Customers "customers":
        CUSTOMERS_CREATE=Create, CUSTOMERS_READ=Read, CUSTOMERS_UPDATE=Update,
        CUSTOMERS_DELETE=Delete, CUSTOMERS_LIST=List, CUSTOMERS_PUBLISH=Publish,
        CUSTOMERS_EXPORT=Export, CUSTOMERS_IMPORT=Import, CUSTOMERS_MANAGE=Manage,;
    Inventory "inventory":
        INVENTORY_CREATE=Create, INVENTORY_READ=Read, INVENTORY_UPDATE=Update,
        INVENTORY_DELETE=Delete, INVENTORY_LIST=List, INVENTORY_PUBLISH=Publish,
        INVENTORY_EXPORT=Export, INVENTORY_IMPORT=Import, INVENTORY_MANAGE=Manage,;
    Shipping "shipping":
        SHIPPING_CREATE=Create, SHIPPING_READ=Read, SHIPPING_UPDATE=Update, SHIPPING_DELETE=Delete,
        SHIPPING_LIST=List, SHIPPING_PUBLISH=Publish, SHIPPING_EXPORT=Export,
        SHIPPING_IMPORT=Import, SHIPPING_MANAGE=Manage,;
    Taxes "taxes":
        TAXES_CREATE=Create, TAXES_READ=Read, TAXES_UPDATE=Update, TAXES_DELETE=Delete,
        TAXES_LIST=List, TAXES_PUBLISH=Publish, TAXES_EXPORT=Export, TAXES_IMPORT=Import,
        TAXES_MANAGE=Manage,;
    Posts "posts":
        POSTS_CREATE=Create, POSTS_READ=Read, POSTS_UPDATE=Update, POSTS_DELETE=Delete,
        POSTS_LIST=List, POSTS_PUBLISH=Publish, POSTS_EXPORT=Export, POSTS_IMPORT=Import,
        POSTS_MANAGE=Manage,;
    Pages "pages":
        PAGES_CREATE=Create, PAGES_READ=Read, PAGES_UPDATE=Update, PAGES_DELETE=Delete,
        PAGES_LIST=List, PAGES_PUBLISH=Publish, PAGES_EXPORT=Export, PAGES_IMPORT=Import,
        PAGES_MANAGE=Manage,;
    Nodes "nodes":
        NODES_CREATE=Create, NODES_READ=Read, NODES_UPDATE=Update, NODES_DELETE=Delete,
        NODES_LIST=List, NODES_PUBLISH=Publish, NODES_EXPORT=Export, NODES_IMPORT=Import,
        NODES_MANAGE=Manage,;
    Topics "topics":
        TOPICS_CREATE=Create, TOPICS_READ=Read, TOPICS_UPDATE=Update, TOPICS_DELETE=Delete,
        TOPICS_LIST=List, TOPICS_PUBLISH=Publish, TOPICS_EXPORT=Export, TOPICS_IMPORT=Import,
        TOPICS_MANAGE=Manage,;
    Media "media":
        MEDIA_CREATE=Create, MEDIA_READ=Read, MEDIA_UPDATE=Update, MEDIA_DELETE=Delete,
        MEDIA_LIST=List, MEDIA_PUBLISH=Publish, MEDIA_EXPORT=Export, MEDIA_IMPORT=Import,
        MEDIA_MANAGE=Manage,;
    Comments "comments":
        COMMENTS_CREATE=Create, COMMENTS_READ=Read, COMMENTS_UPDATE=Update, COMMENTS_DELETE=Delete,
        COMMENTS_LIST=List, COMMENTS_PUBLISH=Publish, COMMENTS_EXPORT=Export,
        COMMENTS_IMPORT=Import, COMMENTS_MANAGE=Manage, COMMENTS_MODERATE=Moderate,;
    Menus "menus":
        MENUS_CREATE=Create, MENUS_READ=Read, MENUS_UPDATE=Update, MENUS_DELETE=Delete,
        MENUS_LIST=List, MENUS_PUBLISH=Publish, MENUS_EXPORT=Export, MENUS_IMPORT=Import,
        MENUS_MANAGE=Manage,;
    Analytics "analytics":
        ANALYTICS_CREATE=Create, ANALYTICS_READ=Read, ANALYTICS_UPDATE=Update,
        ANALYTICS_DELETE=Delete, ANALYTICS_LIST=List, ANALYTICS_PUBLISH=Publish,
        ANALYTICS_EXPORT=Export, ANALYTICS_IMPORT=Import, ANALYTICS_MANAGE=Manage,;
    Logs "logs":
        LOGS_CREATE=Create, LOGS_READ=Read, LOGS_UPDATE=Update, LOGS_DELETE=Delete, LOGS_LIST=List,
        LOGS_PUBLISH=Publish, LOGS_EXPORT=Export, LOGS_IMPORT=Import, LOGS_MANAGE=Manage,;
    Webhooks "webhooks":
        WEBHOOKS_CREATE=Create, WEBHOOKS_READ=Read, WEBHOOKS_UPDATE=Update, WEBHOOKS_DELETE=Delete,
        WEBHOOKS_LIST=List, WEBHOOKS_PUBLISH=Publish, WEBHOOKS_EXPORT=Export,
        WEBHOOKS_IMPORT=Import, WEBHOOKS_MANAGE=Manage,;
    ApiKeys "api_keys":
        API_KEYS_CREATE=Create, API_KEYS_READ=Read, API_KEYS_UPDATE=Update, API_KEYS_DELETE=Delete,
        API_KEYS_LIST=List, API_KEYS_PUBLISH=Publish, API_KEYS_EXPORT=Export,
        API_KEYS_IMPORT=Import, API_KEYS_MANAGE=Manage,;
    Events "events":
        EVENTS_CREATE=Create, EVENTS_READ=Read, EVENTS_UPDATE=Update, EVENTS_DELETE=Delete,
        EVENTS_LIST=List, EVENTS_PUBLISH=Publish, EVENTS_EXPORT=Export, EVENTS_IMPORT=Import,
        EVENTS_MANAGE=Manage,;
    Index "index":
        INDEX_CREATE=Create, INDEX_READ=Read, INDEX_UPDATE=Update, INDEX_DELETE=Delete,
        INDEX_LIST=List, INDEX_PUBLISH=Publish, INDEX_EXPORT=Export, INDEX_IMPORT=Import,
        INDEX_MANAGE=Manage,;
}

/// The roles that exist in every shop without being created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SystemRole {
    /// The platform's operator: everything, everywhere.
    SuperAdmin,
    /// Everything of a tenant.
    Owner,
    /// As owner, but not roles, domains and deletion of the tenant.
    Admin,
    /// Catalogue, stock, orders, customers.
    Manager,
    /// Content.
    Editor,
    /// Orders and customers: reading, notes, asking for refunds.
    Support,
    /// Own orders, own data, comments.
    Customer,
}

impl SystemRole {
    /// Every system role, the mightiest first.
    pub const ALL: [SystemRole; 7] = [
        SystemRole::SuperAdmin,
        SystemRole::Owner,
        SystemRole::Admin,
        SystemRole::Manager,
        SystemRole::Editor,
        SystemRole::Support,
        SystemRole::Customer,
    ];

    /// The name outside.
    pub const fn as_str(self) -> &'static str {
        match self {
            SystemRole::SuperAdmin => "super_admin",
            SystemRole::Owner => "owner",
            SystemRole::Admin => "admin",
            SystemRole::Manager => "manager",
            SystemRole::Editor => "editor",
            SystemRole::Support => "support",
            SystemRole::Customer => "customer",
        }
    }

    /// Reads the name outside.
    pub fn parse(text: &str) -> Result<SystemRole, UnknownName> {
        SystemRole::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| unknown(text, "role"))
    }

    /// Whether its holders work for the shop and may open the admin.
    pub const fn is_staff(self) -> bool {
        !matches!(self, SystemRole::Customer)
    }

    /// Whose things its permissions reach.
    pub const fn scope(self) -> Scope {
        if self.is_staff() { Scope::All } else { Scope::Own }
    }

    /// What its holders may do.
    pub const fn permissions(self) -> PermissionSet {
        match self {
            SystemRole::SuperAdmin => PermissionSet::everything(),
            // Creating and listing tenants is the platform's; an owner has the one.
            SystemRole::Owner => PermissionSet::everything().without_resource(Resource::Tenants).with_all(&[
                Permission::TENANTS_READ,
                Permission::TENANTS_UPDATE,
                Permission::TENANTS_DELETE,
                Permission::TENANTS_EXPORT,
            ]),
            SystemRole::Admin => PermissionSet::everything()
                .without_resource(Resource::Tenants)
                .without_resource(Resource::Roles)
                .with_all(&[Permission::TENANTS_READ, Permission::ROLES_READ, Permission::ROLES_LIST]),
            SystemRole::Manager => PermissionSet::EMPTY.with_all(&[
                Permission::PRODUCTS_MANAGE,
                Permission::CATEGORIES_MANAGE,
                Permission::PRICES_MANAGE,
                Permission::PROMOTIONS_MANAGE,
                Permission::INVENTORY_MANAGE,
                Permission::ORDERS_MANAGE,
                Permission::PAYMENTS_MANAGE,
                Permission::CUSTOMERS_MANAGE,
                Permission::MEDIA_MANAGE,
                Permission::SHIPPING_READ,
                Permission::SHIPPING_LIST,
                Permission::TAXES_READ,
                Permission::TAXES_LIST,
                Permission::SETTINGS_READ,
                Permission::ANALYTICS_READ,
            ]),
            SystemRole::Editor => PermissionSet::EMPTY.with_all(&[
                Permission::POSTS_MANAGE,
                Permission::PAGES_MANAGE,
                Permission::NODES_MANAGE,
                Permission::TOPICS_MANAGE,
                Permission::MEDIA_MANAGE,
                Permission::COMMENTS_MANAGE,
                Permission::MENUS_MANAGE,
                Permission::PRODUCTS_READ,
                Permission::PRODUCTS_LIST,
                Permission::CATEGORIES_READ,
                Permission::CATEGORIES_LIST,
                Permission::SETTINGS_READ,
            ]),
            SystemRole::Support => PermissionSet::EMPTY.with_all(&[
                Permission::ORDERS_READ,
                Permission::ORDERS_LIST,
                Permission::CUSTOMERS_READ,
                Permission::CUSTOMERS_LIST,
                Permission::PAYMENTS_READ,
                Permission::PRODUCTS_READ,
                Permission::PRODUCTS_LIST,
                Permission::SETTINGS_READ,
            ]),
            SystemRole::Customer => PermissionSet::EMPTY.with_all(&[
                Permission::ORDERS_READ,
                Permission::ORDERS_LIST,
                Permission::CUSTOMERS_READ,
                Permission::CUSTOMERS_UPDATE,
                Permission::COMMENTS_CREATE,
            ]),
        }
    }
}
text_value!(SystemRole, UnknownName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_reads_back() {
        assert_eq!(Permission::ALL.len(), 28 * 9 + 2);
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(&permission.name()), Ok(*permission));
        }
        for bad in [
            "",
            "products",
            "products:fly",
            "products:refund",
            "comments:refund",
            "Products:read",
            "api-keys:read",
        ] {
            assert!(Permission::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Permission::ORDERS_REFUND.name(), "orders:refund");
        assert_eq!(Permission::API_KEYS_READ.name(), "api_keys:read");
    }

    #[test]
    fn roles_hold_what_the_contract_says() {
        let may = |role: SystemRole, permission| role.permissions().contains(permission);
        for permission in Permission::ALL {
            assert!(may(SystemRole::SuperAdmin, *permission));
        }
        assert!(may(SystemRole::Owner, Permission::ROLES_UPDATE));
        assert!(!may(SystemRole::Owner, Permission::TENANTS_CREATE));
        assert!(!may(SystemRole::Admin, Permission::ROLES_UPDATE));
        assert!(!may(SystemRole::Admin, Permission::TENANTS_DELETE));
        assert!(may(SystemRole::Manager, Permission::INVENTORY_UPDATE));
        assert!(!may(SystemRole::Manager, Permission::USERS_LIST));
        assert!(may(SystemRole::Editor, Permission::POSTS_PUBLISH));
        assert!(!may(SystemRole::Editor, Permission::ORDERS_READ));
        assert!(!may(SystemRole::Support, Permission::ORDERS_REFUND));
        assert_eq!(SystemRole::Customer.scope(), Scope::Own);
        for role in SystemRole::ALL {
            assert_eq!(SystemRole::parse(role.as_str()), Ok(role));
        }
    }
}
