/** The uids that the example operations name. */
export interface GraphiqlDemo {
  readonly accountId: string;
  readonly invoiceId: string;
  readonly messageId: string;
  readonly draftId: string;
}

const PLACEHOLDERS: GraphiqlDemo = {
  accountId: 'uid of an email account',
  invoiceId: 'uid of an invoice',
  messageId: 'uid of a message',
  draftId: 'uid of a draft',
};

/** What GraphiQL opens with: what there is, and the three ways to send. With the demo they run as they are. */
export function graphiqlExamples(demo: GraphiqlDemo | null): string {
  const { accountId, invoiceId, messageId, draftId } = demo ?? PLACEHOLDERS;
  return `# Epistle. Put the cursor into an operation and press Ctrl-Enter.

# Who can send, what it can be about, and what waits for an answer.
query Start {
  emailAccounts { uid email status }
  invoices(first: 3) {
    edges { node { uid number status amountDue { formatted } customer { name email } awaitingReply } }
  }
  conversations(first: 3) {
    edges {
      node {
        subject hasReply
        messages(last: 1) {
          edges { node { uid direction from { name address } replySuggestion { to subject } } }
        }
      }
    }
  }
}

# A new email about an invoice. Run it twice: the idempotencyKey makes it one email.
mutation Fresh {
  sendEmail(
    input: {
      fresh: {
        fromAccountUid: "${accountId}"
        to: ["maria@acme.example"]
        subject: "Your invoice INV-2026-001"
        bodyText: "Dear María, please find our invoice."
        context: { type: "invoice", uid: "${invoiceId}" }
        idempotencyKey: "graphiql-fresh-1"
      }
    }
  ) { ...Result }
}

# The answer to a message, in its thread.
mutation Reply {
  sendEmail(
    input: {
      reply: {
        replyToMessageUid: "${messageId}"
        to: ["maria@acme.example"]
        subject: "Re: Invoice INV-2026-001"
        bodyText: "Yes, the end of the month is fine."
      }
    }
  ) { ...Result }
}

# The sending of a draft. Run it twice: the second time answers the first result.
mutation Draft {
  sendEmail(input: { draft: { draftUid: "${draftId}" } }) { ...Result }
}

fragment Result on SendEmailResult {
  ... on SendEmailPayload {
    replayed
    outboundEmail {
      uid status threading providerMessageId providerThreadId sentAt
      context { ... on Invoice { number } }
    }
  }
  ... on Error { code message retry }
  ... on InvalidInputError { issues { path message } }
}
`;
}
