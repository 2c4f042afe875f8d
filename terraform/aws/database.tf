# What is remembered from run to run, when it is wanted here. RDS makes the password, keeps it in Secrets Manager and
# changes it; it is in no state and in no file.

resource "aws_db_subnet_group" "memory" {
  count      = var.database == null ? 0 : 1
  name       = var.name
  subnet_ids = var.subnet_ids
  tags       = local.tags
}

resource "aws_security_group" "memory" {
  count       = var.database == null ? 0 : 1
  name        = "${var.name}-memory"
  description = "The memory: the scanner comes in, nothing goes out"
  vpc_id      = var.vpc_id
  tags        = local.tags
}

resource "aws_vpc_security_group_ingress_rule" "memory" {
  count                        = var.database == null ? 0 : 1
  security_group_id            = aws_security_group.memory[0].id
  referenced_security_group_id = aws_security_group.scanner.id
  description                  = "PostgreSQL from the scanner"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_egress_rule" "memory" {
  count                        = var.database == null ? 0 : 1
  security_group_id            = aws_security_group.scanner.id
  referenced_security_group_id = aws_security_group.memory[0].id
  description                  = "PostgreSQL of the memory"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_parameter_group" "memory" {
  count  = var.database == null ? 0 : 1
  name   = "${var.name}-${var.database.engine_version}"
  family = "postgres${split(".", var.database.engine_version)[0]}"
  tags   = local.tags

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  # Who changed what; reads are Palisade's own.
  parameter {
    name  = "log_statement"
    value = "ddl"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "5000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "by_monitoring" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  count              = var.database == null ? 0 : 1
  name               = "${var.name}-memory-monitoring"
  description        = "RDS writes measures of the memory"
  assume_role_policy = data.aws_iam_policy_document.by_monitoring.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  count      = var.database == null ? 0 : 1
  role       = aws_iam_role.monitoring[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "memory" {
  # checkov:skip=CKV_AWS_161: the program signs in with a password that RDS changes, not with an IAM token of fifteen minutes
  # checkov:skip=CKV_AWS_133: backups are kept for `database.backup_days`, which a validation holds at 1 or more; the analyser does not read the default of an object
  # checkov:skip=CKV_AWS_157: Multi-AZ is on unless `database.multi_az` says otherwise; the analyser does not read the default of an object
  count = var.database == null ? 0 : 1

  identifier     = var.name
  engine         = "postgres"
  engine_version = var.database.engine_version
  instance_class = var.database.instance_class
  db_name        = "palisade"
  username       = "palisade"

  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.palisade.key_id

  allocated_storage     = var.database.storage_gb
  max_allocated_storage = var.database.storage_max_gb
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.palisade.arn

  db_subnet_group_name   = aws_db_subnet_group.memory[0].name
  vpc_security_group_ids = [aws_security_group.memory[0].id]
  parameter_group_name   = aws_db_parameter_group.memory[0].name
  publicly_accessible    = false
  multi_az               = var.database.multi_az
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.database.backup_days
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-last"

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring[0].arn
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.palisade.arn

  tags = local.tags
}
