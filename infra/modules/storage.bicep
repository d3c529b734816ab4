// The app's only memory: queue, rows, evidence, the host's leases and the deployed package.
// No keys: whoever reads or writes has a role.
param name string
param location string
param tags object
param sku string
param packageContainer string

@description('Closes the account to everything but private endpoints.')
param closed bool

@description('Principal id of the app\'s identity.')
param principalId string

var roles = loadJsonContent('../roles.json')

// Owner, not Contributor, of blobs: the host takes leases and sets access on its own containers.
var held = [
  roles['Storage Blob Data Owner']
  roles['Storage Queue Data Contributor']
  roles['Storage Table Data Contributor']
]

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD'
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: closed ? 'Deny' : 'Allow'
    }
  }
}

// What somebody deletes by mistake, or to hide it, comes back within a week.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 7
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobs
  name: packageContainer
  properties: {
    publicAccess: 'None'
  }
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

// A trigger that finds no queue looks for it less and less often.
resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [for each in ['remediate', 'remediate-poison']: {
  parent: queues
  name: each
}]

resource grants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in held: {
  scope: account
  name: guid(account.id, principalId, role)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

output id string = account.id
output name string = account.name
output blobEndpoint string = account.properties.primaryEndpoints.blob
output queueEndpoint string = account.properties.primaryEndpoints.queue
output tableEndpoint string = account.properties.primaryEndpoints.table
