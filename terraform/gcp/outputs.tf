output "scanner_member" {
  description = "Whom the reader's role is given to: `scanner_member` of the module reader."
  value       = google_service_account.scanner.member
}

output "evidence_bucket" {
  description = "The write-once bucket, as schedules name it."
  value       = "gs://${google_storage_bucket.evidence.name}/palisade"
}

output "database_reference" {
  description = "What `service: {database: ...}` of palisade.yaml says when this module made the database; `null` otherwise."
  value       = var.database == null ? null : "env:PALISADE_DATABASE_URL"
}

output "runs" {
  description = "Each schedule's job, its line, and within how many minutes a run must succeed (null: too rare for Cloud Monitoring)."
  value = {
    for name, schedule in local.schedules : name => {
      job           = google_cloud_run_v2_job.run[name].name
      cron          = schedule.cron
      time_zone     = schedule.time_zone
      alarm_minutes = lookup(local.watched, name, null)
    }
  }
}

output "run_now" {
  description = "The command that starts a job by hand; put the schedule's name in place of NAME."
  value       = "gcloud run jobs execute ${var.name}-NAME --project ${var.project} --region ${var.region}"
}
