import { claimPorts, up } from '#servers';
import { deleteCluster, prepareCluster, type ClusterServers } from '@readership/cluster';
import { contextNames, type ContextName } from '@readership/contracts';
import { loadSecrets, readConfig, type Secrets } from '@readership/host';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Gateway } from './gateway.js';
import { Replica } from './replica.js';

export const root = join(
  import.meta.dirname,
  import.meta.dirname.endsWith('dist/cluster') ? '../../..' : '../..',
);

export interface ClusterShape {
  /** Name of the deployment on the servers; by default a new one, for a test. */
  readonly namespace?: string;
  readonly partitions?: number;
  /** Processes per service; one by default. */
  readonly replicas?: Readonly<Partial<Record<ContextName, number>>>;
  /** Folder of keys, ports and logs; by default a temporary one. */
  readonly folder?: string;
  /** Folder of the servers; defaults to that of `tools/backends`. */
  readonly serversFolder?: string;
  /** Port of the gateway; by default a free one. */
  readonly port?: number;
  readonly logLevel?: 'debug' | 'info' | 'warn';
  /** Requests per second of one key. */
  readonly ratePerSecond?: number;
  /** Further environment variables of the services, which override the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The four services as processes on the servers of `tools/backends`, behind one address. It needs the build. */
export class RunningCluster {
  private constructor(
    readonly url: string,
    /** The access key for everything. */
    readonly key: string,
    /** True when the key was made by this start. */
    readonly keyIsNew: boolean,
    readonly folder: string,
    readonly servers: ClusterServers,
    readonly replicas: readonly Replica[],
    readonly gateway: Gateway,
    private readonly folderIsTemporary: boolean,
  ) {}

  /** Resolves when every replica accepts traffic. When one cannot be started, the others are ended again. */
  static async start(shape: ClusterShape = {}): Promise<RunningCluster> {
    const folder = resolve(shape.folder ?? mkdtempSync(join(tmpdir(), 'readership-cluster-')));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { mongodb, kafka, redis } = await up(
      shape.serversFolder === undefined ? {} : { folder: shape.serversFolder },
    );
    const servers: ClusterServers = {
      mongoUrl: mongodb,
      kafkaBrokers: [kafka],
      redisUrl: redis,
      namespace: shape.namespace ?? `test-${randomBytes(6).toString('hex')}`,
      partitions: shape.partitions ?? 3,
    };
    await prepareCluster({ ...servers, contexts: contextNames, replication: 1 });
    const { secrets, adminKeyIsNew } = loadSecrets(readConfig({ READERSHIP_DATA: folder }));
    const names = contextNames.flatMap((service) =>
      Array.from({ length: shape.replicas?.[service] ?? 1 }, (_, i) => ({ service, number: i + 1 })),
    );
    const ports = await claimPorts(folder, ['gateway', ...names.map(keyOf)]);
    const port = shape.port ?? ports['gateway']!;
    const environment = environmentOf(servers, secrets, `http://127.0.0.1:${port}`, shape);
    const replicas = names.map(
      ({ service, number }) =>
        new Replica(service, number, ports[keyOf({ service, number })]!, {
          file: process.execPath,
          args: [join(root, 'apps', service, 'bundle/main.js')],
          env: { ...environment, READERSHIP_PORT: String(ports[keyOf({ service, number })]) },
          log: join(folder, `${service}-${number}.log`),
        }),
    );
    try {
      for (const replica of replicas) replica.start();
      await Promise.all(replicas.map((replica) => replica.ready()));
      const gateway = await Gateway.before(replicas, { root, port, log: join(folder, 'gateway.log') });
      return new RunningCluster(
        gateway.url,
        secrets.adminKey,
        adminKeyIsNew,
        folder,
        servers,
        replicas,
        gateway,
        shape.folder === undefined,
      );
    } catch (error) {
      await Promise.all(replicas.map((replica) => replica.stop()));
      throw error;
    }
  }

  of(service: ContextName): readonly Replica[] {
    return this.replicas.filter((replica) => replica.service === service);
  }

  /** Ends everything in order. Resolves to the names of those that had to be killed or failed. */
  async stop(): Promise<readonly string[]> {
    await this.gateway.stop();
    this.gateway.forget();
    const exits = await Promise.all(
      this.replicas.map(async (replica) => ({ replica, running: replica.pid, exit: await replica.stop() })),
    );
    return exits
      .filter(({ running, exit }) => running !== undefined && exit.code !== 0)
      .map(({ replica }) => replica.name);
  }

  /**
   * Deletes everything that a stopped cluster left on the servers, and its folder if that is temporary. Rejects, and
   * deletes nothing, while one of its services runs.
   */
  async forget(): Promise<void> {
    const running = this.replicas.filter(({ pid }) => pid !== undefined).map(({ name }) => name);
    if (running.length > 0) throw new Error(`Stop ${running.join(', ')} first: nothing was deleted.`);
    await deleteCluster({ ...this.servers, contexts: contextNames });
    if (this.folderIsTemporary) rmSync(this.folder, { recursive: true, force: true });
  }
}

function keyOf({ service, number }: { readonly service: ContextName; readonly number: number }): string {
  return `${service}-${number}`;
}

function environmentOf(
  servers: ClusterServers,
  secrets: Secrets,
  publicUrl: string,
  { logLevel = 'info', ratePerSecond = 2_000, settings = {} }: ClusterShape,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    LOG_LEVEL: logLevel,
    READERSHIP_HOST: '127.0.0.1',
    READERSHIP_PUBLIC_URL: publicUrl,
    READERSHIP_RATE_PER_SECOND: String(ratePerSecond),
    READERSHIP_MONGODB_URL: servers.mongoUrl,
    READERSHIP_KAFKA_BROKERS: servers.kafkaBrokers.join(','),
    READERSHIP_REDIS_URL: servers.redisUrl,
    READERSHIP_PARTITIONS: String(servers.partitions),
    READERSHIP_NAMESPACE: servers.namespace,
    READERSHIP_ADMIN_KEY: secrets.adminKey,
    READERSHIP_MASTER_KEY: secrets.masterKey.toString('base64'),
    READERSHIP_CARD_KEY: secrets.cardKey.toString('base64'),
    READERSHIP_LINK_KEY: secrets.linkKey.toString('base64'),
    ...settings,
  };
}
