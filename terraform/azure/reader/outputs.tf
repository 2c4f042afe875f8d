output "role_definition_id" {
  description = "The custom role."
  value       = azurerm_role_definition.reader.role_definition_resource_id
}

output "group_members_command" {
  description = "What Terraform does not do here: the right to read who is in which group is Microsoft Graph's, and takes an administrator of Entra. Without it some findings are unknown, and say so."
  value       = <<-SH
    graph=$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query id --output tsv)
    role=$(az ad sp show --id $graph --query "appRoles[?value=='GroupMember.Read.All'].id" --output tsv)
    az rest --method post --url https://graph.microsoft.com/v1.0/servicePrincipals/${var.scanner_principal_id}/appRoleAssignments \
      --body "{\"principalId\":\"${var.scanner_principal_id}\",\"resourceId\":\"$graph\",\"appRoleId\":\"$role\"}"
  SH
}
