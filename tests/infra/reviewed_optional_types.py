"""The types of the optional parts: network, vault, event hub, Sentinel and sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.infra.reviewed_types import AZURE
from tests.infra.shapes import (
    ALLOW_OR_DENY,
    FLAG,
    ID,
    ON_OR_OFF,
    OPEN,
    TEXT,
    TRACKED,
    USER_ASSIGNED,
    WHOLE,
    ListOf,
    Review,
    Reviewed,
    Shape,
)

_STANDARD: Final = frozenset({"Standard"})
_APP_ROLE: Final[Mapping[str, Shape]] = {
    "id": TEXT,
    "value": TEXT,
    "displayName": TEXT,
    "description": TEXT,
    "allowedMemberTypes": ListOf(frozenset({"User", "Application"})),
    "isEnabled": FLAG,
}
_SCOPE: Final[Mapping[str, Shape]] = {
    "id": TEXT,
    "value": TEXT,
    "type": frozenset({"User", "Admin"}),
    "adminConsentDisplayName": TEXT,
    "adminConsentDescription": TEXT,
    "isEnabled": FLAG,
}

NETWORK: Final[Mapping[str, Reviewed]] = {
    "Microsoft.Network/publicIPAddresses@2024-05-01": Reviewed(
        Review.USED,
        "network/microsoft.network/2024-05-01",
        {
            **TRACKED,
            "sku": {"name": _STANDARD},
            "properties": {"publicIPAllocationMethod": frozenset({"Static", "Dynamic"})},
        },
    ),
    "Microsoft.Network/natGateways@2024-05-01": Reviewed(
        Review.READ,
        "network/microsoft.network/2024-05-01",
        {
            **TRACKED,
            "sku": {"name": _STANDARD},
            "properties": {"publicIpAddresses": ListOf(ID), "idleTimeoutInMinutes": WHOLE},
        },
    ),
    "Microsoft.Network/virtualNetworks@2024-05-01": Reviewed(
        Review.USED,
        "network/microsoft.network/2024-05-01",
        {
            **TRACKED,
            "properties": {
                "addressSpace": {"addressPrefixes": ListOf(TEXT)},
                "subnets": ListOf(
                    {
                        "name": TEXT,
                        "properties": {
                            "addressPrefix": TEXT,
                            "defaultOutboundAccess": FLAG,
                            "natGateway": ID,
                            "delegations": ListOf(
                                {"name": TEXT, "properties": {"serviceName": TEXT}}
                            ),
                            "privateEndpointNetworkPolicies": ON_OR_OFF,
                        },
                    }
                ),
            },
        },
    ),
    "Microsoft.Network/privateDnsZones@2020-06-01": Reviewed(
        Review.USED, "privatedns/microsoft.network/2020-06-01", TRACKED
    ),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01": Reviewed(
        Review.USED,
        "privatedns/microsoft.network/2020-06-01",
        {**TRACKED, "properties": {"registrationEnabled": FLAG, "virtualNetwork": ID}},
    ),
    "Microsoft.Network/privateEndpoints@2024-05-01": Reviewed(
        Review.USED,
        "network/microsoft.network/2024-05-01",
        {
            **TRACKED,
            "properties": {
                "subnet": ID,
                "privateLinkServiceConnections": ListOf(
                    {
                        "name": TEXT,
                        "properties": {"privateLinkServiceId": TEXT, "groupIds": ListOf(TEXT)},
                    }
                ),
            },
        },
    ),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01": Reviewed(
        Review.USED,
        "network/microsoft.network/2024-05-01",
        {
            "name!": TEXT,
            "properties": {
                "privateDnsZoneConfigs": ListOf(
                    {"name": TEXT, "properties": {"privateDnsZoneId": TEXT}}
                )
            },
        },
    ),
}
VAULT_AND_HUB: Final[Mapping[str, Reviewed]] = {
    "Microsoft.KeyVault/vaults@2023-07-01": Reviewed(
        Review.READ,
        "keyvault/microsoft.keyvault/2023-07-01",
        {
            **TRACKED,
            "properties!": {
                "tenantId!": TEXT,
                "sku!": {"family!": frozenset({"A"}), "name!": frozenset({"standard", "premium"})},
                "enableRbacAuthorization": FLAG,
                "enablePurgeProtection": FLAG,
                "softDeleteRetentionInDays": WHOLE,
                "publicNetworkAccess": ON_OR_OFF,
                "networkAcls": {
                    "bypass": frozenset({"None", "AzureServices"}),
                    "defaultAction": ALLOW_OR_DENY,
                },
            },
        },
    ),
    "Microsoft.KeyVault/vaults/secrets@2023-07-01": Reviewed(
        Review.READ,
        "keyvault/microsoft.keyvault/2023-07-01",
        {"name!": TEXT, "properties!": {"contentType": TEXT, "value": TEXT}},
    ),
    "Microsoft.EventHub/namespaces@2024-01-01": Reviewed(
        Review.READ,
        "eventhub/microsoft.eventhub/2024-01-01",
        {
            **TRACKED,
            "sku": {"name!": _STANDARD, "tier": _STANDARD, "capacity": WHOLE},
            "properties": {
                "isAutoInflateEnabled": FLAG,
                "maximumThroughputUnits": WHOLE,
                "minimumTlsVersion": frozenset({"1.2"}),
            },
        },
    ),
    "Microsoft.EventHub/namespaces/networkRuleSets@2024-01-01": Reviewed(
        Review.READ,
        "eventhub/microsoft.eventhub/2024-01-01",
        {
            "name!": frozenset({"default"}),
            "properties": {
                "publicNetworkAccess": ON_OR_OFF,
                "defaultAction": ALLOW_OR_DENY,
                "trustedServiceAccessEnabled": FLAG,
            },
        },
    ),
    "Microsoft.EventHub/namespaces/eventhubs@2024-01-01": Reviewed(
        Review.READ,
        "eventhub/microsoft.eventhub/2024-01-01",
        {
            "name!": TEXT,
            "properties": {"partitionCount": WHOLE, "messageRetentionInDays": WHOLE},
        },
    ),
    "Microsoft.EventHub/namespaces/authorizationRules@2024-01-01": Reviewed(
        Review.READ,
        "eventhub/microsoft.eventhub/2024-01-01",
        {
            "name!": TEXT,
            "properties": {"rights!": ListOf(frozenset({"Listen", "Manage", "Send"}))},
        },
    ),
}
SENTINEL: Final[Mapping[str, Reviewed]] = {
    # `parameterValueType` stands in no published definition, and in every playbook that Sentinel
    # ships whose connection signs in with an identity.
    "Microsoft.Web/connections@2016-06-01": Reviewed(
        Review.USED,
        "web/microsoft.web/2016-06-01",
        {
            **TRACKED,
            "properties": {
                "displayName": TEXT,
                "parameterValueType": frozenset({"Alternative"}),
                "api": ID,
            },
        },
    ),
    "Microsoft.Logic/workflows@2019-05-01": Reviewed(
        Review.USED,
        "logic/microsoft.logic/2019-05-01",
        {
            **TRACKED,
            "identity": USER_ASSIGNED,
            "properties": {"state": ON_OR_OFF, "definition": OPEN, "parameters": OPEN},
        },
    ),
    "Microsoft.SecurityInsights/automationRules@2024-03-01": Reviewed(
        Review.READ,
        "securityinsights/microsoft.securityinsights/2024-03-01",
        {
            "name!": TEXT,
            "properties!": {
                "displayName!": TEXT,
                "order!": WHOLE,
                "triggeringLogic!": {
                    "isEnabled!": FLAG,
                    "triggersOn!": frozenset({"Incidents", "Alerts"}),
                    "triggersWhen!": frozenset({"Created", "Updated"}),
                    "conditions": ListOf(OPEN),
                },
                "actions!": ListOf(
                    {
                        "order!": WHOLE,
                        "actionType!": frozenset({"RunPlaybook"}),
                        "actionConfiguration": {"logicAppResourceId!": TEXT, "tenantId": TEXT},
                    }
                ),
            },
        },
    ),
}
GRAPH: Final[Mapping[str, Reviewed]] = {
    "Microsoft.Graph/applications@v1.0": Reviewed(
        Review.READ,
        "microsoftgraph/microsoft.graph/v1.0",
        {
            "uniqueName!": TEXT,
            "displayName!": TEXT,
            "signInAudience": frozenset({"AzureADMyOrg"}),
            "identifierUris": ListOf(TEXT),
            "api": {
                "requestedAccessTokenVersion": WHOLE,
                "oauth2PermissionScopes": ListOf(_SCOPE),
                "preAuthorizedApplications": ListOf(
                    {"appId": TEXT, "delegatedPermissionIds": ListOf(TEXT)}
                ),
            },
            "appRoles": ListOf(_APP_ROLE),
            "web": {
                "redirectUris": ListOf(TEXT),
                "implicitGrantSettings": {"enableIdTokenIssuance": FLAG},
            },
        },
    ),
    "Microsoft.Graph/applications/federatedIdentityCredentials@v1.0": Reviewed(
        Review.READ,
        "microsoftgraph/microsoft.graph/v1.0",
        {
            "name!": TEXT,
            "description": TEXT,
            "audiences!": ListOf(TEXT),
            "issuer!": TEXT,
            "subject!": TEXT,
        },
    ),
    "Microsoft.Graph/servicePrincipals@v1.0": Reviewed(
        Review.READ,
        "microsoftgraph/microsoft.graph/v1.0",
        {"appId!": TEXT, "appRoleAssignmentRequired": FLAG},
    ),
    "Microsoft.Graph/appRoleAssignedTo@v1.0": Reviewed(
        Review.READ,
        "microsoftgraph/microsoft.graph/v1.0",
        {"appRoleId!": TEXT, "principalId!": TEXT, "resourceId!": TEXT},
    ),
}

TYPES: Final[Mapping[str, Reviewed]] = {**AZURE, **NETWORK, **VAULT_AND_HUB, **SENTINEL, **GRAPH}
