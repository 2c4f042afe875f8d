# What the module makes of schedules, and what it refuses. The provider is a mock: nothing is asked of Azure.

mock_provider "azurerm" {
  mock_resource "azurerm_user_assigned_identity" {
    override_during = plan
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/palisade/providers/Microsoft.ManagedIdentity/userAssignedIdentities/palisade-scanner"
      client_id    = "00000000-0000-0000-0000-000000000001"
      principal_id = "00000000-0000-0000-0000-000000000002"
    }
  }
  mock_resource "azurerm_postgresql_flexible_server" {
    override_during = plan
    defaults        = { fqdn = "palisade-memory.postgres.database.azure.com" }
  }
}

variables {
  resource_group_name      = "palisade"
  location                 = "westeurope"
  infrastructure_subnet_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/jobs"
  image                    = "acme.azurecr.io/palisade@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  schedules_dir            = "./examples/tenant/installation/schedules"
  evidence_storage_account = "acmepalisadeevidence"
  action_group_ids         = ["/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/palisade/providers/Microsoft.Insights/actionGroups/security"]
  database_password        = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
}

run "each_schedule_is_a_job" {
  command = plan

  assert {
    condition     = output.runs["nightly-full"].cron == "0 2 * * *" && output.runs["nightly-full"].job == "palisade-nightly-full"
    error_message = "The nightly run is at two."
  }
  assert {
    condition     = output.runs["hourly-exposure"].alarm_window == "PT2H" && output.runs["nightly-full"].alarm_window == "P2D" && output.runs["weekly-evidence"].alarm_window == null
    error_message = "Runs are missed after one and a half of their pauses."
  }
  assert {
    condition     = azurerm_container_app_job.run["nightly-full"].template[0].container[0].args == tolist(["run", "nightly-full"])
    error_message = "A job runs its schedule."
  }
  assert {
    condition = alltrue([
      for words in ["error: ", "could not be read|holds no ", ", 0 of ", "ContainerAppSystemLogs_CL", "terminated with exit code", "ImagePull", "DeadlineExceeded"] :
      strcontains(azurerm_monitor_scheduled_query_rules_alert_v2.failed.criteria[0].query, words)
    ])
    error_message = "A run failed when it says so, has lost a target, was killed, took too long or could not be started."
  }
  assert {
    condition = toset(keys(azurerm_monitor_metric_alert.failed)) == toset(["hourly-exposure", "nightly-full", "weekly-evidence"]) && alltrue([
      for alert in azurerm_monitor_metric_alert.failed : one(one(alert.criteria).dimension).values == tolist(["Failed"])
    ])
    error_message = "Every job's failed executions are told of."
  }
  assert {
    condition = alltrue([
      for alert in concat(values(azurerm_monitor_scheduled_query_rules_alert_v2.missed), [azurerm_monitor_scheduled_query_rules_alert_v2.failed]) :
      strcontains(alert.criteria[0].query, "union isfuzzy=true (datatable(")
    ])
    error_message = "Before the first job has written there is no table, and the alarms ask all the same."
  }
  assert {
    condition     = output.database_reference == null
    error_message = "No database is made unless one is asked for."
  }
}

run "a_memory_is_made_when_it_is_asked_for" {
  command = plan

  variables {
    database = {
      subnet_id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/sql"
      private_dns_zone_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/net/providers/Microsoft.Network/privateDnsZones/palisade.postgres.database.azure.com"
      key_vault_id        = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sec/providers/Microsoft.KeyVault/vaults/acme-sec"
    }
  }
  assert {
    condition     = output.database_reference == "env:PALISADE_DATABASE_URL"
    error_message = "palisade.yaml refers to the variable."
  }
  assert {
    condition = contains([
      for env in azurerm_container_app_job.run["nightly-full"].template[0].container[0].env : env.value if env.name == "PALISADE_DATABASE_URL"
    ], "postgres://palisade@palisade-memory.postgres.database.azure.com/palisade")
    error_message = "The address has no password in it."
  }
}

run "another_zone_than_utc_is_refused" {
  command = plan
  variables {
    schedules_dir = "./tests/in-berlin"
  }
  expect_failures = [azurerm_container_app_job.run]
}

run "evidence_in_a_folder_is_refused" {
  command = plan
  variables {
    schedules_dir = "../../schedules"
  }
  expect_failures = [azurerm_container_app_job.run]
}

run "an_image_by_tag_and_an_alarm_for_nobody_are_refused" {
  command = plan
  variables {
    image            = "acme.azurecr.io/palisade:latest"
    action_group_ids = []
  }
  expect_failures = [var.image, var.action_group_ids]
}

run "a_short_password_is_refused" {
  command = plan
  variables {
    database_password = "secret"
  }
  expect_failures = [var.database_password]
}
