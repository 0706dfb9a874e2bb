# One image for all services; the command chooses, and without one all contexts run in one process on SQLite in /data.
# The base image is named by its minor version, so that a rebuild takes Node's patches; whoever wants the same bytes again
# gives --build-arg NODE_IMAGE=node@sha256:….
ARG NODE_IMAGE=node:24.22-bookworm-slim

# What npm reads, alone: the packages are installed anew only when this changes.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /readership
COPY . .
RUN find . -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete && find . -type d -empty -delete

FROM ${NODE_IMAGE} AS build
ENV CI=true NX_DAEMON=false NX_TUI=false
# tini passes signals on and reaps what is left behind.
RUN apt-get update && apt-get install -y --no-install-recommends tini=0.19.* && rm -rf /var/lib/apt/lists/*
WORKDIR /readership
COPY --from=manifests /readership ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY . .
RUN npm run build \
 && npm prune --omit=dev --no-audit --no-fund \
 && rm -rf node_modules/typescript libs/*/src libs/*/testing apps/*/src \
      tools/bench tools/drill tools/faults tools/lint tools/scenario tools/servers tools/sim \
      tools/dist/bench tools/dist/drill tools/dist/faults tools/dist/scenario tools/dist/sim \
 && mkdir /data

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Readership" \
      org.opencontainers.image.description="An open-source CRM for library consortia: exact retention and satisfaction figures from events" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    READERSHIP_HOST=0.0.0.0 \
    READERSHIP_PORT=8080 \
    READERSHIP_DATA=/data
# Nothing that installs or builds stays.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn*
WORKDIR /readership
COPY --from=build /usr/bin/tini-static /usr/bin/tini
COPY --from=build /readership/package.json /readership/LICENSE ./
COPY --from=build /readership/node_modules node_modules
COPY --from=build /readership/libs libs
COPY --from=build /readership/apps apps
COPY --from=build /readership/tools tools
COPY --from=build --chown=65532:65532 /data /data
# By number, so that an orchestrator can see that it is not root.
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.READERSHIP_PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["node", "--disable-warning=ExperimentalWarning", "apps/standalone/bundle/main.js"]
