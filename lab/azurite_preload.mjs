// Loaded into the emulator's process before the emulator: what it needs to stand in for Azure.

import { createRequire } from 'node:module';

// It ends, in order, when the pipe from its parent closes.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume().unref();

const require = createRequire(process.argv[1]);

// Azure reads one partition for a query that names one; the emulator would read the whole table,
// so that a tenant of twenty thousand cases would slow down the reading of a single one.
const { default: Tables } = require('./table/persistence/LokiTableMetadataStore');
const wholeTable = Tables.prototype.queryTableEntities;
Tables.prototype.queryTableEntities = function (context, account, table, options, ...next) {
  const named = /^PartitionKey eq '([^']*)'( and |$)/.exec(options?.filter ?? '');
  if (!named) return wholeTable.call(this, context, account, table, options, ...next);
  const rows = this.getEntityCollection(account, table, context);
  const partition = { chain: () => rows.chain().find({ PartitionKey: named[1] }) };
  const narrowed = Object.create(this, { getEntityCollection: { value: () => partition } });
  return wholeTable.call(narrowed, context, account, table, options, ...next);
};

// Every five seconds it writes all it holds to disk and answers nobody meanwhile: a second or more
// where a benchmark has filled it. Whoever kills it loses what was not written.
const seconds = Number(process.env.FIREBREAK_LAB_SAVES_EVERY ?? '5');
const Loki = require('lokijs');
const enabled = Loki.prototype.autosaveEnable;
Loki.prototype.autosaveEnable = function (...given) {
  this.autosaveInterval = seconds * 1000;
  return enabled.apply(this, given);
};
