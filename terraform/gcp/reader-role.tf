variable "org_id" {
  description = "The organization whose projects are read."
  type        = string
}

resource "google_organization_iam_custom_role" "palisade_reader" {
  org_id      = var.org_id
  role_id     = "palisadeReader"
  title       = "PalisadeReader"
  description = "Reads what Palisade judges. Generated from the calls it declares; read-only."
  permissions = [
    "artifactregistry.repositories.getIamPolicy",
    "artifactregistry.repositories.list",
    "binaryauthorization.policy.get",
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeys.getIamPolicy",
    "cloudkms.keyRings.getIamPolicy",
    "compute.firewalls.list",
    "compute.forwardingRules.list",
    "compute.instances.list",
    "compute.networks.getEffectiveFirewalls",
    "compute.networks.getRegionEffectiveFirewalls",
    "compute.networks.list",
    "compute.projects.get",
    "compute.routers.list",
    "compute.routes.list",
    "compute.subnetworks.list",
    "compute.targetPools.list",
    "container.clusters.get",
    "container.clusters.list",
    "gkebackup.backupPlans.list",
    "iam.denypolicies.get",
    "iam.denypolicies.list",
    "iam.roles.get",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.list",
    "logging.buckets.list",
    "logging.sinks.list",
    "orgpolicy.policy.get",
    "recommender.iamPolicyInsights.list",
    "resourcemanager.folders.get",
    "resourcemanager.folders.getIamPolicy",
    "resourcemanager.folders.list",
    "resourcemanager.organizations.getIamPolicy",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "resourcemanager.projects.list",
    "serviceusage.services.get",
  ]
}
