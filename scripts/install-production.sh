#!/bin/sh
# Installs what a production server with a PostgreSQL of its own needs, about 240 MB of 700: see
# docs/decisions/0049-production-install.md. The Dockerfile runs it; run it yourself on a machine without containers.
set -e
cd "$(dirname "$0")/.."
# Without development packages, their peers (the Prisma CLI) and the embedded PostgreSQL.
npm ci --omit=dev --omit=optional --no-audit --no-fund
# The second copy of Node.js, and its C headers.
rm -rf node_modules/node/node_modules
# Prisma's query compilers for other databases.
find node_modules/@prisma/client/runtime -name 'query_compiler_*' ! -name '*.postgresql.*' -delete
