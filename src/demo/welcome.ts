/** Printed at the start of the demo: the address, a key, and a command that sends an email. */
export function welcome(
  publicUrl: string,
  demo: { readonly key: string; readonly accountId: string; readonly invoiceId: string },
): string {
  const { key, accountId, invoiceId } = demo;
  const mutation =
    'mutation($input: SendEmailInput!) { sendEmail(input: $input) { ... on SendEmailPayload { replayed outboundEmail ' +
    '{ uid status threading providerMessageId contexts { label } } } ... on UserError { code message } } }';
  const fresh = {
    fromAccountUid: accountId,
    to: ['maria@acme.example'],
    subject: 'Invoice INV-2026-001',
    bodyText: 'Dear Maria, here is our invoice again.',
    contexts: [{ type: 'invoice', uid: invoiceId }],
    idempotencyKey: 'welcome-1',
  };
  const body = JSON.stringify({ query: mutation, variables: { input: { fresh } } });
  return `
Epistle is ready, with the Gmail sandbox: nothing leaves this machine.

  GraphQL  ${publicUrl}/graphql   (open it in a browser: GraphiQL has the key filled in)
  API key  ${key}

Send an email about invoice INV-2026-001. Run it twice: the idempotencyKey makes it one email.

curl -s ${publicUrl}/graphql \\
  -H 'content-type: application/json' \\
  -H 'authorization: Bearer ${key}' \\
  -d '${body}'

`;
}
