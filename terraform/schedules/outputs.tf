output "schedules" {
  description = "Each schedule by name: description, time zone, the values of each field of its cron line (null: every value), the line with numbers only, the longest pause between two runs in minutes (null when days of the month or months decide), the time limit in minutes, where evidence goes."
  value       = local.schedules

  precondition {
    condition     = alltrue([for name, schedule in local.files : try(schedule.name, null) == name])
    error_message = "A schedule is called like its file: run `palisade schedules check`."
  }

  precondition {
    condition     = alltrue([for name, fields in local.fields : length(fields) == 5 && alltrue([for field in fields : can(regex("^[-0-9*/,]+$", field))])])
    error_message = "A cron line has five fields of numbers, names, `*`, `,`, `-` and `/`: run `palisade schedules check`."
  }

  # One cron takes a day that fits either, another a day that fits both.
  precondition {
    condition     = alltrue([for schedule in local.schedules : schedule.days == null || schedule.weekdays == null])
    error_message = "A schedule restricts days of the month and days of the week: outer crons do not agree on what that means. Make it two files."
  }
}
