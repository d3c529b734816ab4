// The registration people sign in with, its roles, and who may send alerts with a token. It holds no
// secret: the app's own identity vouches for it. Whoever deploys it needs to be Application
// Administrator, so it is no part of main.bicep:
//
//   az deployment group create --resource-group GROUP --template-file infra/sign-in.bicep \
//     --parameters environmentName=ENV hostName=SERVICE_APP_HOST_NAME \
//       principalId=AZURE_IDENTITY_PRINCIPAL_ID administratorId=OBJECT_ID
extension microsoftGraphV1

@description('Name of the azd environment.')
param environmentName string

@description('Output SERVICE_APP_HOST_NAME of main.bicep.')
param hostName string

@description('Object id of the app\'s identity: output AZURE_IDENTITY_PRINCIPAL_ID of main.bicep.')
param principalId string

@description('Object id of the person or group that becomes Firebreak.Administrator.')
param administratorId string

@description('Object ids of identities that send alerts with a token, such as the playbook\'s: output AZURE_PLAYBOOK_PRINCIPAL_ID.')
param senderIds array = []

var clouds = loadJsonContent('clouds.json')
var registration = 'firebreak-${environmentName}'
var commandLine = guid(registration, 'user_impersonation')
var azureCliId = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

// As in shared/principal.py: each may do what those before it may.
var people = [
  {
    value: 'Firebreak.Reader'
    description: 'Sees cases, alerts and what waits.'
  }
  {
    value: 'Firebreak.Responder'
    description: 'Also puts back what a case changed and says since when an account is compromised.'
  }
  {
    value: 'Firebreak.Approver'
    description: 'Also releases and declines what waits.'
  }
  {
    value: 'Firebreak.Administrator'
    description: 'Also steers the brakes of the whole organisation.'
  }
]
var peopleRoles = map(people, role => {
  id: guid(registration, role.value)
  value: role.value
  displayName: role.value
  description: role.description
  allowedMemberTypes: ['User']
  isEnabled: true
})
var senderRole = {
  id: guid(registration, 'Firebreak.Sender')
  value: 'Firebreak.Sender'
  displayName: 'Firebreak.Sender'
  description: 'Sends alerts with a token; opens no page.'
  allowedMemberTypes: ['Application']
  isEnabled: true
}

resource app 'Microsoft.Graph/applications@v1.0' = {
  uniqueName: registration
  displayName: 'Firebreak (${environmentName})'
  signInAudience: 'AzureADMyOrg'
  identifierUris: [
    'api://${tenant().tenantId}/${registration}'
  ]
  api: {
    requestedAccessTokenVersion: 2
    oauth2PermissionScopes: [
      {
        id: commandLine
        value: 'user_impersonation'
        type: 'User'
        adminConsentDisplayName: 'Use Firebreak'
        adminConsentDescription: 'Lets the firebreak command act as whoever signed in with az.'
        isEnabled: true
      }
    ]
    preAuthorizedApplications: [
      {
        appId: azureCliId
        delegatedPermissionIds: [
          commandLine
        ]
      }
    ]
  }
  appRoles: concat(peopleRoles, [senderRole])
  web: {
    redirectUris: [
      'https://${hostName}/.auth/login/aad/callback'
    ]
    implicitGrantSettings: {
      enableIdTokenIssuance: true
    }
  }
}

resource voucher 'Microsoft.Graph/applications/federatedIdentityCredentials@v1.0' = {
  name: '${app.uniqueName}/firebreak-identity'
  description: 'The app\'s identity signs in for the registration, so that there is no secret.'
  audiences: [
    clouds.azure[environment().name].tokenExchange
  ]
  issuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  subject: principalId
}

// Only who has a role gets a token at all.
resource enterpriseApp 'Microsoft.Graph/servicePrincipals@v1.0' = {
  appId: app.appId
  appRoleAssignmentRequired: true
}

resource administrator 'Microsoft.Graph/appRoleAssignedTo@v1.0' = {
  appRoleId: guid(registration, 'Firebreak.Administrator')
  principalId: administratorId
  resourceId: enterpriseApp.id
}

resource senders 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for senderId in senderIds: {
  appRoleId: senderRole.id
  principalId: senderId
  resourceId: enterpriseApp.id
}]

output SIGN_IN_CLIENT_ID string = app.appId
