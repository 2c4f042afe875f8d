output "role" {
  description = "The custom role."
  value       = google_organization_iam_custom_role.reader.id
}
