output "role_name" {
  description = "The role's name in every account, as `role` of the target in palisade.yaml."
  value       = var.role_name
}

output "stack_set_id" {
  description = "The stack set, whose instances tell of each account whether it has the role."
  value       = aws_cloudformation_stack_set.reader.stack_set_id
}
