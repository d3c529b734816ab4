// Firebreak in a resource group of its own, as `azd up` deploys it.
//
// No compiler has run over these files where they were written: tests/infra parses them and holds
// types, properties and names against what Microsoft publishes. Rights in Microsoft 365 are granted
// apart, by whoever holds the right: permissions.bicep, grant.ps1 or grant.sh, and sign-in.bicep.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the azd environment; every name is made from it.')
param environmentName string

@minLength(1)
@description('Region; one that has Flex Consumption: az functionapp list-flexconsumption-locations.')
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Object id of who deploys, who may then set the vault\'s secrets. Empty: nobody may.')
param principalId string = ''

@allowed(['worldwide', 'gcc', 'gcc-high', 'dod', 'china'])
@description('Which Microsoft 365 the tenant of this subscription is in.')
param microsoft365Cloud string = 'worldwide'

@description('Closes storage, vault and event hub to the internet: network, endpoints and DNS zones are made.')
param vnetEnabled bool = false

@description('Address range of that network, /16 to /24.')
param vnetAddressPrefix string = '10.91.0.0/24'

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
@description('How storage is kept: LRS in one data centre, ZRS in three of a region that has them.')
param storageSku string = 'Standard_ZRS'

@description('Spreads the app over the region\'s data centres, where it has several.')
param zoneRedundant bool = false

@allowed([512, 2048, 4096])
@description('Memory of an instance in MB.')
param instanceMemoryMB int = 2048

@minValue(40)
@maxValue(1000)
@description('Instances there may be at most.')
param maximumInstanceCount int = 40

@minValue(1)
@maxValue(1000)
@description('Requests an instance takes at once. Python would get 1 otherwise; the webhook only waits for storage.')
param httpConcurrency int = 16

@minValue(0)
@description('Instances that always stand ready for webhooks and pages.')
param alwaysReadyHttp int = 0

@minValue(0)
@description('Instances that always stand ready for the worker, which saves its cold start.')
param alwaysReadyWorker int = 0

@description('Who is woken: mail addresses, separated by commas.')
param alertEmails string = ''

@description('Action groups that exist already, by resource id, separated by commas.')
param actionGroupIds string = ''

@minValue(1)
@description('Seconds within which an account has to be contained where nobody is asked.')
param containedWithinSeconds int = 300

@description('What the app fetches by itself, separated by commas: alerts_v2, risk_detections, restricted_senders, office_activity.')
param pull string = ''

@description('Makes an event hub for Entra\'s diagnostic settings and Defender XDR.')
param eventHubEnabled bool = false

@description('Keeps the secrets of senders, channels and links in a vault.')
param keyVaultEnabled bool = true

@secure()
@description('Only without a vault: FIREBREAK_SOURCES, FIREBREAK_CHANNELS and FIREBREAK_LINK_KEYS, each a JSON text.')
param secretSettings object = {}

@description('Application id that sign-in.bicep gave; empty leaves the pages closed.')
param signInClientId string = ''

@description('Resource id of the Log Analytics workspace whose Sentinel incidents are read and closed.')
param sentinelWorkspaceId string = ''

@description('Makes an automation rule and a playbook there that post every new incident. Needs signInClientId.')
param sentinelAutomationEnabled bool = false

@description('Object id of "Azure Security Insights" in this tenant, so that Sentinel may run the playbook; empty where it may already.')
param sentinelPrincipalId string = ''

@description('Where people reach the app, if not under its own name: https://...')
param publicUrl string = ''

// Names, where they are not to be made from the environment's.
param resourceGroupName string = ''
param functionAppName string = ''
param storageAccountName string = ''

var abbreviations = loadJsonContent('abbreviations.json')
var clouds = loadJsonContent('clouds.json')
var azure = clouds.azure[environment().name]
var microsoft365 = clouds.microsoft365[microsoft365Cloud]
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = {
  'azd-env-name': environmentName
}
var groupName = empty(resourceGroupName) ? '${abbreviations.resourcesResourceGroups}${environmentName}' : resourceGroupName
var siteName = empty(functionAppName) ? '${abbreviations.webSitesFunctions}firebreak-${token}' : functionAppName
var accountName = empty(storageAccountName) ? '${abbreviations.storageStorageAccounts}${token}' : storageAccountName
var packageContainer = 'app-package'
var hubName = 'firebreak'
var siteUrl = empty(publicUrl) ? 'https://${siteName}.${azure.webSites}' : publicUrl
var automated = sentinelAutomationEnabled && !empty(sentinelWorkspaceId) && !empty(signInClientId)

