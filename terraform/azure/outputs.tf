output "scanner_principal_id" {
  description = "Whom the reader's role is assigned to: `scanner_principal_id` of the module reader."
  value       = azurerm_user_assigned_identity.scanner.principal_id
}

output "scanner_client_id" {
  description = "The same identity, as AZURE_CLIENT_ID names it."
  value       = azurerm_user_assigned_identity.scanner.client_id
}

output "evidence_container" {
  description = "The write-once container, as schedules name it."
  value       = "az://${azurerm_storage_container.evidence.name}/palisade"
}

output "database_reference" {
  description = "What `service: {database: ...}` of palisade.yaml says when this module made the database; `null` otherwise."
  value       = var.database == null ? null : "env:PALISADE_DATABASE_URL"
}

output "log_workspace_id" {
  description = "The workspace with the log of the runs."
  value       = azurerm_log_analytics_workspace.runs.id
}

output "runs" {
  description = "Each schedule's job, its line in UTC, and within which time a run must be recorded (null: too rare for Azure Monitor)."
  value = {
    for name, schedule in local.schedules : name => {
      job          = azurerm_container_app_job.run[name].name
      cron         = schedule.cron
      alarm_window = lookup(local.watched, name, null)
    }
  }
}

output "run_now" {
  description = "The command that starts a job by hand; put the schedule's name in place of NAME."
  value       = "az containerapp job start --resource-group ${var.resource_group_name} --name ${var.name}-NAME"
}
