import { describe, expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { SendEmail } from '../support/documents.ts';
import { createInvoice, eventually, expectType, query, receive, useTenant, useTestApp } from '../support/harness.ts';

const InvoiceState = graphql(`
  query InvoiceState($uid: UUID!) {
    invoice(uid: $uid) {
      lastContactedAt awaitingReply
      conversations { edges { node { uid hasReply isRead messageCount snippet participants messages { edges { node { uid direction } } } } } }
    }
  }
`);

const app = useTestApp();
const tenant = useTenant(app);

describe('an invoice that was written about', () => {
  it('awaits a reply until a person answers; a program does not count', async () => {
    const { invoiceId } = await createInvoice(app, tenant, 'INV-awaiting');
    const state = async () => (await query(app, tenant.key, InvoiceState, { uid: invoiceId })).invoice;
    expect(await state()).toMatchObject({ lastContactedAt: null, awaitingReply: false });

    const fresh = {
      fromAccountUid: tenant.accountId,
      to: ['maria@acme.example'],
      subject: 'Invoice INV-awaiting',
      bodyText: 'Dear Maria',
      contexts: [{ type: 'invoice', uid: invoiceId }],
    };
    const { sendEmail } = await query(app, tenant.key, SendEmail, { input: { fresh } });
    const { outboundEmail } = expectType(sendEmail, 'SendEmailPayload');
    expect(await state()).toMatchObject({ lastContactedAt: outboundEmail.sentAt, awaitingReply: true });
    const conversation = await eventually(async () => (await state())?.conversations.edges[0]?.node);
    expect(conversation).toMatchObject({ hasReply: false, isRead: true, messageCount: 1 });

    const [copy] = app.sandbox.admin.messages(tenant.email).filter((each) => each.header('subject') === fresh.subject);
    const answer = (extra: string) => ({
      from: 'maria@acme.example',
      raw: `From: Maria <maria@acme.example>
To: ${tenant.email}
Subject: Re: ${fresh.subject}
Message-ID: <${extra.length}@acme.example>
In-Reply-To: ${copy?.header('message-id')}
References: ${copy?.header('message-id')}
${extra}
Content-Type: text/plain

Paid.
`,
    });
    await receive(app, tenant, answer('Auto-Submitted: auto-replied'));
    expect(await state()).toMatchObject({ awaitingReply: true });
    expect((await state())?.conversations.edges[0]?.node).toMatchObject({
      hasReply: false,
      messageCount: 2,
      isRead: false,
    });

    const uid = await receive(app, tenant, answer('X-Mailer: a person'));
    const answered = await state();
    expect(answered).toMatchObject({ awaitingReply: false, lastContactedAt: outboundEmail.sentAt });
    const [edge] = answered?.conversations.edges ?? [];
    expect(edge?.node).toMatchObject({ uid: conversation.uid, hasReply: true, participants: ['maria@acme.example'] });
    expect(edge?.node.messages.edges.map(({ node }) => node.direction)).toEqual(['OUTBOUND', 'INBOUND', 'INBOUND']);
    expect(edge?.node.messages.edges.at(-1)?.node.uid).toBe(uid);
  });
});
