import { hash } from 'node:crypto';
import type { GraphiQLOptions } from 'graphql-yoga';

/** The uids that the example operations name. */
export interface GraphiqlDemo {
  readonly accountId: string;
  readonly invoiceId: string;
  /** The customer's question, which waits for an answer. */
  readonly messageId: string;
  readonly draftId: string;
  readonly templateId: string;
}

const PLACEHOLDERS: GraphiqlDemo = {
  accountId: 'uid of an email account',
  invoiceId: 'uid of an invoice',
  messageId: 'uid of a message',
  draftId: 'uid of a draft',
  templateId: 'uid of a template',
};

/** Repeated in each operation, because GraphiQL sends every fragment with an operation, used or not. */
const RESULT = `{
    ... on SendEmailPayload {
      replayed
      outboundEmail {
        uid status threading providerMessageId providerThreadId sentAt
        contexts { label }
      }
    }
    ... on UserError { code message retry }
    ... on InvalidInputError { issues { path message } }
    ... on UnresolvedTokensError { problems { field token message } }
  }`;

/** The operations that GraphiQL opens with: a first query and the ways to send. With the demo, they run as they are. */
export function graphiqlExamples(demo: GraphiqlDemo | null): string {
  const { accountId, invoiceId, messageId, draftId, templateId } = demo ?? PLACEHOLDERS;
  return `# Epistle. Put the cursor into an operation and press Ctrl-Enter, or choose it at the button.

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
        contexts: [{ type: "invoice", uid: "${invoiceId}" }]
        idempotencyKey: "graphiql-fresh-1"
      }
    }
  ) ${RESULT}
}

# An email whose subject and bodies come from a template, filled with the values of the invoice.
mutation Template {
  sendEmail(
    input: {
      fresh: {
        fromAccountUid: "${accountId}"
        to: ["maria@acme.example"]
        template: { uid: "${templateId}" }
        contexts: [{ type: "invoice", uid: "${invoiceId}" }]
        idempotencyKey: "graphiql-template-1"
      }
    }
  ) ${RESULT}
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
        idempotencyKey: "graphiql-reply-1"
      }
    }
  ) ${RESULT}
}

# The sending of a draft. Run it twice: the second time answers the first result.
mutation Draft {
  sendEmail(input: { draft: { draftUid: "${draftId}" } }) ${RESULT}
}
`;
}

/**
 * GraphiQL's page, with a script that repairs what GraphiQL keeps in the browser. Tabs of another demo have its uids and its key, and are
 * dropped. GraphiQL also stores the current query apart from its tabs, but only once somebody types; without it, it would open an
 * empty tab.
 */
export async function renderGraphiql(options: GraphiQLOptions = {}): Promise<string> {
  // From the package: the default page loads its scripts from a CDN, which a closed network cannot reach.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const tour = hash('sha256', JSON.stringify(options), 'base64url');
  const root = '<div id="root"></div>';
  return renderGraphiQL(options).replace(root, () => `${root}<script>(${prepareStorage})('${tour}')</script>`);
}

/** Runs in the browser, before GraphiQL does. */
const prepareStorage = `(tour) => {
  const stored = localStorage.getItem('epistle:tour');
  localStorage.setItem('epistle:tour', tour);
  const state = localStorage.getItem('graphiql:tabState');
  if (state === null) return;
  const { tabs, activeTabIndex } = stored === tour ? JSON.parse(state) : { tabs: [], activeTabIndex: 0 };
  const linked = new URLSearchParams(location.search).get('query');
  // A query in the URL that belongs to no tab comes from a link: GraphiQL opens it in a tab of its own.
  if (stored === tour && linked !== null && tabs.every(({ query }) => query !== linked)) return;
  if (stored !== tour) localStorage.removeItem('graphiql:tabState');
  for (const name of ['query', 'variables', 'headers']) {
    const value = tabs[activeTabIndex]?.[name];
    if (value == null) localStorage.removeItem('graphiql:' + name);
    else localStorage.setItem('graphiql:' + name, value);
  }
  history.replaceState({}, '', location.pathname);
}`;
