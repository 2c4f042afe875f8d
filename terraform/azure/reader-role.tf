variable "management_group_id" {
  description = "The management group whose subscriptions are read."
  type        = string
}

resource "azurerm_role_definition" "palisade_reader" {
  name        = "PalisadeReader"
  description = "Reads what Palisade judges. Generated from the calls it declares; read-only."
  scope       = var.management_group_id
  permissions {
    actions = [
      "Microsoft.Authorization/denyAssignments/read",
      "Microsoft.Authorization/locks/read",
      "Microsoft.Authorization/policyAssignments/read",
      "Microsoft.Authorization/policyDefinitions/read",
      "Microsoft.Authorization/policyExemptions/read",
      "Microsoft.Authorization/policySetDefinitions/read",
      "Microsoft.Authorization/roleAssignments/read",
      "Microsoft.Authorization/roleDefinitions/read",
      "Microsoft.Automation/automationAccounts/read",
      "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read",
      "Microsoft.Compute/virtualMachineScaleSets/publicIPAddresses/read",
      "Microsoft.Compute/virtualMachineScaleSets/read",
      "Microsoft.Compute/virtualMachines/read",
      "Microsoft.ContainerRegistry/registries/read",
      "Microsoft.ContainerService/locations/kubernetesVersions/read",
      "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read",
      "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read",
      "Microsoft.ContainerService/managedClusters/privateEndpointConnections/read",
      "Microsoft.ContainerService/managedClusters/read",
      "Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/read",
      "Microsoft.DataProtection/backupVaults/backupInstances/read",
      "Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints/read",
      "Microsoft.DataProtection/backupVaults/read",
      "Microsoft.Features/providers/features/read",
      "Microsoft.Insights/diagnosticSettings/read",
      "Microsoft.KeyVault/vaults/keys/read",
      "Microsoft.KeyVault/vaults/read",
      "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
      "Microsoft.ManagedIdentity/userAssignedIdentities/read",
      "Microsoft.Management/managementGroups/descendants/read",
      "Microsoft.Network/loadBalancers/read",
      "Microsoft.Network/networkSecurityGroups/read",
      "Microsoft.Network/networkWatchers/flowLogs/read",
      "Microsoft.Network/networkWatchers/read",
      "Microsoft.Network/publicIPAddresses/read",
      "Microsoft.Network/routeTables/read",
      "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action",
      "Microsoft.Network/virtualNetworks/read",
      "Microsoft.OperationalInsights/workspaces/tables/read",
      "Microsoft.Resources/subscriptions/read",
      "Microsoft.Security/pricings/read",
    ]
    not_actions = []
  }
  assignable_scopes = [var.management_group_id]
}
