import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jars } from './jars.mjs';
import { need, run } from './commands.mjs';
import { exchange, int16, int32, text } from './wire.mjs';

const requests = { metadata: 3, findCoordinator: 10, heartbeat: 12, initProducerId: 22 };
const unknownMember = 25;
const login = 'org.apache.kafka.common.security';

/** One Apache Kafka, broker and controller in one process. It keeps what it acknowledged over a SIGKILL. */
export const kafka = {
  name: 'kafka',
  ports: ['kafka', 'controller', 'detour', 'detourEnd', 'secured'],
  survivesKill: true,
  files: ['server.properties', 'secured.p12', 'secured.pem'],

  async install(cache) {
    await need('java', 'default-jdk-headless');
    return jars('kafka', cache);
  },

  async prepare({ folder, ports, installed }) {
    const file = join(folder, 'server.properties');
    await prepareCertificate(folder);
    writeFileSync(file, properties(folder, ports));
    if (existsSync(join(folder, 'data', 'meta.properties'))) return;
    const tool = ['-cp', join(installed, '*'), 'kafka.tools.StorageTool'];
    const cluster = (await run('java', [...tool, 'random-uuid'])).trim().split('\n').pop();
    await run('java', [...tool, 'format', '-t', cluster, '-c', file]);
  },

  // Compiled quickly rather than well: a start costs half as much processor time, and tests start it again and again.
  command: ({ folder, installed }) => [
    'java',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    '-cp',
    join(installed, '*'),
    'kafka.Kafka',
    join(folder, 'server.properties'),
  ],

  /** An open port says little: producers and groups are served only after their coordinators have loaded. */
  async answers({ kafka: port }) {
    const metadata = await ask(port, requests.metadata, 1, int32(0));
    if (metadata.readInt32BE(0) < 1) return false;
    const producer = await ask(port, requests.initProducerId, 0, int16(-1), int32(60_000));
    const coordinator = await ask(port, requests.findCoordinator, 1, text('a'), Buffer.of(0));
    if (producer.readInt16BE(4) !== 0 || coordinator.readInt16BE(4) !== 0) return false;
    // These four names fall into the four partitions of the offsets topic.
    for (const group of ['a', 'b', 'c', 'd']) {
      const heartbeat = await ask(port, requests.heartbeat, 0, text(group), int32(0), text('nobody'));
      if (heartbeat.readInt16BE(0) !== unknownMember) return false;
    }
    return true;
  },

  url: ({ kafka: port }) => `127.0.0.1:${port}`,
};

/** The body of the answer to one request of a version before the flexible ones. */
async function ask(port, key, version, ...body) {
  const request = Buffer.concat([int16(key), int16(version), int32(1), text('backends'), ...body]);
  const answer = await exchange(
    port,
    Buffer.concat([int32(request.length), request]),
    (bytes) => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0),
  );
  return answer.subarray(8);
}

const passphrase = 'readership';

/** `secured.pem` is the certificate that the broker shows at the port `secured`, and what a client must trust. */
async function prepareCertificate(folder) {
  const [keys, certificate] = [join(folder, 'secured.p12'), join(folder, 'secured.pem')];
  if (existsSync(certificate)) return;
  rmSync(keys, { force: true });
  const store = ['-keystore', keys, '-storepass', passphrase, '-alias', 'kafka'];
  const subject = ['-dname', 'CN=127.0.0.1', '-ext', 'san=ip:127.0.0.1'];
  await run('keytool', ['-genkeypair', ...store, '-keyalg', 'EC', '-validity', '3650', ...subject]);
  await run('keytool', ['-exportcert', '-rfc', ...store, '-file', certificate]);
}

/**
 * Who asks the broker at `detourEnd` is sent to `detour` from then on, where a test may stand in between; nobody else needs
 * to listen there. At `secured` it wants TLS and a password: of the user `plain`, or of one who was added for SCRAM.
 */
function properties(folder, { kafka: port, controller, detour, detourEnd, secured }) {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [
      `PLAINTEXT://127.0.0.1:${port}`,
      `DETOUR://127.0.0.1:${detourEnd}`,
      `SECURED://127.0.0.1:${secured}`,
      `CONTROLLER://127.0.0.1:${controller}`,
    ],
    'advertised.listeners': [
      `PLAINTEXT://127.0.0.1:${port}`,
      `DETOUR://127.0.0.1:${detour}`,
      `SECURED://127.0.0.1:${secured}`,
    ],
    'listener.security.protocol.map': [
      ...['CONTROLLER', 'PLAINTEXT', 'DETOUR'].map((name) => `${name}:PLAINTEXT`),
      'SECURED:SASL_SSL',
    ],
    'listener.name.secured.ssl.keystore.type': 'PKCS12',
    'listener.name.secured.ssl.keystore.location': join(folder, 'secured.p12'),
    'listener.name.secured.ssl.keystore.password': passphrase,
    'listener.name.secured.sasl.enabled.mechanisms': ['PLAIN', 'SCRAM-SHA-512'],
    'listener.name.secured.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_plain="${passphrase}";`,
    'listener.name.secured.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
    'log.dirs': join(folder, 'data'),
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'auto.create.topics.enable': false,
    'log.retention.ms': -1,
    // Tests wait for these: back four seconds after a SIGKILL instead of twelve, a dead member is noticed within a second.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
