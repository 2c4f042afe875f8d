# Cron lines as lists of numbers.

run "fields_become_numbers" {
  command = plan
  variables {
    dir = "./tests/some"
  }
  assert {
    condition = { for name, schedule in output.schedules : name => schedule.cron } == {
      always    = "* * * * *"
      days      = "0 3 1,15 * *"
      every-day = "0 2 * * *"
      months    = "30 1 * 1,3 *"
      numbers   = "0 0 * * 0,5,6"
      steps     = "0,15,30,45 8,9,10,11,12,13,14,15,16,17,18 * * 1,2,3,4,5"
      weekend   = "5,25,45 0,6,12,18 * * 0,6"
      weekly    = "0 0 * * 0"
    }
    error_message = "Every field is the list of its values."
  }
  assert {
    condition = { for name, schedule in output.schedules : name => schedule.pause_minutes } == {
      always    = 1
      days      = null
      every-day = 1440
      months    = null
      numbers   = 7200
      steps     = 3675
      weekend   = 7520
      weekly    = 10080
    }
    error_message = "The longest pause of a week, from Friday's last run to Monday's first."
  }
}

run "the_shipped_schedules_are_read" {
  command = plan
  variables {
    dir = "../../schedules"
  }
  assert {
    condition     = output.schedules["nightly-full"].time_limit_minutes == 240 && output.schedules["weekly-evidence"].evidence_to == "evidence"
    error_message = "What the files say."
  }
}

run "a_day_that_fits_either_is_refused" {
  command = plan
  variables {
    dir = "./tests/either"
  }
  expect_failures = [output.schedules]
}

run "an_empty_folder_is_refused" {
  command = plan
  variables {
    dir = "./tests"
  }
  expect_failures = [var.dir]
}
