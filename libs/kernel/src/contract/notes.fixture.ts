import assert from 'node:assert/strict';
import { type AnyEvent, type Meta, type OutboxEntry, type Publish, type Stored } from '../event.js';
import type { Appended, EventStore } from '../ports/event-store.js';
import { Refusal } from '../refusal.js';
import { uuid, type ContractCase, type Fixture } from './contract.js';

/**
 * Its store uses `contractPublish` and remembers at most 16 data keys. The store that `reopen` makes may have another
 * clock, and it shows what was damaged.
 */
export interface EventStoreFixture extends Fixture<EventStore> {
  /** Every byte that the store keeps. */
  atRest(): Promise<Buffer>;
  /** Replaces a subject's stored key without the store's knowledge; `null` destroys it. */
  replaceKey(subject: string, wrapped: Buffer | null): Promise<void>;
  /** Changes the stored text of a stream's events without the store's knowledge, wherever it lies. */
  rewrite(stream: string, change: (body: string) => string): Promise<void>;
}

export type EventStoreCase = ContractCase<EventStoreFixture>;

export interface NoteBody {
  readonly n: number;
  /** Whom the event is about; defaults to the stream. */
  readonly key?: string;
  readonly subject?: string;
  readonly time?: string;
  readonly text?: string;
  /** Length of the published text. */
  readonly published?: number;
}

/** `Noted` publishes a fact, `Whispered` does not. */
export const contractPublish: Publish<any> = (event: AnyEvent, stream) => {
  const { n, key, subject, time, published } = event.data as NoteBody;
  const text = published === undefined ? {} : { text: 'x'.repeat(published) };
  return {
    key: key ?? stream,
    ...(subject === undefined ? {} : { subject }),
    fact:
      event.type === 'Whispered'
        ? null
        : { type: 'NoteTaken', schema: 3, data: { n, ...text }, ...(time === undefined ? {} : { time }) },
  };
};

export const noted = (n: number, more: Partial<NoteBody> = {}): AnyEvent => ({
  type: 'Noted',
  data: { n, ...more },
});
export const whispered = (n: number, more: Partial<NoteBody> = {}): AnyEvent => ({
  ...noted(n, more),
  type: 'Whispered',
});

export const at = '2026-03-01T10:00:00.000Z';
/** The metadata of command number `n`. */
export const metaOf = (n: number): Meta => ({ commandId: uuid(n), at, actor: 'contract' });

export async function wholeStream(store: EventStore, stream: string): Promise<Stored[]> {
  const events: Stored[] = [];
  for (let version = 0; ;) {
    const page = await store.load(stream, version);
    events.push(...page.events);
    if (!page.more) return events;
    assert.ok(page.version > version, 'a page leads on');
    version = page.version;
  }
}

export async function wholePartition(store: EventStore, partition: number, limit = 500): Promise<Stored[]> {
  const events: Stored[] = [];
  for (let after = 0; ;) {
    const page = await store.readPage(partition, after, limit);
    assert.ok(page.length <= limit, `a page of at most ${limit}`);
    if (page.length === 0) return events;
    events.push(...page);
    assert.ok(page.at(-1)!.position > after, 'a page leads on');
    after = page.at(-1)!.position;
  }
}

export async function wholeOutbox(store: EventStore, partition: number, limit = 500): Promise<OutboxEntry[]> {
  const entries: OutboxEntry[] = [];
  for (;;) {
    const page = await store.readOutbox(partition, entries.at(-1)?.position ?? 0, limit);
    assert.ok(page.length <= limit, `a page of at most ${limit}`);
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}

export const partitionsOf = (fixture: Fixture<unknown>) =>
  Array.from({ length: fixture.partitions }, (_, p) => p);

export const numbers = (events: readonly Stored[]) => events.map((event) => (event.data as NoteBody).n);
export const versions = (events: readonly Stored[]) => events.map((event) => event.version);

export async function refused(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(
    promise,
    (error) => error instanceof Refusal && error.code === code,
    `refused with ${code}`,
  );
}

export function taken(appended: Appended): Extract<Appended, { outcome: 'appended' }> {
  if (appended.outcome !== 'appended') assert.fail(`appended, not ${appended.outcome}`);
  return appended;
}

/** All events of all partitions, sorted by stream. */
export async function everything(fixture: EventStoreFixture): Promise<Stored[]> {
  return (await Promise.all(partitionsOf(fixture).map((p) => wholePartition(fixture.port, p)))).flat();
}
