/**
 * `npm run bench`: every scenario, or the named ones, as a table and in bench/results.json. There, a scenario that did not run
 * keeps the figures of its last run.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { benchAttachments } from './attachments.ts';
import { benchDue } from './due.ts';
import { benchHistory } from './history.ts';
import { benchImport, benchImportQuota } from './import.ts';
import { benchLists } from './lists.ts';
import { benchQuota } from './quota.ts';
import { benchRender } from './render.ts';
import { printTable, type Row } from './report.ts';
import { benchRetention } from './retention.ts';
import { benchSend } from './send.ts';
import { benchSoak } from './soak.ts';
import { benchStart } from './start.ts';

const SCENARIOS: Readonly<Record<string, () => Promise<Row[]>>> = {
  start: benchStart,
  send: benchSend,
  due: benchDue,
  history: benchHistory,
  attachments: benchAttachments,
  import: benchImport,
  quota: benchQuota,
  render: benchRender,
  retention: benchRetention,
};
/** Long scenarios, which run only when they are named. */
const LONG_SCENARIOS: typeof SCENARIOS = { lists: benchLists, 'import-quota': benchImportQuota, soak: benchSoak };
const RESULTS = path.join(import.meta.dirname, 'results.json');

const named = process.argv.slice(2);
const all = { ...SCENARIOS, ...LONG_SCENARIOS };
const unknown = named.filter((name) => !Object.hasOwn(all, name));
if (unknown.length > 0) {
  process.stderr.write(`No scenario ${unknown.join(', ')}; there are: ${Object.keys(all).join(', ')}\n`);
  process.exit(1);
}

const results: Record<string, unknown> = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '{}'));
const rows: Row[] = [];
for (const [name, bench] of Object.entries(named.length > 0 ? all : SCENARIOS)) {
  if (named.length > 0 && !named.includes(name)) continue;
  process.stderr.write(`${name} ...\n`);
  const measured = await bench();
  rows.push(...measured);
  results[name] = { at: new Date(), rows: measured };
  await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}
printTable(rows);
