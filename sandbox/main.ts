/** The Gmail sandbox as a program of its own; see `USAGE`. */
import { parseArgs } from 'node:util';
import { startSandbox } from './server.ts';

const USAGE = `The Gmail sandbox: a local stand-in for Gmail. No mail leaves this machine.

  npm run sandbox -- [options]

  --mailbox ADDRESS   create this mailbox; may be repeated
  --port NUMBER       port to listen on (PORT, default 4001)
  --host ADDRESS      address to listen on (HOST, default 127.0.0.1)
  --state FILE        keep mailboxes and consents in this file (STATE, default: in memory)
  --help              print this text

It prints the variables that point Epistle at it: GOOGLE_BASE_URL, GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET.
POST /sandbox/OPERATION with a JSON object controls it, and answers {"result": ...}:

  createMailbox          email, displayName?, signature?, aliases?, consumer?
  messages, drafts       email: what the mailbox holds, oldest first; raw is base64
  deliverExternal        from, to, raw, spam?: a mail from outside; raw is RFC 5322 text
  grant                  email, scopes?: consents for the owner; answers a refresh token
  consent                url, email, allow, scopes?: answers the consent page
  registerServiceAccount clientEmail, publicKey, scopes?
  revoke                 email: ends every grant
  expireAccessTokens     email
  expireHistory          email: history.list answers 404
  calls, resetCalls      the last 10,000 calls; forgets them
  fault, clearFaults     see below; clearFaults also releases every hold
  hold                   call, mailbox?, when?: stops the next such call; answers the id of the hold
  arrived, release       id: waits until the hold holds a call; lets the call continue
  setUnitsPerMinute      units, or null for no limit
  setDailySends          sends, or null
  setConcurrentRequests  requests, or null
  setSearchLagMs         ms
  setPushEndpoint        endpoint: url, audience, serviceAccount, or null
  pushToken              claims?
  setLingeringDrafts     on

A fault makes calls fail. The next send takes effect, and its answer is lost:

  curl -s http://127.0.0.1:4001/sandbox/fault -H 'content-type: application/json' \\
    -d '{"call":"drafts.send","when":"after","effect":{"kind":"reset"}}'

  call                   drafts.create, drafts.send, messages.get, history.list, token, ...; * is every call
  mailbox?, id?          only calls of this mailbox, only calls for this id
  nth?, times?           the first call that fails (1), how many fail (1, or "always")
  when?                  before (the default) or after the call takes effect
  effect                 kind: reset, hang, truncated, invalid-json, refused-by-mail,
                         status (with status and body: json, html or empty), delay (with ms),
                         refusal (with name and retryAfterMs)
  name of a refusal      user-rate-limit, mail-sending-limit, too-many-concurrent, rateLimitExceeded,
                         userRateLimitExceeded, dailyLimitExceeded, insufficientPermissions, authError,
                         mail-service-not-enabled, accessNotConfigured, invalid_grant

docs/sandbox.md says more about each.
`;

function readOptions() {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean', default: false },
        port: { type: 'string', default: process.env.PORT ?? '4001' },
        host: { type: 'string', default: process.env.HOST ?? '127.0.0.1' },
        state: { type: 'string', default: process.env.STATE ?? '' },
        mailbox: { type: 'string', multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(1);
  }
}

const values = readOptions();
if (values.help) {
  process.stdout.write(USAGE);
  process.exit();
}

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
