variable "project" {
  description = "The security project."
  type        = string
}

variable "region" {
  description = "Where the scanner runs."
  type        = string
  default     = "europe-west3"
}

variable "org_id" {
  description = "The organisation's number."
  type        = string
}

variable "image" {
  description = "The image of deploy/image with `installation/` in it, by digest."
  type        = string
}

variable "database_password" {
  description = "TF_VAR_database_password=$(openssl rand -hex 32)"
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "notification_channels" {
  description = "Who is told when a run is missing."
  type        = list(string)
}