// Without a workspace the parts are of one that is never looked for.
var workspaceParts = split(empty(sentinelWorkspaceId) ? '${subscription().id}/resourceGroups/${groupName}/providers/Microsoft.OperationalInsights/workspaces/none' : sentinelWorkspaceId, '/')

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: groupName
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  name: 'identity'
  params: {
    name: '${abbreviations.managedIdentityUserAssignedIdentities}firebreak-${token}'
    location: location
    tags: tags
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    name: accountName
    location: location
    tags: tags
    sku: storageSku
    packageContainer: packageContainer
    closed: vnetEnabled
    principalId: identity.outputs.principalId
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    workspaceName: '${abbreviations.operationalInsightsWorkspaces}${token}'
    componentName: '${abbreviations.insightsComponents}${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
  }
}

module vault 'modules/key-vault.bicep' = if (keyVaultEnabled) {
  scope: group
  name: 'key-vault'
  params: {
    name: '${abbreviations.keyVaultVaults}${token}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    closed: vnetEnabled
    principalId: identity.outputs.principalId
    officerId: principalId
  }
}

module eventHub 'modules/event-hub.bicep' = if (eventHubEnabled) {
  scope: group
  name: 'event-hub'
  params: {
    namespaceName: '${abbreviations.eventHubNamespaces}${token}'
    hubName: hubName
    location: location
    tags: tags
    closed: vnetEnabled
    principalId: identity.outputs.principalId
  }
}

module network 'modules/network.bicep' = if (vnetEnabled) {
  scope: group
  name: 'network'
  params: {
    name: '${abbreviations.networkVirtualNetworks}${token}'
    natGatewayName: '${abbreviations.networkNatGateways}${token}'
    addressName: '${abbreviations.networkPublicIPAddresses}${token}'
    location: location
    tags: tags
    addressPrefix: vnetAddressPrefix
  }
}

module storageEndpoints 'modules/private-endpoint.bicep' = [for service in (vnetEnabled ? ['blob', 'queue', 'table'] : []): {
  scope: group
  name: 'endpoint-${service}'
  params: {
    name: 'pep-${service}-${token}'
    location: location
    tags: tags
    networkId: network.outputs.id
    subnetId: network.outputs.endpointSubnetId
    targetId: storage.outputs.id
    group: service
    zoneName: 'privatelink.${service}.${environment().suffixes.storage}'
  }
}]

module vaultEndpoint 'modules/private-endpoint.bicep' = if (vnetEnabled && keyVaultEnabled) {
  scope: group
  name: 'endpoint-vault'
  params: {
    name: 'pep-vault-${token}'
    location: location
    tags: tags
    networkId: network.outputs.id
    subnetId: network.outputs.endpointSubnetId
    targetId: vault.outputs.id
    group: 'vault'
    zoneName: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
  }
}

module eventHubEndpoint 'modules/private-endpoint.bicep' = if (vnetEnabled && eventHubEnabled) {
  scope: group
  name: 'endpoint-event-hub'
  params: {
    name: 'pep-event-hub-${token}'
    location: location
    tags: tags
    networkId: network.outputs.id
    subnetId: network.outputs.endpointSubnetId
    targetId: eventHub.outputs.id
    group: 'namespace'
    zoneName: 'privatelink.${azure.serviceBus}'
  }
}

var platformSettings = {
  AzureWebJobsStorage__blobServiceUri: storage.outputs.blobEndpoint
  AzureWebJobsStorage__queueServiceUri: storage.outputs.queueEndpoint
  AzureWebJobsStorage__tableServiceUri: storage.outputs.tableEndpoint
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.outputs.clientId
  // Four times what the app takes: the host turns away a larger body before it is read into memory,
  // where by itself it would take 100 MB from anybody.
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '4194304'
  APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identity.outputs.clientId}'
}
var appSettings = {
  FIREBREAK_TENANT_ID: tenant().tenantId
  FIREBREAK_CLIENT_ID: identity.outputs.clientId
  FIREBREAK_OWN_OBJECT_ID: identity.outputs.principalId
  FIREBREAK_PUBLIC_URL: siteUrl
  FIREBREAK_PULL: string(empty(pull) ? [] : split(replace(pull, ' ', ''), ','))
  FIREBREAK_GRAPH_URL: microsoft365.graph
  FIREBREAK_EXCHANGE_URL: microsoft365.exchange
  FIREBREAK_ACTIVITY_URL: microsoft365.activity
  FIREBREAK_ENTRA_URL: environment().authentication.loginEndpoint
  FIREBREAK_ARM_URL: environment().resourceManager
}
var eventHubSettings = eventHubEnabled ? {
  FIREBREAK_EVENT_HUB: eventHub.outputs.hubName
  EventHub__fullyQualifiedNamespace: '${eventHub.outputs.name}.${azure.serviceBus}'
  EventHub__credential: 'managedidentity'
  EventHub__clientId: identity.outputs.clientId
} : {}
var sentinelSettings = empty(sentinelWorkspaceId) ? {} : {
  FIREBREAK_SENTINEL_WORKSPACE: sentinelWorkspaceId
}

