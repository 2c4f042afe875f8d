# The reader's role in every account of an organisation or of its units, through a stack set: accounts that join get it by
# themselves. The management account is in no stack set: apply the module reader there.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 6.0"
    }
  }
}

data "aws_region" "here" {}

locals {
  actions = [
    for action in jsondecode(file("${path.module}/../reader/reader-role.json")).Statement[0].Action : action if action != "sts:AssumeRole"
  ]
  tags = merge({ Application = "palisade" }, var.tags)

  of_organization = var.organization_id == null ? {} : { "aws:PrincipalOrgID" = var.organization_id }
  conditions      = merge(var.external_id == null ? {} : { "sts:ExternalId" = var.external_id }, local.of_organization)
}

resource "aws_cloudformation_stack_set" "reader" {
  # checkov:skip=CKV_AWS_124: what a stack set tells goes to the events of its operations; it has no topics
  name             = var.role_name
  description      = "The role that Palisade reads accounts with"
  permission_model = "SERVICE_MANAGED"
  call_as          = var.call_as
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  tags             = local.tags

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  managed_execution {
    active = true
  }

  operation_preferences {
    failure_tolerance_percentage = 10
    max_concurrent_percentage    = 100
  }

  template_body = jsonencode({
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "The role that Palisade reads this account with. Generated; read-only."
    Resources = {
      Reader = {
        Type = "AWS::IAM::Role"
        Properties = merge({
          RoleName           = var.role_name
          Description        = "Palisade reads this account with it"
          MaxSessionDuration = 3600
          AssumeRolePolicyDocument = {
            Version = "2012-10-17"
            Statement = [
              merge({
                Effect    = "Allow"
                Action    = "sts:AssumeRole"
                Principal = { AWS = var.scanner_role_arn }
              }, length(local.conditions) == 0 ? {} : { Condition = { StringEquals = local.conditions } }),
              # A scanner in EKS comes with the tags of its Pod Identity, which go on to every role that it enters. Alone it opens
              # nothing, and the external id is no part of this question.
              merge({
                Effect    = "Allow"
                Action    = "sts:TagSession"
                Principal = { AWS = var.scanner_role_arn }
              }, length(local.of_organization) == 0 ? {} : { Condition = { StringEquals = local.of_organization } }),
            ]
          }
          Policies = [{
            PolicyName = var.role_name
            PolicyDocument = {
              Version   = "2012-10-17"
              Statement = [{ Sid = "PalisadeReader", Effect = "Allow", Action = local.actions, Resource = "*" }]
            }
          }]
        }, var.permissions_boundary_arn == null ? {} : { PermissionsBoundary = var.permissions_boundary_arn })
      }
    }
    Outputs = { RoleArn = { Value = { "Fn::GetAtt" = ["Reader", "Arn"] } } }
  })

  lifecycle {
    # The service writes into it.
    ignore_changes = [administration_role_arn]
  }
}

# A role is of an account: one region is enough.
resource "aws_cloudformation_stack_set_instance" "reader" {
  stack_set_name = aws_cloudformation_stack_set.reader.name
  call_as        = var.call_as
  region         = data.aws_region.here.name

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }

  # The stack set's own are not those of its instances: without them one account comes after the other, and the first that fails
  # ends it.
  operation_preferences {
    failure_tolerance_percentage = 10
    max_concurrent_percentage    = 100
  }

  timeouts {
    create = "6h"
    update = "6h"
    delete = "6h"
  }
}
