/** Ends the description of every mutation with the scope that it needs. */
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';

const PLUGIN = 'scopeDescription';

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      [PLUGIN]: ScopeDescriptionPlugin<Types>;
    }
  }
}

export const SCOPE_DESCRIPTION = PLUGIN;

class ScopeDescriptionPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    if (field.kind !== 'Mutation') return field;
    const { authScopes } = field.pothosOptions;
    if (typeof authScopes !== 'object' || !('scope' in authScopes)) return field;
    return { ...field, description: `${field.description} Needs the scope \`${authScopes.scope}\`.` };
  }
}

SchemaBuilder.registerPlugin(PLUGIN, ScopeDescriptionPlugin);
