/** What the tests of connecting share: an owner who answers Google's consent page, over HTTP as a browser does. */
import { graphql } from '../generated/gql.ts';
import type { ConnectEmailAccountInput } from '../generated/graphql.ts';
import { expectType, query, type Tenant, type TestApp } from './harness.ts';

export const Connect = graphql(`
  mutation ConnectEmailAccount($input: ConnectEmailAccountInput!) {
    connectEmailAccount(input: $input) {
      __typename
      ... on ConnectEmailAccountPayload { authorizationUrl expiresAt }
      ... on UserError { code message retry }
      ... on InvalidInputError { issues { path message } }
    }
  }
`);

export const Disconnect = graphql(`
  mutation DisconnectEmailAccount($uid: UUID!) {
    disconnectEmailAccount(uid: $uid) {
      __typename
      ... on DisconnectEmailAccountPayload {
        waitingEmails
        revoked
        emailAccount { uid email status statusReason }
      }
      ... on UserError { code message retry }
      ... on NotFoundError { entity uid }
    }
  }
`);

/** The addresses that an account may send from. */
export const AccountAddresses = graphql(`
  query AccountAddresses($uid: UUID!) {
    emailAccount(uid: $uid) { sendAs { email displayName signatureHtml isDefault } }
  }
`);

let owners = 0;

/** The owner of a mailbox that no organization has, and the accepted alias of the mailbox in lower case. */
export function createOwner({ sandbox }: Pick<TestApp, 'sandbox'>): { readonly owner: string; readonly sales: string } {
  const owner = `owner-${++owners}@studio.example`;
  const aliases = [
    { email: `Sales-${owners}@studio.example`, accepted: true },
    { email: `new-${owners}@studio.example`, accepted: false },
  ];
  sandbox.admin.createMailbox({ email: owner, displayName: 'Ann <Owner> & Co', aliases });
  return { owner, sales: `sales-${owners}@studio.example` };
}

/** Where the consent page is. */
export async function begin(t: Pick<TestApp, 'url'>, key: string, input: ConnectEmailAccountInput = {}) {
  const { connectEmailAccount } = await query(t, key, Connect, { input });
  return expectType(connectEmailAccount, 'ConnectEmailAccountPayload').authorizationUrl;
}

/** The scopes that the page offers. */
function scopesOf(authorizationUrl: string): string[] {
  return (new URL(authorizationUrl).searchParams.get('scope') ?? '').split(' ');
}

/** The owner's answer. @returns where the browser is sent: our callback, at the address that this process has. */
export async function answer(
  t: Pick<TestApp, 'url'>,
  authorizationUrl: string,
  decision: { readonly email: string; readonly allow?: boolean; readonly scopes?: readonly string[] },
): Promise<string> {
  const { email, allow = true, scopes = scopesOf(authorizationUrl) } = decision;
  const form = new URLSearchParams([
    ['email', email],
    ['decision', allow ? 'allow' : 'deny'],
    ...scopes.map((scope) => ['scope', scope]),
  ]);
  const response = await fetch(authorizationUrl, { method: 'POST', body: form, redirect: 'manual' });
  const location = new URL(response.headers.get('location') ?? '');
  return `${t.url}${location.pathname}${location.search}`;
}

/** Follows the browser to our callback. */
export async function comeBack(callback: string) {
  const response = await fetch(callback, { redirect: 'manual' });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** All of it, as the owner of `email` sees it. */
export async function consent(
  t: Pick<TestApp, 'url'>,
  { key }: Pick<Tenant, 'key'>,
  decision: Parameters<typeof answer>[2],
  input: ConnectEmailAccountInput = {},
) {
  return comeBack(await answer(t, await begin(t, key, input), decision));
}
