/** `npm run bench`: figures, as a table and in bench/results.json. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { benchStart } from './start.ts';

const start = await benchStart();
const rows = [
  { scenario: 'start, empty data folder', figure: `${start.coldMs} ms`, bound: '2500 ms' },
  { scenario: 'start, data there', figure: `${start.warmMs} ms`, bound: '1000 ms' },
];
const lines = rows.map(
  ({ scenario, figure, bound }) => `${scenario.padEnd(28)}${figure.padStart(10)}   at most ${bound}`,
);
process.stdout.write(`${lines.join('\n')}\n`);
await writeFile(path.join(import.meta.dirname, 'results.json'), `${JSON.stringify({ start }, null, 2)}\n`);
