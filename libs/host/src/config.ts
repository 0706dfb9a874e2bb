import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { faultsBetween, oidcVariables, requiredWithIssuer, type OidcConfig } from './access/oidc-config.js';

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const kafkaMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type KafkaMechanism = (typeof kafkaMechanisms)[number];

/** The configuration of a process: one object, checked as a whole at boot. The class is also its injection token. */
export abstract class Config {
  abstract readonly port: number;
  abstract readonly host: string;
  abstract readonly dataFolder: string;
  /** The public address of this service, without a slash at the end. Links are built from it. */
  abstract readonly publicUrl: string;
  /**
   * Whose forwarded client address is trusted; nobody's by default. Addresses and networks of proxies, or how many proxies
   * a request has come through: of the addresses that they have forwarded, that many from the end are believed.
   */
  abstract readonly trustedProxies: readonly string[] | number;
  /** The requests per second that one key or address may make. */
  abstract readonly ratePerSecond: number;
  /** The connections that may be open at once. */
  abstract readonly maxConnections: number;
  abstract readonly logLevel: LogLevel;
  abstract readonly adminKey?: string;
  abstract readonly masterKey?: Buffer;
  abstract readonly cardKey?: Buffer;
  abstract readonly linkKey?: Buffer;
  /** Absent when people have no sign-in. */
  abstract readonly oidc?: OidcConfig;
}

/** The configuration of a service on Kafka, MongoDB and Redis. No address and no key has a default. */
export abstract class ServiceConfig extends Config {
  abstract readonly mongoUrl: string;
  abstract readonly kafkaBrokers: readonly string[];
  abstract readonly kafkaTls: boolean;
  /** Given together with the password, or not at all. */
  abstract readonly kafkaUser?: string;
  abstract readonly kafkaPassword?: string;
  abstract readonly kafkaMechanism: KafkaMechanism;
  abstract readonly redisUrl: string;
  /** Number of partitions of the log and of every store. It never changes during the life of a deployment. */
  abstract readonly partitions: number;
  /** Prefix of topics, consumer groups, databases and keys. */
  abstract readonly namespace: string;
  /** A replica that is silent for this long loses its partitions of the log to the others. */
  abstract readonly kafkaSessionMs: number;
  abstract override readonly adminKey: string;
  abstract override readonly masterKey: Buffer;
  abstract override readonly cardKey: Buffer;
  abstract override readonly linkKey: Buffer;
}

