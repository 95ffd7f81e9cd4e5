import { parseContextNames } from '../contexts/references.ts';
import { parseContent } from '../email/content.ts';
import { type InputIssue, InvalidInputError } from '../errors.ts';
import { plannedSendAtIssues } from './planned-time.ts';
import { FILL_NOTHING, type NewRequest, parseNew, type SendNewInput } from './send-input.ts';
import { parseAlias } from './sender-address.ts';
import { parseTemplateChoice } from './template-use.ts';

interface DraftFields extends Omit<SendNewInput, 'appendSignature' | 'allowUnresolved' | 'idempotencyKey'> {
  readonly fromAccountUid?: string | null;
}

export interface CreateDraftInput extends DraftFields {
  readonly replyToMessageUid?: string | null;
  readonly replyToOutboundEmailUid?: string | null;
  readonly idempotencyKey?: string | null;
}

export interface UpdateDraftInput extends DraftFields {
  readonly draftUid: string;
  readonly expectedRevision?: number | null;
}

/** @throws {InvalidInputError} with every issue. */
export function parseNewDraft(input: CreateDraftInput, now: Date): NewRequest {
  const issues: InputIssue[] = [];
  const { fromAccountUid = null, replyToMessageUid = null, replyToOutboundEmailUid = null } = input;
  const origins = { fromAccountUid, replyToMessageUid, replyToOutboundEmailUid };
  if (Object.values(origins).filter((origin) => origin !== null).length !== 1) {
    const message =
      'Give exactly one of fromAccountUid, replyToMessageUid and replyToOutboundEmailUid. A reply is sent from the account that owns the conversation.';
    issues.push({ path: 'input.fromAccountUid', message });
  }
  const target = { mode: 'draft', ...origins };
  const mustBeComplete = input.plannedSendAt != null;
  return parseNew(input, 'input', { now, issues, target, fill: FILL_NOTHING, mustBeComplete });
}

/**
 * Checks the given fields; an undefined one stays as it is. Whether the draft is complete and has a time is known once it is read.
 * @throws {InvalidInputError} with every issue.
 */
export function parseDraftChanges(input: UpdateDraftInput, now: Date) {
  const issues: InputIssue[] = [];
  const fromAlias = input.fromAlias === undefined ? undefined : parseAlias(input.fromAlias, 'input', issues);
  const content = parseContent(input, 'input', issues);
  const contexts = parseContextNames(input.contexts, 'input.contexts', issues);
  const template =
    input.template === undefined ? undefined : parseTemplateChoice(input.template, 'input.template', issues);
  if (input.fromAccountUid === null) {
    issues.push({ path: 'input.fromAccountUid', message: 'A draft always has an account: name another, or omit it.' });
  }
  issues.push(...plannedSendAtIssues(input.plannedSendAt, 'input', now));
  if (issues.length > 0) throw new InvalidInputError(issues);
  return { fromAlias, content, template, contexts };
}
