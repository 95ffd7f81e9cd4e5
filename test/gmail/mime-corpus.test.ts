/** The sample messages of Python's email package, by mail into a mailbox and from there by its first import. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import PostalMime from 'postal-mime';
import { beforeAll, expect, it } from 'vitest';
import { DeliveryNotice } from '../../src/inbox/delivery-notice.ts';
import { createTenant, type Tenant, useTestApp } from '../support/harness.ts';
import { mailboxHere, mailboxInGmail, syncWholly, wrongConversations } from '../support/syncing.ts';

const CORPUS = path.join(import.meta.dirname, 'mime-python');
const names = readdirSync(CORPUS).filter((name) => name.endsWith('.txt'));

/** Which message of the mailbox is which sample. */
const sampleOf = new Map<string, string>();

const t = useTestApp();

let tenant: Tenant;
beforeAll(async () => {
  tenant = await createTenant(t);
  for (const name of names) {
    const raw = readFileSync(path.join(CORPUS, name));
    const [copy] = t.sandbox.admin.deliverExternal({ from: 'maria@acme.example', to: tenant.email, raw });
    sampleOf.set(copy?.id ?? '', name);
  }
  await syncWholly(t, tenant);
});

it('is here as a whole, each message once', async () => {
  expect(names).toHaveLength(48);
  const here = await mailboxHere(t, tenant);
  expect(here.map(({ id }) => sampleOf.get(id)).toSorted()).toEqual(names);
  expect(here.map(({ id, thread }) => [id, thread])).toEqual(
    mailboxInGmail(t, tenant).map(({ id, thread }) => [id, thread]),
  );
  expect(await wrongConversations(t, tenant)).toEqual([]);
});

it('says what another parser says', async () => {
  const stored = await t.app.db.emailMessage.findMany({
    where: { accountId: tenant.accountId },
  });
  const other: string[] = [];
  for (const message of stored) {
    const name = sampleOf.get(message.providerMessageId) ?? '';
    const parsed = await PostalMime.parse(readFileSync(path.join(CORPUS, name)));
    expect([name, message.subject, message.fromAddress]).toEqual([
      name,
      oneLine(parsed.subject),
      parsed.from?.address || 'unknown',
    ]);
    // That one appends every further part, and what is enclosed.
    if (!oneLine(parsed.text).startsWith(oneLine(message.bodyText))) other.push(name);
  }
  // A type without a subtype, and parts of a digest without a type: Gmail, as the sandbox has it, takes them for text.
  // Text and HTML in one row (10): that one puts both into its text.
  expect(other.toSorted()).toEqual(['msg_02.txt', 'msg_10.txt', 'msg_14.txt', 'msg_30.txt', 'msg_34.txt']);
});

it('holds reports of what could not be delivered, to whom', async () => {
  const stored = await t.app.db.emailMessage.findMany({ where: { accountId: tenant.accountId } });
  const reports = stored.flatMap(({ providerMessageId, deliveryNotice }) => {
    const notice = deliveryNotice === null ? null : DeliveryNotice.parse(deliveryNotice);
    const first = notice?.recipients[0];
    return first === undefined ? [] : [[sampleOf.get(providerMessageId), first, notice?.returnedMessageIds]];
  });
  expect(reports.toSorted()).toMatchObject([
    [
      'msg_16.txt',
      { recipient: 'jangel1@cougar.noc.ucla.edu', permanent: true },
      [expect.stringContaining('@oxy.edu>')],
    ],
    // Its boundary was cut off: only its subject is left.
    ['msg_25.txt', { recipient: null, status: '5.0.0' }, []],
    ['msg_43.txt', { recipient: 'xxxxxxx@dot.ca.gov', status: '5.7.1' }, ['<edab.7804f5cb8070@python.org>']],
  ]);
});

function oneLine(text: string | null | undefined): string {
  return (text ?? '').replace(/\s+/g, ' ').trim();
}
