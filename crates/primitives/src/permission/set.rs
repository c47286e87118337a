//! Sets of permissions, each with the scope in which it is held.

use super::{Action, Permission, Resource, UnknownName, unknown};
use crate::text_value;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Whose things a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Only the person's own.
    Own,
    /// Everybody's in the tenant.
    All,
}

impl Scope {
    /// The name outside.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Own => "own",
            Scope::All => "all",
        }
    }

    /// Reads the name outside.
    pub fn parse(text: &str) -> Result<Scope, UnknownName> {
        [Scope::All, Scope::Own]
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| unknown(text, "scope"))
    }
}
text_value!(Scope, UnknownName);

/// A permission with its scope: `orders:read`, or `orders:read:own`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Grant {
    /// What may be done.
    pub permission: Permission,
    /// With whose things.
    pub scope: Scope,
}

impl Grant {
    /// With everybody's things.
    pub const fn all(permission: Permission) -> Grant {
        Grant { permission, scope: Scope::All }
    }

    /// With the person's own things alone.
    pub const fn own(permission: Permission) -> Grant {
        Grant { permission, scope: Scope::Own }
    }

    /// The name outside.
    pub fn name(self) -> String {
        match self.scope {
            Scope::All => self.permission.name(),
            Scope::Own => format!("{}:own", self.permission.name()),
        }
    }

    /// Reads the name outside.
    pub fn parse(text: &str) -> Result<Grant, UnknownName> {
        match text.strip_suffix(":own") {
            Some(permission) => Permission::parse(permission).map(Grant::own),
            None => Permission::parse(text).map(Grant::all),
        }
    }
}

impl From<Permission> for Grant {
    fn from(permission: Permission) -> Grant {
        Grant::all(permission)
    }
}

impl FromStr for Grant {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Grant, UnknownName> {
        Grant::parse(text)
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({self})")
    }
}

impl Serialize for Grant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Grant, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Grant::parse(&text).map_err(serde::de::Error::custom)
    }
}

const N_RESOURCES: usize = Resource::ALL.len();
const MANAGE: u16 = 1 << Action::Manage as u8;
const EVERY_ACTION: u16 = (1 << Action::ALL.len()) - 1;

type Bits = [u16; N_RESOURCES];

/// A set of permissions, one bit each, so that asking costs nothing.
///
/// Whatever does not speak of a scope speaks of [`Scope::All`]: a door that knows nothing of owners stays shut for
/// somebody who may reach the own things alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PermissionSet {
    all: Bits,
    own: Bits,
}

impl PermissionSet {
    /// Nothing allowed.
    pub const EMPTY: PermissionSet = PermissionSet { all: [0; N_RESOURCES], own: [0; N_RESOURCES] };

    /// Everything allowed, on every resource.
    pub const fn everything() -> PermissionSet {
        PermissionSet { all: [MANAGE; N_RESOURCES], own: [0; N_RESOURCES] }
    }

    /// The same set and one more.
    #[must_use]
    pub const fn with(mut self, permission: Permission) -> PermissionSet {
        self.all[permission.resource as usize] |= 1 << permission.action as u8;
        self
    }

    /// The same set and one more, for the person's own things.
    #[must_use]
    pub const fn with_own(mut self, permission: Permission) -> PermissionSet {
        self.own[permission.resource as usize] |= 1 << permission.action as u8;
        self
    }

    /// The same set and every given one.
    #[must_use]
    pub const fn with_all(mut self, permissions: &[Permission]) -> PermissionSet {
        let mut at = 0;
        while at < permissions.len() {
            self = self.with(permissions[at]);
            at += 1;
        }
        self
    }

    /// The same set without anything on a resource.
    #[must_use]
    pub const fn without_resource(mut self, resource: Resource) -> PermissionSet {
        self.all[resource as usize] = 0;
        self.own[resource as usize] = 0;
        self
    }

    /// The same permissions, each for the person's own things alone.
    #[must_use]
    pub const fn narrowed(self) -> PermissionSet {
        PermissionSet { all: [0; N_RESOURCES], own: either(self.all, self.own) }
    }

    /// Whether it is allowed with everybody's things; `manage` allows every action on its resource.
    pub const fn contains(&self, permission: Permission) -> bool {
        allows(self.all[permission.resource as usize], permission)
    }

