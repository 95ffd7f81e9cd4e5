/**
 * The floor of `history`, run as a process: the same page written by hand, with nothing between node:http and pg. It finds the
 * key by its hash, reads the page with its joins in one prepared statement, and writes the JSON that GraphQL answers.
 * Environment: `DATABASE`, a pg configuration as JSON.
 */
import { createHash } from 'node:crypto';
import { Pool } from 'pg';
import { serveFloor } from './floor-server.ts';

interface Found {
  readonly id: string;
  readonly status: string;
  readonly subject: string;
  readonly to: string[];
  readonly created_at: Date;
  readonly sent_at: Date | null;
  readonly email: string;
  /** Null: about no invoice. */
  readonly numbers: readonly string[] | null;
  readonly conversation_id: string | null;
  readonly conversation_subject: string | null;
}

const KEY = {
  name: 'key',
  text: `SELECT organization_id FROM api_key
    WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
};

const page = (bound: string) => `SELECT e.id, e.status, e.subject, e."to", e.created_at, e.sent_at, a.email, i.numbers,
    c.id AS conversation_id, c.subject AS conversation_subject
  FROM outbound_email e
  JOIN email_account a ON a.organization_id = e.organization_id AND a.id = e.account_id
  LEFT JOIN conversation c ON c.organization_id = e.organization_id AND c.id = e.conversation_id
  CROSS JOIN LATERAL (
    SELECT array_agg(i.number ORDER BY l.position) AS numbers FROM outbound_email_context l
    JOIN invoice i ON i.organization_id = l.organization_id AND l.context_type = 'invoice' AND i.id = l.context_id
    WHERE l.organization_id = e.organization_id AND l.outbound_email_id = e.id AND l.position IS NOT NULL
  ) i
  WHERE e.organization_id = $1 AND e.status NOT IN ('DRAFT', 'SCHEDULED') ${bound}
  ORDER BY e.created_at DESC, e.id DESC LIMIT $2`;
const FIRST_PAGE = { name: 'first-page', text: page('') };
const LATER_PAGE = { name: 'later-page', text: page('AND (e.created_at, e.id) < ($3, $4)') };

const pool = new Pool({ ...JSON.parse(process.env.DATABASE ?? '{}'), max: 20 });

serveFloor(async ({ headers }, body) => {
  const key = headers.authorization?.slice('Bearer '.length) ?? '';
  const hash = createHash('sha256').update(key).digest();
  const { variables } = JSON.parse(body);
  const { rows: keys } = await pool.query<{ organization_id: string }>({ ...KEY, values: [hash] });
  const organizationId = keys[0]?.organization_id;
  if (organizationId === undefined) throw new Error('the key is unknown');
  const [, id, millis] = Buffer.from(variables.after ?? '', 'base64url')
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
});

function toEdge(row: Found) {
  return {
    cursor: Buffer.from(`createdAt:${row.id}:${row.created_at.getTime()}`).toString('base64url'),
    node: {
      uid: row.id,
      status: row.status,
      subject: row.subject,
      to: row.to,
      createdAt: row.created_at,
      sentAt: row.sent_at,
      fromAccount: { email: row.email },
      contexts: (row.numbers ?? []).map((number) => ({ number })),
      conversation: row.conversation_id && { uid: row.conversation_id, subject: row.conversation_subject },
    },
  };
}
