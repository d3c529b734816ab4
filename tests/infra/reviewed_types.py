"""What the Bicep files may say, type by type: written by hand from what Microsoft publishes.

It is no compiler. It holds only what these files use, so that a misspelt type, version or property
is red and a new one has to be looked up and added here. `READ` was read line by line in the
published definitions (github.com/Azure/bicep-types-az and microsoftgraph/msgraph-bicep-types,
generated/.../types.md, November 2026); `USED` was taken from Microsoft's own templates
(github.com/Azure-Samples, Azure/Azure-Sentinel) and learn.microsoft.com/azure/templates.

A shape is `TEXT`, `WHOLE` or `FLAG`; a set of the words that may stand there; a dict of properties,
of which those ending in `!` are required; `ListOf` a shape; or `OPEN`, which is not looked into.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.infra.shapes import (
    ALLOW_OR_DENY,
    FLAG,
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

_RETENTION: Final[Mapping[str, Shape]] = {"enabled": FLAG, "days": WHOLE}
_APP_CONFIG: Final[Mapping[str, Shape]] = {
    "deployment": {
        "storage": {
            "type": frozenset({"blobContainer"}),
            "value": TEXT,
            "authentication": {
                "type": frozenset({"UserAssignedIdentity", "SystemAssignedIdentity"}),
                "userAssignedIdentityResourceId": TEXT,
            },
        }
    },
    "runtime": {"name": frozenset({"python"}), "version": TEXT},
    "scaleAndConcurrency": {
        "instanceMemoryMB": WHOLE,
        "maximumInstanceCount": WHOLE,
        "alwaysReady": ListOf({"name": TEXT, "instanceCount": WHOLE}),
        "triggers": {"http": {"perInstanceConcurrency": WHOLE}},
    },
}
_SIGN_IN: Final[Mapping[str, Shape]] = {
    "platform": {"enabled": FLAG, "runtimeVersion": TEXT},
    "globalValidation": {
        "requireAuthentication": FLAG,
        "unauthenticatedClientAction": frozenset(
            {"AllowAnonymous", "RedirectToLoginPage", "Return401", "Return403"}
        ),
        "excludedPaths": ListOf(TEXT),
        "redirectToProvider": TEXT,
    },
    "httpSettings": {"requireHttps": FLAG},
    "identityProviders": {
        "azureActiveDirectory": {
            "enabled": FLAG,
            "registration": {
                "clientId": TEXT,
                "clientSecretSettingName": TEXT,
                "openIdIssuer": TEXT,
            },
            "validation": {"allowedAudiences": ListOf(TEXT)},
        }
    },
    "login": {"tokenStore": {"enabled": FLAG}},
}

AZURE: Final[Mapping[str, Reviewed]] = {
    "Microsoft.Resources/resourceGroups@2024-03-01": Reviewed(
        Review.USED, "resources/microsoft.resources/2024-03-01", TRACKED
    ),
    "Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31": Reviewed(
        Review.USED, "msi/microsoft.managedidentity/2023-01-31", TRACKED
    ),
    "Microsoft.Authorization/roleAssignments@2022-04-01": Reviewed(
        Review.USED,
        "authorization/microsoft.authorization/2022-04-01",
        {
            "name!": TEXT,
            "properties!": {
                "roleDefinitionId!": TEXT,
                "principalId!": TEXT,
                "principalType": frozenset({"ServicePrincipal", "User", "Group"}),
            },
        },
    ),
    "Microsoft.Storage/storageAccounts@2024-01-01": Reviewed(
        Review.READ,
        "storage/microsoft.storage/2024-01-01",
        {
            **TRACKED,
            "kind!": frozenset({"StorageV2"}),
            "sku!": {"name!": TEXT},
            "properties": {
                "allowBlobPublicAccess": FLAG,
                "allowCrossTenantReplication": FLAG,
                "allowedCopyScope": frozenset({"AAD", "PrivateLink"}),
                "allowSharedKeyAccess": FLAG,
                "defaultToOAuthAuthentication": FLAG,
                "isLocalUserEnabled": FLAG,
                "minimumTlsVersion": frozenset({"TLS1_2", "TLS1_3"}),
                "supportsHttpsTrafficOnly": FLAG,
                "publicNetworkAccess": ON_OR_OFF,
                "networkAcls": {
                    "bypass": frozenset({"None", "AzureServices"}),
                    "defaultAction!": ALLOW_OR_DENY,
                },
            },
        },
    ),
    "Microsoft.Storage/storageAccounts/blobServices@2024-01-01": Reviewed(
        Review.READ,
        "storage/microsoft.storage/2024-01-01",
        {
            "name!": TEXT,
            "properties": {
                "deleteRetentionPolicy": _RETENTION,
                "containerDeleteRetentionPolicy": _RETENTION,
            },
        },
    ),
    "Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01": Reviewed(
        Review.READ,
        "storage/microsoft.storage/2024-01-01",
        {"name!": TEXT, "properties": {"publicAccess": frozenset({"None"})}},
    ),
    "Microsoft.Storage/storageAccounts/queueServices@2024-01-01": Reviewed(
        Review.READ, "storage/microsoft.storage/2024-01-01", {"name!": TEXT}
    ),
    "Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01": Reviewed(
        Review.READ, "storage/microsoft.storage/2024-01-01", {"name!": TEXT}
    ),
    "Microsoft.OperationalInsights/workspaces@2023-09-01": Reviewed(
        Review.READ,
        "operationalinsights/microsoft.operationalinsights/2023-09-01",
        {
            **TRACKED,
            "properties": {"sku": {"name!": frozenset({"PerGB2018"})}, "retentionInDays": WHOLE},
        },
    ),
    "Microsoft.Insights/components@2020-02-02": Reviewed(
        Review.READ,
        "applicationinsights/microsoft.insights/2020-02-02",
        {
            **TRACKED,
            "kind!": TEXT,
            "properties": {
                "Application_Type!": frozenset({"web", "other"}),
                "WorkspaceResourceId": TEXT,
                "DisableLocalAuth": FLAG,
            },
        },
    ),
    "Microsoft.Insights/workbooks@2022-04-01": Reviewed(
        Review.READ,
        "applicationinsights/microsoft.insights/2022-04-01",
        {
            **TRACKED,
            "kind": frozenset({"shared"}),
            "properties": {
                "category!": TEXT,
                "displayName!": TEXT,
                "serializedData!": TEXT,
                "sourceId": TEXT,
            },
        },
    ),
    "Microsoft.Insights/actionGroups@2023-01-01": Reviewed(
        Review.READ,
        "monitor/microsoft.insights/2023-01-01",
        {
            **TRACKED,
            "properties": {
                "groupShortName!": TEXT,
                "enabled!": FLAG,
                "emailReceivers": ListOf(
                    {"name!": TEXT, "emailAddress!": TEXT, "useCommonAlertSchema": FLAG}
                ),
            },
        },
    ),
    "Microsoft.Insights/scheduledQueryRules@2023-12-01": Reviewed(
        Review.READ,
        "monitor/microsoft.insights/2023-12-01",
        {
            **TRACKED,
            "kind": frozenset({"LogAlert"}),
            "properties!": {
                "displayName": TEXT,
                "description": TEXT,
                "severity": WHOLE,
                "enabled": FLAG,
                "scopes": ListOf(TEXT),
                "evaluationFrequency": TEXT,
                "windowSize": TEXT,
                "criteria": {
                    "allOf": ListOf(
                        {
                            "query": TEXT,
                            "metricMeasureColumn": TEXT,
                            "timeAggregation": frozenset(
                                {"Average", "Count", "Maximum", "Minimum", "Total"}
                            ),
                            "operator": frozenset(
                                {
                                    "Equals",
                                    "GreaterThan",
                                    "GreaterThanOrEqual",
                                    "LessThan",
                                    "LessThanOrEqual",
                                }
                            ),
                            "threshold": WHOLE,
                            "failingPeriods": {
                                "numberOfEvaluationPeriods": WHOLE,
                                "minFailingPeriodsToAlert": WHOLE,
                            },
                        }
                    )
                },
                "autoMitigate": FLAG,
                "actions": {"actionGroups": ListOf(TEXT), "customProperties": OPEN},
            },
        },
    ),
    "Microsoft.Insights/diagnosticSettings@2021-05-01-preview": Reviewed(
        Review.USED,
        "monitor/microsoft.insights/2021-05-01-preview",
        {
            "name!": TEXT,
            "properties": {
                "workspaceId": TEXT,
                "logs": ListOf({"categoryGroup": TEXT, "enabled!": FLAG}),
            },
        },
    ),
    "Microsoft.Web/serverfarms@2024-04-01": Reviewed(
        Review.READ,
        "web/microsoft.web/2024-04-01",
        {
            **TRACKED,
            "kind": TEXT,
            "sku": {"name": frozenset({"FC1"}), "tier": frozenset({"FlexConsumption"})},
            "properties": {"reserved": FLAG, "zoneRedundant": FLAG},
        },
    ),
    "Microsoft.Web/sites@2024-04-01": Reviewed(
        Review.READ,
        "web/microsoft.web/2024-04-01",
        {
            **TRACKED,
            "kind": TEXT,
            "identity": USER_ASSIGNED,
            "properties": {
                "serverFarmId": TEXT,
                "httpsOnly": FLAG,
                "clientAffinityEnabled": FLAG,
                "keyVaultReferenceIdentity": TEXT,
                "virtualNetworkSubnetId": TEXT,
                "functionAppConfig": _APP_CONFIG,
                "siteConfig": {
                    "minTlsVersion": frozenset({"1.2", "1.3"}),
                    "appSettings": ListOf({"name": TEXT, "value": TEXT}),
                },
            },
        },
    ),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01": Reviewed(
        Review.USED,
        "web/microsoft.web/2024-04-01",
        {"name!": TEXT, "properties": {"allow!": FLAG}},
    ),
    "Microsoft.Web/sites/config@2024-04-01": Reviewed(
        Review.READ,
        "web/microsoft.web/2024-04-01",
        {"name!": frozenset({"authsettingsV2"}), "properties": _SIGN_IN},
    ),
}
