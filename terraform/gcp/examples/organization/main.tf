# An organisation: the scanner in the security project, its role over the whole organisation.

terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.40"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

module "palisade" {
  source = "../.."

  project               = var.project
  region                = var.region
  image                 = var.image
  schedules_dir         = "${path.module}/installation/schedules"
  evidence_bucket       = "acme-palisade-evidence"
  secret_ids            = ["projects/${var.project}/secrets/slack"]
  notification_channels = var.notification_channels
  database              = {}
  database_password     = var.database_password
}

module "reader" {
  source = "../../reader"

  org_id         = var.org_id
  scanner_member = module.palisade.scanner_member
}

output "palisade" {
  description = "What to look at, and how a job is started by hand."
  value       = module.palisade
}
