/**
 * The sandbox as a program of its own:
 *   node sandbox/main.ts [--port 4001] [--host 127.0.0.1] [--state FILE] [--mailbox ADDRESS]...
 * PORT, HOST and STATE in the environment do the same.
 */
import { parseArgs } from 'node:util';
import { startSandbox } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: process.env.PORT ?? '4001' },
    host: { type: 'string', default: process.env.HOST ?? '127.0.0.1' },
    state: { type: 'string', default: process.env.STATE ?? '' },
    mailbox: { type: 'string', multiple: true, default: [] },
  },
});

const sandbox = await startSandbox({
  host: values.host,
  port: Number(values.port),
  ...(values.state === '' ? {} : { statePath: values.state }),
});
for (const email of values.mailbox) sandbox.admin.createMailbox({ email });

process.stdout.write(`Gmail sandbox: ${sandbox.url}
GOOGLE_BASE_URL=${sandbox.url}
GOOGLE_CLIENT_ID=${sandbox.clientId}
GOOGLE_CLIENT_SECRET=${sandbox.clientSecret}
`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void sandbox.close();
  });
}
