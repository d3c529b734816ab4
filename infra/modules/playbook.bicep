// Posts each new Sentinel incident to the webhook. It proves itself by a token of its own identity,
// which holds no right in Microsoft 365 and none in Firebreak but to send.
param name string
param location string
param tags object

@description('Resource id of the playbook\'s identity.')
param identityId string

@description('Application id of the registration whose tokens the webhook accepts.')
param signInClientId string

@description('Address of the webhook.')
param webhook string

resource connection 'Microsoft.Web/connections@2016-06-01' = {
  name: '${name}-sentinel'
  location: location
  tags: tags
  properties: {
    displayName: 'Microsoft Sentinel'
    parameterValueType: 'Alternative'
    api: {
      id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'azuresentinel')
    }
  }
}

resource playbook 'Microsoft.Logic/workflows@2019-05-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    state: 'Enabled'
    definition: {
      '$schema': 'https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#'
      contentVersion: '1.0.0.0'
      parameters: {
        '$connections': {
          type: 'Object'
          defaultValue: {}
        }
      }
      triggers: {
        Incident: {
          type: 'ApiConnectionWebhook'
          inputs: {
            body: {
              callback_url: '@{listCallbackUrl()}'
            }
            host: {
              connection: {
                name: '@parameters(\'$connections\')[\'azuresentinel\'][\'connectionId\']'
              }
            }
            path: '/incident-creation'
          }
        }
      }
      actions: {
        Tell_Firebreak: {
          type: 'Http'
          inputs: {
            method: 'POST'
            uri: webhook
            body: '@triggerBody()'
            authentication: {
              type: 'ManagedServiceIdentity'
              identity: identityId
              audience: signInClientId
            }
            retryPolicy: {
              type: 'exponential'
              count: 8
              interval: 'PT10S'
              maximumInterval: 'PT5M'
            }
          }
          runAfter: {}
        }
      }
    }
    parameters: {
      '$connections': {
        value: {
          azuresentinel: {
            connectionId: connection.id
            connectionName: connection.name
            id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'azuresentinel')
            connectionProperties: {
              authentication: {
                type: 'ManagedServiceIdentity'
                identity: identityId
              }
            }
          }
        }
      }
    }
  }
}

output id string = playbook.id