var vaultSettings = keyVaultEnabled ? {
  FIREBREAK_SOURCES: '@Microsoft.KeyVault(SecretUri=${vault.outputs.sourcesUri})'
  FIREBREAK_CHANNELS: '@Microsoft.KeyVault(SecretUri=${vault.outputs.channelsUri})'
  FIREBREAK_LINK_KEYS: '@Microsoft.KeyVault(SecretUri=${vault.outputs.linkKeysUri})'
} : {}

module functionApp 'modules/function-app.bicep' = {
  scope: group
  name: 'function-app'
  params: {
    name: siteName
    planName: '${abbreviations.webServerFarms}${token}'
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    packageUri: '${storage.outputs.blobEndpoint}${packageContainer}'
    subnetId: vnetEnabled ? network.outputs.appSubnetId : ''
    settings: union(platformSettings, appSettings, eventHubSettings, sentinelSettings)
    secretSettings: keyVaultEnabled ? vaultSettings : secretSettings
    signInClientId: signInClientId
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyWorker: alwaysReadyWorker
  }
  dependsOn: [
    storageEndpoints
    vaultEndpoint
    eventHubEndpoint
  ]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  name: 'alerts'
  params: {
    prefix: 'firebreak-${environmentName}-'
    actionGroupName: '${abbreviations.insightsActionGroups}${token}'
    location: location
    tags: tags
    componentId: monitoring.outputs.componentId
    emails: alertEmails
    actionGroupIds: actionGroupIds
    containedWithinSeconds: containedWithinSeconds
  }
}

module sentinelRights 'modules/sentinel-rights.bicep' = if (!empty(sentinelWorkspaceId)) {
  scope: resourceGroup(workspaceParts[2], workspaceParts[4])
  name: 'firebreak-sentinel-rights'
  params: {
    workspaceName: workspaceParts[8]
    principalId: identity.outputs.principalId
  }
}

module playbookIdentity 'modules/identity.bicep' = if (sentinelAutomationEnabled) {
  scope: group
  name: 'playbook-identity'
  params: {
    name: '${abbreviations.managedIdentityUserAssignedIdentities}playbook-${token}'
    location: location
    tags: tags
  }
}

module playbook 'modules/playbook.bicep' = if (automated) {
  scope: group
  name: 'playbook'
  params: {
    name: '${abbreviations.logicWorkflows}firebreak-${token}'
    location: location
    tags: tags
    identityId: playbookIdentity.outputs.id
    signInClientId: signInClientId
    webhook: '${siteUrl}/api/alerts/sentinel'
  }
}

module playbookRights 'modules/playbook-rights.bicep' = if (automated && !empty(sentinelPrincipalId)) {
  scope: group
  name: 'playbook-rights'
  params: {
    sentinelPrincipalId: sentinelPrincipalId
  }
}

module sentinelAutomation 'modules/sentinel-automation.bicep' = if (automated) {
  scope: resourceGroup(workspaceParts[2], workspaceParts[4])
  name: 'firebreak-sentinel-automation'
  params: {
    workspaceName: workspaceParts[8]
    playbookId: playbook.outputs.id
    playbookPrincipalId: playbookIdentity.outputs.principalId
  }
  dependsOn: [
    playbookRights
  ]
}

output AZURE_LOCATION string = location
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_RESOURCE_GROUP string = groupName
output AZURE_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output AZURE_IDENTITY_CLIENT_ID string = identity.outputs.clientId
output AZURE_KEY_VAULT_NAME string = keyVaultEnabled ? vault.outputs.name : ''
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.name
output AZURE_OUTBOUND_ADDRESS string = vnetEnabled ? network.outputs.outboundAddress : ''
output AZURE_EVENT_HUB_NAMESPACE_ID string = eventHubEnabled ? eventHub.outputs.id : ''
output AZURE_EVENT_HUB_RULE_ID string = eventHubEnabled ? eventHub.outputs.authorizationRuleId : ''
output AZURE_PLAYBOOK_PRINCIPAL_ID string = sentinelAutomationEnabled ? playbookIdentity.outputs.principalId : ''
output AZURE_PLAYBOOK_CLIENT_ID string = sentinelAutomationEnabled ? playbookIdentity.outputs.clientId : ''
output SERVICE_APP_NAME string = functionApp.outputs.name
output SERVICE_APP_HOST_NAME string = functionApp.outputs.hostName
output FIREBREAK_URL string = siteUrl