    /// With whose things it is allowed; `None` with nobody's.
    pub const fn scope_of(&self, permission: Permission) -> Option<Scope> {
        if self.contains(permission) {
            Some(Scope::All)
        } else if allows(self.own[permission.resource as usize], permission) {
            Some(Scope::Own)
        } else {
            None
        }
    }

    /// Everything that either set allows.
    #[must_use]
    pub const fn union(self, other: PermissionSet) -> PermissionSet {
        PermissionSet { all: either(self.all, other.all), own: either(self.own, other.own) }
    }

    /// What both sets allow, each in the narrower of its two scopes.
    #[must_use]
    pub fn intersection(&self, other: &PermissionSet) -> PermissionSet {
        let mut both = PermissionSet::EMPTY;
        for at in 0..N_RESOURCES {
            let (a, b) = (every(self.all[at]), every(other.all[at]));
            let (any_a, any_b) = (a | every(self.own[at]), b | every(other.own[at]));
            both.all[at] = shortest(a & b);
            both.own[at] = shortest(any_a & any_b & !(a & b));
        }
        both
    }

    /// What `wanted` allows and this set does not, as it was put into `wanted`.
    pub fn lacks(&self, wanted: &PermissionSet) -> impl Iterator<Item = Grant> {
        let held = *self;
        let wanted: Vec<Grant> = wanted.grants().collect();
        wanted.into_iter().filter(move |grant| {
            let at = grant.permission.resource as usize;
            let reach = match grant.scope {
                Scope::All => every(held.all[at]),
                Scope::Own => every(held.all[at]) | every(held.own[at]),
            };
            // Whoever may do each single thing may still not hand out what will be added to `manage` later.
            reach & (1 << grant.permission.action as u8) == 0
        })
    }

    /// Whether everything that `wanted` allows is allowed here, in the same scope or a wider one.
    pub fn covers(&self, wanted: &PermissionSet) -> bool {
        self.lacks(wanted).next().is_none()
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.all.iter().chain(&self.own).all(|bits| *bits == 0)
    }

    /// What is allowed with everybody's things, in a fixed order, with what `manage` implies.
    pub fn iter(&self) -> impl Iterator<Item = Permission> + '_ {
        Permission::ALL.iter().copied().filter(|permission| self.contains(*permission))
    }

    /// What is allowed in its widest scope, in a fixed order, with what `manage` implies.
    pub fn effective(&self) -> impl Iterator<Item = Grant> + '_ {
        Permission::ALL.iter().filter_map(|permission| {
            self.scope_of(*permission).map(|scope| Grant { permission: *permission, scope })
        })
    }

    /// What was put in for everybody's things, without what `manage` implies.
    pub fn granted(&self) -> impl Iterator<Item = Permission> + '_ {
        self.grants().filter(|grant| grant.scope == Scope::All).map(|grant| grant.permission)
    }

    /// What was put in, without what `manage` implies.
    pub fn grants(&self) -> impl Iterator<Item = Grant> + '_ {
        let held = |bits: u16, permission: Permission| bits & (1 << permission.action as u8) != 0;
        Permission::ALL.iter().copied().flat_map(move |permission| {
            let at = permission.resource as usize;
            let all = held(self.all[at], permission).then_some(Grant::all(permission));
            let own = held(self.own[at], permission).then_some(Grant::own(permission));
            all.into_iter().chain(own)
        })
    }
}

const fn allows(bits: u16, permission: Permission) -> bool {
    bits & (MANAGE | 1 << permission.action as u8) != 0
}

const fn either(mut a: Bits, b: Bits) -> Bits {
    let mut at = 0;
    while at < N_RESOURCES {
        a[at] |= b[at];
        at += 1;
    }
    a
}

/// With what `manage` implies.
const fn every(bits: u16) -> u16 {
    if bits & MANAGE != 0 { EVERY_ACTION } else { bits }
}

/// Undoes [`every`].
const fn shortest(bits: u16) -> u16 {
    if bits & MANAGE != 0 { MANAGE } else { bits }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> PermissionSet {
        permissions.into_iter().fold(PermissionSet::EMPTY, PermissionSet::with)
    }
}

impl FromIterator<Grant> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> PermissionSet {
        grants.into_iter().fold(PermissionSet::EMPTY, |set, grant| match grant.scope {
            Scope::All => set.with(grant.permission),
            Scope::Own => set.with_own(grant.permission),
        })
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.grants().map(Grant::name)).finish()
    }
}

