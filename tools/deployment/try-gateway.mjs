// Runs nginx with the deployed configuration before four stand-ins, and asks it for what the services answer.
// usage: node tools/deployment/try-gateway.mjs [nginx]
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { begin, raw, until } from './requests.mjs';
import { reached, standIn } from './stand-in.mjs';

const gateway = join(import.meta.dirname, '../../k8s/base/gateway');
const source = join(gateway, 'nginx.conf');
const upstreams = readFileSync(join(gateway, 'upstreams.conf'), 'utf8');
const services = [...upstreams.matchAll(/^upstream (\S+)/gm)].map(([, name]) => name);
const failures = [];

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

/** The security headers that the configuration names, as the services have them; a spec compares the two. */
const securityHeaders = [
  ...readFileSync(source, 'utf8').matchAll(/add_header (\S+) (?:"([^"]*)"|([^\s$]+)) always;/g),
].map(([, name, quoted, plain]) => [name, quoted ?? plain]);

const missingHeaders = (headers) =>
  securityHeaders.filter(([name, value]) => headers.get(name) !== value).map(([name]) => name);

/** Status and code of a problem of the gateway. Fails when it has not the shape and the headers of every problem. */
async function problemOf(answer) {
  const { status, headers } = answer;
  const problem = await answer.json();
  same(`type of ${status}`, headers.get('content-type'), 'application/problem+json; charset=utf-8');
  same(`security headers of ${status}`, missingHeaders(headers), []);
  same(`status in the body of ${status}`, problem.status, status);
  const { type, title, detail } = problem;
  for (const text of [type, title, detail]) same(`a text of ${status}`, typeof text, 'string');
  same(
    `type in the body of ${status}`,
    type,
    `urn:readership:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
  );
  return [status, problem.code];
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
copyFileSync(join(gateway, 'clients.compose.conf'), join(folder, 'clients.conf'));
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
    ['/v1/api-keys/Ab3dE9xZ/rotate', 'patron-profile'],
    ['/v1/principals/Ab3dE9xZ', 'patron-profile'],
    ['/v1/me', 'patron-profile'],
    ['/v1/sign-in', 'patron-profile'],
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
    '/v1/patrons"x',
    '/gateway/problem/500',
    '/gateway/docs',
    '/v2/patrons',
    '/r',
  ]) {
    const answer = await ask(path);
    same(path, await problemOf(answer), [404, 'NOT_FOUND']);
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
      same(`${path}?${query}`, await problemOf(answer), [400, 'BAD_CONTEXT']);
    }
  }

  const passed = await ask('/v1/patrons/none');
  same('a 404 of a service', [passed.status, (await passed.json()).service], [404, 'patron-profile']);

  for (const [path, type] of [
    ['/healthz', 'application/json'],
    ['/docs', 'text/html; charset=utf-8'],
  ]) {
    const answer = await ask(path);
    same(path, [answer.status, answer.headers.get('content-type')], [200, type]);
    same(`security headers of ${path}`, missingHeaders(answer.headers), []);
    await answer.text();
    const posted = await ask(path, { method: 'POST' });
    same(`${path} to POST`, posted.headers.get('allow'), 'GET, HEAD');
    same(`${path} to POST`, await problemOf(posted), [405, 'METHOD_NOT_ALLOWED']);
  }
  same('/healthz', await (await ask('/healthz')).json(), { status: 'alive' });

  // What nginx refuses while it reads a request, before it knows a path.
  const host = 'Host: gateway\r\n';
  for (const [what, sent, ...expected] of [
    ['no host', 'GET /v1/patrons HTTP/1.1\r\n\r\n', 400, 'BAD_REQUEST'],
    ['no request', 'what is this\r\n\r\n', 400, 'BAD_REQUEST'],
    ['a broken escape', `GET /v1/%zz HTTP/1.1\r\n${host}\r\n`, 400, 'BAD_REQUEST'],
    [
      'two lengths',
      `POST /v1/patrons HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      400,
      'BAD_REQUEST',
    ],
    ['TRACE', `TRACE /v1/patrons HTTP/1.1\r\n${host}\r\n`, 405, 'METHOD_NOT_ALLOWED'],
    ['a tunnel', `CONNECT /v1/patrons HTTP/1.1\r\n${host}\r\n`, 405, 'METHOD_NOT_ALLOWED'],
    ['a long address', `GET /v1/${'x'.repeat(9000)} HTTP/1.1\r\n${host}\r\n`, 414, 'URL_TOO_LONG'],
    [
      'a long header',
      `GET /v1/patrons HTTP/1.1\r\n${host}X: ${'x'.repeat(9000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'many headers',
      `GET /v1/patrons HTTP/1.1\r\n${host}${`X: ${'x'.repeat(7000)}\r\n`.repeat(6)}\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'a coded transfer',
      `POST /v1/patrons HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n`,
      501,
      'NOT_IMPLEMENTED',
    ],
    ['another version', `GET /v1/patrons HTTP/3.0\r\n${host}\r\n`, 505, 'HTTP_VERSION_NOT_SUPPORTED'],
    [
      'a body over every limit',
      `POST /v1/patrons HTTP/1.1\r\n${host}Content-Length: 200000000\r\n\r\n`,
      413,
      'TOO_LARGE',
    ],
  ]) {
    const answer = await raw(port, sent);
    same(what, await problemOf(answer), expected);
    if (expected[0] === 405)
      same(`${what}: Allow`, answer.headers.get('allow'), 'GET, HEAD, POST, PUT, PATCH, DELETE');
  }

  const authorization = 'Bearer k';
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const spoofed = {
    'x-forwarded-for': '203.0.113.7, 10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'elsewhere.example',
    'x-real-ip': '203.0.113.7',
    forwarded: 'for=203.0.113.7',
  };
  const seen = (
    await (await ask('/v1/patrons', { headers: { authorization, traceparent, ...spoofed } })).json()
  ).headers;
  same('trace and key pass', [seen.traceparent, seen.authorization], [traceparent, authorization]);
  same(
    'the gateway says who asks, whatever a client says',
    Object.keys(spoofed).map((name) => seen[name]),
    ['127.0.0.1', undefined, undefined, undefined, undefined],
  );

  const send = (path, bytes) =>
    ask(path, { method: 'POST', headers: { authorization }, body: Buffer.alloc(bytes, 'x') });
  same('a full batch', (await (await send('/v1/interactions/batch', 10_000_000)).json()).bytes, 10_000_000);
  same('a file', (await (await send('/v1/interactions/import', 100_000_000)).json()).bytes, 100_000_000);

  // A body passes while it arrives: the service has its beginning before its end was sent, and no file holds it.
  reached.bytes = 0;
  const upload = begin(port, '/v1/interactions/batch', { authorization, 'content-length': '5000000' });
  upload.sending.write(Buffer.alloc(4_000_000, 'x'));
  await until(() => reached.bytes === 4_000_000);
  same('files of bodies', readdirSync(join(folder, 'client_body'), { recursive: true }), []);
  upload.sending.end(Buffer.alloc(1_000_000, 'x'));
  same('the whole of it', (await upload.answer).body.bytes, 5_000_000);

  // Without a key, the answer comes while the body has hardly begun, by length as in chunks, and nothing of it is taken in.
  reached.bytes = 0;
  for (const framing of [{ 'content-length': '100000000' }, { 'transfer-encoding': 'chunked' }]) {
    const { sending, answer } = begin(port, '/v1/interactions/batch', framing);
    sending.write('x');
    same(`a body without a key, ${Object.keys(framing)}`, (await answer).status, 401);
    sending.destroy();
  }
  same('bytes of bodies without a key', reached.bytes, 0);

  const endless = begin(port, '/v1/interactions/batch', { authorization, 'transfer-encoding': 'chunked' });
  endless.sending.write(Buffer.alloc(110_000_000, 'x'));
  same('a body in chunks over every limit', (await endless.answer).status, 413);
  same('its code', (await endless.answer).body.code, 'TOO_LARGE');

  // One address has at most a hundred requests under way; others are told to wait, until some have ended.
  const refused = [];
  const held = Array.from({ length: 200 }, () =>
    begin(port, '/v1/interactions/slow', { authorization }, 'GET'),
  );
  for (const { sending, answer } of held) {
    answer.then((early) => refused.push(early)).catch(() => {});
    sending.end();
  }
  await until(() => refused.length >= 100 && reached.slow > 0);
  same('requests of one address', reached.slow <= 100, true);
  for (const { status, headers, body } of refused)
    same('too many at once', [status, headers['retry-after'], body.code], [429, '1', 'TOO_MANY_REQUESTS']);
  for (const { sending } of held) sending.destroy();
  await until(async () => (await ask('/v1/surveys')).status === 200);

  servers.analytics.closeAllConnections();
  await new Promise((resolve) => servers.analytics.close(resolve));
  const down = await ask('/v1/metrics?scope=consortium');
  same('a service that is down', down.headers.get('retry-after'), '1');
  const { instance } = await down.clone().json();
  same('its path, without the query', instance, '/v1/metrics');
  same('a service that is down', await problemOf(down), [503, 'UNAVAILABLE']);
  same('the others go on', (await ask('/v1/surveys')).status, 200);

  // Behind an ingress controller, the address that it has added last is the client's.
  copyFileSync(join(gateway, 'clients.conf'), join(folder, 'clients.conf'));
  nginx.kill('SIGHUP');
  const viaIngress = { 'x-forwarded-for': '203.0.113.7, 198.51.100.4' };
  await until(async () => {
    // The old workers close connections that were kept for later.
    const answer = await ask('/v1/patrons', { headers: viaIngress }).catch(() => null);
    return (await answer?.json())?.headers['x-forwarded-for'] === '198.51.100.4';
  });

  const lines = readFileSync(join(folder, 'out.log'), 'utf8').trim().split('\n');
  same(
    'every line of the log is JSON',
    lines.filter((line) => JSON.parse(line).msg !== 'request'),
    [],
  );
  same(
    'no line names a reader',
    lines.filter((line) => /127\.0|198\.51|203\.0|name=|abc\.def|p-1/.test(line)),
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
