// Every new incident of a workspace runs the playbook.
param workspaceName string

@description('Resource id of the playbook.')
param playbookId string

@description('Principal id of the playbook\'s identity, which the trigger reads incidents with.')
param playbookPrincipalId string

var roles = loadJsonContent('../roles.json')
var reader = roles['Microsoft Sentinel Reader']

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, playbookPrincipalId, reader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', reader)
    principalId: playbookPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource rule 'Microsoft.SecurityInsights/automationRules@2024-03-01' = {
  scope: workspace
  name: guid(workspace.id, playbookId)
  properties: {
    displayName: 'Tell Firebreak of new incidents'
    order: 1
    triggeringLogic: {
      isEnabled: true
      triggersOn: 'Incidents'
      triggersWhen: 'Created'
      conditions: []
    }
    actions: [
      {
        order: 1
        actionType: 'RunPlaybook'
        actionConfiguration: {
          logicAppResourceId: playbookId
          tenantId: tenant().tenantId
        }
      }
    ]
  }
}
