variable "dir" {
  description = "The folder of schedules, one YAML file for each recurring run, as `palisade schedules check --dir` accepts it."
  type        = string
  nullable    = false

  validation {
    condition     = length(fileset(var.dir, "*.yaml")) > 0
    error_message = "There is no schedule in this folder: expected files such as nightly-full.yaml."
  }
}
