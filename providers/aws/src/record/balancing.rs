//! Elastic Load Balancing, API version 2015-12-01; the query protocol writes names in Pascal case.

use super::leaf;
use serde::Deserialize;

macro_rules! record {
    ($name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, rename_all = "PascalCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

/// A page of a list: without the list it is no such page, and not an empty one.
macro_rules! page {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $kind,)* }
    };
}

page!(LoadBalancers {
    #[serde(deserialize_with = "leaf::list")]
    load_balancers: Vec<LoadBalancer>,
});
record!(LoadBalancer {
    #[serde(deserialize_with = "leaf::text")]
    load_balancer_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    load_balancer_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    scheme: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(rename = "Type", deserialize_with = "leaf::text")]
    kind: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    ip_address_type: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    security_groups: Vec<String>,
});

page!(Listeners {
    #[serde(deserialize_with = "leaf::list")]
    listeners: Vec<Listener>,
});
record!(Listener {
    #[serde(deserialize_with = "leaf::text")]
    listener_arn: Option<String>,
    #[serde(deserialize_with = "leaf::number")]
    port: Option<i64>,
    #[serde(deserialize_with = "leaf::text")]
    protocol: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    default_actions: Vec<ListenerAction>,
});
page!(Rules {
    #[serde(deserialize_with = "leaf::list")]
    rules: Vec<ListenerRule>,
});
record!(ListenerRule {
    #[serde(deserialize_with = "leaf::text")]
    priority: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    conditions: Vec<RuleCondition>,
    #[serde(deserialize_with = "leaf::list")]
    actions: Vec<ListenerAction>,
});
record!(RuleCondition {
    #[serde(deserialize_with = "leaf::text")]
    field: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    values: Vec<String>,
    #[serde(deserialize_with = "leaf::list")]
    regex_values: Vec<String>,
    host_header_config: Option<ConditionValues>,
    path_pattern_config: Option<ConditionValues>,
    http_header_config: Option<ConditionValues>,
    source_ip_config: Option<ConditionValues>,
});
record!(ConditionValues {
    #[serde(deserialize_with = "leaf::text")]
    http_header_name: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    values: Vec<String>,
});
record!(ListenerAction {
    #[serde(rename = "Type", deserialize_with = "leaf::text")]
    kind: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    target_group_arn: Option<String>,
    forward_config: Option<ForwardConfig>,
});
record!(ForwardConfig {
    #[serde(deserialize_with = "leaf::list")]
    target_groups: Vec<ForwardGroup>,
});
record!(ForwardGroup {
    #[serde(deserialize_with = "leaf::text")]
    target_group_arn: Option<String>,
    #[serde(deserialize_with = "leaf::number")]
    weight: Option<i64>,
});

page!(TargetGroups {
    #[serde(deserialize_with = "leaf::list")]
    target_groups: Vec<TargetGroup>,
});
record!(TargetGroup {
    #[serde(deserialize_with = "leaf::text")]
    target_group_arn: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    protocol: Option<String>,
    #[serde(deserialize_with = "leaf::number")]
    port: Option<i64>,
    #[serde(deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    target_type: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    load_balancer_arns: Vec<String>,
});

page!(TargetGroupAttributes {
    #[serde(deserialize_with = "leaf::list")]
    attributes: Vec<Attribute>,
});
record!(Attribute {
    #[serde(deserialize_with = "leaf::text")]
    key: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    value: Option<String>,
});

page!(TargetHealth {
    #[serde(deserialize_with = "leaf::list")]
    target_health_descriptions: Vec<TargetHealthDescription>,
});
record!(TargetHealthDescription {
    target: Option<Target>,
    target_health: Option<Health>,
});
record!(Target {
    #[serde(deserialize_with = "leaf::text")]
    id: Option<String>,
    #[serde(deserialize_with = "leaf::number")]
    port: Option<i64>,
});
record!(Health {
    #[serde(deserialize_with = "leaf::text")]
    state: Option<String>,
});

// Load balancers of the first generation, API version 2012-06-01.
page!(ClassicLoadBalancers {
    #[serde(deserialize_with = "leaf::list")]
    load_balancer_descriptions: Vec<ClassicLoadBalancer>,
});
record!(ClassicLoadBalancer {
    #[serde(deserialize_with = "leaf::text")]
    load_balancer_name: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    scheme: Option<String>,
    #[serde(rename = "VPCId", deserialize_with = "leaf::text")]
    vpc_id: Option<String>,
    #[serde(deserialize_with = "leaf::list")]
    security_groups: Vec<String>,
    #[serde(deserialize_with = "leaf::list")]
    listener_descriptions: Vec<ClassicListenerDescription>,
    #[serde(deserialize_with = "leaf::list")]
    instances: Vec<ClassicInstance>,
});
record!(ClassicListenerDescription {
    listener: Option<ClassicListener>,
});
record!(ClassicListener {
    #[serde(deserialize_with = "leaf::number")]
    load_balancer_port: Option<i64>,
    #[serde(deserialize_with = "leaf::number")]
    instance_port: Option<i64>,
});
record!(ClassicInstance {
    #[serde(deserialize_with = "leaf::text")]
    instance_id: Option<String>,
});

page!(InstanceHealth {
    #[serde(deserialize_with = "leaf::list")]
    instance_states: Vec<InstanceState>,
});
record!(InstanceState {
    #[serde(deserialize_with = "leaf::text")]
    instance_id: Option<String>,
    #[serde(deserialize_with = "leaf::text")]
    state: Option<String>,
});

impl ClassicLoadBalancer {
    /// The kind that stands in [`LoadBalancer::kind`] of one of the first generation.
    pub(crate) const KIND: &'static str = "classic";

    /// As one of the second generation would be described, as far as clients and machines see it.
    pub(crate) fn as_load_balancer(&self) -> LoadBalancer {
        let name = self.load_balancer_name.clone().unwrap_or_default();
        LoadBalancer {
            // Its interfaces call it by its name alone.
            load_balancer_arn: Some(format!("classic:loadbalancer/{name}")),
            load_balancer_name: Some(name),
            scheme: self.scheme.clone(),
            vpc_id: self.vpc_id.clone(),
            kind: Some(Self::KIND.to_owned()),
            ip_address_type: Some("ipv4".to_owned()),
            security_groups: self.security_groups.clone(),
        }
    }
}

impl LoadBalancer {
    /// Whether clients of the internet can speak to it.
    pub(crate) fn faces_internet(&self) -> bool {
        self.scheme.as_deref() != Some("internal") && self.kind.as_deref() != Some("gateway")
    }
}
