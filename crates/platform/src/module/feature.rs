//! What a shop can have, as types: a name that nobody can mistype.

use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// Where a feature comes from in this build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provision {
    /// A module brings it: the feature is on where the module is.
    Module(&'static str),
    /// A switch of its own.
    Switch {
        /// Whether a shop that never said anything has it.
        default: bool,
    },
    /// Known by name, but nothing in this build brings it.
    NotBuilt,
}

macro_rules! features {
    ($($(#[$doc:meta])* $feature:ident = $name:literal, $title:literal, $about:literal, $provision:expr;)*) => {
        /// Something that a shop can have or not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum)]
        #[graphql(name = "FeatureName")]
        pub enum Feature {
            $($(#[$doc])* $feature,)*
        }

        impl Feature {
            /// Every feature, in the order in which people see them.
            pub const ALL: &'static [Feature] = &[$(Feature::$feature),*];

            /// The name in tables, events and the manifest, such as `advanced_search`.
            pub const fn name(self) -> &'static str {
                match self { $(Feature::$feature => $name),* }
            }

            /// The name for people.
            pub const fn title(self) -> &'static str {
                match self { $(Feature::$feature => $title),* }
            }

            /// What a shop has with it, in a sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Feature::$feature => $about),* }
            }

            /// Where it comes from in this build.
            pub const fn provision(self) -> Provision {
                match self { $(Feature::$feature => $provision),* }
            }

            /// Reads a name as [`Feature::name`] gives it.
            pub fn parse(name: &str) -> Option<Feature> {
                match name { $($name => Some(Feature::$feature),)* _ => None }
            }
        }
    };
}

features! {
    /// Carts, checkout, orders.
    Commerce = "commerce", "Commerce", "Carts, checkout, orders and customers.",
        Provision::Module("commerce");
    /// Filters beside the search.
    AdvancedSearch = "advanced_search", "Advanced search",
        "Shoppers narrow lists down by options and price.", Provision::Switch { default: true };
    /// Shoppers open accounts themselves.
    CustomerAccounts = "customer_accounts", "Customer accounts",
        "Shoppers can open an account themselves; those who have one keep it.",
        Provision::Switch { default: true };
    /// Catalogue files come in and go out.
    CatalogFiles = "catalog_files", "Catalogue files",
        "Products are imported from files and exported to files.", Provision::Switch { default: true };
    /// Articles.
    Blog = "blog", "Blog", "Articles with comments and a feed.", Provision::NotBuilt;
    /// Discussions.
    Forum = "forum", "Forum", "Topics and replies of customers.", Provision::NotBuilt;
    /// Pages built from blocks.
    Pages = "pages", "Pages", "Pages of the merchant's own, built from blocks.", Provision::NotBuilt;
    /// Talking to shoppers while they look around.
    RealtimeChat = "realtime_chat", "Realtime chat", "Staff and shoppers write to each other at once.",
        Provision::NotBuilt;
    /// Moving pictures.
    VideoStreaming = "video_streaming", "Video streaming", "Videos in product galleries.",
        Provision::NotBuilt;
    /// Rules that merchants write as programs.
    CustomScripting = "custom_scripting", "Custom scripting", "Small programs of the merchant's own.",
        Provision::NotBuilt;
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Feature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What one shop has switched on and off; part of [`crate::TenantInfo`], so that asking costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    modules: BTreeMap<String, bool>,
    features: BTreeMap<Feature, bool>,
}

impl Switches {
    /// What a shop has said; everything else is as it comes.
    pub fn new(
        modules: impl IntoIterator<Item = (String, bool)>,
        features: impl IntoIterator<Item = (Feature, bool)>,
    ) -> Self {
        Self { modules: modules.into_iter().collect(), features: features.into_iter().collect() }
    }

    /// Whether a module is on. Modules are, until somebody switches them off.
    pub fn module(&self, name: &str) -> bool {
        self.modules.get(name).copied().unwrap_or(true)
    }

    /// Whether a feature is on.
    pub fn feature(&self, feature: Feature) -> bool {
        match feature.provision() {
            Provision::Module(name) => self.module(name),
            Provision::Switch { default } => self.features.get(&feature).copied().unwrap_or(default),
            Provision::NotBuilt => false,
        }
    }

    /// Whether no module is off, the usual case.
    pub fn all_modules(&self) -> bool {
        self.modules.values().all(|on| *on)
    }

    /// The same with one module switched.
    pub fn set_module(&mut self, name: &str, on: bool) {
        self.modules.insert(name.to_owned(), on);
    }

    /// The same with one feature switched.
    pub fn set_feature(&mut self, feature: Feature, on: bool) {
        self.features.insert(feature, on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_fit_into_events() {
        for feature in Feature::ALL {
            assert_eq!(Feature::parse(feature.name()), Some(*feature));
            assert!(feature.name().len() <= 64 && !feature.about().is_empty());
        }
    }

    #[test]
    fn a_shop_that_said_nothing_has_what_is_built() {
        let silent = Switches::default();
        assert!(silent.all_modules() && silent.module("commerce") && silent.feature(Feature::Commerce));
        assert!(silent.feature(Feature::AdvancedSearch));
        // Not even a row makes a feature that nothing brings.
        let insisting = Switches::new([("blog".to_owned(), true)], [(Feature::Blog, true)]);
        assert!(!silent.feature(Feature::Blog) && !insisting.feature(Feature::Blog));
    }

    #[test]
    fn a_feature_of_a_module_follows_it() {
        let off = Switches::new([("commerce".to_owned(), false)], [(Feature::Commerce, true)]);
        assert!(!off.module("commerce") && !off.feature(Feature::Commerce) && !off.all_modules());
        assert!(off.module("catalog"));
    }
}
