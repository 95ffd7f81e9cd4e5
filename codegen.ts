import type { CodegenConfig } from '@graphql-codegen/cli';

// Reads the printed schema, not src/schema: importing that here would load a second copy of graphql.
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['test/**/*.ts', '!test/generated/**', '!test/clients/**'],
  ignoreNoDocuments: true,
  importExtension: '.ts',
  generates: {
    'test/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // Node runs what is generated as it is: no TypeScript enums, and types imported as types.
        enumsAsTypes: true,
        useTypeImports: true,
        // Tests speak HTTP: they need the text of a document, not its syntax tree.
        documentMode: 'string',
        strictScalars: true,
        scalars: {
          DateTime: 'string',
          UUID: 'string',
          EmailAddress: 'string',
          Base64: 'string',
          HttpUrl: 'string',
          LocalDate: 'string',
          JSON: 'unknown',
        },
      },
    },
  },
};

export default config;
