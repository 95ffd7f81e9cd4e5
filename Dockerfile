# Epistle for production, with a PostgreSQL of its own (DATABASE_URL). The whole file system may be read-only.
FROM node:24-trixie-slim AS install
WORKDIR /epistle
COPY package.json package-lock.json ./
COPY scripts scripts
RUN scripts/install-production.sh && mkdir -m 1777 node_modules/.cache
COPY prisma prisma
COPY sandbox sandbox
COPY src src

FROM debian:trixie-slim
WORKDIR /epistle
COPY --from=install --chown=0:0 /epistle /epistle
ENV NODE_ENV=production
ENV HOST=0.0.0.0
# Longer than a proxy keeps an idle connection to it: ops/nginx.conf, ops/Caddyfile.
ENV DRAIN_DELAY_MS=5000
ENV PATH=/epistle/node_modules/.bin:$PATH
ENV NODE_COMPILE_CACHE=/epistle/node_modules/.cache/node
USER 10001:10001
# Compiled once, here: a start then takes half of the CPU. Node.js keeps one cache for each user.
RUN node -e "import('./src/main.ts'); import('./src/serve.ts')"
EXPOSE 4000
# Life, not readiness: an outage of the database is no reason to restart a container.
HEALTHCHECK --start-period=60s --interval=15s --timeout=5s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# It computes the heap, and Node.js then takes its place: process 1 receives SIGTERM itself.
CMD ["scripts/start.sh"]
