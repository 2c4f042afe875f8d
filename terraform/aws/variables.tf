variable "name" {
  description = "What everything is called, and begins with."
  type        = string
  default     = "palisade"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.name))
    error_message = "Expected 2 to 24 small letters, digits and hyphens, beginning with a letter."
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

variable "schedules_dir" {
  description = "The folder of schedules that is also in the image."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "The network that the scanner runs in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "Expected the id of a network: vpc-..."
  }
}

variable "subnet_ids" {
  description = "Private subnets in at least two zones, with a way out to the clouds' APIs (a NAT gateway or a proxy)."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2 && alltrue([for id in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "Expected at least two subnets: subnet-..., subnet-..."
  }
}

variable "evidence_bucket" {
  description = "The name of the write-once bucket for evidence. Schedules that keep evidence name it: `to: s3://NAME/palisade`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.evidence_bucket))
    error_message = "Expected the name of a bucket: 3 to 63 small letters, digits, dots and hyphens."
  }
}

variable "evidence_retention_days" {
  description = "For how long nobody can change or remove what was kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.evidence_retention_days >= 1 && var.evidence_retention_days <= 36500 && floor(var.evidence_retention_days) == var.evidence_retention_days
    error_message = "Expected whole days, 1 to 36500."
  }
}

variable "evidence_retention_mode" {
  description = "GOVERNANCE: `retention_bypass_principals` may still remove. COMPLIANCE: nobody can, not even the root user, until the days are over."
  type        = string
  default     = "GOVERNANCE"
  nullable    = false

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.evidence_retention_mode)
    error_message = "Expected GOVERNANCE or COMPLIANCE."
  }
}

variable "retention_bypass_principals" {
  description = "ARNs (or patterns of ARNs) of roles that may remove evidence before its time. Nobody when empty."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.retention_bypass_principals : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:", arn))])
    error_message = "Expected ARNs of roles, for example arn:aws:iam::111122223333:role/BreakGlass."
  }
}

variable "reader_role_name" {
  description = "The reader's role in the member accounts; `role` of the target in palisade.yaml."
  type        = string
  default     = "PalisadeReader"
  nullable    = false

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.reader_role_name))
    error_message = "Expected the name of a role, 1 to 64 characters, without a path."
  }
}

variable "organization_id" {
  description = "Restricts the roles that the scanner may assume to those of your organisation. `null`: any account's, if its role lets the scanner in."
  type        = string
  default     = null

  validation {
    condition     = var.organization_id == null || can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "Expected the id of an organisation: o-..."
  }
}

variable "secret_arns" {
  description = "Secrets of Secrets Manager that palisade.yaml refers to (`aws-sm://NAME`): tokens of channels, addresses of webhooks. The scanner may read these and no others."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", arn))])
    error_message = "Expected ARNs: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-6chars."
  }
}

variable "secret_key_arns" {
  description = "Keys of KMS that these secrets are encrypted with, where they have keys of their own."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "Expected ARNs: arn:aws:kms:REGION:ACCOUNT:key/ID."
  }
}

variable "environment" {
  description = "Further variables of the environment, nothing secret: they stand in the task's definition."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("(PASSWORD|SECRET|TOKEN|PRIVATE)", name))])
    error_message = "Expected names in capitals, and none that is a secret's: those go to secret_environment."
  }
}

variable "secret_environment" {
  description = "Variables whose values are kept in Secrets Manager: the secret's ARN, or ARN:MEMBER:: for a member of a JSON object."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "database" {
  description = "PostgreSQL for what is remembered from run to run. `null`: none is made; palisade.yaml names another one, or every run stands alone (evidence, no changes to tell)."
  type = object({
    instance_class = optional(string, "db.t4g.micro")
    storage_gb     = optional(number, 20)
    storage_max_gb = optional(number, 100)
    engine_version = optional(string, "16")
    multi_az       = optional(bool, true)
    backup_days    = optional(number, 14)
    ca_file        = optional(string, "/var/lib/palisade/rds-ca.pem")
  })
  default = null

  validation {
    condition     = try(var.database.backup_days, 14) >= 1 && try(var.database.backup_days, 14) <= 35
    error_message = "Expected backup_days from 1 to 35: a memory without a backup is lost with its server."
  }

  validation {
    condition     = try(var.database.storage_gb, 20) >= 20 && try(var.database.storage_max_gb, 100) > try(var.database.storage_gb, 20)
    error_message = "Expected storage_gb of at least 20 and a larger storage_max_gb."
  }

  validation {
    condition     = startswith(try(var.database.ca_file, "/"), "/")
    error_message = "Expected the whole path of RDS' certificates in the image, beginning with /."
  }
}

variable "cpu" {
  description = "CPU units of a task, of 1024 for each processor. The work is waiting on the network."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.cpu)
    error_message = "Expected 256, 512, 1024, 2048 or 4096."
  }
}

variable "memory" {
  description = "Memory of a task in MiB: 1024 are enough for some thousand clusters."
  type        = number
  default     = 2048
  nullable    = false

  validation {
    condition     = var.memory >= 512 && var.memory <= 30720
    error_message = "Expected 512 to 30720 MiB, in a pair with `cpu` that Fargate has."
  }
}

variable "alarm_topic_arns" {
  description = "Topics of SNS that are told when a run is missing or failed."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.alarm_topic_arns) > 0 && alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+$", arn))])
    error_message = "Expected at least one topic, arn:aws:sns:REGION:ACCOUNT:NAME: an alarm that nobody hears is none."
  }
}

variable "log_retention_days" {
  description = "For how long logs are kept."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = contains([90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Expected what CloudWatch offers from 90 days on: 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "tags" {
  description = "Tags for everything."
  type        = map(string)
  default     = {}
  nullable    = false
}
