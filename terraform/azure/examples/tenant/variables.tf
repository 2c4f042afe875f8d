variable "subscription_id" {
  description = "The security subscription."
  type        = string
}

variable "location" {
  description = "Where the scanner runs."
  type        = string
  default     = "westeurope"
}

variable "infrastructure_subnet_id" {
  description = "The jobs' subnet."
  type        = string
}

variable "image" {
  description = "The image of deploy/image with `installation/` in it, by digest."
  type        = string
}

variable "registry_id" {
  description = "The registry it is in."
  type        = string
}

variable "management_group_id" {
  description = "The management group to read."
  type        = string
}

variable "key_vault_id" {
  description = "The vault with the secrets that installation/palisade.yaml refers to."
  type        = string
}

variable "database_subnet_id" {
  description = "A subnet delegated to Microsoft.DBforPostgreSQL/flexibleServers."
  type        = string
}

variable "database_private_dns_zone_id" {
  description = "The private zone that the server's name is in."
  type        = string
}

variable "database_password" {
  description = "TF_VAR_database_password=$(openssl rand -hex 32)"
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "action_group_ids" {
  description = "Who is told when a run is missing."
  type        = list(string)
}
