# The reader's role over a management group and whatever is below it. Its rights are generated from the calls that the
# binary declares (`reader-role.json`, proven fresh by the tests); none changes anything.

terraform {
  required_version = ">= 1.11"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.40, < 5.0"
    }
  }
}

locals {
  role = jsondecode(file("${path.module}/reader-role.json"))
}

resource "azurerm_role_definition" "reader" {
  name              = var.role_name
  description       = local.role.Description
  scope             = var.management_group_id
  assignable_scopes = [var.management_group_id]

  permissions {
    actions     = local.role.Actions
    not_actions = []
  }
}

resource "azurerm_role_assignment" "reader" {
  scope              = var.management_group_id
  role_definition_id = azurerm_role_definition.reader.role_definition_resource_id
  principal_id       = var.scanner_principal_id
  principal_type     = "ServicePrincipal"
  description        = "Palisade reads with it"
}
