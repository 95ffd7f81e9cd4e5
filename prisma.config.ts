import { defineConfig } from 'prisma/config';

// `prisma generate` downloads an engine that it does not use, unless it believes to have one: any executable will do.
// With it `prisma migrate diff` and `prisma db push` succeed and DO NOTHING: use `npm run migration` (docs in scripts/).
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
});
