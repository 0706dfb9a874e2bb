import { people, readerActivity, volumes } from '@readership/analytics';
import { decodeFact, defaultPolicy } from '@readership/contracts';
import { adaptersOver, openDriver, type EmbeddedAdapters, type SqlDriver } from '@readership/embedded';
import { ClosedBranches, Clock, Secrets } from '@readership/host';
import {
  branches,
  interaction,
  KnownBranches,
  OnReferenceFacts,
  publish as publishInteraction,
  Recorder,
  ReferenceMoves,
  referenced,
  references,
} from '@readership/interaction-log';
import {
  handle,
  OwnEventsConsumer,
  ownEvent,
  ProcessorGroup,
  reactionProcessor,
  Refusal,
  Relay,
  readModelProcessor,
  uuid5,
  type EventLog,
  type EventStore,
  type LogRecord,
  type Meta,
  type ReadModel,
  type ReadModels,
} from '@readership/kernel';
import {
  branch,
  Cards,
  patron,
  PatronCards,
  patronSearch,
  publish as publishPatron,
  registrationOf,
  Registrations,
} from '@readership/patron-profile';
import { crashing, type Life } from './crashing-driver.js';
import { askedAt, branchIds, type Wish } from './script.js';

const namespace = '2b1f7a52-5c6e-4d0f-9a40-0d5b7c1e9f11';
/** Small, so that the short histories here have jobs. */
const movesMax = 2;
const today = '2024-12-01';
const days = { today, lastDays: new Map<string, string>() };
const timeZone = 'Europe/London';
const secrets = new Secrets({
  masterKey: Buffer.alloc(32, 1),
  cardKey: Buffer.alloc(32, 2),
  linkKey: Buffer.alloc(32, 3),
  adminKey: 'key',
});

class NoonClock extends Clock {
  now(): Date {
    return new Date(`${today}T12:00:00Z`);
  }
}

/** What remains when a process stops. */
export class Databases {
  private readonly drivers = new Map<string, SqlDriver>();

  driver(name: string): SqlDriver {
    let driver = this.drivers.get(name);
    if (!driver) this.drivers.set(name, (driver = openDriver(':memory:')));
    return driver;
  }

  close(): void {
    for (const driver of this.drivers.values()) driver.close();
  }
}

/** Deliberate faults, to show that the simulator notices them. */
export interface Sabotage {
  readonly readModels?: (inner: ReadModels) => ReadModels;
  readonly relay?: (
    context: string,
    partition: number,
    store: EventStore,
    log: EventLog,
  ) => Pick<Relay, 'step'>;
}

export const logModels: Readonly<Record<string, readonly ReadModel<any>[]>> = {
  'interaction-log': [{ projection: branches }, { projection: references }, { projection: referenced }],
  analytics: [
    { projection: readerActivity(defaultPolicy, timeZone), tallies: [people(defaultPolicy)] },
    { tally: volumes(timeZone) },
  ],
};
export const ownModels: readonly ReadModel<any>[] = [{ projection: patronSearch }];

/** Everything of one process, made again over the databases of the one before. */
export class Process {
  readonly adapters: EmbeddedAdapters;
  readonly patrons: EventStore;
  readonly interactions: EventStore;
  readonly relays: readonly Pick<Relay, 'step'>[];
  readonly feed: OwnEventsConsumer<any>;
  /**
   * Each context has two groups that do not know of each other, like a new owner that begins before the old one has
   * ended.
   */
  readonly groups: Readonly<Record<string, readonly ProcessorGroup<LogRecord, any>[]>>;
  private readonly moves: ReferenceMoves;
  private readonly registrations: Registrations;
  private readonly patronCards: PatronCards;
  private readonly recorder: Recorder;

  constructor(
    databases: Databases,
    private readonly life: Life,
    readonly partitions: number,
    sabotage: Sabotage = {},
  ) {
    const adapters = adaptersOver((name) => crashing(databases.driver(name), life), {
      masterKey: secrets.masterKey,
      partitions,
    });
    this.adapters = adapters;
    const modelsOf = (context: string): ReadModels =>
      (sabotage.readModels ?? ((inner) => inner))(adapters.readModels(context));
    this.patrons = adapters.eventStore('patron-profile', publishPatron);
    this.interactions = adapters.eventStore('interaction-log', publishInteraction);
    const stores = { 'patron-profile': this.patrons, 'interaction-log': this.interactions };
    const relayOf = sabotage.relay ?? ((...of) => new Relay(...of));
    this.relays = Object.entries(stores).flatMap(([context, store]) =>
      Array.from({ length: partitions }, (_, partition) =>
        relayOf(context, partition, store, adapters.eventLog),
      ),
    );
    this.feed = new OwnEventsConsumer(
      'patron-profile',
      this.patrons,
      new ProcessorGroup(
        ownModels.map((model) => readModelProcessor<any, any>(model, modelsOf('patron-profile'))),
        ownEvent,
      ),
      7,
    );
    const moves = new ReferenceMoves(
      this.interactions,
      modelsOf('interaction-log'),
      adapters.jobQueue('interaction-log'),
      { movesMax },
    );
    this.moves = moves;
    const group = (context: string): ProcessorGroup<LogRecord, any> => {
      const models = modelsOf(context);
      const processors = logModels[context]!.map((model) =>
        readModelProcessor<LogRecord, any>(model, models),
      );
      const reactions =
        context === 'interaction-log'
          ? [reactionProcessor<LogRecord, any>(new OnReferenceFacts(models, moves), models)]
          : [];
      return new ProcessorGroup([...processors, ...reactions], decodeFact);
    };
    this.groups = Object.fromEntries(
      Object.keys(logModels).map((context) => [context, [group(context), group(context)]]),
    );
    const cards = new Cards(this.patrons, secrets);
    this.registrations = new Registrations(this.patrons, cards, secrets);
    this.patronCards = new PatronCards(this.patrons, cards, secrets);
    const models = modelsOf('interaction-log');
    this.recorder = new Recorder(
      this.interactions,
      models,
      new KnownBranches(models),
      new ClosedBranches(models),
      secrets,
      new NoonClock(),
    );
  }

