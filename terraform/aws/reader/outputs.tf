output "role_arn" {
  description = "The reader's role."
  value       = aws_iam_role.reader.arn
}

output "role_name" {
  description = "Its name, as `role` of the target in palisade.yaml."
  value       = aws_iam_role.reader.name
}
