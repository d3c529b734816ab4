// Where the app says how it is. Telemetry holds no personal data; only the app's identity may write.
param workspaceName string
param componentName string
param location string
param tags object

@description('Principal id of the app\'s identity.')
param principalId string

var roles = loadJsonContent('../roles.json')
var publisher = roles['Monitoring Metrics Publisher']

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 90
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

// The queries of docs/queries.md as pictures, over this component.
resource workbook 'Microsoft.Insights/workbooks@2022-04-01' = {
  name: guid(component.id, 'firebreak')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    category: 'workbook'
    displayName: 'Firebreak'
    sourceId: component.id
    serializedData: string(union(loadJsonContent('../workbook.json'), { fallbackResourceIds: [component.id] }))
  }
}

resource grant 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, principalId, publisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

output workspaceId string = workspace.id
output componentId string = component.id
output connectionString string = component.properties.ConnectionString
