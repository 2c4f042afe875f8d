# What the module makes of schedules, and what it refuses. The provider is a mock: nothing is asked of Google Cloud.

mock_provider "google" {
  mock_resource "google_cloud_run_v2_job" {
    override_during = plan
    defaults = {
      id = "projects/acme-security/locations/europe-west3/jobs/a-job"
    }
  }
  mock_resource "google_sql_database_instance" {
    override_during = plan
    defaults = {
      connection_name = "acme-security:europe-west3:palisade-memory"
    }
  }
}

variables {
  project               = "acme-security"
  region                = "europe-west3"
  image                 = "europe-west3-docker.pkg.dev/acme-security/palisade/palisade@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  schedules_dir         = "./examples/organization/installation/schedules"
  evidence_bucket       = "acme-palisade-evidence"
  notification_channels = ["projects/acme-security/notificationChannels/1"]
  database_password     = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "each_schedule_is_a_job" {
  command = plan

  assert {
    condition     = google_cloud_scheduler_job.run["weekly-evidence"].schedule == "0 5 * * 1" && google_cloud_scheduler_job.run["weekly-evidence"].time_zone == "UTC"
    error_message = "The weekly run is on Monday at five."
  }
  assert {
    condition     = output.runs["hourly-exposure"].alarm_minutes == 120 && output.runs["nightly-full"].alarm_minutes == 1490 && output.runs["weekly-evidence"].alarm_minutes == null
    error_message = "Runs are missed after two hours, after twenty-five with the ten minutes for which it lasts, and never by Cloud Monitoring."
  }
  assert {
    condition = alltrue([
      for policy in google_monitoring_alert_policy.missed : sum([
        for given in [policy.conditions[0].condition_threshold[0].aggregations[0].alignment_period, policy.conditions[0].condition_threshold[0].duration] :
        tonumber(trimsuffix(given, "s"))
      ]) <= 25 * 60 * 60
    ])
    error_message = "Cloud Monitoring refuses a period that is longer than 25 hours together with its duration."
  }
  assert {
    condition     = alltrue([for job in google_cloud_run_v2_job.run : !job.deletion_protection])
    error_message = "A schedule whose file goes takes its job with it."
  }
  assert {
    condition = toset([for service in google_project_service.needed : trimsuffix(service.service, ".googleapis.com")]) == toset([
      "artifactregistry", "binaryauthorization", "cloudasset", "cloudkms", "cloudresourcemanager", "cloudscheduler", "compute", "container",
      "containeranalysis", "gkebackup", "iam", "logging", "monitoring", "orgpolicy", "recommender", "run", "secretmanager", "serviceusage", "storage",
    ])
    error_message = "The APIs that run the scanner, and those that it asks."
  }
  assert {
    condition     = google_cloud_run_v2_job.run["nightly-full"].template[0].template[0].containers[0].args == tolist(["run", "nightly-full"])
    error_message = "A job runs its schedule."
  }
  assert {
    condition     = google_cloud_scheduler_job.run["nightly-full"].http_target[0].uri == "https://run.googleapis.com/v2/projects/acme-security/locations/europe-west3/jobs/a-job:run"
    error_message = "Cloud Scheduler starts the job."
  }
  assert {
    condition     = google_storage_bucket.evidence.retention_policy[0].retention_period == 34560000
    error_message = "400 days in seconds."
  }
}

run "a_memory_is_made_when_it_is_asked_for" {
  command = plan
  variables {
    database = {}
  }
  assert {
    condition = contains([
      for env in google_cloud_run_v2_job.run["nightly-full"].template[0].template[0].containers[0].env : env.value if env.name == "PALISADE_DATABASE_URL"
    ], "postgres://palisade@localhost/palisade?host=/cloudsql/acme-security:europe-west3:palisade-memory")
    error_message = "The address is a socket and has no password in it."
  }
}

run "evidence_in_a_folder_is_refused" {
  command = plan
  variables {
    schedules_dir = "../../schedules"
  }
  expect_failures = [google_cloud_run_v2_job.run]
}

run "an_image_by_tag_and_an_alarm_for_nobody_are_refused" {
  command = plan
  variables {
    image                 = "europe-west3-docker.pkg.dev/acme-security/palisade/palisade:latest"
    notification_channels = []
  }
  expect_failures = [var.image, var.notification_channels]
}
