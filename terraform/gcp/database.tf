# What is remembered from run to run, when it is wanted here. The password comes as an ephemeral variable and leaves through
# write-only arguments: it is in no state.

resource "google_sql_database_instance" "memory" {
  # checkov:skip=CKV_GCP_60: Cloud Run's own connection goes through the instance's public name; connector_enforcement refuses every connection that does not come with IAM's leave, and no network is authorised
  # checkov:skip=CKV_GCP_79: the version is one that Palisade is tested with, and a major upgrade is somebody's decision
  # checkov:skip=CKV2_GCP_20: backups are on (backup_configuration); the analyser reads MySQL's
  # checkov:skip=CKV_GCP_6: TRUSTED_CLIENT_CERTIFICATE_REQUIRED is stricter than what it looks for
  count = var.database == null ? 0 : 1

  project             = var.project
  region              = var.region
  name                = "${var.name}-memory"
  database_version    = "POSTGRES_16"
  deletion_protection = true

  settings {
    tier                        = var.database.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.database.regional ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.database.disk_gb
    disk_autoresize             = true
    deletion_protection_enabled = true
    connector_enforcement       = "REQUIRED"
    user_labels                 = local.labels

    ip_configuration {
      ipv4_enabled = true
      ssl_mode     = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      backup_retention_settings {
        retained_backups = var.database.backups
      }
    }

    insights_config {
      query_insights_enabled = true
    }

    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }
    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }
    database_flags {
      name  = "log_connections"
      value = "on"
    }
    database_flags {
      name  = "log_disconnections"
      value = "on"
    }
    database_flags {
      name  = "log_duration"
      value = "on"
    }
    database_flags {
      name  = "log_hostname"
      value = "on"
    }
    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }
    database_flags {
      name  = "log_min_duration_statement"
      value = "-1"
    }
    database_flags {
      name  = "log_min_error_statement"
      value = "error"
    }
    database_flags {
      name  = "log_min_messages"
      value = "warning"
    }
    database_flags {
      name  = "log_statement"
      value = "ddl"
    }
    database_flags {
      name  = "log_temp_files"
      value = "0"
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.needed]
}

resource "google_sql_database" "memory" {
  count    = var.database == null ? 0 : 1
  project  = var.project
  name     = "palisade"
  instance = google_sql_database_instance.memory[0].name
}

resource "google_sql_user" "memory" {
  count               = var.database == null ? 0 : 1
  project             = var.project
  name                = "palisade"
  instance            = google_sql_database_instance.memory[0].name
  password_wo         = var.database_password
  password_wo_version = var.database.password_version
  deletion_policy     = "ABANDON"
}

resource "google_secret_manager_secret" "memory" {
  count     = var.database == null ? 0 : 1
  project   = var.project
  secret_id = "${var.name}-database-password"
  labels    = local.labels

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "memory" {
  count                  = var.database == null ? 0 : 1
  secret                 = google_secret_manager_secret.memory[0].id
  secret_data_wo         = var.database_password
  secret_data_wo_version = var.database.password_version
}

resource "google_secret_manager_secret_iam_member" "memory" {
  count     = var.database == null ? 0 : 1
  secret_id = google_secret_manager_secret.memory[0].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.scanner.member
}

resource "google_project_iam_member" "memory" {
  count   = var.database == null ? 0 : 1
  project = var.project
  role    = "roles/cloudsql.client"
  member  = google_service_account.scanner.member
}
