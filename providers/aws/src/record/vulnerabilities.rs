//! Amazon Inspector (REST and JSON).

use super::leaf;
use jiff::Timestamp;
use serde::Deserialize;

macro_rules! record {
    ($name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

/// A page of a list: without the list it is no such page, and not an empty one.
macro_rules! page {
    ($name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

page!(AccountStatus {
    #[serde(deserialize_with = "leaf::list")]
    accounts: Vec<AccountState>,
});
record!(AccountState {
    #[serde(deserialize_with = "leaf::text")]
    account_id: Option<String>,
    resource_state: Option<ResourceState>,
});
record!(ResourceState {
    ecr: Option<State>,
});
record!(State {
    #[serde(deserialize_with = "leaf::text")]
    status: Option<String>,
});
impl AccountState {
    /// What the account's state of scanning ECR is called.
    pub(crate) fn ecr(&self) -> Option<&str> {
        self.resource_state.as_ref()?.ecr.as_ref()?.status.as_deref()
    }
}

page!(CoveredImages {
    #[serde(deserialize_with = "leaf::list")]
    covered_resources: Vec<CoveredImage>,
});
record!(CoveredImage {
    #[serde(deserialize_with = "leaf::text")]
    resource_id: Option<String>,
    scan_status: Option<ScanStatus>,
});
record!(ScanStatus {
    #[serde(deserialize_with = "leaf::text")]
    status_code: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    reason: Option<String>,
});

page!(Findings {
    #[serde(deserialize_with = "leaf::list")]
    findings: Vec<Finding>,
});
record!(Finding {
    #[serde(deserialize_with = "leaf::text")]
    title: Option<String>,
    #[serde(deserialize_with = "leaf::moment")]
    first_observed_at: Option<Timestamp>,
    #[serde(deserialize_with = "leaf::list")]
    resources: Vec<FoundIn>,
    package_vulnerability_details: Option<PackageVulnerability>,
});
record!(FoundIn {
    #[serde(deserialize_with = "leaf::text")]
    id: Option<String>,
});
record!(PackageVulnerability {
    #[serde(deserialize_with = "leaf::text")]
    vulnerability_id: Option<String>,
});

page!(ClustersOfImage {
    #[serde(deserialize_with = "leaf::list")]
    cluster: Vec<ClusterOfImage>,
});
record!(ClusterOfImage {
    #[serde(deserialize_with = "leaf::text")]
    cluster_arn: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    cluster_details: Vec<UseOfImage>,
});
record!(UseOfImage {
    #[serde(deserialize_with = "leaf::number")]
    running_unit_count: Option<i64>,
});
impl ClusterOfImage {
    /// Whether pods run it now; one that does not say how many counts as running.
    pub(crate) fn runs(&self) -> bool {
        let runs = |one: &UseOfImage| one.running_unit_count.is_none_or(|count| count > 0);
        self.cluster_details.is_empty() || self.cluster_details.iter().any(runs)
    }
}
