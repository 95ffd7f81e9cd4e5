/**
 * Answers for the fields of Query and Mutation whose variables were refused, in place of their resolvers: every issue of the form together
 * with those that the field's own `check` finds in the rest of the input.
 */
import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type InputShapeFromFields,
  type PothosOutputFieldConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import { type InputIssue, InvalidInputError, MAX_ISSUES } from '../errors.ts';
import { refusedFields } from './variables.ts';

const PLUGIN = 'refusedInput';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      [PLUGIN]: RefusedInputPlugin<Types>;
    }
    export interface FieldOptions<
      Types extends SchemaTypes,
      ParentShape,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > {
      check?: Check<Types, Args>;
    }
  }
}

/**
 * Checks the arguments as the resolver does, without any effect, and throws its InvalidInputError. Called if a part of the arguments was
 * refused already and has a placeholder, so that the client gets all issues at once. Fields of other types than Query and Mutation do not
 * call it.
 */
type Check<Types extends SchemaTypes, Args extends InputFieldMap> = (
  args: InputShapeFromFields<Args>,
  context: Types['Context'],
) => unknown;

/** Listed after the errors plugin, which turns what it throws into data. */
export const REFUSED_INPUT = PLUGIN;

type Resolver<Types extends SchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>;

class RefusedInputPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolver: Resolver<Types>, field: PothosOutputFieldConfig<Types>): Resolver<Types> {
    if (field.kind !== 'Query' && field.kind !== 'Mutation') return resolver;
    const { check } = field.pothosOptions;
    return (parent, args, context, info) => {
      const [node] = info.fieldNodes;
      const refused = node && refusedFields(context)?.get(node);
      if (refused === undefined) return resolver(parent, args, context, info);
      const others = refused.length < MAX_ISSUES ? issuesOf(() => check?.({ ...args }, context)) : [];
      throw new InvalidInputError([...refused, ...others.filter(({ path }) => !isWithin(path, refused))]);
    };
  }
}

function issuesOf(check: () => unknown): readonly InputIssue[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof InvalidInputError) return error.issues;
    throw error;
  }
}

/** Whether the path is that of a refused value, or of a part of it. */
function isWithin(path: string, refused: readonly InputIssue[]): boolean {
  return refused.some((issue) => path === issue.path || path.startsWith(`${issue.path}.`));
}

SchemaBuilder.registerPlugin(PLUGIN, RefusedInputPlugin);
