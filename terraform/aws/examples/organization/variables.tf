variable "region" {
  description = "Where the scanner runs."
  type        = string
  default     = "eu-central-1"
}

variable "image" {
  description = "The image of deploy/image with `installation/` in it, by digest."
  type        = string
}

variable "vpc_id" {
  description = "The scanner's network."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in two zones, with a way out."
  type        = list(string)
}

variable "organization_id" {
  description = "o-..."
  type        = string
}

variable "organizational_unit_ids" {
  description = "The organisation's root, or the units to read."
  type        = list(string)
}

variable "management_role_arn" {
  description = "A role in the management account that may make roles."
  type        = string
}

variable "secret_arns" {
  description = "The secrets that installation/palisade.yaml refers to."
  type        = list(string)
}

variable "alarm_topic_arns" {
  description = "Who is told when a run is missing."
  type        = list(string)
}
