output "scanner_role_arn" {
  description = "Whom the reader's roles of member accounts let in: `scanner_role_arn` of the modules reader and reader-stackset."
  value       = aws_iam_role.scanner.arn
}

output "evidence_bucket" {
  description = "The write-once bucket, as schedules name it."
  value       = "s3://${aws_s3_bucket.evidence.id}/palisade"
}

output "scanner_security_group_id" {
  description = "The security group of the tasks. HTTPS and the module's database are what it lets out to: a database of your own or a mail server needs a rule of yours."
  value       = aws_security_group.scanner.id
}

output "database_reference" {
  description = "What `service: {database: ...}` of palisade.yaml says when this module made the database; `null` otherwise."
  value       = var.database == null ? null : "env:PALISADE_DATABASE_URL"
}

output "log_groups" {
  description = "The log of the program, and the ends of its tasks."
  value       = { runs = aws_cloudwatch_log_group.runs.name, ends = aws_cloudwatch_log_group.ends.name }
}

output "runs" {
  description = "Each schedule as EventBridge has it, and after how many hours without a success an alarm is raised (null: too rare for CloudWatch)."
  value = {
    for name, schedule in local.schedules : name => {
      expression  = local.expressions[name]
      time_zone   = schedule.time_zone
      alarm_hours = lookup(local.watched, name, null)
    }
  }
}

output "run_now" {
  description = "The command that starts a run of a schedule by hand; put its name in place of NAME."
  value = join(" ", [
    "aws ecs run-task --cluster ${aws_ecs_cluster.palisade.name} --task-definition ${aws_ecs_task_definition.scanner.family}",
    "--launch-type FARGATE --group ${var.name}-NAME",
    "--network-configuration 'awsvpcConfiguration={subnets=[${join(",", var.subnet_ids)}],securityGroups=[${aws_security_group.scanner.id}],assignPublicIp=DISABLED}'",
    "--overrides '{\"containerOverrides\":[{\"name\":\"palisade\",\"command\":[\"run\",\"NAME\",\"--now\"]}]}'",
  ])
}
