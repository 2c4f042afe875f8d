# How it is noticed that a run did not come. `palisade run` says "NAME: N clusters, N of N facts known" of every run that it has
# recorded, with 0 known when it could read nothing, "warning: target `NAME` could not be read" of a target that it has lost, and
# "error: ..." when it could record none. Of a container that was killed or never started, the platform's own log speaks.
#
# A table of the workspace is there once somebody has written into it; until then the empty one stands for it, or a job that
# never starts would be missed by nobody.

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "missed" {
  for_each = local.watched

  name                  = "${var.name}-${each.key}-missed"
  display_name          = "${var.name}: no run of ${each.key}"
  description           = "No run of ${each.key} that read anything was recorded within ${each.value}, at least one and a half of its pauses."
  location              = var.location
  resource_group_name   = var.resource_group_name
  scopes                = [azurerm_log_analytics_workspace.runs.id]
  severity              = 1
  evaluation_frequency  = "PT1H"
  window_duration       = each.value
  skip_query_validation = true
  tags                  = local.tags

  criteria {
    query                   = <<-KQL
      union isfuzzy=true (datatable(ContainerGroupName_s: string, Log_s: string)[]), ContainerAppConsoleLogs_CL
      | where ContainerGroupName_s startswith "${var.name}-${each.key}-"
      | where Log_s startswith "${each.key}: " and Log_s endswith "facts known" and not(Log_s contains ", 0 of ")
    KQL
    time_aggregation_method = "Count"
    operator                = "LessThan"
    threshold               = 1
  }

  action {
    action_groups = var.action_group_ids
  }
}

# What is said of a run: by the program, and by the platform of its container.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "failed" {
  name                  = "${var.name}-failed"
  display_name          = "${var.name}: a run failed"
  description           = "A run ended with an error, could read nothing or nothing of a target, was killed, or could not be started; the workspace ${azurerm_log_analytics_workspace.runs.name} has the words."
  location              = var.location
  resource_group_name   = var.resource_group_name
  scopes                = [azurerm_log_analytics_workspace.runs.id]
  severity              = 2
  evaluation_frequency  = "PT15M"
  window_duration       = "PT15M"
  skip_query_validation = true
  tags                  = local.tags

  criteria {
    query                   = <<-KQL
      let said = union isfuzzy=true (datatable(ContainerGroupName_s: string, Log_s: string)[]), ContainerAppConsoleLogs_CL
      | where ContainerGroupName_s startswith "${var.name}-"
      | where Log_s startswith "error: "
          or Log_s matches regex "^warning: target `[^`]+` (could not be read|holds no )"
          or (Log_s endswith "facts known" and Log_s contains ", 0 of ");
      let ended = union isfuzzy=true (datatable(JobName_s: string, Reason_s: string, Log_s: string)[]), ContainerAppSystemLogs_CL
      | where JobName_s startswith "${var.name}-"
      | where (Log_s contains "terminated with exit code" and not(Log_s contains "exit code '0'"))
          or Log_s contains "ImagePull" or Reason_s contains "ImagePull"
          or Reason_s in ("BackoffLimitExceeded", "DeadlineExceeded");
      union said, ended
    KQL
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  action {
    action_groups = var.action_group_ids
  }
}

# What came of a job, whatever was said: both attempts ended with another code than 0, were killed, took too long or did not start.
resource "azurerm_monitor_metric_alert" "failed" {
  for_each = local.schedules

  name                = "${var.name}-${each.key}-failed"
  description         = "An execution of the job ${var.name}-${each.key} failed; the workspace ${azurerm_log_analytics_workspace.runs.name} may say why."
  resource_group_name = var.resource_group_name
  scopes              = [azurerm_container_app_job.run[each.key].id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.tags

  criteria {
    metric_namespace = "Microsoft.App/jobs"
    metric_name      = "Executions"
    aggregation      = "Total"
    operator         = "GreaterThan"
    threshold        = 0

    dimension {
      name     = "state"
      operator = "Include"
      values   = ["Failed"]
    }
  }

  dynamic "action" {
    for_each = var.action_group_ids
    content {
      action_group_id = action.value
    }
  }
}
