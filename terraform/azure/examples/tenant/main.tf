# A tenant: the scanner in the security subscription, its role over the tenant's root management group.

terraform {
  required_version = ">= 1.11"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.40"
    }
  }
}

provider "azurerm" {
  subscription_id = var.subscription_id
  # The evidence's account takes no keys.
  storage_use_azuread = true

  features {
    storage {
      # The evidence's account lets the jobs' subnet in and nobody else: whoever applies this would wait for it and be refused.
      data_plane_available = false
    }
  }
}

resource "azurerm_resource_group" "palisade" {
  name     = "palisade"
  location = var.location
}

module "palisade" {
  source = "../.."

  resource_group_name      = azurerm_resource_group.palisade.name
  location                 = var.location
  infrastructure_subnet_id = var.infrastructure_subnet_id
  image                    = var.image
  registry_id              = var.registry_id
  schedules_dir            = "${path.module}/installation/schedules"
  evidence_storage_account = "acmepalisadeevidence"
  secret_ids               = ["${var.key_vault_id}/secrets/slack"]
  action_group_ids         = var.action_group_ids
  database_password        = var.database_password

  database = {
    subnet_id           = var.database_subnet_id
    private_dns_zone_id = var.database_private_dns_zone_id
    key_vault_id        = var.key_vault_id
  }
}

module "reader" {
  source = "../../reader"

  management_group_id  = var.management_group_id
  scanner_principal_id = module.palisade.scanner_principal_id
}

output "palisade" {
  description = "What to look at, and how a job is started by hand."
  value       = module.palisade
}

output "group_members_command" {
  description = "What an administrator of Entra runs once."
  value       = module.reader.group_members_command
}
