# The scanner in a security project: a job of Cloud Run for each schedule of `schedules_dir`, started by Cloud Scheduler, with
# one service account that reads the fleet (module reader) and puts evidence into a write-once bucket.

module "schedules" {
  source = "../schedules"
  dir    = var.schedules_dir
}

locals {
  labels    = merge({ application = "palisade" }, var.labels)
  schedules = module.schedules.schedules

  # The APIs of what the binary declares, as its permissions begin.
  asked = distinct([
    for permission in jsondecode(file("${path.module}/reader/reader-role.json")).includedPermissions :
    "${replace(split(".", permission)[0], "/^resourcemanager$/", "cloudresourcemanager")}.googleapis.com"
  ])

  # Where the image keeps the installation: palisade.yaml, schedules/, and what is written beside them in a run.
  home = "/var/lib/palisade"

  environment = merge({
    PALISADE_CONFIG    = "${local.home}/palisade.yaml"
    PALISADE_SCHEDULES = "${local.home}/schedules"
    }, var.database == null ? {} : {
    PALISADE_DATABASE_URL = "postgres://palisade@localhost/palisade?host=/cloudsql/${google_sql_database_instance.memory[0].connection_name}"
  }, var.environment)
}

# What runs here, and what the scanner asks: many of Google's APIs answer a service account only where they are on in its own
# project, whichever project is asked about.
resource "google_project_service" "needed" {
  for_each = toset(concat(
    [
      "run.googleapis.com", "cloudscheduler.googleapis.com", "cloudkms.googleapis.com", "monitoring.googleapis.com",
      "secretmanager.googleapis.com", "storage.googleapis.com",
    ],
    var.database == null ? [] : ["sqladmin.googleapis.com"],
    local.asked,
  ))
  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_service_account" "scanner" {
  project      = var.project
  account_id   = "${var.name}-scanner"
  display_name = "Palisade: reads the fleet"
}

resource "google_service_account" "starter" {
  project      = var.project
  account_id   = "${var.name}-starter"
  display_name = "Palisade: starts the jobs, and nothing else"
}

resource "google_secret_manager_secret_iam_member" "scanner" {
  for_each  = toset(var.secret_ids)
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.scanner.member
}

resource "google_cloud_run_v2_job" "run" {
  for_each = local.schedules

  project  = var.project
  location = var.region
  name     = "${var.name}-${each.key}"
  labels   = local.labels
  # A job holds nothing, and goes when its schedule's file goes.
  deletion_protection = false

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account = google_service_account.scanner.email
      # The program ends its run by itself; this is for one that hangs.
      timeout = "${(each.value.time_limit_minutes + 15) * 60}s"
      # A run that was interrupted is taken up again; one that was recorded is not run twice.
      max_retries           = 1
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

      containers {
        image = var.image
        args  = ["run", each.key]

        resources {
          limits = { cpu = var.cpu, memory = var.memory }
        }

        dynamic "env" {
          for_each = local.environment
          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = google_secret_manager_secret.memory
          content {
            name = "PGPASSWORD"
            value_source {
              secret_key_ref {
                secret  = env.value.secret_id
                version = "latest"
              }
            }
          }
        }

        dynamic "volume_mounts" {
          for_each = google_sql_database_instance.memory
          content {
            name       = "cloudsql"
            mount_path = "/cloudsql"
          }
        }
      }

      dynamic "volumes" {
        for_each = google_sql_database_instance.memory
        content {
          name = "cloudsql"
          cloud_sql_instance {
            instances = [volumes.value.connection_name]
          }
        }
      }

      dynamic "vpc_access" {
        for_each = var.subnetwork == null ? [] : [var.subnetwork]
        content {
          egress = "ALL_TRAFFIC"
          network_interfaces {
            subnetwork = vpc_access.value
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length("${var.name}-${each.key}") <= 63 && can(regex("^[a-z0-9-]+$", each.key))
      error_message = "A job is called ${var.name}-${each.key}: Cloud Run takes 63 small letters, digits and hyphens."
    }
    precondition {
      condition     = each.value.evidence_to == null || startswith(coalesce(each.value.evidence_to, "-"), "gs://${var.evidence_bucket}/")
      error_message = "${each.key} keeps evidence where it ends with the job: write `to: gs://${var.evidence_bucket}/palisade` in its file."
    }
  }

  depends_on = [google_project_service.needed, google_secret_manager_secret_iam_member.memory]
}

resource "google_cloud_run_v2_job_iam_member" "starter" {
  for_each = google_cloud_run_v2_job.run
  project  = var.project
  location = var.region
  name     = each.value.name
  role     = "roles/run.invoker"
  member   = google_service_account.starter.member
}

resource "google_cloud_scheduler_job" "run" {
  for_each = local.schedules

  project          = var.project
  region           = var.region
  name             = "${var.name}-${each.key}"
  description      = substr(each.value.description, 0, 499)
  schedule         = each.value.cron
  time_zone        = each.value.time_zone
  attempt_deadline = "180s"

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.run[each.key].id}:run"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oauth_token {
      service_account_email = google_service_account.starter.email
    }
  }

  # A run that starts an hour late is the run of that time still: it is claimed once, whoever starts it.
  retry_config {
    retry_count          = 5
    max_retry_duration   = "3600s"
    min_backoff_duration = "30s"
    max_backoff_duration = "600s"
  }

  depends_on = [google_cloud_run_v2_job_iam_member.starter]
}
