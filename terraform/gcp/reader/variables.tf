variable "org_id" {
  description = "The organisation whose projects are read, by its number."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{6,}$", var.org_id))
    error_message = "Expected the number of an organisation, without `organizations/`."
  }
}

variable "scanner_member" {
  description = "The scanner's service account: output `scanner_member` of the scanner's module."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(serviceAccount:[^@\\s]+@[^@\\s]+|principal://.+)$", var.scanner_member))
    error_message = "Expected serviceAccount:NAME@PROJECT.iam.gserviceaccount.com, or a principal:// of workload identity. Groups and domains are too many."
  }
}

variable "role_id" {
  description = "The role's id. A role that was removed keeps its id for 37 days."
  type        = string
  default     = "palisadeReader"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_.]{3,64}$", var.role_id))
    error_message = "Expected 3 to 64 letters, digits, dots and underscores."
  }
}
