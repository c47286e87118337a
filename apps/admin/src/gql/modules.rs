//! What the shop has, and switching it.

use super::{DateTime, schema};

/// What the shop has, for everybody who works there.
#[derive(cynic::QueryFragment, Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Names of its modules.
    pub modules: Vec<String>,
    /// Its features.
    pub features: Vec<FeatureName>,
}

/// Asks for that alone.
#[derive(cynic::QueryFragment, Clone, Debug)]
#[cynic(graphql_type = "Query")]
pub struct Having {
    /// What the shop has.
    pub capabilities: Capabilities,
}

/// Something that a shop can have.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum FeatureName {
    Commerce,
    AdvancedSearch,
    CustomerAccounts,
    CatalogFiles,
    Blog,
    Forum,
    Pages,
    RealtimeChat,
    VideoStreaming,
    CustomScripting,
}

/// Where a module stands.
#[derive(cynic::Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ModuleState {
    Registered,
    Initialised,
    Healthy,
    Degraded,
    Failed,
    Disabled,
}

/// Modules and features.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[cynic(graphql_type = "Query")]
pub struct Switchboard {
    /// In the order in which they start.
    pub modules: Vec<Module>,
    /// In the order in which people see them.
    pub features: Vec<Feature>,
}

/// A part of the program.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Module {
    pub name: String,
    pub about: String,
    pub version: String,
    pub state: ModuleState,
    pub reason: Option<String>,
    pub depends_on: Vec<String>,
    pub dependants: Vec<String>,
    pub required: bool,
    pub enabled: bool,
    pub changed_at: Option<DateTime>,
}

/// Something that a shop can have.
#[derive(cynic::QueryFragment, Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Feature {
    pub name: FeatureName,
    pub title: String,
    pub about: String,
    pub enabled: bool,
    pub available: bool,
    pub module: Option<String>,
    pub changed_at: Option<DateTime>,
}

/// Which module, on or off.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ToggleModuleInput {
    /// Its name.
    pub module: String,
    /// On or off.
    pub enabled: bool,
    /// Also what it needs, or what needs it.
    pub cascade: bool,
}

/// Which feature, on or off.
#[derive(cynic::InputObject, Clone, Debug)]
pub struct ToggleFeatureInput {
    /// Its name.
    pub feature: FeatureName,
    /// On or off.
    pub enabled: bool,
}

/// The modules as they are now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ToggleModulePayload {
    /// Names of those that were switched.
    pub changed: Vec<String>,
}

/// The features as they are now.
#[derive(cynic::QueryFragment, Clone, Debug)]
pub struct ToggleFeaturePayload {
    /// Whether anything was switched.
    pub changed: bool,
}

mutations! {
    /// Switches a module.
    ToggleModule("ToggleModuleVariables", ToggleModuleVariables: ToggleModuleInput)
        -> toggle_module: ToggleModulePayload;
    /// Switches a feature.
    ToggleFeature("ToggleFeatureVariables", ToggleFeatureVariables: ToggleFeatureInput)
        -> toggle_feature: ToggleFeaturePayload;
}