const wholeNumber = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${from} to ${to}`)
    .transform(Number)
    .refine((n) => n >= from && n <= to, `a whole number from ${from} to ${to}`);

const key32 = z
  .string()
  .refine((text) => /^[A-Za-z0-9+/_-]{43}=?$/.test(text), '32 bytes in base64')
  .transform((text) => Buffer.from(text, 'base64'));

interface Variable<Field extends string = keyof ServiceConfig> {
  readonly field: Field;
  readonly schema: z.ZodType;
  readonly fallback?: string;
  readonly meaning: string;
}

const variables: Readonly<Record<string, Variable>> = {
  READERSHIP_PORT: {
    field: 'port',
    schema: wholeNumber(0, 65_535),
    fallback: '8080',
    meaning: 'Port of the API and the console; 0 uses any free port.',
  },
  READERSHIP_HOST: {
    field: 'host',
    schema: z.string().min(1),
    fallback: '127.0.0.1',
    meaning: 'Address to listen on. Put a proxy with TLS in front before others can reach it.',
  },
  READERSHIP_DATA: {
    field: 'dataFolder',
    schema: z.string().min(1),
    fallback: '.data',
    meaning: 'Folder of the databases and of `keys.json`.',
  },
  READERSHIP_PUBLIC_URL: {
    field: 'publicUrl',
    schema: z
      .url({ protocol: /^https?$/, error: 'an http or https address' })
      .transform((url) => url.replace(/\/+$/, '')),
    meaning:
      'Address at which patrons reach this service; survey links begin with it. If not set: host and port.',
  },
  READERSHIP_TRUSTED_PROXIES: {
    field: 'trustedProxies',
    schema: z.string().transform((text, check) => {
      if (/^\d$/.test(text)) return Number(text);
      const proxies = text.split(',').filter(Boolean);
      for (const proxy of proxies) {
        const [address = '', bits, ...rest] = proxy.split('/');
        const kind = isIP(address);
        const good =
          bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128));
        if (kind === 0 || !good || rest.length > 0) {
          check.addIssue({
            code: 'custom',
            message: 'addresses or networks such as 10.0.0.0/8, separated by commas, or a number from 0 to 9',
          });
          return z.NEVER;
        }
      }
      return proxies;
    }),
    fallback: '',
    meaning:
      'Addresses or networks of the proxies in front, separated by commas. Their X-Forwarded-For names the client for the request rate. A number says instead through how many proxies every request comes; use it only if nothing but them can connect.',
  },
  READERSHIP_RATE_PER_SECOND: {
    field: 'ratePerSecond',
    schema: wholeNumber(1, 1_000_000),
    fallback: '2000',
    meaning: 'Requests per second that one key, or one address without a key, may make.',
  },
  READERSHIP_MAX_CONNECTIONS: {
    field: 'maxConnections',
    schema: wholeNumber(1, 1_000_000),
    fallback: '1000',
    meaning: 'Connections that may be open at once; more are closed as they come.',
  },
  LOG_LEVEL: {
    field: 'logLevel',
    schema: z.enum(logLevels, { error: `one of ${logLevels.join(', ')}` }),
    fallback: 'info',
    meaning: `How much is logged: ${logLevels.join(', ')}.`,
  },
  READERSHIP_ADMIN_KEY: {
    field: 'adminKey',
    schema: z.string().regex(/^[\x21-\x7e]{20,200}$/, '20 to 200 printable characters without spaces'),
    meaning: 'The access key; it permits everything. If not set: made once and kept in `keys.json`.',
  },
  READERSHIP_MASTER_KEY: {
    field: 'masterKey',
    schema: key32,
    meaning:
      'Encrypts the keys of personal data: 32 bytes in base64. If it is lost, so is all personal data. If not set: as above.',
  },
  READERSHIP_CARD_KEY: {
    field: 'cardKey',
    schema: key32,
    meaning: 'Makes pseudonyms of card numbers: 32 bytes in base64. Never change it. If not set: as above.',
  },
  READERSHIP_LINK_KEY: {
    field: 'linkKey',
    schema: key32,
    meaning: 'Signs survey links and cursors: 32 bytes in base64. If not set: as above.',
  },
};

const address = (scheme: RegExp, example: string) =>
  z.string().refine((text) => scheme.test(text), `an address such as ${example}`);

/** The variables that services need in addition. */
const serviceVariables: Readonly<Record<string, Variable>> = {
  READERSHIP_MONGODB_URL: {
    field: 'mongoUrl',
    schema: address(/^mongodb(\+srv)?:\/\/[^\s/]+/, 'mongodb://mongodb:27017/?replicaSet=rs0'),
    meaning: 'Address of MongoDB, a replica set in production. Each context has its own database there.',
  },
  READERSHIP_KAFKA_BROKERS: {
    field: 'kafkaBrokers',
    schema: address(/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/, 'kafka-1:9092,kafka-2:9092').transform((text) =>
      text.split(','),
    ),
    meaning: 'Kafka brokers to connect to first, separated by commas.',
  },
  READERSHIP_KAFKA_TLS: {
    field: 'kafkaTls',
    schema: z.enum(['true', 'false'], { error: 'true or false' }).transform((text) => text === 'true'),
    fallback: 'false',
    meaning:
      'Whether to connect to the brokers with TLS. If you have a certificate authority of your own, name its file in `NODE_EXTRA_CA_CERTS`.',
  },
  READERSHIP_KAFKA_USER: {
    field: 'kafkaUser',
    schema: z.string().min(1),
    meaning: 'User name for the brokers (SASL). If not set: no authentication.',
  },
  READERSHIP_KAFKA_PASSWORD: {
    field: 'kafkaPassword',
    schema: z.string().min(1),
    meaning: 'The password of that user.',
  },
  READERSHIP_KAFKA_MECHANISM: {
    field: 'kafkaMechanism',
    schema: z.enum(kafkaMechanisms, { error: `one of ${kafkaMechanisms.join(', ')}` }),
    fallback: 'scram-sha-512',
    meaning: `SASL mechanism: ${kafkaMechanisms.join(', ')}. With plain, the broker receives the password itself: use TLS.`,
  },
  READERSHIP_REDIS_URL: {
    field: 'redisUrl',
    schema: address(/^rediss?:\/\/[^\s/]+/, 'redis://redis:6379'),
    meaning:
      'Address of Redis, which wakes up jobs and counts request rates for all replicas. It stores nothing that cannot be lost.',
  },
  READERSHIP_PARTITIONS: {
    field: 'partitions',
    schema: wholeNumber(1, 1024),
    fallback: '12',
    meaning: 'Number of partitions of the log and of every store. It cannot be changed once data is stored.',
  },
  READERSHIP_NAMESPACE: {
    field: 'namespace',
    schema: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'up to 31 lower-case letters, digits and hyphens'),
    fallback: 'readership',
    meaning:
      'Prefix of the names of topics, consumer groups, databases and Redis keys, so that several deployments can share servers.',
  },
  READERSHIP_KAFKA_SESSION_MS: {
    field: 'kafkaSessionMs',
    schema: wholeNumber(1_000, 1_800_000),
    fallback: '30000',
    meaning:
      'Milliseconds without a heartbeat after which other replicas take over the partitions of a replica. The brokers limit the value.',
  },
};
const requiredOfServices: readonly (keyof ServiceConfig)[] = [
  'mongoUrl',
  'kafkaBrokers',
  'redisUrl',
  'adminKey',
  'masterKey',
  'cardKey',
  'linkKey',
];

/** Everything that is wrong with the environment, one line for each problem. */
export class BadConfig extends Error {
  override readonly name = 'BadConfig';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment. `<NAME>_FILE` names a file that holds the value of `<NAME>`, for mounted secrets. Throws
 * `BadConfig`, which lists every problem and quotes no value.
 */
export function readConfig(env: Environment): Config {
  return read(env, variables, []);
}

/** Reads the environment of a service of a cluster, where every address and key must be given. Throws `BadConfig`. */
export function readServiceConfig(env: Environment): ServiceConfig {
  return read(env, { ...variables, ...serviceVariables }, [
    ...requiredOfServices,
    ...(isGiven(env, 'READERSHIP_KAFKA_USER') ? (['kafkaPassword'] as const) : []),
    ...(isGiven(env, 'READERSHIP_KAFKA_PASSWORD') ? (['kafkaUser'] as const) : []),
  ]) as ServiceConfig;
}

function read(
  env: Environment,
  of: Readonly<Record<string, Variable>>,
  required: readonly (keyof ServiceConfig)[],
): Config {
  const problems: string[] = [];
  const config = valuesOf(env, of, required, problems);
  const oidc = oidcOf(env, problems);
  if (problems.length > 0) throw new BadConfig(problems);
  config['publicUrl'] ??= `http://${config['host'] as string}:${config['port'] as number}`;
  return { ...config, ...(oidc === null ? {} : { oidc }) } as unknown as Config;
}

