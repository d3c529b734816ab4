// Lets Sentinel itself run playbooks of this resource group.
@description('Object id of "Azure Security Insights" in this tenant: az ad sp show --id 98785600-1bb7-4fb9-b9fa-19afe2c8a360 --query id')
param sentinelPrincipalId string

var roles = loadJsonContent('../roles.json')
var automation = roles['Microsoft Sentinel Automation Contributor']

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, sentinelPrincipalId, automation)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', automation)
    principalId: sentinelPrincipalId
    principalType: 'ServicePrincipal'
  }
}
