import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Pool } from '../db/client.ts';
import { line, parseInput } from '../input.ts';
import { addressProblem } from '../email/address.ts';
import type { ContextKind } from './kind.ts';

export const customerKind = { type: 'customer', typename: 'Customer' } as const satisfies ContextKind;

/** An email address field: reports what is wrong with it. */
const emailAddress = z.string().superRefine((value, context) => {
  const problem = addressProblem(value);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

const UpsertCustomer = z.object({
  externalId: line(255),
  name: line(255),
  email: emailAddress.nullish(),
});

/**
 * Creates the customer with this external id, or updates it; one statement, safe against a concurrent twin.
 * An omitted `email` stays as it is, null clears it.
 * @returns the customer's id.
 * @throws {InvalidInputError}
 */
export async function upsertCustomer(pool: Pool, organizationId: string, input: unknown): Promise<string> {
  const customer = parseInput(UpsertCustomer, input, 'input');
  const { rows } = await pool.query<{ id: string }>(
    `WITH customer AS (
       INSERT INTO customer AS c (organization_id, id, external_id, name, email)
       VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (organization_id, external_id) DO UPDATE
         SET name = excluded.name, email = CASE WHEN $6 THEN excluded.email ELSE c.email END, updated_at = now()
       RETURNING c.organization_id, c.context_type, c.id
     ), entity AS (
       INSERT INTO context_entity (organization_id, type, id)
       SELECT organization_id, context_type, id FROM customer ON CONFLICT DO NOTHING
     )
     SELECT id FROM customer`,
    [
      organizationId,
      uuidv7(),
      customer.externalId,
      customer.name,
      customer.email ?? null,
      customer.email !== undefined,
    ],
  );
  return rows[0]?.id ?? '';
}
