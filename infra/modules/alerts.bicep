// What wakes a person. Each rule has a runbook, docs/runbooks/NAME.md, and asks only for what the app
// says of itself (docs/telemetry.md).
param prefix string
param actionGroupName string
param location string
param tags object

@description('Resource id of the Application Insights component.')
param componentId string

@description('Mail addresses, separated by commas.')
param emails string

@description('Resource ids of action groups that exist already, separated by commas.')
param actionGroupIds string

@description('Seconds within which the app, where it asks nobody, has to be done.')
param containedWithinSeconds int

var addresses = empty(emails) ? [] : split(replace(emails, ' ', ''), ',')
var others = empty(actionGroupIds) ? [] : split(replace(actionGroupIds, ' ', ''), ',')

var rules = [
  {
    name: 'poison-queue'
    displayName: 'Firebreak: a message failed too often'
    severity: 1
    query: 'customMetrics | where name == "firebreak.poison" | summarize Messages = sum(valueSum)'
    column: 'Messages'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'contained-late'
    displayName: 'Firebreak: an account was contained too late'
    severity: 2
    query: 'customMetrics | where name == "firebreak.time_to_contained" | where tostring(customDimensions.hands) == "itself" | summarize Seconds = max(valueMax)'
    column: 'Seconds'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: containedWithinSeconds
    window: 'PT15M'
  }
  {
    name: 'worker-failing'
    displayName: 'Firebreak: tasks were given up'
    severity: 1
    query: 'customMetrics | where name == "firebreak.task_failed" | summarize Tasks = sum(valueSum)'
    column: 'Tasks'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'worker-behind'
    displayName: 'Firebreak: alerts wait and nobody works on them'
    severity: 0
    query: 'customMetrics | where name == "firebreak.queue_age" | summarize Seconds = max(valueSum)'
    column: 'Seconds'
    aggregation: 'Maximum'
    operator: 'GreaterThan'
    threshold: 300
    window: 'PT10M'
  }
  {
    name: 'guard-tripped'
    displayName: 'Firebreak: a brake holds; alerts wait for a person'
    severity: 1
    query: 'customMetrics | where name == "firebreak.guard_tripped" | summarize Alerts = sum(valueSum)'
    column: 'Alerts'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'no-heartbeat'
    displayName: 'Firebreak: no sign of life'
    severity: 0
    query: 'customMetrics | where name == "firebreak.heartbeat" | summarize Beats = sum(valueSum)'
    column: 'Beats'
    aggregation: 'Total'
    operator: 'LessThan'
    threshold: 1
    window: 'PT15M'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(addresses)) {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'firebreak'
    enabled: true
    emailReceivers: [for address in addresses: {
      name: address
      emailAddress: address
      useCommonAlertSchema: true
    }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: '${prefix}${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.displayName
    description: 'What to do: docs/runbooks/${rule.name}.md'
    severity: rule.severity
    enabled: true
    scopes: [
      componentId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: rule.window
    criteria: {
      allOf: [
        {
          query: rule.query
          metricMeasureColumn: rule.column
          timeAggregation: rule.aggregation
          operator: rule.operator
          threshold: rule.threshold
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: concat(others, empty(addresses) ? [] : [people.id])
      customProperties: {
        runbook: 'docs/runbooks/${rule.name}.md'
      }
    }
  }
}]
