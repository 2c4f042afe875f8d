# Three roles, none of which can change anything in the fleet: the scanner's own, the one that starts its container, and
# the scheduler's.

data "aws_iam_policy_document" "by_tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "scanner" {
  name               = "${var.name}-scanner"
  description        = "What Palisade is in the security account: reads, and enters the reader's roles of member accounts"
  assume_role_policy = data.aws_iam_policy_document.by_tasks.json
  tags               = local.tags
}

data "aws_iam_policy_document" "scanner" {
  # checkov:skip=CKV_AWS_356: reads of the whole account; these actions know no narrower resource or are asked of every one
  # checkov:skip=CKV_AWS_108: the same: descriptions of resources are what a posture scan reads; no action here reads data
  # checkov:skip=CKV_AWS_111: the one action that is not called a read makes a report on who used which service (GenerateServiceLastAccessedDetails)
  statement {
    sid       = "Reads"
    actions   = local.reads
    resources = ["*"]
  }

  statement {
    sid       = "ReadersOfMembers"
    actions   = ["sts:AssumeRole"]
    resources = ["arn:${local.partition}:iam::*:role/${var.reader_role_name}"]
    dynamic "condition" {
      for_each = var.organization_id == null ? [] : [var.organization_id]
      content {
        test     = "StringEquals"
        variable = "aws:ResourceOrgID"
        values   = [condition.value]
      }
    }
  }

  statement {
    sid       = "PutEvidence"
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = ["${aws_s3_bucket.evidence.arn}/*"]
  }

  # Lists, and reads for bundles how the bucket keeps what is put there.
  statement {
    sid       = "ListEvidence"
    actions   = ["s3:ListBucket", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketVersioning"]
    resources = [aws_s3_bucket.evidence.arn]
  }

  statement {
    sid       = "KeyOfEvidence"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = [aws_kms_key.palisade.arn]
  }

  dynamic "statement" {
    for_each = length(var.secret_arns) == 0 ? [] : [var.secret_arns]
    content {
      sid       = "Secrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.secret_key_arns) == 0 ? [] : [var.secret_key_arns]
    content {
      sid       = "KeysOfSecrets"
      actions   = ["kms:Decrypt"]
      resources = statement.value
    }
  }
}

# Customer-managed, because inline policies are short.
resource "aws_iam_policy" "scanner" {
  name        = "${var.name}-scanner"
  description = "Generated from the calls that Palisade declares, and what it needs here"
  policy      = data.aws_iam_policy_document.scanner.json
  tags        = local.tags
}

resource "aws_iam_role_policy_attachment" "scanner" {
  role       = aws_iam_role.scanner.name
  policy_arn = aws_iam_policy.scanner.arn
}

resource "aws_iam_role" "start" {
  name               = "${var.name}-start"
  description        = "Pulls the image, hands secrets to the container, writes its log"
  assume_role_policy = data.aws_iam_policy_document.by_tasks.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "start" {
  role       = aws_iam_role.start.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

locals {
  # An ARN, or ARN:MEMBER:VERSION-STAGE:VERSION-ID.
  secrets_of_start = distinct([
    for value in values(local.secret_environment) : join(":", slice(split(":", value), 0, min(7, length(split(":", value)))))
  ])
}

data "aws_iam_policy_document" "start" {
  count = length(local.secret_environment) == 0 ? 0 : 1

  statement {
    sid       = "SecretsOfTheEnvironment"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = local.secrets_of_start
  }

  statement {
    sid       = "TheirKeys"
    actions   = ["kms:Decrypt"]
    resources = concat([aws_kms_key.palisade.arn], var.secret_key_arns)
  }
}

resource "aws_iam_role_policy" "start" {
  count  = length(local.secret_environment) == 0 ? 0 : 1
  name   = "secrets"
  role   = aws_iam_role.start.id
  policy = data.aws_iam_policy_document.start[0].json
}

data "aws_iam_policy_document" "by_scheduler" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:scheduler:${local.region}:${local.account}:schedule-group/${var.name}"]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  description        = "Starts the scanner's task, and nothing else"
  assume_role_policy = data.aws_iam_policy_document.by_scheduler.json
  tags               = local.tags
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "Start"
    actions   = ["ecs:RunTask"]
    resources = ["${aws_ecs_task_definition.scanner.arn_without_revision}:*"]
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [aws_ecs_cluster.palisade.arn]
    }
  }

  # Asked for beside RunTask, since the task takes the tags of its definition (`propagate_tags` in runs.tf).
  statement {
    sid       = "TagWhatStarts"
    actions   = ["ecs:TagResource"]
    resources = ["arn:${local.partition}:ecs:${local.region}:${local.account}:task/${aws_ecs_cluster.palisade.name}/*"]
    condition {
      test     = "StringEquals"
      variable = "ecs:CreateAction"
      values   = ["RunTask"]
    }
  }

  statement {
    sid       = "HandRoles"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.scanner.arn, aws_iam_role.start.arn]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }

  statement {
    sid       = "KeepWhatFailed"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.undelivered.arn]
  }

  statement {
    sid       = "KeyOfTheQueue"
    actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
    resources = [aws_kms_key.palisade.arn]
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "start"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
