# What the guide for AWS says, against an emulator: the scanner in one account, the reader's role in another.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

variable "emulator" {
  type = string
}

variable "member" {
  type = string
}

variable "vpc_id" {
  type = string
}

variable "subnet_ids" {
  type = list(string)
}


provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "AKIAIOSFODNN7EXAMPLE"
  secret_key                  = "emulated"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
  endpoints {
    cloudwatch = var.emulator
    ec2        = var.emulator
    ecs        = var.emulator
    events     = var.emulator
    iam        = var.emulator
    kms        = var.emulator
    logs       = var.emulator
    s3         = var.emulator
    scheduler  = var.emulator
    sqs        = var.emulator
    sts        = var.emulator
  }
}

provider "aws" {
  alias                       = "member"
  region                      = "eu-west-1"
  access_key                  = "AKIAIOSFODNN7EXAMPLE"
  secret_key                  = "emulated"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  endpoints {
    iam = var.emulator
    sts = var.emulator
  }
  assume_role {
    role_arn = "arn:aws:iam::${var.member}:role/OrganizationAccountAccessRole"
  }
}

module "palisade" {
  source = "./modules/aws"

  image            = "registry.example/palisade@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  schedules_dir    = "./modules/aws/examples/organization/installation/schedules"
  vpc_id           = var.vpc_id
  subnet_ids       = var.subnet_ids
  evidence_bucket  = "acme-palisade-evidence"
  alarm_topic_arns = ["arn:aws:sns:eu-west-1:123456789012:security"]
}

module "reader" {
  source    = "./modules/aws/reader"
  providers = { aws = aws.member }

  scanner_role_arn = module.palisade.scanner_role_arn
  external_id      = "acme-7d1f"
}

output "scanner_role_arn" {
  value = module.palisade.scanner_role_arn
}

output "role_arn" {
  value = module.reader.role_arn
}
