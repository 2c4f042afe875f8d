# Evidence: put once, never replaced, and removed by nobody before its time.

resource "azurerm_storage_account" "evidence" {
  # checkov:skip=CKV2_AZURE_33: the jobs come in through their subnet's service endpoint and everybody else is refused by network_rules
  # checkov:skip=CKV_AZURE_59: the same: without a private endpoint the public name stays, and lets only that subnet in
  # checkov:skip=CKV2_AZURE_1: encrypted twice with the platform's keys (infrastructure encryption); a key of one's own would be one more way to lose evidence before its time
  # checkov:skip=CKV_AZURE_33: there are no queues in it
  name                              = var.evidence_storage_account
  location                          = var.location
  resource_group_name               = var.resource_group_name
  account_kind                      = "StorageV2"
  account_tier                      = "Standard"
  account_replication_type          = "GZRS"
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  allow_nested_items_to_be_public   = false
  shared_access_key_enabled         = false
  default_to_oauth_authentication   = true
  cross_tenant_replication_enabled  = false
  infrastructure_encryption_enabled = true
  local_user_enabled                = false
  tags                              = local.tags

  blob_properties {
    versioning_enabled = true
    delete_retention_policy {
      days = 30
    }
    container_delete_retention_policy {
      days = 30
    }
  }

  sas_policy {
    expiration_period = "00.01:00:00"
    expiration_action = "Block"
  }

  network_rules {
    default_action             = "Deny"
    bypass                     = ["AzureServices", "Logging", "Metrics"]
    virtual_network_subnet_ids = [var.infrastructure_subnet_id]
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "evidence" {
  # checkov:skip=CKV2_AZURE_21: the diagnostic setting below keeps reads and writes (category group audit); the analyser looks for the classic logging
  name                  = "evidence"
  storage_account_id    = azurerm_storage_account.evidence.id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container_immutability_policy" "evidence" {
  storage_container_resource_manager_id = azurerm_storage_container.evidence.id
  immutability_period_in_days           = var.evidence_retention_days
  locked                                = var.evidence_retention_locked
}

# Puts, reads and lists. The built-in roles that may write may remove, too.
resource "azurerm_role_definition" "evidence" {
  name              = "${var.name}-evidence"
  description       = "Palisade keeps evidence: puts, reads and lists blobs, and removes none"
  scope             = local.resource_group_id
  assignable_scopes = [local.resource_group_id]

  permissions {
    actions = ["Microsoft.Storage/storageAccounts/blobServices/containers/read"]
    data_actions = [
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
      "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
    ]
  }
}

resource "azurerm_role_assignment" "evidence" {
  scope              = azurerm_storage_container.evidence.id
  role_definition_id = azurerm_role_definition.evidence.role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.scanner.principal_id
  principal_type     = "ServicePrincipal"
}

resource "azurerm_management_lock" "evidence" {
  name       = "evidence"
  scope      = azurerm_storage_account.evidence.id
  lock_level = "CanNotDelete"
  notes      = "Evidence of ${var.name}"
}

# Who read and wrote what.
resource "azurerm_monitor_diagnostic_setting" "evidence" {
  name                       = "palisade"
  target_resource_id         = "${azurerm_storage_account.evidence.id}/blobServices/default"
  log_analytics_workspace_id = azurerm_log_analytics_workspace.runs.id

  enabled_log {
    category_group = "audit"
  }
}