/** The sign-in of people; `null` when none of its variables is given. */
function oidcOf(env: Environment, problems: string[]): OidcConfig | null {
  if (!Object.keys(oidcVariables).some((name) => isGiven(env, name))) return null;
  const oidc = valuesOf(env, oidcVariables, requiredWithIssuer, problems);
  problems.push(...faultsBetween(oidc));
  return oidc as unknown as OidcConfig;
}

/** The values by field. Adds a line to `problems` for each fault. */
function valuesOf<Field extends string>(
  env: Environment,
  of: Readonly<Record<string, Variable<Field>>>,
  required: readonly Field[],
  problems: string[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { field, schema, fallback }] of Object.entries(of)) {
    const raw = given(env, name, problems) ?? fallback;
    if (raw === undefined) {
      if (required.includes(field)) problems.push(`${name}: set it, or ${name}_FILE`);
      continue;
    }
    const result = schema.safeParse(raw);
    if (result.success) values[field] = result.data;
    else problems.push(...result.error.issues.map(({ message }) => `${name}: ${message}`));
  }
  return values;
}

function isGiven(env: Environment, name: string): boolean {
  return Boolean(env[name]) || Boolean(env[`${name}_FILE`]);
}

function given(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  problems: string[],
): string | undefined {
  const direct = env[name];
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return direct === '' ? undefined : direct;
  if (direct !== undefined && direct !== '') {
    problems.push(`${name}: set it or ${name}_FILE, not both`);
    return undefined;
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    problems.push(`${name}_FILE: the file cannot be read`);
    return undefined;
  }
}

export interface ConfigRow {
  readonly name: string;
  readonly fallback: string;
  readonly meaning: string;
}

/** The rows of the configuration's documentation. */
export function configTable(): Readonly<Record<'everywhere' | 'services', readonly ConfigRow[]>> {
  const rows = (of: Readonly<Record<string, Variable<string>>>) =>
    Object.entries(of).map(([name, { fallback = '', meaning }]) => ({ name, fallback, meaning }));
  return { everywhere: [...rows(variables), ...rows(oidcVariables)], services: rows(serviceVariables) };
}
