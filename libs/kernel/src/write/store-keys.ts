import { createHmac } from 'node:crypto';
import type { Stored } from '../event.js';
import { unwrapDataKey } from './sealing.js';

/** The keys that stored data depends on, 32 bytes each. */
export interface StoreKeys {
  /** Wraps the data keys of personal parts. */
  readonly masterKey: Buffer;
  /** Makes the tokens of card numbers, and the digests by which the same request is known again. */
  readonly cardKey: Buffer;
}

export type KeyName = keyof StoreKeys;

/** A keyed digest of a constant for each key: it tells two keys apart and says nothing of either. */
export type Fingerprints = Readonly<Partial<Record<KeyName, string>>>;

/** Whether the card key made what a stored event holds; `null` when the event holds nothing that a card key made. */
export type ProvesCardKey = (event: Stored, cardKey: Buffer) => boolean | null;

/** A context, as a composition opens its store. */
export interface ContextStore {
  readonly name: string;
  /** Absent: the context uses no card key. */
  readonly provesCardKey?: ProvesCardKey | undefined;
}

/** A store whose keys are to be compared. Reading it changes nothing. */
export interface KeyedStore {
  /** As an operator knows it: a file, or a database. */
  readonly name: string;
  readonly provesCardKey?: ProvesCardKey | undefined;
  /** Those that it has: none before they were first written. */
  fingerprints(): Promise<Fingerprints>;
  /** At most so many of its data keys, as they are stored. */
  dataKeys(limit: number): Promise<readonly { readonly subject: string; readonly wrapped: Uint8Array }[]>;
  /** All its events, in any order. */
  events(): AsyncIterable<Stored>;
}

/** What all stores of a deployment have in common. */
export type SharedFingerprints = Pick<KeyedStore, 'name' | 'fingerprints'>;

/** A store cannot be opened with what was given. The message is one line that names the store and what is wrong. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused';
}

export const keyNames = ['masterKey', 'cardKey'] as const satisfies readonly KeyName[];

const described: Readonly<Record<KeyName, { readonly words: string; readonly variable: string }>> = {
  masterKey: { words: 'master key', variable: 'READERSHIP_MASTER_KEY' },
  cardKey: { words: 'card key', variable: 'READERSHIP_CARD_KEY' },
};

/** One of them may be damaged: the key is wrong when it fits none of so many. */
const proofsMax = 100;

export function fingerprintsOf(keys: StoreKeys): Readonly<Record<KeyName, string>> {
  const of = (key: KeyName): string =>
    createHmac('sha256', keys[key]).update(`readership ${key}`).digest('base64url');
  return { masterKey: of('masterKey'), cardKey: of('cardKey') };
}

/**
 * Compares the keys with the fingerprints of the stores and of what they share, and answers the fingerprints that are to be
 * written: by store, and `shared`. Writes nothing. Throws `StoreRefused` when a store was made with another key.
 *
 * A store that is empty gets its fingerprints at once. One that has data and no fingerprints, from a release that wrote none,
 * gets that of a key after something stored was made with it: a data key opened, a card number gave its token. Where nothing
 * stored shows it, the store gets what another store of the deployment is known to be made with, or nothing until then.
 */
export async function newFingerprints<S extends KeyedStore>(
  keys: StoreKeys,
  stores: readonly S[],
  shared: SharedFingerprints,
): Promise<{ readonly stores: ReadonlyMap<S, Fingerprints>; readonly shared: Fingerprints }> {
  const own = fingerprintsOf(keys);
  const common = await shared.fingerprints();
  const stored = new Map<S, Fingerprints>();
  for (const store of stores) stored.set(store, await store.fingerprints());
  for (const key of keyNames) {
    for (const [{ name }, fingerprints] of stored) mustBe(own[key], fingerprints[key], name, key);
    mustBe(own[key], common[key], shared.name, key);
  }
  const written = new Map<S, Record<string, string>>(stores.map((store) => [store, {}]));
  const writtenShared: Record<string, string> = {};
  for (const key of keyNames) {
    const lacking = new Map<S, Proof>();
    for (const store of stores) {
      if (stored.get(store)![key] !== undefined) continue;
      const found = await proofs[key](store, keys);
      if (found === 'refuted') throw madeWithAnother(store.name, key);
      lacking.set(store, found);
    }
    const found = [...lacking.values()];
    const known = common[key] !== undefined || lacking.size < stores.length || found.includes('proved');
    for (const [store, proof] of lacking) {
      if (known || proof === 'empty') written.get(store)![key] = own[key];
    }
    if (common[key] === undefined && (known || found.every((proof) => proof === 'empty')))
      writtenShared[key] = own[key];
  }
  return { stores: written, shared: writtenShared };
}

function mustBe(own: string, stored: string | undefined, name: string, key: KeyName): void {
  if (stored !== undefined && stored !== own) throw madeWithAnother(name, key);
}

export function madeWithAnother(name: string, key: KeyName): StoreRefused {
  const { words, variable } = described[key];
  return new StoreRefused(
    `${name} was made with another ${words}: start with the original one (${variable}, or ${key} of keys.json).`,
  );
}

type Proof = 'proved' | 'refuted' | 'unproved' | 'empty';

const proofs: Readonly<Record<KeyName, (store: KeyedStore, keys: StoreKeys) => Promise<Proof>>> = {
  async masterKey(store, { masterKey }) {
    const found = await store.dataKeys(proofsMax);
    if (found.length === 0) return (await isEmpty(store)) ? 'empty' : 'unproved';
    return found.some(({ subject, wrapped }) => unwrapDataKey(masterKey, wrapped, subject) !== null)
      ? 'proved'
      : 'refuted';
  },

  async cardKey(store, { cardKey }) {
    const { provesCardKey } = store;
    if (!provesCardKey) return (await isEmpty(store)) ? 'empty' : 'unproved';
    let proof: Proof = 'empty';
    let refuting = 0;
    for await (const event of store.events()) {
      const proves = provesCardKey(event, cardKey);
      if (proves === true) return 'proved';
      if (proves === false && ++refuting === proofsMax) return 'refuted';
      if (proof !== 'refuted') proof = proves === false ? 'refuted' : 'unproved';
    }
    return proof;
  },
};

async function isEmpty(store: KeyedStore): Promise<boolean> {
  for await (const _ of store.events()) return false;
  return true;
}
