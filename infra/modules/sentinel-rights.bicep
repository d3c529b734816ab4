// The app may read and close the incidents of a workspace that is somebody else's.
param workspaceName string

@description('Principal id of the app\'s identity.')
param principalId string

var roles = loadJsonContent('../roles.json')
var responder = roles['Microsoft Sentinel Responder']

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workspace
  name: guid(workspace.id, principalId, responder)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', responder)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
