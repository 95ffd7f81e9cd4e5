/** What GraphiQL opens with: the three ways to send, ready to run against the demo once a uid is filled in. */
export const GRAPHIQL_EXAMPLES = `# Epistle. Run one operation at a time: put the cursor in it and press Ctrl-Enter.

# The accounts that can send, invoices to write about, and conversations to answer.
query Start {
  emailAccounts { uid email status }
  invoices(first: 3) { edges { node { uid number status amountDue { formatted } customer { name email } } } }
  conversations(first: 3) {
    edges { node { uid subject messages(last: 1) { edges { node { uid from { address } replySuggestion { to subject } } } } } }
  }
}

# A new email, about an invoice. Repeat it: the idempotencyKey makes it one email.
mutation Fresh($account: UUID!, $invoice: UUID!) {
  sendEmail(input: { fresh: {
    fromAccountUid: $account, to: ["maria@acme.example"], subject: "Invoice INV-2026-001",
    bodyText: "Dear Maria, please find our invoice.", context: { type: "invoice", uid: $invoice },
    idempotencyKey: "graphiql-fresh-1"
  } }) { ...Result }
}

# The answer to a message, in its thread.
mutation Reply($message: UUID!) {
  sendEmail(input: { reply: {
    replyToMessageUid: $message, to: ["maria@acme.example"], subject: "Re: Question about INV-2026-001",
    bodyText: "Yes, until the end of the month."
  } }) { ...Result }
}

# A draft, and then its sending.
mutation CreateDraft($account: UUID!) {
  createDraft(input: { fromAccountUid: $account, to: ["maria@acme.example"], subject: "Reminder", bodyText: "A gentle one." }) {
    ... on CreateDraftPayload { draft { uid revision } }
    ... on Error { code message }
  }
}
mutation SendDraft($draft: UUID!) {
  sendEmail(input: { draft: { draftUid: $draft } }) { ...Result }
}

fragment Result on SendEmailResult {
  ... on SendEmailPayload {
    replayed
    outboundEmail { uid status threading providerMessageId providerThreadId sentAt context { ... on Invoice { number } } }
  }
  ... on Error { code message retry }
  ... on InvalidInputError { issues { path message } }
}
`;
