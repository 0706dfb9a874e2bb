import type { InteractionFact, PublishedEvent } from '@readership/contracts';
import { memoryAdapters } from '@readership/embedded';
import {
  fold,
  handle,
  readModelProcessor,
  start,
  type Adapters,
  type Delivered,
  type EventStore,
  type ReadModels,
} from '@readership/kernel';
import { randomUUID } from 'node:crypto';
import { interaction } from '../interaction.decider.js';
import { publish } from '../publish.js';
import type { ReferenceEvent } from './misplaced.js';
import { OnReferenceFacts } from './on-reference-facts.js';
import { referenced } from './referenced.projection.js';
import { references } from './references.projection.js';

const token = 'T'.repeat(43);
const ada = '0193a1b2-0000-7000-8000-00000000000a';
const now: InteractionFact = {
  time: '2024-03-31T09:15:00.000Z',
  kind: 'loan',
  branch: 'NORTH',
  quantity: 1,
  startedBy: 'patron',
  digital: false,
};
const at = '2024-06-01T12:00:00.000Z';

let adapters: Adapters;
let store: EventStore;
let models: ReadModels;
let reaction: OnReferenceFacts;
let offset: number;

/** Folds facts into the rows that the reaction reads. */
async function heard(facts: readonly ReferenceEvent[]): Promise<void> {
  const records = facts.map((event): Delivered & { event: ReferenceEvent } => {
    offset++;
    return {
      event,
      offset,
      context: 'test',
      position: offset,
      key: event.key,
      type: event.type,
      recordedAt: at,
    };
  });
  for (const projection of [references, referenced]) {
    const processor = readModelProcessor<(typeof records)[number], any>({ projection }, models);
    await processor.process(0, records, ({ event }) => event);
  }
}

const told = (type: ReferenceEvent['type'], data: object): ReferenceEvent =>
  ({ type, data, key: token, id: randomUUID(), recordedAt: at }) as unknown as ReferenceEvent;
const linked = () => told('CardLinked', { token, personId: ada });
const recordedFact = (id: string) => told('InteractionRecorded', { interaction: id, reference: token, now });

async function record(id: string, holder = token): Promise<void> {
  const command = { type: 'RecordInteraction', reference: token, holder, now, digest: 'd' } as const;
  await handle(store, interaction, id, command, { commandId: randomUUID(), at, actor: 'test' });
}

async function holders(...ids: readonly string[]): Promise<readonly string[]> {
  const folded = await Promise.all(ids.map((id) => fold(store, interaction, id)));
  return folded.map(({ state }) => (state.status === 'unknown' ? 'unknown' : state.holder));
}

beforeEach(() => {
  adapters = memoryAdapters();
  store = adapters.eventStore('interaction-log', publish);
  models = adapters.readModels('interaction-log');
  reaction = new OnReferenceFacts(store, models);
  offset = start.offset;
});
afterEach(() => adapters.close());

describe('a fact about a reference', () => {
  it('moves everything that came by it and is held by somebody else', async () => {
    const ids = Array.from({ length: 1_100 }, (_, n) => `i${n}`);
    for (const id of ids) await record(id);
    const facts = [...ids.map(recordedFact), linked()];
    await heard(facts);
    await reaction.react(facts.slice(-1));
    expect(new Set(await holders(...ids))).toEqual(new Set([ada]));
  });

  it('moves an interaction whose look-up was out of date', async () => {
    await record('i1');
    await heard([linked(), recordedFact('i1')]);
    await reaction.react([recordedFact('i1')]);
    expect(await holders('i1')).toEqual([ada]);
  });

  it('taken again, with all others or alone, changes nothing', async () => {
    await record('i1');
    const facts = [recordedFact('i1'), linked()];
    await heard(facts);
    await reaction.react(facts);
    const end = await store.end(0);
    await reaction.react(facts);
    await reaction.react(facts.slice(1));
    await new OnReferenceFacts(store, models).react(facts);
    expect(await store.end(0)).toBe(end);
  });

  it('leaves alone what belongs to whom it should, and what other keys tell', async () => {
    await record('i1', ada);
    const facts: ReferenceEvent[] = [
      linked(),
      told('Referenced', { interaction: 'i1', time: now.time, holder: ada }),
      { ...recordedFact('i1'), key: ada } as PublishedEvent<'InteractionRecorded'>,
    ];
    await heard(facts);
    const end = await store.end(0);
    await reaction.react(facts);
    expect(await store.end(0)).toBe(end);
  });

  it('is bearable when it names an interaction that is not here', async () => {
    const facts = [linked(), recordedFact('i9')];
    await heard(facts);
    await reaction.react(facts);
    expect(await holders('i9')).toEqual(['unknown']);
  });
});
