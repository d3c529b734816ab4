// The app, on Flex Consumption. Webhooks and pages scale together; the worker, the timers and the
// stream each on instances of their own.
param name string
param planName string
param location string
param tags object
param zoneRedundant bool

@description('Resource id of the app\'s identity.')
param identityId string

@description('Application id of the app\'s identity.')
param identityClientId string

@description('Where the package lies: the address of a blob container.')
param packageUri string

@description('The subnet the app goes out from; empty for the public network.')
param subnetId string

@description('Every app setting that is no secret.')
param settings object

@secure()
@description('The app settings that are secrets, or lead to them.')
param secretSettings object

@description('Application id of the registration people sign in with; empty leaves the pages closed.')
param signInClientId string

param instanceMemoryMB int
param maximumInstanceCount int
param httpConcurrency int
param alwaysReadyHttp int
param alwaysReadyWorker int

var secretless = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
var signIn = empty(signInClientId) ? {} : {
  '${secretless}': identityClientId
}
var alwaysReady = [
  {
    name: 'http'
    instanceCount: alwaysReadyHttp
  }
  {
    name: 'function:remediate'
    instanceCount: alwaysReadyWorker
  }
]

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageUri
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: filter(alwaysReady, each => each.instanceCount > 0)
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      appSettings: [for each in items(union(settings, secretSettings, signIn)): {
        name: each.key
        value: each.value
      }]
    }
  }
}

// Nobody deploys with a password.
resource passwords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = [for each in ['ftp', 'scm']: {
  parent: app
  name: each
  properties: {
    allow: false
  }
}]

// Webhooks prove themselves by their source's secret, so nobody is turned away here; pages ask for
// the person in the header that only this layer can set, and stay shut without it.
resource authentication 'Microsoft.Web/sites/config@2024-04-01' = if (!empty(signInClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: signInClientId
          clientSecretSettingName: secretless
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            signInClientId
          ]
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}

output name string = app.name
output hostName string = app.properties.defaultHostName
