variable "name" {
  description = "What everything is called, and begins with."
  type        = string
  default     = "palisade"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}$", var.name))
    error_message = "Expected 2 to 15 small letters, digits and hyphens, beginning with a letter: jobs are called NAME-SCHEDULE, in 32 characters."
  }
}

variable "resource_group_name" {
  description = "The resource group of the security subscription that everything goes to."
  type        = string
  nullable    = false
}

variable "location" {
  description = "The region, such as westeurope."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+$", var.location))
    error_message = "Expected a region as Azure's API writes it, for example westeurope."
  }
}

variable "infrastructure_subnet_id" {
  description = "The subnet of the jobs, delegated to Microsoft.App/environments, at least a /27, with the service endpoint Microsoft.Storage and a way out to the clouds' APIs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.Network/virtualNetworks/[^/]+/subnets/[^/]+$", var.infrastructure_subnet_id))
    error_message = "Expected the id of a subnet: /subscriptions/.../virtualNetworks/.../subnets/..."
  }
}

variable "image" {
  description = "The image with your configuration in it (deploy/image), by digest: `REGISTRY/NAME@sha256:...`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Expected an image by digest, REGISTRY/NAME@sha256:64 hex digits: a tag can be moved, and with it what reads your whole fleet."
  }
}

variable "cpu" {
  description = "Processors of a job, with 2 GiB of memory for each: Container Apps knows no other pairs."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.cpu >= 0.25 && var.cpu <= 4 && floor(var.cpu * 4) == var.cpu * 4
    error_message = "Expected 0.25 to 4, in quarters."
  }
}

variable "registry_id" {
  description = "The container registry that the image is pulled from, with the jobs' identity. `null`: the image needs no sign-in."
  type        = string
  default     = null

  validation {
    condition     = var.registry_id == null || can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.ContainerRegistry/registries/[^/]+$", var.registry_id))
    error_message = "Expected the id of a registry: /subscriptions/.../registries/NAME."
  }
}

variable "schedules_dir" {
  description = "The folder of schedules that is also in the image. Container Apps fires in UTC only."
  type        = string
  nullable    = false
}

variable "evidence_storage_account" {
  description = "The name of the storage account that is made for evidence. Schedules that keep evidence write `to: az://evidence/palisade`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.evidence_storage_account))
    error_message = "Expected 3 to 24 small letters and digits."
  }
}

variable "evidence_retention_days" {
  description = "For how long nobody can change or remove what was kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.evidence_retention_days >= 1 && var.evidence_retention_days <= 146000 && floor(var.evidence_retention_days) == var.evidence_retention_days
    error_message = "Expected whole days, 1 to 146000."
  }
}

variable "evidence_retention_locked" {
  description = "Locks the policy for good: from then on the days can be made more, never fewer, and nobody can remove the policy. Try it unlocked first."
  type        = bool
  default     = false
  nullable    = false
}

variable "secret_ids" {
  description = "Secrets of Key Vault that palisade.yaml refers to (`azure-kv://VAULT/NAME`), as VAULT-ID/secrets/NAME. The jobs may read these and no others."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.secret_ids : can(regex("(?i)^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft.KeyVault/vaults/[^/]+/secrets/[^/]+$", id))])
    error_message = "Expected ids without a version: /subscriptions/.../vaults/VAULT/secrets/NAME."
  }
}

variable "environment" {
  description = "Further variables of the environment, nothing secret: they stand in the jobs' definitions."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("(PASSWORD|SECRET|TOKEN|PRIVATE)", name))])
    error_message = "Expected names in capitals, and none that is a secret's: refer to those in palisade.yaml with azure-kv://."
  }
}

variable "database" {
  description = "PostgreSQL for what is remembered from run to run. `null`: none is made; palisade.yaml names another one, or every run stands alone (evidence, no changes to tell). `password_version` goes up by one when the password is another one."
  type = object({
    subnet_id           = string
    private_dns_zone_id = string
    key_vault_id        = string
    password_version    = optional(number, 1)
    sku                 = optional(string, "B_Standard_B1ms")
    storage_mb          = optional(number, 32768)
    backup_days         = optional(number, 14)
    geo_redundant       = optional(bool, true)
  })
  default = null

  validation {
    condition     = try(var.database.backup_days, 14) >= 7 && try(var.database.backup_days, 14) <= 35
    error_message = "Expected backup_days from 7 to 35."
  }
}

variable "database_password" {
  description = "The password that the database is made with. It goes to the server and to Key Vault and is in no state and no plan: TF_VAR_database_password=$(openssl rand -hex 32)."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.database_password == null || can(regex("^[A-Za-z0-9]{24,128}$", var.database_password))
    error_message = "Expected 24 to 128 letters and digits."
  }
}

variable "action_group_ids" {
  description = "Action groups of Azure Monitor that are told when a run is missing or failed."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.action_group_ids) > 0
    error_message = "Expected at least one action group: an alarm that nobody hears is none."
  }
}

variable "log_retention_days" {
  description = "For how long logs are kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730
    error_message = "Expected 30 to 730 days."
  }
}

variable "tags" {
  description = "Tags for everything."
  type        = map(string)
  default     = {}
  nullable    = false
}
