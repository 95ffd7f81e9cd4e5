/** The email that every scenario sends, as a request to Epistle and to the floor. */
import { z } from 'zod';
import type { LoadRequest } from './load.ts';
import type { BenchProcess } from './process.ts';
import type { Tenant } from './seed.ts';

export const MAIL = {
  to: ['maria@acme.example'],
  subject: 'Invoice INV-2026-001',
  bodyText: `Dear Maria,

please find our invoice INV-2026-001 over $1,500.00, payable within 14 days. You may pay it online at
https://pay.lumen.example/INV-2026-001 or by bank transfer; please name the number of the invoice.

If anything is unclear, just answer this email.

Kind regards
Lumen Billing`,
};

const SEND = `mutation Send($input: SendEmailInput!) {
  sendEmail(input: $input) {
    __typename
    ... on SendEmailPayload { replayed outboundEmail { uid status providerMessageId sentAt } }
    ... on UserError { code message }
  }
}`;

/** The mail number `n`: accounts take turns, each key is used once. */
function freshMail(tenant: Tenant, round: string, n: number) {
  const index = n % tenant.accountIds.length;
  return {
    fromAccountUid: tenant.accountIds[index] ?? '',
    ...MAIL,
    contexts: [{ type: 'invoice', uid: tenant.invoiceIds[index] ?? '' }],
    idempotencyKey: `${round}-${n}`,
  };
}

/** @param round makes the idempotency keys of a round its own. */
export function sendThroughEpistle({ port }: BenchProcess, tenant: Tenant, round: string, n: number): LoadRequest {
  const variables = { input: { fresh: freshMail(tenant, round, n) } };
  const headers = { authorization: `Bearer ${tenant.key}` };
  return { port, path: '/graphql', headers, body: JSON.stringify({ query: SEND, variables }) };
}

export function sendThroughFloor({ port }: BenchProcess, tenant: Tenant, round: string, n: number): LoadRequest {
  const headers = { authorization: `Bearer ${tenant.key}` };
  return { port, path: '/send', headers, body: JSON.stringify(freshMail(tenant, round, n)) };
}

const Sent = z.object({ status: z.literal('SENT'), providerMessageId: z.string().min(1) });
const EpistleAnswer = z.object({
  errors: z.undefined().optional(),
  data: z.object({ sendEmail: z.object({ replayed: z.literal(false), outboundEmail: Sent }) }),
});

/** @throws unless this request, and not an earlier one, sent the email. */
export function checkEpistleAnswer(status: number, body: string): void {
  if (status !== 200 || !EpistleAnswer.safeParse(JSON.parse(body)).success)
    throw new Error(`Epistle: ${status} ${body}`);
}

/** @throws unless the email was sent. */
export function checkFloorAnswer(status: number, body: string): void {
  if (status !== 200 || !Sent.safeParse(JSON.parse(body)).success) throw new Error(`floor: ${status} ${body}`);
}