impl Serialize for PermissionSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.grants())
    }
}

impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<PermissionSet, D::Error> {
        Ok(Vec::<Grant>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRole;
    use proptest::prelude::*;

    #[test]
    fn manage_allows_every_action_on_its_resource_only() {
        let set = PermissionSet::EMPTY.with(Permission::ORDERS_MANAGE);
        assert!(set.contains(Permission::ORDERS_REFUND));
        assert!(!set.contains(Permission::PAYMENTS_READ));
        assert_eq!(set.iter().count(), 10);
        assert_eq!(set.granted().collect::<Vec<_>>(), [Permission::ORDERS_MANAGE]);
    }

    #[test]
    fn sets_read_back() {
        let set = SystemRole::Support.permissions().with_own(Permission::ORDERS_LIST);
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<PermissionSet>(&json).unwrap(), set);
        for bad in ["orders:fly", "orders:read:mine", "orders:own", ":own"] {
            assert!(serde_json::from_str::<PermissionSet>(&format!("[{bad:?}]")).is_err(), "{bad}");
        }
        assert_eq!(Grant::own(Permission::ORDERS_READ).name(), "orders:read:own");
        assert!(Scope::parse("mine").is_err());
    }

    #[test]
    fn the_own_things_are_less_than_everybodys() {
        let own = PermissionSet::EMPTY.with_own(Permission::ORDERS_READ);
        let all = PermissionSet::EMPTY.with(Permission::ORDERS_READ);
        assert!(!own.contains(Permission::ORDERS_READ) && !own.is_empty());
        assert_eq!(own.scope_of(Permission::ORDERS_READ), Some(Scope::Own));
        assert_eq!(own.union(all).scope_of(Permission::ORDERS_READ), Some(Scope::All));
        assert!(all.covers(&own) && !own.covers(&all));
        assert_eq!(all.intersection(&own), own);
        assert_eq!(own.lacks(&all).collect::<Vec<_>>(), [Grant::all(Permission::ORDERS_READ)]);
        assert_eq!(all.narrowed(), own);
        let managed = PermissionSet::EMPTY.with(Permission::ORDERS_MANAGE);
        assert_eq!(managed.intersection(&own), own);
        assert_eq!(managed.intersection(&managed.union(own)), managed);
        assert_eq!(own.effective().collect::<Vec<_>>(), [Grant::own(Permission::ORDERS_READ)]);
    }

    #[test]
    fn every_single_action_is_not_yet_manage() {
        let each = Permission::ALL.iter().filter(|p| p.resource() == Resource::Posts);
        let each: PermissionSet = each.copied().filter(|p| p.action() != Action::Manage).collect();
        let manage = PermissionSet::EMPTY.with(Permission::POSTS_MANAGE);
        assert!(manage.covers(&each) && !each.covers(&manage));
    }

    fn sets() -> impl Strategy<Value = PermissionSet> {
        let grant = (0..Permission::ALL.len(), any::<bool>()).prop_map(|(at, own)| Grant {
            permission: Permission::ALL[at],
            scope: if own { Scope::Own } else { Scope::All },
        });
        prop_oneof![
            proptest::collection::vec(grant, 0..40).prop_map(|grants| grants.into_iter().collect()),
            (0..SystemRole::ALL.len()).prop_map(|at| SystemRole::ALL[at].permissions()),
        ]
    }

    fn reaches(set: &PermissionSet, grant: Grant) -> bool {
        set.scope_of(grant.permission).is_some_and(|scope| scope >= grant.scope)
    }

    proptest! {
        #[test]
        fn what_is_covered_reaches_nothing_more(held in sets(), wanted in sets()) {
            if held.covers(&wanted) {
                prop_assert!(wanted.effective().all(|grant| reaches(&held, grant)));
            } else {
                prop_assert!(held.lacks(&wanted).all(|grant| !reaches(&held, grant)));
            }
            prop_assert!(held.covers(&held.intersection(&wanted)));
            prop_assert!(held.union(wanted).covers(&wanted));
        }

        #[test]
        fn both_allow_what_their_intersection_allows(a in sets(), b in sets()) {
            let both = a.intersection(&b);
            for permission in Permission::ALL {
                let least = a.scope_of(*permission).min(b.scope_of(*permission));
                prop_assert_eq!(both.scope_of(*permission), least);
            }
            prop_assert_eq!(both, b.intersection(&a));
        }
    }
}
