# What is remembered from run to run, when it is wanted here. The password comes as an ephemeral variable and leaves through
# write-only arguments: it is in no state.

resource "azurerm_postgresql_flexible_server" "memory" {
  # checkov:skip=CKV2_AZURE_57: it is injected into a delegated subnet and has no public address; a private endpoint is the other way to the same end
  # checkov:skip=CKV_AZURE_136: geo-redundant backups are on unless `database.geo_redundant` says otherwise; the analyser does not read the default of an object
  count = var.database == null ? 0 : 1

  name                          = "${var.name}-memory"
  location                      = var.location
  resource_group_name           = var.resource_group_name
  version                       = "16"
  sku_name                      = var.database.sku
  storage_mb                    = var.database.storage_mb
  auto_grow_enabled             = true
  backup_retention_days         = var.database.backup_days
  geo_redundant_backup_enabled  = var.database.geo_redundant
  delegated_subnet_id           = var.database.subnet_id
  private_dns_zone_id           = var.database.private_dns_zone_id
  public_network_access_enabled = false

  administrator_login               = "palisade"
  administrator_password_wo         = var.database_password
  administrator_password_wo_version = var.database.password_version

  tags = local.tags

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [zone]
  }
}

resource "azurerm_postgresql_flexible_server_database" "memory" {
  count     = var.database == null ? 0 : 1
  name      = "palisade"
  server_id = azurerm_postgresql_flexible_server.memory[0].id

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_postgresql_flexible_server_configuration" "tls" {
  count     = var.database == null ? 0 : 1
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.memory[0].id
  value     = "ON"
}

resource "azurerm_management_lock" "memory" {
  count      = var.database == null ? 0 : 1
  name       = "memory"
  scope      = azurerm_postgresql_flexible_server.memory[0].id
  lock_level = "CanNotDelete"
  notes      = "The memory of ${var.name}"
}

resource "azurerm_key_vault_secret" "memory" {
  # checkov:skip=CKV_AZURE_41: a password that ends by a date would end the runs; it is changed with `password_version`
  count            = var.database == null ? 0 : 1
  name             = "${var.name}-database-password"
  key_vault_id     = var.database.key_vault_id
  content_type     = "password of ${var.name}-memory"
  value_wo         = var.database_password
  value_wo_version = var.database.password_version
  tags             = local.tags
}

resource "azurerm_role_assignment" "memory" {
  count                = var.database == null ? 0 : 1
  scope                = azurerm_key_vault_secret.memory[0].resource_versionless_id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.scanner.principal_id
  principal_type       = "ServicePrincipal"
}
