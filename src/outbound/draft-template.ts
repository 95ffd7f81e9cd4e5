/** The template of a draft. It brings the words when the draft is sent; until then the draft has no bodies. */
import type { Sql } from '../db/client.ts';
import { sql } from '../db/statement.ts';
import { type InputIssue, InvalidInputError } from '../errors.ts';
import type { EmailRef } from '../jobs.ts';
import { findTemplate, findVersion, type TemplateChoice } from '../templates/find-version.ts';
import type { UpdateDraftInput } from './draft-input.ts';
import { reportBodies, type TemplateUse, type UsedTemplate } from './template-use.ts';

/**
 * @param keepsSubject the draft has a subject of its own.
 * @throws {NotFoundError} @throws {InvalidInputError} for a version that does not exist.
 */
export async function useTemplate(
  tx: Sql,
  organizationId: string,
  choice: TemplateChoice,
  keepsSubject: boolean,
): Promise<UsedTemplate> {
  await findTemplate(tx, organizationId, choice, { path: 'input.template', isStored: false });
  const { id } = await findVersion(tx, { organizationId, ...choice });
  const use = { ...choice, keepsSubject, appendSignature: false, quote: false, allowUnresolved: false };
  return { use, versionId: id, values: null };
}

/**
 * Changes the template of a draft.
 * @param choice undefined: it stays. Null: the draft has words of its own, which are those that it had last.
 * @returns the use of the template after the change. Null: there is none.
 * @throws {InvalidInputError} for a body beside a template.
 */
export async function changeTemplate(
  tx: Sql,
  ref: EmailRef,
  stored: TemplateUse | null,
  { input, choice }: { readonly input: UpdateDraftInput; readonly choice: TemplateChoice | null | undefined },
): Promise<TemplateUse | null> {
  const isUsed = choice === undefined ? stored !== null : choice !== null;
  const issues: InputIssue[] = [];
  if (isUsed) reportBodies(input, 'input', issues);
  if (issues.length > 0) throw new InvalidInputError(issues);
  if (choice === null) {
    await store(tx, ref, null);
    return null;
  }
  const keepsSubject =
    input.subject === undefined ? choice === undefined && (stored?.keepsSubject ?? false) : Boolean(input.subject);
  if (choice !== undefined) {
    const used = await useTemplate(tx, ref.organizationId, choice, keepsSubject);
    await store(tx, ref, used);
    return used.use;
  }
  if (stored === null || stored.keepsSubject === keepsSubject) return stored;
  const use = { ...stored, keepsSubject };
  await tx.query(
    sql`UPDATE outbound_email SET template_use = ${use} WHERE organization_id = ${ref.organizationId} AND id = ${ref.outboundEmailId}`,
  );
  return use;
}

async function store(tx: Sql, { organizationId, outboundEmailId }: EmailRef, used: UsedTemplate | null): Promise<void> {
  await tx.query(
    sql`UPDATE outbound_email SET template_use = ${used?.use}, template_version_id = ${used?.versionId}, template_values = NULL
      WHERE organization_id = ${organizationId} AND id = ${outboundEmailId}`,
  );
}
