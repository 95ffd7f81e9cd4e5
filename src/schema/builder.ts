import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin, { type AuthFailure } from '@pothos/plugin-scope-auth';
import { GraphQLError } from 'graphql';
import type PrismaTypes from '#generated/pothos-types.ts';
import { getDatamodel } from '#generated/pothos-types.ts';
import type { Scope } from '../auth/scopes.ts';
import type { Base64 } from '../email/base64.ts';
import type { Context } from './context.ts';
import { ForbiddenError } from './forbidden.ts';
import { decodeGlobalId, encodeGlobalId } from './global-id.ts';
import { DEFAULT_PAGE_SIZE } from './keyset.ts';
import { LOADED_COLUMNS } from './loaded-columns.ts';

export interface SchemaTypes {
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  AuthScopes: { scope: Scope; anyScope: readonly Scope[] };
  Connection: { totalCount: () => Promise<number> };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    UUID: { Input: string; Output: string };
    EmailAddress: { Input: string; Output: string };
    Base64: { Input: Base64; Output: string };
    HttpUrl: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
}

const PAYLOAD = 'Payload';
/** Values that an operation may ask for, counted before it runs: some 50 dashboards' worth. */
const MAX_COMPLEXITY = 50_000;
const MAX_DEPTH = 16;

/** `sendEmail` answers `SendEmailResult = SendEmailPayload | …Error`. */
function resultName(fieldName: string): string {
  return `${fieldName.charAt(0).toUpperCase()}${fieldName.slice(1)}`;
}

/** The scope in what scope-auth says of a failure, which it nests by the ways in which a field can be allowed. */
function missingScope(failure: AuthFailure): string | null {
  if ('parameter' in failure) return [failure.parameter].flat().join(' or ');
  return 'failures' in failure ? (failure.failures.map(missingScope).find((scope) => scope !== null) ?? null) : null;
}

export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ScopeAuthPlugin, ErrorsPlugin, ComplexityPlugin, RelayPlugin, LOADED_COLUMNS, PrismaPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    authScopes: ({ identity }) => ({
      scope: (scope) => identity.scopes.has(scope),
      anyScope: (scopes) => scopes.some((scope) => identity.scopes.has(scope)),
    }),
    unauthorizedError: (_parent, _context, _info, { failure }) => new ForbiddenError(missingScope(failure)),
  },
  complexity: {
    limit: { complexity: MAX_COMPLEXITY, depth: MAX_DEPTH },
    complexityError: (_kind, { complexity, depth }) =>
      new GraphQLError(
        `The operation asks for too much: about ${complexity} values in ${depth} levels, where ${MAX_COMPLEXITY} in ${MAX_DEPTH} are allowed. Take smaller pages.`,
        { extensions: { code: 'INVALID_INPUT', retry: 'NEVER' } },
      ),
  },
  errors: {
    directResult: true,
    defaultUnionOptions: { name: ({ fieldName }) => `${resultName(fieldName)}Result` },
    defaultResultOptions: { name: ({ fieldName }) => `${resultName(fieldName)}${PAYLOAD}` },
  },
  relay: {
    nodeTypeOptions: { description: 'Anything that can be fetched again by its `id`.' },
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    encodeGlobalID: (typename, id) => encodeGlobalId(typename, String(id)),
    decodeGlobalID: decodeGlobalId,
    // A connection counts for as many items as it is asked for, once: not again for its edges.
    defaultConnectionFieldOptions: {
      complexity: ({ first, last }) => ({ multiplier: first ?? last ?? DEFAULT_PAGE_SIZE }),
    },
    edgesFieldOptions: { nullable: false, description: 'The page, in order.', complexity: { multiplier: 1 } },
    nodeFieldOptions: { nullable: false, description: 'The item itself.' },
    cursorFieldOptions: { type: 'String', description: 'Where this item stands; for `after` and `before`.' },
    pageInfoFieldOptions: { description: 'Whether there is more, and where to go on.' },
    hasNextPageFieldOptions: { description: 'Whether items follow the page.' },
    hasPreviousPageFieldOptions: { description: 'Whether items come before the page.' },
    startCursorFieldOptions: { description: 'The cursor of the first item; for `before`. Null: the page is empty.' },
    endCursorFieldOptions: { description: 'The cursor of the last item; for `after`. Null: the page is empty.' },
    idFieldOptions: { description: 'For `node`: `Type_uuid`.' },
    pageInfoTypeOptions: { description: 'Whether there is more, and the cursors to go on from.' },
    firstArgOptions: {
      description: 'So many items from the start, or after `after`: 1 to 100. 20 when neither is given.',
    },
    lastArgOptions: { description: 'So many items from the end, or before `before`: 1 to 100.' },
    afterArgOptions: { description: 'A cursor; the page starts behind it. Goes with `first`.' },
    beforeArgOptions: { description: 'A cursor; the page ends before it. Goes with `last`.' },
  },
  prisma: {
    // The request's client is the organization-bound one; the extension keeps the shape that Pothos reads.
    client: ({ db }) => db,
    dmmf: getDatamodel(),
    onUnusedQuery: 'error',
    exposeDescriptions: false,
  },
});

builder.queryType({
  description: 'Everything here is about the organization of the API key.',
  authScopes: { scope: 'email:read' },
});
builder.mutationType({
  description: 'Every mutation answers its payload or a typed error; both are data, not exceptions.',
});

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many items there are in all, whatever the page. Counted only when asked for.',
    resolve: (connection) => connection.totalCount(),
  }),
);
