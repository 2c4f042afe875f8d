# The reader's role over an organisation. Its rights are generated from the calls that the binary declares
# (`reader-role.json`, proven fresh by the tests); none changes anything.

terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 6.40, < 7.0"
    }
  }
}

locals {
  role = jsondecode(file("${path.module}/reader-role.json"))
}

resource "google_organization_iam_custom_role" "reader" {
  org_id      = var.org_id
  role_id     = var.role_id
  title       = local.role.title
  description = local.role.description
  stage       = "GA"
  permissions = local.role.includedPermissions
}

resource "google_organization_iam_member" "reader" {
  org_id = var.org_id
  role   = google_organization_iam_custom_role.reader.id
  member = var.scanner_member
}
