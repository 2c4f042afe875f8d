# The scanner in a security subscription: a job of Container Apps for each schedule of `schedules_dir`, with one managed
# identity that reads the fleet (module reader) and puts evidence into a write-once container.

module "schedules" {
  source = "../schedules"
  dir    = var.schedules_dir
}

locals {
  tags      = merge({ application = "palisade" }, var.tags)
  schedules = module.schedules.schedules

  resource_group_id = split("/providers/", azurerm_user_assigned_identity.scanner.id)[0]

  # Where the image keeps the installation: palisade.yaml, schedules/, and what is written beside them in a run.
  home = "/var/lib/palisade"

  environment = merge({
    PALISADE_CONFIG            = "${local.home}/palisade.yaml"
    PALISADE_SCHEDULES         = "${local.home}/schedules"
    AZURE_CLIENT_ID            = azurerm_user_assigned_identity.scanner.client_id
    AZURE_STORAGE_ACCOUNT_NAME = azurerm_storage_account.evidence.name
    }, var.database == null ? {} : {
    PALISADE_DATABASE_URL = "postgres://palisade@${azurerm_postgresql_flexible_server.memory[0].fqdn}/palisade"
  }, var.environment)

  # Alarms on logs look back for two days at most, whatever their query says. What comes more rarely is watched by its failures,
  # and by `pings` and `scan.missed` of palisade.yaml.
  windows = { PT2H = 120, PT6H = 360, P1D = 1440, P2D = 2880 }
  watched = {
    for name, schedule in local.schedules : name => [
      for window in ["PT2H", "PT6H", "P1D", "P2D"] : window if schedule.pause_minutes * 1.5 <= local.windows[window]
    ][0]
    if schedule.pause_minutes == null ? false : schedule.pause_minutes * 1.5 <= local.windows.P2D
  }
}

resource "azurerm_user_assigned_identity" "scanner" {
  name                = "${var.name}-scanner"
  location            = var.location
  resource_group_name = var.resource_group_name
  tags                = local.tags
}

resource "azurerm_role_assignment" "pull" {
  count                = var.registry_id == null ? 0 : 1
  scope                = var.registry_id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.scanner.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "secret" {
  for_each             = toset(var.secret_ids)
  scope                = each.value
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.scanner.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_log_analytics_workspace" "runs" {
  name                = "${var.name}-runs"
  location            = var.location
  resource_group_name = var.resource_group_name
  sku                 = "PerGB2018"
  retention_in_days   = var.log_retention_days
  tags                = local.tags
}

resource "azurerm_container_app_environment" "palisade" {
  name                           = var.name
  location                       = var.location
  resource_group_name            = var.resource_group_name
  infrastructure_subnet_id       = var.infrastructure_subnet_id
  internal_load_balancer_enabled = true
  zone_redundancy_enabled        = true
  logs_destination               = "log-analytics"
  log_analytics_workspace_id     = azurerm_log_analytics_workspace.runs.id
  tags                           = local.tags

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }
}

resource "azurerm_container_app_job" "run" {
  for_each = local.schedules

  name                         = "${var.name}-${each.key}"
  location                     = var.location
  resource_group_name          = var.resource_group_name
  container_app_environment_id = azurerm_container_app_environment.palisade.id
  workload_profile_name        = "Consumption"
  tags                         = local.tags

  # The program ends its run by itself; this is for one that hangs.
  replica_timeout_in_seconds = (each.value.time_limit_minutes + 15) * 60
  # A run that was interrupted is taken up again; one that was recorded is not run twice.
  replica_retry_limit = 1

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.scanner.id]
  }

  schedule_trigger_config {
    cron_expression          = each.value.cron
    parallelism              = 1
    replica_completion_count = 1
  }

  dynamic "registry" {
    for_each = var.registry_id == null ? [] : [split("/", var.image)[0]]
    content {
      server   = registry.value
      identity = azurerm_user_assigned_identity.scanner.id
    }
  }

  dynamic "secret" {
    for_each = azurerm_key_vault_secret.memory
    content {
      name                = "database-password"
      identity            = azurerm_user_assigned_identity.scanner.id
      key_vault_secret_id = secret.value.versionless_id
    }
  }

  template {
    container {
      name   = "palisade"
      image  = var.image
      cpu    = var.cpu
      memory = "${var.cpu * 2}Gi"
      args   = ["run", each.key]

      dynamic "env" {
        for_each = local.environment
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = azurerm_key_vault_secret.memory
        content {
          name        = "PGPASSWORD"
          secret_name = "database-password"
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length("${var.name}-${each.key}") <= 32 && can(regex("^[a-z0-9-]+$", each.key))
      error_message = "A job is called ${var.name}-${each.key}: Container Apps takes 32 small letters, digits and hyphens. Shorten `name` or the schedule's."
    }
    precondition {
      condition     = contains(["UTC", "Etc/UTC"], each.value.time_zone)
      error_message = "${each.key} is in ${each.value.time_zone}, and Container Apps fires in UTC only: write `time_zone: UTC` and the hours of UTC, or run `palisade serve`, which knows zones."
    }
    precondition {
      condition     = each.value.evidence_to == null || startswith(coalesce(each.value.evidence_to, "-"), "az://evidence/")
      error_message = "${each.key} keeps evidence where it ends with the job: write `to: az://evidence/palisade` in its file."
    }
  }

  depends_on = [azurerm_role_assignment.pull, azurerm_role_assignment.memory]
}
