import {
  decodePart,
  keyNames,
  madeWithAnother,
  newFingerprints,
  parseBody,
  StoreRefused,
  subjectsToUnseal,
  UnreadableEvents,
  type ContextStore,
  type Fingerprints,
  type KeyedStore,
  type Stored,
  type StoreKeys,
} from '@readership/kernel';
import { eventCollections } from './event-store/event-documents.js';
import { MongoDataKeys } from './event-store/mongo-data-keys.js';
import type { Collection, Database } from './mongo.js';

type SettingDoc = { _id: string; readonly value: number | string };

/**
 * Migrates the documents of a context from the format before to its own. It must not change once it was released. It
 * may run more than once, in several processes at a time, and while replicas of the release before go on.
 */
type Step = (database: Database) => Promise<void>;

/** The step at index n − 2 makes format n. Databases that store no format have format 1. */
const steps: readonly Step[] = [
  // Format 2 has the fingerprints of the keys, which `openStore` writes once the keys are proved. No document changes.
  async () => undefined,
];

const ownFormat = 1 + steps.length;

const settingsOf = (database: Database): Collection<SettingDoc> => database.collection('settings');

async function setting(database: Database, name: string): Promise<number | string | undefined> {
  return (await settingsOf(database).findOne({ _id: name }))?.value;
}

/** Stores a setting unless it exists. Resolves to the stored value, which is the first that was written. */
async function keep(database: Database, name: string, value: number | string): Promise<number | string> {
  await settingsOf(database).updateOne({ _id: name }, { $setOnInsert: { value } }, { upsert: true });
  return (await setting(database, name))!;
}

/**
 * The stored format; `null` when the database was not prepared. Throws `StoreRefused` for a format that this release
 * does not know.
 */
async function formatOf(database: Database, name: string): Promise<number | null> {
  const format = await setting(database, 'format');
  if (format === undefined) return (await setting(database, 'partitions')) === undefined ? null : 1;
  if (typeof format === 'number' && Number.isInteger(format) && format >= 1 && format <= ownFormat)
    return format;
  throw new StoreRefused(
    `${name} has format ${String(format)}, and this release knows formats up to ${ownFormat}: start the release that wrote it.`,
  );
}

function mustHave(partitions: number, stored: unknown, name: string): void {
  if (stored !== partitions)
    throw new StoreRefused(
      `${name} has ${String(stored)} partitions and cannot be opened with ${partitions}.`,
    );
}

/**
 * Stores the format and settings of a new database. A database of an earlier release is left to the services, which
 * have the keys.
 */
export async function prepareSettings(
  database: Database,
  partitions: number,
  name = 'The database',
): Promise<void> {
  if ((await formatOf(database, name)) === null) await keep(database, 'format', ownFormat);
  mustHave(partitions, await keep(database, 'partitions', partitions), name);
}

export interface OpenStore extends StoreKeys, Pick<ContextStore, 'provesCardKey'> {
  readonly partitions: number;
  /** Name of the context's database. */
  readonly name: string;
  /** The database with what all services of the deployment share. */
  readonly shared: Database;
  readonly sharedName: string;
}

/**
 * Makes a context's database ready for a service: stores the fingerprints of the keys if they are missing, and migrates
 * the documents of an earlier release. Rejects with `StoreRefused`, and has changed nothing then, when a key is not the
 * one that the database or the deployment was made with, or when its format is not known.
 */
export async function openStore(database: Database, options: OpenStore): Promise<void> {
  const { name, shared, sharedName, partitions } = options;
  const format = await formatOf(database, name);
  if (format === null) throw new StoreRefused(`${name} was not prepared: run readership prepare.`);
  mustHave(partitions, await setting(database, 'partitions'), name);
  const store = new MongoKeyedStore(database, options);
  const common = { name: sharedName, fingerprints: () => fingerprintsIn(shared) };
  const written = await newFingerprints(options, [store], common);
  for (let next = format + 1; next <= ownFormat; next++) {
    await steps[next - 2]!(database);
    await settingsOf(database).updateOne({ _id: 'format' }, { $set: { value: next } }, { upsert: true });
  }
  await keepFingerprints(shared, sharedName, written.shared);
  await keepFingerprints(database, name, written.stores.get(store)!);
}

/** Stores the fingerprints. If another process was first, its fingerprints must be the same. */
async function keepFingerprints(database: Database, name: string, fingerprints: Fingerprints): Promise<void> {
  for (const key of keyNames) {
    const own = fingerprints[key];
    if (own !== undefined && (await keep(database, key, own)) !== own) throw madeWithAnother(name, key);
  }
}

async function fingerprintsIn(database: Database): Promise<Fingerprints> {
  const found = await settingsOf(database)
    .find({ _id: { $in: [...keyNames] } })
    .toArray();
  return Object.fromEntries(found.map(({ _id, value }) => [_id, value])) as Fingerprints;
}

class MongoKeyedStore implements KeyedStore {
  readonly name: string;
  readonly provesCardKey: KeyedStore['provesCardKey'];
  private readonly masterKey: Buffer;

  constructor(
    private readonly database: Database,
    { name, provesCardKey, masterKey }: OpenStore,
  ) {
    this.name = name;
    this.provesCardKey = provesCardKey;
    this.masterKey = masterKey;
  }

  fingerprints(): Promise<Fingerprints> {
    return fingerprintsIn(this.database);
  }

  async dataKeys(limit: number): ReturnType<KeyedStore['dataKeys']> {
    const found = await eventCollections(this.database).keys.find().limit(limit).toArray();
    return found.map(({ _id, wrapped }) => ({ subject: _id, wrapped: Buffer.from(wrapped, 'base64') }));
  }

  /** Events of the commits as they were stored. Their order does not matter here, so pages are not read. */
  async *events(): AsyncIterable<Stored> {
    const { commits, keys } = eventCollections(this.database);
    const dataKeys = new MongoDataKeys(keys, this.masterKey);
    for await (const { stream, recordedAt, command: commandId, actor, parts } of commits.find()) {
      for (const part of parts) {
        const { partition, body } = part;
        const parsed = parseBody(body, part);
        const keyOf = await dataKeys.toOpen(subjectsToUnseal(parsed, stream));
        const events: Stored[] = [];
        const place = { stream, partition, position: 0, recordedAt, commandId, actor };
        decodePart(place, parsed, { keyOf, unreadable: new UnreadableEvents() }, events);
        yield* events;
      }
    }
  }
}
