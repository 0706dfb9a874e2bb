import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { AnyEvent } from '../event.js';
import type { EventStore } from '../ports/event-store.js';
import { StoreRefused, type ContextStore, type StoreKeys } from '../write/store-keys.js';
import type { ContractCase, Fixture } from './contract.js';
import { metaOf } from './notes.fixture.js';

/** A context's store as a composition opens it with the given keys. */
export interface StoreOpening {
  open(keys: StoreKeys): Promise<{ readonly store: EventStore; close(): Promise<void> }>;
}

export interface StoreKeysFixture extends Fixture<StoreOpening> {
  /** Everything that is stored, as text, including settings with their names. */
  content(): Promise<string>;
  /** Removes the fingerprints, as if an earlier release had written the store. */
  forgetFingerprints(): Promise<void>;
  /** Sets the format number of the store. */
  setFormat(format: number): Promise<void>;
}

type Case = ContractCase<StoreKeysFixture>;

const keys: StoreKeys = { masterKey: Buffer.alloc(32, 11), cardKey: Buffer.alloc(32, 12) };
const otherMaster: StoreKeys = { ...keys, masterKey: Buffer.alloc(32, 13) };
const otherCard: StoreKeys = { ...keys, cardKey: Buffer.alloc(32, 14) };

const tokenOf = (card: string, { cardKey }: Pick<StoreKeys, 'cardKey'>): string =>
  createHmac('sha256', cardKey).update(card).digest('base64url');

const came: AnyEvent = { type: 'Came', data: {} };
const withCard: AnyEvent = {
  type: 'CardAdded',
  data: { token: tokenOf('A1', keys) },
  personal: { card: 'A1' },
};

/** The context whose store is opened. */
export const keyedContext: ContextStore = {
  name: 'contract',
  provesCardKey: ({ type, data, personal }, cardKey) =>
    type === 'CardAdded' && personal
      ? tokenOf((personal as { card: string }).card, { cardKey }) === (data as { token: string }).token
      : null,
};

async function opened(fixture: StoreKeysFixture, given: StoreKeys, ...events: AnyEvent[]): Promise<void> {
  const { store, close } = await fixture.port.open(given);
  try {
    for (const event of events) {
      const { version } = await store.load('reader-1');
      await store.append('reader-1', version, [event], metaOf(version + 1));
    }
    const { events: stored } = await store.load('reader-1');
    for (const { type, personal } of stored)
      if (type === 'CardAdded') assert.deepEqual(personal, withCard.personal);
  } finally {
    await close();
  }
}

/** Expects the opening to be refused in one line that matches `words`, and the stored content to stay as it is. */
async function refused(fixture: StoreKeysFixture, given: StoreKeys, words: RegExp): Promise<void> {
  const before = await fixture.content();
  await assert.rejects(fixture.port.open(given), (error: Error) => {
    assert.equal(error.name, StoreRefused.name);
    assert.match(error.message, words);
    assert.match(error.message, /contract/);
    assert.ok(!error.message.includes('\n'), 'it is one line');
    return true;
  });
  assert.equal(await fixture.content(), before);
}

async function othersRefused(fixture: StoreKeysFixture): Promise<void> {
  await refused(fixture, otherMaster, /another master key/);
  await refused(fixture, otherCard, /another card key/);
}

const fingerprint = /masterKey|cardKey/;

/** What each composition guarantees about the keys and the format of a store. */
export const storeKeysContract: readonly Case[] = [
  {
    name: 'an empty store is opened with the keys of its first start and with no others, and names the wrong one',
    async run(fixture) {
      await opened(fixture, keys);
      await othersRefused(fixture);
      await opened(fixture, keys);
    },
  },
  {
    name: 'a store with data is opened with the keys of its first start and with no others',
    async run(fixture) {
      await opened(fixture, keys, came, withCard);
      await othersRefused(fixture);
      await opened(fixture, keys);
    },
  },
  {
    name: 'a store without fingerprints gets those of the keys that made what it holds, and is refused with others',
    async run(fixture) {
      await opened(fixture, keys, came, withCard);
      await fixture.forgetFingerprints();
      assert.doesNotMatch(await fixture.content(), fingerprint);
      await othersRefused(fixture);
      await opened(fixture, keys);
      assert.match(await fixture.content(), fingerprint);
      await othersRefused(fixture);
    },
  },
  {
    name: 'a store with data that no key made gets no fingerprints before a key made something',
    async run(fixture) {
      await opened(fixture, otherCard, came);
      await fixture.forgetFingerprints();
      await opened(fixture, otherMaster);
      assert.doesNotMatch(await fixture.content(), fingerprint);
      await opened(fixture, keys, withCard);
      assert.doesNotMatch(await fixture.content(), fingerprint);
      await othersRefused(fixture);
      await opened(fixture, keys);
      assert.match(await fixture.content(), fingerprint);
    },
  },
  {
    name: 'a store of a format that the release does not know is refused',
    async run(fixture) {
      await opened(fixture, keys, came);
      for (const format of [99, -1]) {
        await fixture.setFormat(format);
        await refused(fixture, keys, new RegExp(`has format ${format}`));
      }
    },
  },
  {
    name: 'a store that an earlier release wrote is brought to this format once its keys were compared',
    async run(fixture) {
      await opened(fixture, keys, came, withCard);
      const now = await fixture.content();
      await fixture.forgetFingerprints();
      await fixture.setFormat(1);
      await othersRefused(fixture);
      await opened(fixture, keys);
      assert.equal(await fixture.content(), now);
      await othersRefused(fixture);
    },
  },
];
