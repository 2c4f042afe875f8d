# Reads a folder of schedules as `palisade` does, and says of each what an outer cron needs to know. Knows no cloud.
#
# Every field of a cron line becomes the list of its values: the crons of the clouds agree on lists of numbers and on
# little else (`*/15`, names, where a week begins).

terraform {
  required_version = ">= 1.11"
}

locals {
  abbreviations = {
    "@hourly"   = "0 * * * *"
    "@daily"    = "0 0 * * *"
    "@midnight" = "0 0 * * *"
    "@weekly"   = "0 0 * * 0"
    "@monthly"  = "0 0 1 * *"
    "@yearly"   = "0 0 1 1 *"
    "@annually" = "0 0 1 1 *"
  }

  numbers_of_names = {
    JAN = 1, FEB = 2, MAR = 3, APR = 4, MAY = 5, JUN = 6, JUL = 7, AUG = 8, SEP = 9, OCT = 10, NOV = 11, DEC = 12
    SUN = 0, MON = 1, TUE = 2, WED = 3, THU = 4, FRI = 5, SAT = 6
  }

  # Minute, hour, day of the month, month, day of the week (7 is Sunday, too).
  lowest  = [0, 0, 1, 1, 0]
  highest = [59, 23, 31, 12, 7]
  sizes   = [60, 24, 31, 12, 7]

  files = {
    for file in fileset(var.dir, "*.yaml") : trimsuffix(file, ".yaml") => yamldecode(file("${var.dir}/${file}"))
  }

  # The five fields, with numbers for names. `SAT-SUN` ends with 7.
  fields = {
    for name, schedule in local.files : name => [
      for field in regexall("\\S+", lookup(local.abbreviations, lower(trimspace(schedule.cron)), schedule.cron)) :
      replace(join("", [
        for sign in regexall("[A-Za-z]+|[0-9]+|[^A-Za-z0-9]", field) : lookup(local.numbers_of_names, upper(sign), sign)
      ]), "/-0$/", "-7")
    ]
  }

  # What a field's parts say: from, to, step.
  parts = {
    for name, fields in local.fields : name => [
      for index, field in fields : [
        for part in split(",", field) : {
          from = tonumber(try(regex("^[0-9]+", part), local.lowest[index]))
          to   = tonumber(try(regex("-([0-9]+)", part)[0], strcontains(part, "*") || strcontains(part, "/") ? local.highest[index] : part))
          step = tonumber(try(regex("/([0-9]+)$", part)[0], 1))
        }
      ]
    ]
  }

  # The values of each field, in their order. Of the days of the week, 7 is 0.
  values = {
    for name, fields in local.parts : name => [
      for index, parts in fields : [
        for value in range(local.lowest[index], local.lowest[index] + local.sizes[index]) : value if anytrue([
          for part in parts : anytrue([
            for same in index == 4 && value == 0 ? [0, 7] : [value] :
            same >= part.from && same <= part.to && (same - part.from) % part.step == 0
          ])
        ])
      ]
    ]
  }

  # When it starts within a week, in minutes since Sunday's midnight; nothing when days of the month or months decide.
  starts = {
    for name, values in local.values : name => length(values[2]) < 31 || length(values[3]) < 12 ? [] : flatten([
      for day in values[4] : [for hour in values[1] : [for minute in values[0] : day * 1440 + hour * 60 + minute]]
    ])
  }

  pauses = {
    for name, starts in local.starts : name => length(starts) == 0 ? null : max([
      for index, start in starts :
      (index + 1 < length(starts) ? starts[index + 1] : starts[0] + 10080) - start
    ]...)
  }

  schedules = {
    for name, schedule in local.files : name => {
      description = try(schedule.description, name)
      time_zone   = try(schedule.time_zone, "UTC")

      # `null` stands for every value.
      minutes  = length(local.values[name][0]) == 60 ? null : local.values[name][0]
      hours    = length(local.values[name][1]) == 24 ? null : local.values[name][1]
      days     = length(local.values[name][2]) == 31 ? null : local.values[name][2]
      months   = length(local.values[name][3]) == 12 ? null : local.values[name][3]
      weekdays = length(local.values[name][4]) == 7 ? null : local.values[name][4]

      # The same as one line of five fields, numbers and commas only.
      cron = join(" ", [
        for index, values in local.values[name] : length(values) == local.sizes[index] ? "*" : join(",", values)
      ])

      pause_minutes      = local.pauses[name]
      time_limit_minutes = try(schedule.time_limit_minutes, 240)
      evidence_to        = try(schedule.evidence.to, null)
    }
  }
}
