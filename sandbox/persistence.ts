/**
 * The journal: one record per commit, appended before the request is answered, so that a kill loses nothing acknowledged.
 *   <JSON line: {ops, blobs: [[number, size], ...]}> LF <bytes of the blobs, one after the other>
 * A mail's body is written once, however many copies refer to it. On start the journal is read, then rewritten without what is gone.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { MessageRecord, Operation } from './operations.ts';
import type { World } from './world.ts';

/** A message as the journal holds it: its body by number, its head one character a byte. */
type JournalMessage = Omit<MessageRecord, 'head' | 'body'> & { readonly head: string; readonly body: number };
type JournalOperation = Operation extends infer O
  ? O extends { readonly message: MessageRecord }
    ? Omit<O, 'message'> & { readonly message: JournalMessage }
    : O
  : never;

interface JournalLine {
  readonly ops: readonly JournalOperation[];
  readonly blobs: readonly (readonly [number: number, size: number])[];
}

/** Messages per record of a compacted journal; bounds the length of a line. */
const SNAPSHOT_CHUNK = 500;

/** Fills the world from the file and journals into it from now on. @returns what closes the file. */
export function attachJournal(world: World, path: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) replay(world, readFileSync(path));
  const compacted = `${path}.compacting`;
  const file = openSync(compacted, 'w', 0o600);
  const append = journalWriter(file);
  for (const operations of snapshot(world)) append(operations);
  // The descriptor follows the rename, so appending goes on in the renamed file.
  renameSync(compacted, path);
  world.journal = append;
  return () => {
    world.journal = () => {};
    closeSync(file);
  };
}

function journalWriter(file: number): (operations: readonly Operation[]) => void {
  const numbers = new WeakMap<Buffer, number>();
  let next = 0;
  return (operations) => {
    const bodies: Buffer[] = [];
    const blobs: (readonly [number, number])[] = [];
    const ops = operations.map((operation): JournalOperation => {
      if (operation.op !== 'add' && operation.op !== 'restore') return operation;
      const { head, body, ...rest } = operation.message;
      let number = numbers.get(body);
      if (number === undefined) {
        number = next++;
        numbers.set(body, number);
        blobs.push([number, body.length]);
        bodies.push(body);
      }
      return { ...operation, message: { ...rest, head: head.toString('latin1'), body: number } };
    });
    const line = Buffer.from(`${JSON.stringify({ ops, blobs } satisfies JournalLine)}\n`);
    const record = bodies.length === 0 ? line : Buffer.concat([line, ...bodies]);
    for (let written = 0; written < record.length; ) written += writeSync(file, record, written);
  };
}

/** Stops at the first incomplete record: the process died while writing it, before it answered the request. */
function replay(world: World, journal: Buffer): void {
  const bodies = new Map<number, Buffer>();
  let at = 0;
  while (at < journal.length) {
    const lineEnd = journal.indexOf('\n', at);
    if (lineEnd < 0) return;
    const line = JSON.parse(journal.toString('utf8', at, lineEnd)) as JournalLine;
    at = lineEnd + 1;
    const size = line.blobs.reduce((sum, [, bytes]) => sum + bytes, 0);
    if (at + size > journal.length) return;
    for (const [number, bytes] of line.blobs) {
      bodies.set(number, journal.subarray(at, at + bytes));
      at += bytes;
    }
    for (const operation of line.ops) world.apply(revive(operation, bodies));
  }
}

function revive(operation: JournalOperation, bodies: ReadonlyMap<number, Buffer>): Operation {
  if (operation.op !== 'add' && operation.op !== 'restore') return operation;
  const body = bodies.get(operation.message.body);
  if (body === undefined) throw new Error('The sandbox journal refers to a body that it does not hold.');
  return { ...operation, message: { ...operation.message, head: Buffer.from(operation.message.head, 'latin1'), body } };
}

function* snapshot(world: World): Generator<readonly Operation[]> {
  const now = world.now().getTime();
  for (const mailbox of world.mailboxes.values()) {
    const { email } = mailbox;
    yield [
      { op: 'mailbox', spec: mailbox.spec },
      { op: 'cursor', mailbox: email, cursor: mailbox.cursor() },
    ];
    const messages = [...mailbox.messages.values()];
    for (let start = 0; start < messages.length; start += SNAPSHOT_CHUNK) {
      yield messages.slice(start, start + SNAPSHOT_CHUNK).map((stored): Operation => {
        const { historyId, headerId: _, subjectKey: __, ...message } = stored;
        return { op: 'restore', mailbox: email, message, historyId: `${historyId}` };
      });
    }
    for (const [draftId, messageId] of mailbox.drafts) yield [{ op: 'draft', mailbox: email, draftId, messageId }];
  }
  for (const spec of world.grants.serviceAccounts.values()) yield [{ op: 'service-account', spec }];
  for (const grant of world.grants.byRefreshToken.values()) yield [{ op: 'grant', grant }];
  for (const [token, access] of world.grants.accessTokens) {
    if (access.expiresAt > now) yield [{ op: 'access', token, ...access }];
  }
}
