import assert from 'node:assert/strict';
import { partitionOf } from '../partition.js';
import {
  type Batch,
  type Checkpoint,
  type Page,
  type Parked,
  type ReadModels,
  type RowChange,
} from '../ports/read-models.js';
import { partitionsOf } from './notes.fixture.js';
import type { ContractCase, Fixture } from './contract.js';

export type ReadModelsFixture = Fixture<ReadModels>;
export type ReadModelsCase = ContractCase<ReadModelsFixture>;

export const model = 'readers.v1';

export function checkpointAt(rev: number, offset: number): Checkpoint {
  return {
    rev,
    offset,
    lanes: { profile: offset, feedback: 2 * offset },
    recordedAt: '2026-03-01T10:00:00.000Z',
    applied: offset,
    skipped: 1,
    parked: 0,
  };
}

/** A batch from a checkpoint's `rev` to an offset. */
export function batchOf(from: number, to: number, more: Partial<Batch> = {}): Batch {
  return {
    from,
    to: checkpointAt(from + 1, to),
    rows: new Map(),
    cells: new Map(),
    parked: [],
    unparked: [],
    ...more,
  };
}

export const rowsOf = (
  rows: Record<string, object | null>,
  values: (key: string) => readonly string[] = () => [],
) =>
  new Map<string, RowChange>(
    Object.entries(rows).map(([key, row]) => [
      key,
      { row, indexes: row === null ? {} : { name: values(key) } },
    ]),
  );

export const parkedAt = (offset: number, key = 'k'): Parked => ({
  key,
  offset,
  context: 'profile',
  position: offset,
  type: 'Noted',
  reason: 'CANNOT_APPLY',
});

/** Commits one batch per partition, with the rows whose keys lie in it. */
export async function fill(
  fixture: ReadModelsFixture,
  from: number,
  rows: ReadonlyMap<string, RowChange>,
  of = model,
) {
  for (const partition of partitionsOf(fixture)) {
    const own = [...rows].filter(([key]) => partitionOf(key, fixture.partitions) === partition);
    assert.equal(
      await fixture.port.commit(of, partition, batchOf(from, from + 1, { rows: new Map(own) })),
      'committed',
    );
  }
}

export type Asked = { after?: string; limit: number };

/** The keys of all pages. `between` may change something between two pages. */
export async function keysOf(
  read: (page: Asked) => Promise<Page<object>>,
  limit: number,
  between: (page: number) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const keys: string[] = [];
  for (let page = 1, after: string | null = null; ; page++) {
    const { rows, next }: Page<object> = await read({ limit, ...(after === null ? {} : { after }) });
    assert.ok(rows.length <= limit, `a page of at most ${limit}`);
    keys.push(...rows.map(({ key }) => key));
    if (next === null) return keys;
    assert.ok(page < 1000, 'a list ends');
    assert.notEqual(next, after, 'a page leads on');
    after = next;
    await between(page);
  }
}

export const everyCell = { from: '', to: '\uffff' } as const;

export const cellsOf = async (port: ReadModels, of = model) =>
  Object.fromEntries([...(await port.cells(of, [everyCell]))].filter(([, n]) => n !== 0));

/** The whole content of a model, to compare before and after. */
export async function stateOf(fixture: ReadModelsFixture, of = model): Promise<unknown> {
  const rows: unknown[] = [];
  for (const key of await keysOf((page) => fixture.port.all(of, page), 100))
    rows.push([key, await fixture.port.get(of, key)]);
  return {
    rows: rows.sort(),
    cells: await cellsOf(fixture.port, of),
    checkpoints: await Promise.all(partitionsOf(fixture).map((p) => fixture.port.checkpoint(of, p))),
    parked: await Promise.all(partitionsOf(fixture).map((p) => fixture.port.parked(of, p, { limit: 100 }))),
    found: await keysOf((page) => fixture.port.find(of, 'name', { prefix: '' }, page), 100),
  };
}

/** A key that lies in partition 0. */
export const near = (fixture: ReadModelsFixture, word: string) => {
  for (let n = 0; ; n++) if (partitionOf(`${word}${n}`, fixture.partitions) === 0) return `${word}${n}`;
};

export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
