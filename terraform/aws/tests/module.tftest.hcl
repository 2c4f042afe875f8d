# What the module makes of schedules, and what it refuses. The provider is a mock: nothing is asked of AWS.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  image            = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/palisade@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  schedules_dir    = "./examples/organization/installation/schedules"
  vpc_id           = "vpc-0123456789abcdef0"
  subnet_ids       = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  evidence_bucket  = "acme-palisade-evidence"
  alarm_topic_arns = ["arn:aws:sns:eu-central-1:111122223333:security"]
}

run "each_schedule_is_one_of_eventbridge" {
  command = plan

  assert {
    condition = { for name, run in output.runs : name => run.expression } == {
      hourly-exposure = "cron(0 * * * ? *)"
      nightly-full    = "cron(0 2 * * ? *)"
      weekly-evidence = "cron(0 5 ? * MON *)"
    }
    error_message = "EventBridge's own cron lines."
  }
  assert {
    condition     = { for name, run in output.runs : name => run.alarm_hours } == { hourly-exposure = 2, nightly-full = 36, weekly-evidence = null }
    error_message = "Runs are missed after one and a half of their pauses."
  }
  assert {
    condition     = aws_scheduler_schedule.run["nightly-full"].schedule_expression_timezone == "UTC"
    error_message = "In the schedule's own zone."
  }
  assert {
    condition     = !contains(data.aws_iam_policy_document.scanner.statement[0].actions, "sts:AssumeRole") && length(data.aws_iam_policy_document.scanner.statement[0].actions) > 50
    error_message = "The declared reads, and no role of everybody's."
  }
}

run "the_scheduler_starts_and_tags_and_evidence_is_put_once" {
  command = plan

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.scheduler.statement : [
        join(",", statement.resources), { for condition in statement.condition : condition.variable => join(",", condition.values) }
      ] if contains(statement.actions, "ecs:TagResource")
    ] == [["arn:aws:ecs:eu-central-1:111122223333:task/palisade/*", { "ecs:CreateAction" = "RunTask" }]]
    error_message = "A task takes the tags of its definition only if whoever starts it may tag what is started."
  }
  assert {
    condition = [
      for statement in data.aws_iam_policy_document.evidence.statement : {
        for condition in statement.condition : condition.variable => "${condition.test} ${join(",", condition.values)}"
      } if statement.effect == "Deny" && contains(statement.actions, "s3:PutObject")
    ] == [{ "s3:if-none-match" = "Null true", "s3:ObjectCreationOperation" = "Bool true" }]
    error_message = "Whatever would put over an object is refused, to everybody."
  }
}

run "evidence_in_a_folder_is_refused" {
  command = plan
  variables {
    schedules_dir = "../../schedules"
  }
  expect_failures = [aws_scheduler_schedule.run]
}

run "what_is_no_input_is_refused" {
  command = plan
  variables {
    image                   = "palisade:latest"
    subnet_ids              = ["subnet-0123456789abcdef0"]
    alarm_topic_arns        = []
    evidence_retention_mode = "NONE"
    organization_id         = "acme"
    environment             = { SLACK_TOKEN = "x" }
  }
  expect_failures = [var.image, var.subnet_ids, var.alarm_topic_arns, var.evidence_retention_mode, var.organization_id, var.environment]
}
