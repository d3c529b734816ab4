// What Entra's diagnostic settings and Defender XDR stream to. Both write with the key of the
// namespace's authorization rule, or by their own right, so local authentication stays on; the app
// reads with its identity.
param namespaceName string
param hubName string
param location string
param tags object

@description('Closes the namespace to everything but private endpoints and Azure\'s own services.')
param closed bool

@description('Principal id of the app\'s identity, which reads.')
param principalId string

var roles = loadJsonContent('../roles.json')
var receiver = roles['Azure Event Hubs Data Receiver']

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: namespaceName
  location: location
  tags: tags
  sku: {
    name: 'Standard'
    tier: 'Standard'
    capacity: 1
  }
  properties: {
    isAutoInflateEnabled: true
    maximumThroughputUnits: 4
    minimumTlsVersion: '1.2'
  }
}

resource network 'Microsoft.EventHub/namespaces/networkRuleSets@2024-01-01' = {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    defaultAction: closed ? 'Deny' : 'Allow'
    trustedServiceAccessEnabled: true
  }
}

// Three days: as long as a weekend in which nobody repairs the app.
resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: hubName
  properties: {
    partitionCount: 2
    messageRetentionInDays: 3
  }
}

// Azure Monitor asks for all three rights on the namespace before it streams to a hub.
resource diagnostics 'Microsoft.EventHub/namespaces/authorizationRules@2024-01-01' = {
  parent: namespace
  name: 'diagnostic-settings'
  properties: {
    rights: [
      'Listen'
      'Manage'
      'Send'
    ]
  }
}

resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: namespace
  name: guid(namespace.id, principalId, receiver)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', receiver)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

output id string = namespace.id
output name string = namespace.name
output hubName string = hub.name
output authorizationRuleId string = diagnostics.id
