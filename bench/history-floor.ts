/**
 * The floor of `history`, run as a process: the same page by hand, with nothing between node:http and pg. It looks the
 * key up by its hash, reads the page with its joins in one prepared statement and writes the JSON that GraphQL answers.
 * Environment: `DATABASE`, a pg configuration as JSON.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'pg';
import { tellPort } from './process.ts';

interface Found {
  readonly id: string;
  readonly status: string;
  readonly subject: string;
  readonly to: string[];
  readonly created_at: Date;
  readonly sent_at: Date | null;
  readonly email: string;
  readonly number: string | null;
  readonly conversation_id: string | null;
  readonly conversation_subject: string | null;
}

const KEY = {
  name: 'key',
  text: `SELECT organization_id FROM api_key
    WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
};

const page = (bound: string) => `SELECT e.id, e.status, e.subject, e."to", e.created_at, e.sent_at, a.email, i.number,
    c.id AS conversation_id, c.subject AS conversation_subject
  FROM outbound_email e
  JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
  LEFT JOIN conversation c ON c.organization_id = e.organization_id AND c.id = e.conversation_id
  LEFT JOIN invoice i ON i.organization_id = e.organization_id AND e.context_type = 'invoice' AND i.id = e.context_id
  WHERE e.organization_id = $1 AND e.status NOT IN ('DRAFT', 'SCHEDULED') ${bound}
  ORDER BY e.created_at DESC, e.id DESC LIMIT $2`;
const FIRST_PAGE = { name: 'first-page', text: page('') };
const LATER_PAGE = { name: 'later-page', text: page('AND (e.created_at, e.id) < ($3, $4)') };

const pool = new Pool({ ...JSON.parse(process.env.DATABASE ?? '{}'), max: 20 });

async function answer(request: IncomingMessage): Promise<string | null> {
  const key = request.headers.authorization?.slice('Bearer '.length) ?? '';
  const hash = createHash('sha256').update(key).digest();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { variables } = JSON.parse(Buffer.concat(chunks).toString());
  const { rows: keys } = await pool.query<{ organization_id: string }>({ ...KEY, values: [hash] });
  const organizationId = keys[0]?.organization_id;
  if (organizationId === undefined) return null;
  const [, millis, id] = Buffer.from(variables.after ?? '', 'base64url')
    .toString()
    .split(':');
  const { rows } = await pool.query<Found>(
    id === undefined
      ? { ...FIRST_PAGE, values: [organizationId, variables.first + 1] }
      : { ...LATER_PAGE, values: [organizationId, variables.first + 1, new Date(Number(millis)), id] },
  );
  const edges = rows.slice(0, variables.first).map(toEdge);
  const pageInfo = { hasNextPage: rows.length > variables.first, endCursor: edges.at(-1)?.cursor ?? null };
  return JSON.stringify({ data: { outboundEmails: { edges, pageInfo } } });
}

function toEdge(row: Found) {
  return {
    cursor: Buffer.from(`createdAt:${row.created_at.getTime()}:${row.id}`).toString('base64url'),
    node: {
      uid: row.id,
      status: row.status,
      subject: row.subject,
      to: row.to,
      createdAt: row.created_at,
      sentAt: row.sent_at,
      fromAccount: { email: row.email },
      context: row.number === null ? null : { number: row.number },
      conversation: row.conversation_id && { uid: row.conversation_id, subject: row.conversation_subject },
    },
  };
}

function write(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const server = createServer((request, response) => {
  answer(request).then(
    (body) => write(response, body === null ? 401 : 200, body ?? '{}'),
    (error: unknown) => write(response, 500, JSON.stringify({ error: String(error) })),
  );
});
server.listen(0, '127.0.0.1', () => tellPort(server.address()));
process.on('disconnect', () => process.exit());
