import assert from 'node:assert/strict';
import fc from 'fast-check';
import { partitionOf } from '../partition.js';
import type { ListPage, RowChange } from '../ports/read-models.js';
import type { Maker } from './contract.js';
import { partitionsOf } from './notes.fixture.js';
import { parameters, type Tries } from './event-store-model.js';
import { batchOf, keysOf, type ReadModelsFixture } from './batches.fixture.js';

type Step =
  | {
      readonly do: 'commit';
      readonly model: number;
      readonly partition: number;
      /** Added to the checkpoint's `rev`: 0 is correct, anything else is stale. */
      readonly off: number;
      readonly rows: readonly (readonly [key: number, item: number | null, value: number | null])[];
      readonly cells: readonly (readonly [cell: number, n: number])[];
    }
  | { readonly do: 'drop'; readonly model: number }
  | { readonly do: 'reopen' };

const names = ['', 'a', 'ab', 'abc', 'b', 'ä', 'a%', 'B'];
const key = (n: number, item: number | null) => (item === null ? `k${n}` : `k${n}/${item}`);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('commit' as const),
        model: fc.nat(1),
        partition: fc.nat(11),
        off: fc.oneof(
          { weight: 6, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }) },
        ),
        rows: fc.array(fc.tuple(fc.nat(6), fc.option(fc.nat(3)), fc.option(fc.nat(names.length - 1))), {
          maxLength: 6,
        }),
        cells: fc.array(fc.tuple(fc.nat(5), fc.integer({ min: -3, max: 3 })), { maxLength: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.nat(1).map((model): Step => ({ do: 'drop', model })) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'reopen' }) },
  ),
  { maxLength: 20 },
);

/** The simplest model of what a read model must hold. */
interface PlainModel {
  readonly rows: Map<string, { readonly row: object; readonly names: readonly string[] }>;
  readonly cells: Map<string, number>;
  readonly checkpoints: Map<number, { readonly rev: number; readonly offset: number }>;
}

const empty = (): PlainModel => ({ rows: new Map(), cells: new Map(), checkpoints: new Map() });
const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Compares read models with maps over random histories. */
export async function readModelsModel(make: Maker<ReadModelsFixture>, tries: Tries): Promise<void> {
  const property = fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (history, limit) => {
    const fixture = await make();
    const plain = [empty(), empty()];
    const id = (model: number) => `model.v${model}`;
    try {
      for (const [n, step] of history.entries()) {
        if (step.do === 'reopen') await fixture.reopen();
        else if (step.do === 'drop') {
          await fixture.port.drop(id(step.model));
          plain[step.model] = empty();
        } else {
          const known = plain[step.model]!;
          const partition = step.partition % fixture.partitions;
          const at = known.checkpoints.get(partition) ?? { rev: 0, offset: 0 };
          const rows = new Map<string, RowChange>();
          for (const [k, item, value] of step.rows) {
            const rowKey = key(k, item);
            if (partitionOf(rowKey, fixture.partitions) !== partition) continue;
            const row = value === null ? null : { n, value };
            rows.set(rowKey, {
              row,
              indexes: value === null ? {} : { name: [names[value]!, `${names[value]!}b`] },
            });
          }
          const cells = new Map(step.cells.map(([cell, count]) => [`cell-${cell}`, count]));
          const from = Math.max(0, at.rev + step.off);
          // Some commits leave the offset where it is, like those that only unpark.
          const offset = at.offset + (n % 3);
          const outcome = await fixture.port.commit(
            id(step.model),
            partition,
            batchOf(from, offset, { rows, cells }),
          );
          assert.equal(outcome, from === at.rev ? 'committed' : 'stale');
          if (outcome === 'stale') continue;
          known.checkpoints.set(partition, { rev: at.rev + 1, offset });
          for (const [rowKey, { row, indexes }] of rows) {
            if (row === null) known.rows.delete(rowKey);
            else known.rows.set(rowKey, { row, names: indexes['name']! });
          }
          for (const [cell, count] of cells) known.cells.set(cell, (known.cells.get(cell) ?? 0) + count);
        }
      }
      for (const [model, known] of plain.entries()) {
        const { port } = fixture;
        const checkpoints = await port.checkpoints(id(model));
        for (const partition of partitionsOf(fixture)) {
          assert.deepEqual(checkpoints[partition], await port.checkpoint(id(model), partition));
          const { rev, offset } = checkpoints[partition]!;
          assert.deepEqual({ rev, offset }, known.checkpoints.get(partition) ?? { rev: 0, offset: 0 });
        }
        const keys = [...known.rows.keys()].sort(byCodeUnits);
        assert.deepEqual((await keysOf((page) => port.all(id(model), page), limit)).sort(byCodeUnits), keys);
        const rows = await port.getMany(id(model), keys);
        assert.deepEqual(
          keys.map((k) => rows.get(k)),
          keys.map((k) => known.rows.get(k)!.row),
        );
        for (const word of ['k0', 'k1', 'k2']) {
          const under = await keysOf((page) => port.under(id(model), word, page), limit);
          assert.deepEqual(
            under,
            keys.filter((k) => k.startsWith(`${word}/`)),
          );
          const back = (page: ListPage) => port.under(id(model), word, { ...page, descending: true });
          assert.deepEqual(await keysOf(back, limit), under.toReversed(), 'backwards');
        }
        for (const prefix of ['', 'a', 'ab', 'ä', 'zz']) {
          const found = await keysOf((page) => port.find(id(model), 'name', { prefix }, page), limit);
          const first = (k: string) =>
            known.rows
              .get(k)!
              .names.filter((value) => value.startsWith(prefix))
              .sort(byCodeUnits)[0];
          const wanted = keys.filter((k) => first(k) !== undefined);
          assert.deepEqual([...found].sort(byCodeUnits), wanted);
          assert.deepEqual(
            found.map(first),
            wanted.map(first).sort((a, b) => byCodeUnits(a!, b!)),
            'in value order',
          );
          const back = (page: ListPage) =>
            port.find(id(model), 'name', { prefix }, { ...page, descending: true });
          assert.deepEqual(await keysOf(back, limit), found.toReversed(), 'backwards');
        }
        const asked = [
          { from: 'cell-2', to: 'cell-4' },
          { from: 'cell-0', to: 'cell-1' },
          { from: 'cell-3', to: 'cell-5' },
        ];
        const cells = [...(await port.cells(id(model), asked))].filter(([, count]) => count !== 0);
        const inRange = [...known.cells].filter(
          ([cell, count]) => count !== 0 && asked.some(({ from, to }) => cell >= from && cell < to),
        );
        assert.deepEqual(new Map(cells), new Map(inRange));
      }
    } finally {
      await fixture.close();
    }
  });
  await fc.assert(property, parameters(tries) as fc.Parameters<[Step[], number]>);
}
