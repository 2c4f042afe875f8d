# The reader's role in one member account: what the scanner enters it with, and nothing that changes anything. Its rights
# are generated from the calls that the binary declares (`reader-role.json`, proven fresh by the tests).

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 6.0"
    }
  }
}

locals {
  # To enter further accounts is the scanner's business.
  actions = [
    for action in jsondecode(file("${path.module}/reader-role.json")).Statement[0].Action : action if action != "sts:AssumeRole"
  ]
  tags = merge({ Application = "palisade" }, var.tags)
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.scanner_role_arn]
    }
    dynamic "condition" {
      for_each = var.external_id == null ? [] : [var.external_id]
      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
    dynamic "condition" {
      for_each = var.organization_id == null ? [] : [var.organization_id]
      content {
        test     = "StringEquals"
        variable = "aws:PrincipalOrgID"
        values   = [condition.value]
      }
    }
  }
  # A scanner in EKS comes with the tags of its Pod Identity, which go on to every role that it enters. Alone it opens nothing,
  # and the external id is no part of this question.
  statement {
    actions = ["sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = [var.scanner_role_arn]
    }
    dynamic "condition" {
      for_each = var.organization_id == null ? [] : [var.organization_id]
      content {
        test     = "StringEquals"
        variable = "aws:PrincipalOrgID"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "reads" {
  # checkov:skip=CKV_AWS_356: reads of the whole account; these actions know no narrower resource or are asked of every one
  # checkov:skip=CKV_AWS_108: the same: descriptions of resources are what a posture scan reads; no action here reads data
  # checkov:skip=CKV_AWS_111: the one action that is not called a read makes a report on who used which service (GenerateServiceLastAccessedDetails)
  statement {
    sid       = "PalisadeReader"
    actions   = local.actions
    resources = ["*"]
  }
}

resource "aws_iam_role" "reader" {
  name                 = var.role_name
  description          = "Palisade reads this account with it"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn
  tags                 = local.tags
}

resource "aws_iam_policy" "reader" {
  name        = var.role_name
  description = "Generated from the calls that Palisade declares; read-only"
  policy      = data.aws_iam_policy_document.reads.json
  tags        = local.tags
}

resource "aws_iam_role_policy_attachment" "reader" {
  role       = aws_iam_role.reader.name
  policy_arn = aws_iam_policy.reader.arn
}
