// The secrets that senders and links prove themselves with. The first deployment makes an operator's
// secret and a link key; later ones never touch what stands in the vault.
param name string
param location string
param tags object
param workspaceId string

@description('Closes the vault to everything but private endpoints.')
param closed bool

@description('Principal id of the app\'s identity, which reads.')
param principalId string

@description('Object id of who deploys, who writes; nobody if empty.')
param officerId string

@secure()
@description('Signs what the command line asks for, until somebody replaces it.')
param operatorSecret string = '${newGuid()}${newGuid()}'

@secure()
@description('Signs approval links, until somebody replaces it.')
param linkKey string = '${newGuid()}${newGuid()}'

var roles = loadJsonContent('../roles.json')
var user = roles['Key Vault Secrets User']
var officer = roles['Key Vault Secrets Officer']

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
    }
  }
}

@onlyIfNotExists()
resource sources 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'firebreak-sources'
  properties: {
    contentType: 'application/json'
    value: string([
      {
        name: 'operator'
        carrier: 'admin_request'
        auth: {
          scheme: 'hmac'
          secrets: [
            operatorSecret
          ]
        }
      }
    ])
  }
}

@onlyIfNotExists()
resource channels 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'firebreak-channels'
  properties: {
    contentType: 'application/json'
    value: '[]'
  }
}

@onlyIfNotExists()
resource linkKeys 'Microsoft.KeyVault/vaults/secrets@2023-07-01' = {
  parent: vault
  name: 'firebreak-link-keys'
  properties: {
    contentType: 'application/json'
    value: string([
      linkKey
    ])
  }
}

resource reads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, principalId, user)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', user)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource writes 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(officerId)) {
  scope: vault
  name: guid(vault.id, officerId, officer)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', officer)
    principalId: officerId
  }
}

// Who read which secret, and when.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

output id string = vault.id
output name string = vault.name
output sourcesUri string = '${vault.properties.vaultUri}secrets/firebreak-sources'
output channelsUri string = '${vault.properties.vaultUri}secrets/firebreak-channels'
output linkKeysUri string = '${vault.properties.vaultUri}secrets/firebreak-link-keys'
