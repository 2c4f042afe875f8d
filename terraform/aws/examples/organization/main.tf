# An organisation: the scanner in the security account, its role in every account through a stack set, and in the management
# account, which no stack set reaches, by itself.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}

provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "management"
  region = var.region
  assume_role {
    role_arn = var.management_role_arn
  }
}

module "palisade" {
  source = "../.."

  image            = var.image
  schedules_dir    = "${path.module}/installation/schedules"
  vpc_id           = var.vpc_id
  subnet_ids       = var.subnet_ids
  evidence_bucket  = "acme-palisade-evidence"
  organization_id  = var.organization_id
  secret_arns      = var.secret_arns
  alarm_topic_arns = var.alarm_topic_arns
  database         = {}
}

module "readers" {
  source = "../../reader-stackset"

  scanner_role_arn        = module.palisade.scanner_role_arn
  organization_id         = var.organization_id
  organizational_unit_ids = var.organizational_unit_ids
}

module "reader_of_management" {
  source    = "../../reader"
  providers = { aws = aws.management }

  scanner_role_arn = module.palisade.scanner_role_arn
  organization_id  = var.organization_id
}

output "palisade" {
  description = "What to look at, and how a run is started by hand."
  value       = module.palisade
}
