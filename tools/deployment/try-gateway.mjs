// Runs nginx with the deployed configuration before four stand-ins, and asks it for what the services answer.
// usage: node tools/deployment/try-gateway.mjs [nginx]
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const services = ['patron-profile', 'interaction-log', 'feedback', 'analytics'];
const source = join(import.meta.dirname, '../../k8s/base/gateway/nginx.conf');
const failures = [];

/** Answers with its name and with what reached it. */
function standIn(service) {
  return createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk) => (bytes += chunk.length));
    request.on('end', () => {
      response.writeHead(request.url === '/v1/patrons/none' ? 404 : 200, {
        'content-type': 'application/json',
      });
      response.end(JSON.stringify({ service, url: request.url, bytes, headers: request.headers }));
    });
  });
}

async function portOf(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
}

async function listening(port) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answered = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.end());
    });
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx does not listen');
}

function same(what, actual, expected) {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    failures.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

const servers = Object.fromEntries(services.map((service) => [service, standIn(service)]));
const ports = Object.fromEntries(
  await Promise.all(services.map(async (service) => [service, await portOf(servers[service])])),
);
const free = createServer();
const port = await portOf(free);
await new Promise((resolve) => free.close(resolve));

const folder = mkdtempSync(join(tmpdir(), 'readership-gateway-'));
chmodSync(folder, 0o755);
copyFileSync(source, join(folder, 'nginx.conf'));
writeFileSync(join(folder, 'listen.conf'), `listen 127.0.0.1:${port};\n`);
writeFileSync(
  join(folder, 'upstreams.conf'),
  services.map((name) => `upstream ${name} { server 127.0.0.1:${ports[name]}; keepalive 4; }\n`).join(''),
);
const out = openSync(join(folder, 'out.log'), 'w');
const nginx = spawn(
  process.argv[2] ?? 'nginx',
  ['-e', 'stderr', '-p', `${folder}/`, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'],
  { stdio: ['ignore', out, 'inherit'] },
);
const ended = new Promise((resolve) => nginx.on('close', resolve));
const ask = (path, options) => fetch(`http://127.0.0.1:${port}${path}`, options);

try {
  await listening(port);

  for (const [path, service, url = path] of [
    ['/v1/patrons', 'patron-profile'],
    ['/v1/patrons?name=Si%C3%A2n&limit=2', 'patron-profile'],
    ['/v1/patrons/p-1/move', 'patron-profile'],
    ['/v1/patrons/%ff', 'patron-profile'],
    ['/v1/libraries/A%2FB', 'patron-profile'],
    ['/v1/branches', 'patron-profile'],
    ['/v1/consortium', 'patron-profile'],
    ['/v1/interactions/batch', 'interaction-log'],
    ['/v1/interactions/import?dryRun=true', 'interaction-log'],
    ['/v1/dead-letters', 'interaction-log'],
    ['/v1/surveys/s/responses', 'feedback'],
    ['/v1/testimonials', 'feedback'],
    ['/r/abc.def', 'feedback'],
    ['/v1/metrics/new-readers?scope=branch:A', 'analytics'],
    ['/v1/costs', 'analytics'],
    ['/v1/rebuilds/2/switch?context=analytics', 'analytics'],
    ['/v1/audit/log?context=feedback', 'feedback'],
    ['/v1/audit/log?context=interaction-log', 'interaction-log'],
    ['/v1/parked?limit=5&context=analytics', 'analytics'],
    ['/v1/audit/log', 'patron-profile'],
    ['/v1/audit/log?context=elsewhere:80', 'patron-profile'],
    ['/v1/audit/log?context=', 'patron-profile'],
    ['/v1/audit/log?xcontext=analytics', 'patron-profile'],
    ['/v1/parked?context=analytics&cursor=a%2Bb%3D&limit=5', 'analytics'],
    ['/v1/parked?cursor=context%3Dfeedback&context=analytics', 'analytics'],
    ['/v1/rebuilds?context=%61nalytics', 'analytics'],
    ['/feedback/openapi.json', 'feedback', '/openapi.json'],
    ['/analytics/docs', 'analytics', '/docs'],
    ['/interaction-log/docs/swagger-ui.css', 'interaction-log', '/docs/swagger-ui.css'],
    ['/patron-profile/readyz', 'patron-profile', '/readyz'],
  ]) {
    const answer = await ask(path);
    const { service: by, url: seen } = await answer.json();
    same(path, [answer.status, by, seen], [200, service, url]);
  }

  for (const path of [
    '/',
    '/metrics',
    '/feedback/metrics',
    '/feedback/v1/surveys',
    '/feedback/docs/../metrics',
    '/v1/patronsandmore',
    '/v2/patrons',
    '/r',
  ]) {
    const answer = await ask(path);
    same(path, [answer.status, answer.headers.get('content-type')], [404, 'application/problem+json']);
    same(path, (await answer.json()).code, 'NOT_FOUND');
  }

  // What the gateway and a service could read as two different contexts.
  for (const query of [
    'context=%61nalytics',
    'context=patron%2Dprofile',
    'context=interaction-log%20',
    'context=+analytics',
    'context=analytics+',
    'context=Analytics',
    'context=ANALYTICS',
    'CONTEXT=analytics',
    'Context=feedback&context=analytics',
    'context=feedback&Context=analytics',
    'context=feedback&context=analytics',
    'context=analytics&limit=5&context=analytics',
    'context&context=analytics',
    'context',
    '%63ontext=analytics',
    'limit=5&conte%78t=analytics',
    'conte%78t=feedback&context=analytics',
    'context=analytics&conte%78t=feedback',
    '+context=analytics',
    'context=analytics;context=feedback',
    'context=analytics%00',
  ]) {
    for (const path of ['/v1/audit/log', '/v1/parked', '/v1/republish']) {
      const answer = await ask(`${path}?${query}`);
      same(
        `${path}?${query}`,
        [answer.status, answer.headers.get('content-type'), (await answer.json()).code],
        [400, 'application/problem+json', 'BAD_CONTEXT'],
      );
    }
  }

  const passed = await ask('/v1/patrons/none');
  same('a 404 of a service', [passed.status, (await passed.json()).service], [404, 'patron-profile']);

  same('/healthz', await (await ask('/healthz')).json(), { status: 'alive' });
  same('/docs', (await ask('/docs')).status, 200);

  const headers = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    authorization: 'Bearer k',
  };
  const reached = (await (await ask('/v1/patrons', { headers })).json()).headers;
  same('trace and key pass', [reached.traceparent, reached.authorization], Object.values(headers));
  same('the client is named', reached['x-forwarded-for'], '127.0.0.1');

  const send = (path, bytes) => ask(path, { method: 'POST', body: Buffer.alloc(bytes, 'x') });
  same('a full batch', (await (await send('/v1/interactions/batch', 10_000_000)).json()).bytes, 10_000_000);
  same('a file', (await (await send('/v1/interactions/import', 20_000_000)).json()).bytes, 20_000_000);
  const large = await send('/v1/interactions/batch', 12_000_000);
  same('too large a batch', [large.status, (await large.json()).code], [413, 'TOO_LARGE']);

  servers.analytics.closeAllConnections();
  await new Promise((resolve) => servers.analytics.close(resolve));
  const down = await ask('/v1/metrics');
  same(
    'a service that is down',
    [down.status, down.headers.get('retry-after'), (await down.json()).code],
    [503, '1', 'UNAVAILABLE'],
  );
  same('the others go on', (await ask('/v1/surveys')).status, 200);

  const lines = readFileSync(join(folder, 'out.log'), 'utf8').trim().split('\n');
  same(
    'every line of the log is JSON',
    lines.filter((line) => JSON.parse(line).msg !== 'request'),
    [],
  );
  same(
    'no line names a reader',
    lines.filter((line) => /127\.0|name=|abc\.def|p-1/.test(line)),
    [],
  );
} finally {
  nginx.kill('SIGQUIT');
  for (const server of Object.values(servers)) {
    server.closeAllConnections();
    server.close();
  }
  await ended;
  rmSync(folder, { recursive: true });
}

for (const failure of failures) console.error(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
