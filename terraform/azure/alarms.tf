# How it is noticed that a run did not come. `palisade run` says "NAME: N clusters, N of N facts known" of every run that it has
# recorded, with 0 known when it could read nothing, and "error: ..." when it could record none.

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "missed" {
  for_each = local.watched

  name                 = "${var.name}-${each.key}-missed"
  display_name         = "${var.name}: no run of ${each.key}"
  description          = "No run of ${each.key} that read anything was recorded within ${each.value}, at least one and a half of its pauses."
  location             = var.location
  resource_group_name  = var.resource_group_name
  scopes               = [azurerm_log_analytics_workspace.runs.id]
  severity             = 1
  evaluation_frequency = "PT1H"
  window_duration      = each.value
  # The table is there once the first job has written.
  skip_query_validation = true
  tags                  = local.tags

  criteria {
    query                   = <<-KQL
      ContainerAppConsoleLogs_CL
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

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "failed" {
  name                  = "${var.name}-failed"
  display_name          = "${var.name}: a run failed"
  description           = "A run ended with an error or could read nothing; the workspace ${azurerm_log_analytics_workspace.runs.name} has its words."
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
      ContainerAppConsoleLogs_CL
      | where ContainerGroupName_s startswith "${var.name}-"
      | where Log_s startswith "error: " or (Log_s endswith "facts known" and Log_s contains ", 0 of ")
    KQL
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  action {
    action_groups = var.action_group_ids
  }
}
