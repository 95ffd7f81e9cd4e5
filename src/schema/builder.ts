import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin, { type AuthFailure } from '@pothos/plugin-scope-auth';
import type { GraphQLError } from 'graphql';
import type PrismaTypes from '#generated/pothos-types.ts';
import { getDatamodel } from '#generated/pothos-types.ts';
import { ForbiddenError, type Scope } from '../auth/scopes.ts';
import type { Base64 } from '../email/base64.ts';
import { InvalidInputError } from '../errors.ts';
import type { Context } from './context.ts';
import { decodeGlobalId, encodeGlobalId } from './global-id.ts';
import { MAX_COUNTED, pageComplexity } from './keyset.ts';
import { PRISMA_WITH_LOADED_COLUMNS } from './loaded-columns.ts';
import { REFUSED_INPUT } from './refused-input.ts';
import { refusedRequest } from './refused-request.ts';
import { SCOPE_DESCRIPTION } from './scope-description.ts';

export interface SchemaTypes {
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  AuthScopes: { scope: Scope; anyScope: readonly Scope[] };
  Connection: { count: () => Promise<number> };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    LocalDate: { Input: string; Output: Date };
    UUID: { Input: string; Output: string };
    EmailAddress: { Input: string; Output: string };
    Base64: { Input: Base64; Output: string };
    HttpUrl: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
}

/** As Pothos itself reads them. */
export type ExtendedTypes = PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>;

/** Of an input type. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<ExtendedTypes, 'InputObject'>;

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

function tooMuch(isTooDeep: boolean, complexity: number, depth: number): GraphQLError {
  const message = isTooDeep
    ? `The operation has ${depth} levels. At most ${MAX_DEPTH} are allowed: ask for the inner levels in a second operation, by their uids.`
    : `The operation asks for about ${complexity} values. At most ${MAX_COMPLEXITY} are allowed: ask for smaller pages, such as first: 20, above all in nested lists.`;
  const figures = { complexity, maxComplexity: MAX_COMPLEXITY, depth, maxDepth: MAX_DEPTH };
  return refusedRequest(message, figures);
}

export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [
    ScopeAuthPlugin,
    SCOPE_DESCRIPTION,
    ErrorsPlugin,
    ComplexityPlugin,
    REFUSED_INPUT,
    RelayPlugin,
    PRISMA_WITH_LOADED_COLUMNS,
  ],
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
    complexityError: (kind, { complexity, depth }) => tooMuch(kind === 'Depth', complexity, depth),
  },
  errors: {
    directResult: true,
    // Whatever has an argument can be given a wrong one.
    defaultTypes: [InvalidInputError],
    defaultUnionOptions: { name: ({ fieldName }) => `${resultName(fieldName)}Result` },
    defaultResultOptions: { name: ({ fieldName }) => `${resultName(fieldName)}${PAYLOAD}` },
  },
  relay: {
    nodeTypeOptions: { description: 'An object that can be fetched again by its `id`.' },
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    encodeGlobalID: (typename, id) => encodeGlobalId(typename, String(id)),
    decodeGlobalID: (id) => decodeGlobalId(id),
    // A connection counts for as many items as it is asked for, once: not again for its edges.
    defaultConnectionFieldOptions: {
      complexity: pageComplexity,
    },
    edgesFieldOptions: {
      nullable: false,
      description: 'The items of the page with their cursors, in order.',
      complexity: { multiplier: 1 },
    },
    nodesOnConnection: {
      description: 'The items of the page without their cursors, in order.',
      complexity: { multiplier: 1 },
    },
    nodeFieldOptions: { nullable: false, description: 'The item.' },
    cursorFieldOptions: { type: 'String', description: 'The position of this item. Pass it as `after` or `before`.' },
    pageInfoFieldOptions: { description: 'Whether there are more items, and the cursors to ask for them with.' },
    hasNextPageFieldOptions: { description: 'True if there are items after this page.' },
    hasPreviousPageFieldOptions: { description: 'True if there are items before this page.' },
    startCursorFieldOptions: {
      description: 'The cursor of the first item; pass it as `before`. Null if the page is empty.',
    },
    endCursorFieldOptions: {
      description: 'The cursor of the last item; pass it as `after`. Null if the page is empty.',
    },
    idFieldOptions: {
      description: 'The global id, `Type_uuid`. Pass it to `node`; caches use it as the key of the object.',
    },
    pageInfoTypeOptions: { description: 'Whether there are more items, and the cursors to ask for them with.' },
    firstArgOptions: {
      description:
        'The number of items to return, counted from the start or from `after`: 1 to 100. Without `first` and `last`: 20.',
    },
    lastArgOptions: {
      description: 'The number of items to return, counted back from the end or from `before`: 1 to 100.',
    },
    afterArgOptions: { description: 'Return the items after this cursor. Use it with `first`.' },
    beforeArgOptions: { description: 'Return the items before this cursor. Use it with `last`.' },
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
  description:
    'Reads the data of the organization that the API key belongs to. Needs the scope `email:read`; only `apiKeys` needs `keys:manage`, and `viewer` no scope.',
  authScopes: { scope: 'email:read' },
});
builder.mutationType({
  description: 'Changes data and sends email. Every mutation returns its payload or one of its typed errors as data.',
});

builder.globalConnectionFields((t) => ({
  totalCount: t.int({
    description: `The number of items in the whole list, whatever the page, up to ${MAX_COUNTED}. If \`totalCountIsExact\` is false, there are more: show "${MAX_COUNTED}+". It is only counted if the operation asks for it.`,
    resolve: async (connection) => Math.min(await connection.count(), MAX_COUNTED),
  }),
  totalCountIsExact: t.boolean({
    description: `False if the list has more than ${MAX_COUNTED} items: \`totalCount\` is ${MAX_COUNTED} then.`,
    resolve: async (connection) => (await connection.count()) <= MAX_COUNTED,
  }),
}));
