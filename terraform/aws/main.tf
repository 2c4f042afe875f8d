# The scanner in a security account: a task of ECS on Fargate for each schedule of `schedules_dir`, started by EventBridge
# Scheduler, with nothing but read-only rights in the clouds and the right to put evidence into a write-once bucket.

data "aws_caller_identity" "here" {}
data "aws_partition" "here" {}
data "aws_region" "here" {}

module "schedules" {
  source = "../schedules"
  dir    = var.schedules_dir
}

locals {
  account   = data.aws_caller_identity.here.account_id
  partition = data.aws_partition.here.partition
  region    = data.aws_region.here.name
  tags      = merge({ Application = "palisade" }, var.tags)
  schedules = module.schedules.schedules

  # What the binary declares. To assume a role is narrowed below to the reader's roles.
  reads = [
    for action in jsondecode(file("${path.module}/reader/reader-role.json")).Statement[0].Action : action if action != "sts:AssumeRole"
  ]

  # Where the image keeps the installation: palisade.yaml, schedules/, and what is written beside them in a run.
  home = "/var/lib/palisade"

  database_url = var.database == null ? {} : {
    PALISADE_DATABASE_URL = "postgres://${aws_db_instance.memory[0].username}@${aws_db_instance.memory[0].endpoint}/${aws_db_instance.memory[0].db_name}?sslrootcert=${var.database.ca_file}"
  }
  database_password = var.database == null ? {} : {
    PGPASSWORD = "${aws_db_instance.memory[0].master_user_secret[0].secret_arn}:password::"
  }

  environment = merge({
    PALISADE_CONFIG    = "${local.home}/palisade.yaml"
    PALISADE_SCHEDULES = "${local.home}/schedules"
    AWS_REGION         = local.region
    # Object Lock takes no object without a checksum.
    AWS_CHECKSUM_ALGORITHM = "sha256"
  }, local.database_url, var.environment)

  secret_environment = merge(local.database_password, var.secret_environment)
}

# One key for everything that is kept here.
resource "aws_kms_key" "palisade" {
  description             = "Evidence, logs, queue and memory of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = local.tags
}

resource "aws_kms_alias" "palisade" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.palisade.key_id
}

data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_109: the policy of a key speaks of that key alone; "*" is the only way to say so
  # checkov:skip=CKV_AWS_111: the same
  # checkov:skip=CKV_AWS_356: the same
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/palisade/${var.name}",
        "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/events/${var.name}",
      ]
    }
  }
}

resource "aws_cloudwatch_log_group" "runs" {
  name              = "/palisade/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.palisade.arn
  tags              = local.tags
}

resource "aws_ecs_cluster" "palisade" {
  name = var.name
  tags = local.tags

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "scanner" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.scanner.arn
  execution_role_arn       = aws_iam_role.start.arn
  tags                     = local.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Fargate fills it with what the image has there (its VOLUME), and ends it with the task.
  volume {
    name = "installation"
  }

  container_definitions = jsonencode([{
    name                   = "palisade"
    image                  = var.image
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    command                = ["--help"]
    stopTimeout            = 60
    linuxParameters        = { capabilities = { drop = ["ALL"] }, initProcessEnabled = false }
    mountPoints            = [{ sourceVolume = "installation", containerPath = local.home, readOnly = false }]
    environment            = [for name in sort(keys(local.environment)) : { name = name, value = local.environment[name] }]
    secrets                = [for name in sort(keys(local.secret_environment)) : { name = name, valueFrom = local.secret_environment[name] }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.runs.name
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = "run"
      }
    }
  }])
}

resource "aws_security_group" "scanner" {
  # checkov:skip=CKV2_AWS_5: EventBridge Scheduler gives it to each task (runs.tf)
  name        = "${var.name}-scanner"
  description = "The scanner: nothing comes in, HTTPS goes out"
  vpc_id      = var.vpc_id
  tags        = local.tags
}

resource "aws_vpc_security_group_egress_rule" "apis" {
  security_group_id = aws_security_group.scanner.id
  description       = "The APIs of the clouds and of channels, whose addresses change"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
