# How it is noticed that a run did not come. Cloud Run counts executions by their result; `palisade run` ends with 0 when the
# run was recorded and no target was lost.

locals {
  # Conditions look back for 25 hours at most: that is the period over which is summed, and the ten minutes for which the sum
  # has to stay. What comes more rarely than daily is watched by its failures, and by `pings` and `scan.missed` of palisade.yaml.
  longest = 25 * 60 - 10
  watched = {
    for name, schedule in local.schedules : name => min(local.longest, max(120, ceil(schedule.pause_minutes * 1.5)))
    if schedule.pause_minutes == null ? false : schedule.pause_minutes + 50 <= local.longest
  }
}

resource "google_monitoring_alert_policy" "missed" {
  for_each = local.watched

  project               = var.project
  display_name          = "${var.name}: no run of ${each.key}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.notification_channels
  user_labels           = local.labels

  conditions {
    display_name = "No run of ${each.key} succeeded within ${each.value} minutes"

    condition_threshold {
      filter                  = "resource.type = \"cloud_run_job\" AND resource.labels.job_name = \"${var.name}-${each.key}\" AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"succeeded\""
      comparison              = "COMPARISON_LT"
      threshold_value         = 1
      duration                = "600s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"

      aggregations {
        alignment_period     = "${each.value * 60}s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.job_name"]
      }
    }
  }

  documentation {
    subject   = "${var.name}: no run of ${each.key}"
    mime_type = "text/markdown"
    content   = "The job `${var.name}-${each.key}` of Cloud Run in `${var.project}` has not succeeded for ${each.value} minutes. Its log says why, or Cloud Scheduler's that it was not started."
  }
}

resource "google_monitoring_alert_policy" "failed" {
  project               = var.project
  display_name          = "${var.name}: a run failed"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.notification_channels
  user_labels           = local.labels

  conditions {
    display_name = "An execution failed"

    condition_threshold {
      filter          = "resource.type = \"cloud_run_job\" AND resource.labels.job_name = starts_with(\"${var.name}-\") AND metric.type = \"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result = \"failed\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.job_name"]
      }
    }
  }

  documentation {
    subject   = "${var.name}: a run failed"
    mime_type = "text/markdown"
    content   = "A job of Cloud Run in `${var.project}` ended with another code than 0, or was ended, in both attempts; its log says why."
  }
}
