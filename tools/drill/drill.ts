import type { ContextAudit } from '@readership/client';
import { contextNames } from '@readership/contracts';
import { deleteCluster, prepareCluster } from '@readership/cluster';
import { defaultPolicy } from '@readership/contracts';
import { loadSecrets, readConfig } from '@readership/host';
import type { LogRecord } from '@readership/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningCluster } from '../cluster/running-cluster.js';
import { parkedRecords, prepare, readBack, serves, settled } from '../faults/wait-until-idle.js';
import { Client } from '../faults/client.js';
import { gather, type Found } from '../faults/evidence.fixture.js';
import { expectedEvents } from '../faults/expectations.js';
import { figuresOf } from '../faults/figures.js';
import { directory, historyOf } from '../faults/history.js';
import { itemId, Ledger } from '../faults/ledger.js';
import {
  accountedFor,
  equalToHistory,
  equalToRefold,
  nothingElsePublished,
  storedOnce,
} from '../faults/oracles.js';
import { refolded } from '../faults/refold.js';
import { Topic } from '../faults/topic.js';
import { ask } from '../faults/traffic.js';
import { Databases, putTopic, soon, type DatabaseCopy, type TopicCopy } from './copies.js';

export interface Backup {
  readonly topic: TopicCopy;
  readonly databases: ReadonlyMap<string, DatabaseCopy>;
}

const { qualifying } = defaultPolicy;
const wishesPerSecond = 100;

/** A deployment that is backed up, lost and restored, and the state it must have afterwards. */
export class Drill {
  readonly ledger = new Ledger();
  readonly client: Client;
  private readonly topic: Topic;

  private constructor(
    readonly cluster: RunningCluster,
    readonly databases: Databases,
  ) {
    const { kafkaBrokers, namespace, partitions } = cluster.servers;
    this.client = new Client(cluster.url, cluster.key, this.ledger, qualifying);
    this.topic = new Topic(kafkaBrokers[0]!, `${namespace}.events`, partitions);
  }

  static async on(cluster: RunningCluster): Promise<Drill> {
    return new Drill(cluster, await Databases.of(cluster.servers));
  }

  /** Records a history of readers, interactions, answers and costs, and waits until every fact is acknowledged. */
  async record(seed: number, wishes: number): Promise<void> {
    await prepare(this.client, qualifying);
    const unknown = await ask(this.client, historyOf(seed, wishes), wishesPerSecond);
    if (unknown.length > 0) throw new Error('not everything was acknowledged');
    await settled(this.client);
  }

  copyTopic(): Promise<TopicCopy> {
    return this.topic.read();
  }

  /**
   * Copies the databases as of one moment, while facts are recorded. A replica set does that with a snapshot; here
   * every process is paused meanwhile, wherever it is.
   */
  async copyDatabases(held: () => void): Promise<Backup['databases']> {
    for (const replica of this.cluster.replicas) replica.signal('SIGSTOP');
    try {
      // By now every write that was sent is either stored or not.
      await pause(200);
      held();
      const copies = new Map<string, DatabaseCopy>();
      for (const context of contextNames) copies.set(context, await this.databases.copy(context));
      return copies;
    } finally {
      for (const replica of this.cluster.replicas) replica.signal('SIGCONT');
    }
  }

  async stopServices(): Promise<void> {
    for (const { code } of await Promise.all(this.cluster.replicas.map((replica) => replica.stop()))) {
      if (code !== 0) throw new Error('a service did not end in order');
    }
  }

  async startServices(): Promise<void> {
    for (const replica of this.cluster.replicas) replica.start();
    await Promise.all(this.cluster.replicas.map((replica) => replica.ready()));
  }

  /** Deletes databases and topic of the stopped services, as in a total loss. */
  async destroy(): Promise<void> {
    await soon(() => deleteCluster({ ...this.cluster.servers, contexts: contextNames }));
  }

  async restore({ topic, databases }: Backup): Promise<void> {
    const { servers } = this.cluster;
    await soon(() => prepareCluster({ ...servers, contexts: contextNames, replication: 1 }));
    for (const [context, copy] of databases) await this.databases.put(context, copy);
    await soon(() => putTopic(this.topic, topic));
  }

  accounts(): Promise<readonly ContextAudit[]> {
    return settled(this.client);
  }

  found(): Promise<Found> {
    const { secrets } = loadSecrets(readConfig({ READERSHIP_DATA: this.cluster.folder }));
    return gather(this.cluster.servers, secrets, this.topic);
  }

  /** What is wrong with what is stored, published and answered, according to the oracles of `tools/faults`. */
  async judged(): Promise<readonly string[]> {
    const { client, ledger } = this;
    const accounts = await this.accounts();
    const found = await this.found();
    // Requests without a known outcome belong to the history when their events were stored.
    const streams = new Set(found.events.map(({ stream }) => stream));
    const items = [...ledger.items.values()].filter(({ item }) =>
      streams.has(`interaction-${itemId(item.number)}`),
    );
    const taken = { ...found, records: found.records.map(following) };
    return [
      ...accountedFor(accounts, await parkedRecords(client)),
      ...storedOnce(found.events, expectedEvents(ledger)),
      ...nothingElsePublished(taken.records, found.events),
      ...equalToRefold(found.models, await refolded(taken, [])),
      ...(await readBack(client, ledger)),
      ...((await serves(client, ledger.windowMonths)) ? [] : ['the policy is another']),
      ...equalToHistory(await figuresOf(client, ledger, items, qualifying)),
    ];
  }

  async close(): Promise<void> {
    await this.databases.close();
  }
}

/**
 * The records that follow their context's last one. A relay that runs before the lane is moved back publishes what its
 * store has not published yet. Those records come before the missing ones on the topic, and again after them.
 */
function following(records: readonly LogRecord[]): readonly LogRecord[] {
  const lanes = new Map<string, number>();
  return records.filter(({ context, position, previous }) => {
    const follows = previous === (lanes.get(context) ?? 0) && position > previous;
    if (follows) lanes.set(context, position);
    return follows;
  });
}

/** Records visits long before the history, one after the other, until it is stopped. */
export class Trickle {
  /** Ids of the acknowledged visits, in order. */
  readonly acknowledged: string[] = [];
  private stopped = false;
  private readonly ended: Promise<void>;

  constructor(
    private readonly send: (visit: object) => Promise<unknown>,
    private readonly name: string,
  ) {
    this.ended = this.run();
    this.ended.catch(() => undefined);
  }

  /** Resolves once `more` further visits were acknowledged. */
  async goesOn(more: number): Promise<void> {
    for (const enough = this.acknowledged.length + more; this.acknowledged.length < enough;) {
      await Promise.race([this.ended, pause(10)]);
    }
  }

  stop(): Promise<void> {
    this.stopped = true;
    return this.ended;
  }

  private async run(): Promise<void> {
    for (let number = 1; !this.stopped; number++) {
      const id = `${this.name}-${number}`;
      await this.send(visit(id));
      this.acknowledged.push(id);
      await pause(5);
    }
  }
}

export function visit(id: string): object {
  return {
    specversion: '1.0',
    type: 'org.readership.interaction.v1',
    source: '/restore',
    id,
    time: '2015-05-06T10:00:00Z',
    data: { kind: 'visit', branch: directory.branches[0]!.id },
  };
}
