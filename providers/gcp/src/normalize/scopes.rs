//! What the access scopes of a node's token let through.

/// What an access scope lets a node's token do, as prefixes of permissions. A scope that is not here may let it do
/// anything. <https://developers.google.com/identity/protocols/oauth2/scopes>
pub(crate) const SCOPES: &[(&str, &[&str])] = &[
    ("cloud-platform", &["*"]),
    ("cloud-platform.read-only", &["*.get", "*.list", "*.getIamPolicy"]),
    ("compute", &["compute.*"]),
    ("compute.readonly", &["compute.*.get", "compute.*.list", "compute.*.getIamPolicy"]),
    ("devstorage.full_control", &["storage.*"]),
    (
        "devstorage.read_only",
        &[
            "storage.buckets.get",
            "storage.buckets.list",
            "storage.objects.get",
            "storage.objects.list",
            // Images come out of registries with the same scope.
            "artifactregistry.*.get",
            "artifactregistry.*.list",
            "artifactregistry.repositories.downloadArtifacts",
        ],
    ),
    (
        "devstorage.read_write",
        &[
            "storage.buckets.get",
            "storage.buckets.list",
            "storage.objects.get",
            "storage.objects.list",
            "storage.objects.create",
            "storage.objects.update",
            "storage.objects.delete",
            "artifactregistry.*.get",
            "artifactregistry.*.list",
            "artifactregistry.repositories.downloadArtifacts",
        ],
    ),
    ("logging.admin", &["logging.*"]),
    ("logging.read", &["logging.*.get", "logging.*.list"]),
    ("logging.write", &["logging.logEntries.create", "logging.logEntries.route"]),
    ("monitoring", &["monitoring.*", "stackdriver.*"]),
    ("monitoring.read", &["monitoring.*.get", "monitoring.*.list"]),
    (
        "monitoring.write",
        &[
            "monitoring.timeSeries.create",
            "monitoring.metricDescriptors.create",
            "monitoring.metricDescriptors.get",
            "monitoring.metricDescriptors.list",
        ],
    ),
    ("ndev.clouddns.readwrite", &["dns.*"]),
    ("ndev.clouddns.readonly", &["dns.*.get", "dns.*.list"]),
    ("pubsub", &["pubsub.*"]),
    ("service.management", &["servicemanagement.*"]),
    ("service.management.readonly", &["servicemanagement.*.get", "servicemanagement.*.list"]),
    (
        "servicecontrol",
        &["servicemanagement.services.check", "servicemanagement.services.report", "servicemanagement.services.quota"],
    ),
    ("sqlservice.admin", &["cloudsql.*"]),
    ("bigquery", &["bigquery.*"]),
    ("datastore", &["datastore.*"]),
    ("source.full_control", &["source.*"]),
    ("source.read_only", &["source.repos.get", "source.repos.list"]),
    ("trace.append", &["cloudtrace.traces.patch"]),
    ("trace.readonly", &["cloudtrace.*.get", "cloudtrace.*.list"]),
    ("userinfo.email", &[]),
    ("userinfo.profile", &[]),
    ("taskqueue", &["cloudtasks.*"]),
];

/// What an access scope may let through beside that: the services do not say it of themselves. Secret Manager asks for
/// `cloud-platform` in its reference; Kubernetes takes a token that only says who somebody is, and asks IAM the rest.
pub(crate) const PERHAPS: &[(&str, &[&str])] =
    &[("cloud-platform.read-only", &["*.access"]), ("userinfo.email", &["container.*"])];