  /** Runs the job that is due first. Resolves to false when there is none. */
  async runJob(): Promise<boolean> {
    const jobs = this.adapters.jobQueue('interaction-log');
    const { queue } = this.moves;
    const left = (await jobs.count(queue, 'waiting')) + (await jobs.count(queue, 'running'));
    if (left === 0) return false;
    const options = { attemptsMax: 1_000, backoffMs: 0 };
    // A worker that is stopped at once runs one job.
    await (await jobs.process(queue, (job) => this.moves.handle(job), options)).stop();
    this.life.mustLive();
    return true;
  }

  async addBranches(): Promise<void> {
    for (const id of branchIds) {
      const command = { type: 'AddBranch', branch: { id, name: id, library: 'CITY', timeZone } } as never;
      await handle(this.patrons, branch, id, command, metaOf(`branch ${id}`, 0));
    }
  }

  /**
   * Sends a wish like a client. A refusal is an answer too. `known` keeps the ids of persons and interactions from
   * earlier answers.
   */
  async ask(wish: Wish, index: number, known: Known): Promise<string> {
    try {
      return await this.carryOut(wish, metaOf(`wish ${index}`, index), known);
    } catch (error) {
      if (error instanceof Refusal && error.kind !== 'not-yet') return error.code;
      throw error;
    }
  }

  private async carryOut(wish: Wish, meta: Meta, known: Known): Promise<string> {
    if (wish.do === 'register') {
      const registration = registrationOf({
        cards: wish.cards.map(cardNumber),
        givenName: `Reader ${wish.person}`,
        familyName: 'Reader',
        homeBranch: branchIds[wish.person % branchIds.length]!,
        enrolledOn: '2023-05-01',
      });
      const [outcome] = (await this.registrations.register([registration], days, meta)).outcomes;
      if (outcome === undefined) return 'NOTHING';
      if (outcome.outcome === 'refused') return outcome.refusal.code;
      // Registering again with other cards makes another person. Later wishes mean the first one.
      if (!known.people.has(wish.person)) known.people.set(wish.person, outcome.id);
      known.named.set(outcome.id, `person of ${wish.person} ${wish.cards.join()}`);
      return 'registered';
    }
    if (wish.do === 'record') {
      const patronId = wish.person === undefined ? undefined : known.people.get(wish.person);
      if (wish.person !== undefined && patronId === undefined) return 'NOBODY';
      const recording = this.recorder.begin(meta, null);
      const read = recording.read({
        specversion: '1.0',
        type: 'org.readership.interaction.v1',
        source: '/sim',
        id: `item ${wish.item}`,
        time: wish.time,
        data: {
          kind: wish.kind,
          branch: wish.branch,
          ...(wish.card === undefined ? {} : { card: cardNumber(wish.card) }),
          ...(patronId === undefined ? {} : { patronId }),
        },
      });
      const [outcome] = await recording.append(await recording.prepare([read]));
      if (outcome!.outcome === 'refused') return outcome!.problems[0]!.code;
      known.items.set(wish.item, outcome!.id);
      return 'recorded';
    }
    if (wish.do === 'correct' || wish.do === 'withdraw' || wish.do === 'restore') {
      const id = known.items.get(wish.item);
      if (id === undefined) return 'NOTHING';
      const command =
        wish.do === 'correct'
          ? ({
              type: 'CorrectInteraction',
              changes: { time: wish.time, branch: wish.branch },
              reason: 'r',
            } as const)
          : ({
              type: wish.do === 'withdraw' ? 'WithdrawInteraction' : 'RestoreInteraction',
              reason: 'r',
            } as const);
      await handle(this.interactions, interaction, id, command, meta);
      return 'done';
    }
    const id = known.people.get(wish.person);
    if (id === undefined) return 'NOBODY';
    if (wish.do === 'give-card' || wish.do === 'take-card') {
      const numbers = [cardNumber(wish.card)];
      const change = wish.do === 'give-card' ? { add: numbers, remove: [] } : { add: [], remove: numbers };
      await this.patronCards.change(id, change, meta);
      return 'done';
    }
    const command =
      wish.do === 'move'
        ? ({ type: 'MovePatron', homeBranch: wish.branch, since: wish.since, today } as const)
        : wish.do === 'close'
          ? ({ type: 'ClosePatron', reason: 'request', on: wish.on, today } as const)
          : ({ type: 'ReopenPatron', on: wish.on, today } as const);
    await handle(this.patrons, patron, id, command as never, meta);
    return 'done';
  }
}

/** What clients were told. It outlives a process, because clients run elsewhere. */
export class Known {
  readonly people = new Map<number, string>();
  readonly items = new Map<number, string>();
  /** Ids differ between runs; two runs are compared by these names. */
  readonly named = new Map<string, string>();
}

function cardNumber(card: number): string {
  return `CARD${card}`;
}

/** The same request has the same id however often it is sent. */
function metaOf(request: string, index: number): Meta {
  return { commandId: uuid5(namespace, request), at: askedAt(index), actor: 'client' };
}
