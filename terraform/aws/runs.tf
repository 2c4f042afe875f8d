# When runs come, and how it is noticed that one did not.

resource "aws_scheduler_schedule_group" "palisade" {
  name = var.name
  tags = local.tags
}

locals {
  names_of_weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

  # EventBridge counts weekdays from 1 and wants `?` for the kind of day that does not decide.
  expressions = {
    for name, schedule in local.schedules : name => format("cron(%s %s %s %s %s *)",
      schedule.minutes == null ? "*" : join(",", schedule.minutes),
      schedule.hours == null ? "*" : join(",", schedule.hours),
      schedule.weekdays != null ? "?" : schedule.days == null ? "*" : join(",", schedule.days),
      schedule.months == null ? "*" : join(",", schedule.months),
      schedule.weekdays == null ? "?" : join(",", [for day in schedule.weekdays : local.names_of_weekdays[day]]),
    )
  }

  # Alarms look back for a week at most. What comes more rarely is watched by its failures, and by `pings` and
  # `scan.missed` of palisade.yaml.
  watched = {
    for name, schedule in local.schedules : name => max(2, ceil(schedule.pause_minutes * 1.5 / 60))
    if schedule.pause_minutes == null ? false : schedule.pause_minutes * 1.5 <= 7 * 24 * 60
  }
}

resource "aws_scheduler_schedule" "run" {
  for_each = local.schedules

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.palisade.name
  description                  = substr(each.value.description, 0, 512)
  schedule_expression          = local.expressions[each.key]
  schedule_expression_timezone = each.value.time_zone
  kms_key_arn                  = aws_kms_key.palisade.arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_ecs_cluster.palisade.arn
    role_arn = aws_iam_role.scheduler.arn
    input = jsonencode({
      containerOverrides = [{ name = "palisade", command = ["run", each.key] }]
    })

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.scanner.arn
      launch_type         = "FARGATE"
      platform_version    = "1.4.0"
      # The end of a run is told with it.
      group          = "${var.name}-${each.key}"
      propagate_tags = "TASK_DEFINITION"

      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = [aws_security_group.scanner.id]
        assign_public_ip = false
      }
    }

    # A run that starts an hour late is the run of that time still: it is claimed once, whoever starts it.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.expressions[each.key]) <= 256
      error_message = "The cron line of ${each.key} names too many times for EventBridge: use steps that divide the hour, or two files."
    }
    precondition {
      condition     = each.value.evidence_to == null || startswith(coalesce(each.value.evidence_to, "-"), "s3://${var.evidence_bucket}/")
      error_message = "${each.key} keeps evidence where it ends with the task: write `to: s3://${var.evidence_bucket}/palisade` in its file."
    }
  }
}

# What could not be started.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${var.name}-undelivered"
  kms_master_key_id         = aws_kms_key.palisade.arn
  message_retention_seconds = 1209600
  tags                      = local.tags
}

data "aws_iam_policy_document" "undelivered" {
  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.undelivered.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id
  policy    = data.aws_iam_policy_document.undelivered.json
}

# Every end of a task is written down, with its exit code.
resource "aws_cloudwatch_log_group" "ends" {
  name              = "/aws/events/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.palisade.arn
  tags              = local.tags
}

data "aws_iam_policy_document" "ends" {
  # An empty stream is made without a word of who asks for it.
  statement {
    actions   = ["logs:CreateLogStream"]
    resources = ["${aws_cloudwatch_log_group.ends.arn}:*"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
    }
  }
  statement {
    actions   = ["logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.ends.arn}:*:*"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.ends.arn]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "ends" {
  policy_name     = "${var.name}-ends"
  policy_document = data.aws_iam_policy_document.ends.json
}

resource "aws_cloudwatch_event_rule" "ends" {
  name        = "${var.name}-ends"
  description = "A task of the scanner has ended"
  tags        = local.tags
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = {
      clusterArn = [aws_ecs_cluster.palisade.arn]
      lastStatus = ["STOPPED"]
    }
  })
}

resource "aws_cloudwatch_event_target" "ends" {
  rule       = aws_cloudwatch_event_rule.ends.name
  arn        = aws_cloudwatch_log_group.ends.arn
  depends_on = [aws_cloudwatch_log_resource_policy.ends]
}

# `palisade run` ends with 0 when the run was recorded.
resource "aws_cloudwatch_log_metric_filter" "succeeded" {
  for_each = local.schedules

  name           = "${var.name}-${each.key}-succeeded"
  log_group_name = aws_cloudwatch_log_group.ends.name
  pattern        = "{ $.detail.group = \"${var.name}-${each.key}\" && $.detail.containers[0].exitCode = 0 }"

  metric_transformation {
    name      = "${each.key}-succeeded"
    namespace = "Palisade/${var.name}"
    value     = "1"
  }
}

# A task that never came to its program has no exit code.
resource "aws_cloudwatch_log_metric_filter" "failed" {
  for_each = local.schedules

  name           = "${var.name}-${each.key}-failed"
  log_group_name = aws_cloudwatch_log_group.ends.name
  pattern        = "{ $.detail.group = \"${var.name}-${each.key}\" && ($.detail.containers[0].exitCode != 0 || $.detail.stopCode = \"TaskFailedToStart\") }"

  metric_transformation {
    name      = "${each.key}-failed"
    namespace = "Palisade/${var.name}"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "missed" {
  for_each = local.watched

  alarm_name          = "${var.name}-${each.key}-missed"
  alarm_description   = "No run of ${each.key} has succeeded for ${each.value} hours, one and a half of its pauses. Its log: ${aws_cloudwatch_log_group.runs.name}"
  namespace           = "Palisade/${var.name}"
  metric_name         = "${each.key}-succeeded"
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 3600
  evaluation_periods  = each.value
  datapoints_to_alarm = each.value
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
  tags                = local.tags
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  for_each = local.schedules

  alarm_name          = "${var.name}-${each.key}-failed"
  alarm_description   = "A run of ${each.key} ended with another code than 0. Its log: ${aws_cloudwatch_log_group.runs.name}"
  namespace           = "Palisade/${var.name}"
  metric_name         = "${each.key}-failed"
  statistic           = "Sum"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  tags                = local.tags
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  alarm_name          = "${var.name}-undelivered"
  alarm_description   = "EventBridge Scheduler could not start a run; what it tried is in the queue ${aws_sqs_queue.undelivered.name}"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  tags                = local.tags
}
