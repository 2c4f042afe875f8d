variable "scanner_role_arn" {
  description = "The scanner's role in the security account: output `scanner_role_arn` of the scanner's module."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.scanner_role_arn))
    error_message = "Expected the ARN of a role: arn:aws:iam::ACCOUNT:role/palisade-scanner. A whole account is too many."
  }
}

variable "role_name" {
  description = "The role's name; `role` of the target in palisade.yaml, and `reader_role_name` of the scanner's module."
  type        = string
  default     = "PalisadeReader"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "Expected the name of a role, 1 to 64 characters, without a path."
  }
}

variable "external_id" {
  description = "What the scanner has to say when it enters; `external_id` of the target in palisade.yaml. Not a secret; needed when somebody outside of the organisation runs the scanner."
  type        = string
  default     = null

  validation {
    condition     = var.external_id == null || (can(regex("^[\\w+=,.@:/-]{2,}$", var.external_id)) && try(length(var.external_id), 0) <= 1224)
    error_message = "Expected 2 to 1224 letters, digits and + = , . @ : / -."
  }
}

variable "organization_id" {
  description = "Lets only principals of this organisation in."
  type        = string
  default     = null

  validation {
    condition     = var.organization_id == null || can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "Expected the id of an organisation: o-..."
  }
}

variable "permissions_boundary_arn" {
  description = "A boundary that your accounts ask of every role."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "Expected the ARN of a policy."
  }
}

variable "organizational_unit_ids" {
  description = "Where the role is made: the organisation's root (r-...) or units (ou-...). Accounts that come later get it, too."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.organizational_unit_ids) > 0 && alltrue([for id in var.organizational_unit_ids : can(regex("^(r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})$", id))])
    error_message = "Expected at least one root or unit: r-... or ou-...-..."
  }
}

variable "call_as" {
  description = "SELF in the management account, DELEGATED_ADMIN in an account that administers stack sets for it."
  type        = string
  default     = "DELEGATED_ADMIN"
  nullable    = false

  validation {
    condition     = contains(["SELF", "DELEGATED_ADMIN"], var.call_as)
    error_message = "Expected SELF or DELEGATED_ADMIN."
  }
}

variable "tags" {
  description = "Tags for everything."
  type        = map(string)
  default     = {}
  nullable    = false
}
