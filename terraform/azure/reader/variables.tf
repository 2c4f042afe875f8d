variable "management_group_id" {
  description = "The management group whose subscriptions are read; the tenant's root group for all of them."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("(?i)^/providers/Microsoft.Management/managementGroups/[^/]+$", var.management_group_id))
    error_message = "Expected the whole id: /providers/Microsoft.Management/managementGroups/NAME."
  }
}

variable "scanner_principal_id" {
  description = "The object id of the scanner's identity: output `scanner_principal_id` of the scanner's module."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", var.scanner_principal_id))
    error_message = "Expected an object id: 8-4-4-4-12 hex digits."
  }
}

variable "role_name" {
  description = "The role's name, unique in the tenant."
  type        = string
  default     = "PalisadeReader"
  nullable    = false

  validation {
    condition     = length(var.role_name) >= 1 && length(var.role_name) <= 128
    error_message = "Expected 1 to 128 characters."
  }
}
