variable "name" {
  description = "What everything is called, and begins with."
  type        = string
  default     = "palisade"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "Expected 3 to 20 small letters, digits and hyphens, beginning with a letter."
  }
}

variable "project" {
  description = "The security project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Expected a project's id, such as acme-security: not its number."
  }
}

variable "region" {
  description = "Where the scanner runs; Cloud Run, Cloud Scheduler and the bucket are there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Expected a region, for example europe-west3."
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

variable "cpu" {
  description = "Processors of a job. The work is waiting on the network."
  type        = string
  default     = "1"
  nullable    = false

  validation {
    condition     = contains(["1", "2", "4", "6", "8"], var.cpu)
    error_message = "Expected 1, 2, 4, 6 or 8."
  }
}

variable "memory" {
  description = "Memory of a job. Cloud Run counts files: what is written in a run, with evidence that is not sent yet, is in it, some 0.25 GiB for a thousand clusters."
  type        = string
  default     = "2Gi"
  nullable    = false

  validation {
    condition     = can(regex("^([1-9][0-9]*)(Mi|Gi)$", var.memory))
    error_message = "Expected memory such as 2Gi, in a pair with `cpu` that Cloud Run has: up to 4Gi for one."
  }
}

variable "subnetwork" {
  description = "A subnet that all traffic of the jobs goes out through: projects/P/regions/R/subnetworks/S, with private access to Google's APIs and a way out. `null`: Cloud Run's own."
  type        = string
  default     = null

  validation {
    condition     = var.subnetwork == null || can(regex("^projects/[^/]+/regions/[^/]+/subnetworks/[^/]+$", var.subnetwork))
    error_message = "Expected projects/PROJECT/regions/REGION/subnetworks/NAME."
  }
}

variable "evidence_bucket" {
  description = "The name of the write-once bucket for evidence. Schedules that keep evidence name it: `to: gs://NAME/palisade`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.evidence_bucket))
    error_message = "Expected the name of a bucket: 3 to 63 small letters, digits, dots, hyphens and underscores."
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

variable "evidence_retention_locked" {
  description = "Locks the policy for good: from then on the days can be made more, never fewer, and nobody can remove the policy. Try it unlocked first."
  type        = bool
  default     = false
  nullable    = false
}

variable "secret_ids" {
  description = "Secrets of Secret Manager that palisade.yaml refers to (`gcp-sm://...`): projects/PROJECT/secrets/NAME. The scanner may read these and no others."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.secret_ids : can(regex("^projects/[^/]+/secrets/[^/]+$", id))])
    error_message = "Expected projects/PROJECT/secrets/NAME, without a version."
  }
}

variable "environment" {
  description = "Further variables of the environment, nothing secret: they stand in the jobs' definitions."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("(PASSWORD|SECRET|TOKEN|PRIVATE)", name))])
    error_message = "Expected names in capitals, and none that is a secret's: refer to those in palisade.yaml with gcp-sm://."
  }
}

variable "database" {
  description = "PostgreSQL for what is remembered from run to run. `null`: none is made; palisade.yaml names another one, or every run stands alone (evidence, no changes to tell). `password_version` goes up by one when the password is another one."
  type = object({
    password_version = optional(number, 1)
    tier             = optional(string, "db-custom-1-3840")
    disk_gb          = optional(number, 20)
    regional         = optional(bool, true)
    backups          = optional(number, 14)
  })
  default = null

  validation {
    condition     = try(var.database.backups, 14) >= 7 && try(var.database.backups, 14) <= 365
    error_message = "Expected 7 to 365 backups."
  }
}

variable "database_password" {
  description = "The password that the database is made with. It goes to the server and to Secret Manager and is in no state and no plan: TF_VAR_database_password=$(openssl rand -hex 32)."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.database_password == null || can(regex("^[A-Za-z0-9]{24,128}$", var.database_password))
    error_message = "Expected 24 to 128 letters and digits."
  }
}

variable "notification_channels" {
  description = "Channels of Cloud Monitoring that are told when a run is missing or failed: projects/PROJECT/notificationChannels/ID."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.notification_channels) > 0 && alltrue([for id in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", id))])
    error_message = "Expected at least one channel, projects/PROJECT/notificationChannels/ID: an alarm that nobody hears is none."
  }
}

variable "labels" {
  description = "Labels for everything."
  type        = map(string)
  default     = {}
  nullable    = false
}
