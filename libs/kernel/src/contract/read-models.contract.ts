import assert from 'node:assert/strict';
import { start } from '../ports/read-models.js';
import { partitionsOf } from './notes.fixture.js';
import { readModelsBackwardsCases } from './read-models-backwards.contract.js';
import { readModelsListCases } from './read-models-lists.contract.js';
import {
  batchOf,
  cellsOf,
  checkpointAt,
  keysOf,
  model,
  near,
  parkedAt,
  rowsOf,
  stateOf,
  upTo,
  type ReadModelsCase,
} from './batches.fixture.js';

export const readModelsContract: readonly ReadModelsCase[] = [
  {
    name: 'a checkpoint begins before everything',
    async run(fixture) {
      assert.equal(fixture.port.partitions, fixture.partitions);
      for (const p of partitionsOf(fixture)) assert.deepEqual(await fixture.port.checkpoint(model, p), start);
      assert.deepEqual(
        await fixture.port.checkpoints(model),
        partitionsOf(fixture).map(() => start),
      );
      assert.deepEqual([...(await fixture.port.models())], []);
      assert.equal(await fixture.port.get(model, 'k'), null);
      assert.deepEqual(await cellsOf(fixture.port), {});
    },
  },
  {
    name: 'what commit stored is seen by every later read: rows, cells, parked records and checkpoint',
    async run(fixture) {
      const { port } = fixture;
      const key = near(fixture, 'k');
      const row = { text: 'Ünïcødé "quoted" \u2028 😀', nested: [1.5, null, { deep: true }], empty: {} };
      const batch = batchOf(0, 7, {
        rows: rowsOf({ [key]: row }, () => ['Ada']),
        cells: new Map([
          ['visits', 3],
          ['loans', -1],
        ]),
        parked: [parkedAt(6)],
      });
      assert.equal(await port.commit(model, 0, batch), 'committed');
      assert.deepEqual(await port.get(model, key), row);
      assert.deepEqual([...(await port.getMany(model, [key, 'absent']))], [[key, row]]);
      assert.deepEqual(await keysOf((page) => port.find(model, 'name', { value: 'Ada' }, page), 5), [key]);
      assert.deepEqual(await cellsOf(port), { visits: 3, loans: -1 });
      assert.deepEqual(await port.parked(model, 0, { limit: 9 }), [parkedAt(6)]);
      assert.deepEqual(await port.checkpoint(model, 0), checkpointAt(1, 7));
    },
  },
  {
    name: 'what was committed is durable',
    async run(fixture) {
      const key = near(fixture, 'k');
      const rows = rowsOf({ [key]: { n: 1 } }, () => ['Ada']);
      await fixture.port.commit(
        model,
        0,
        batchOf(0, 3, { rows, cells: new Map([['visits', 3]]), parked: [parkedAt(2)] }),
      );
      const before = await stateOf(fixture);
      await fixture.reopen();
      assert.deepEqual(await stateOf(fixture), before);
      assert.deepEqual(await fixture.port.get(model, key), { n: 1 });
      assert.deepEqual([...(await fixture.port.models())], [model]);
      assert.equal(await fixture.port.commit(model, 0, batchOf(1, 4)), 'committed');
    },
  },
  {
    name: 'when the rev of the checkpoint is not from, commit answers stale and changes nothing',
    async run(fixture) {
      const key = near(fixture, 'k');
      const change = (n: number) => ({
        rows: rowsOf({ [key]: { n } }, () => [`name ${n}`]),
        cells: new Map([['visits', n]]),
        parked: [parkedAt(100 + n)],
      });
      assert.equal(await fixture.port.commit(model, 0, batchOf(5, 6, change(1))), 'stale');
      await fixture.port.commit(model, 0, batchOf(0, 3, change(2)));
      const before = await stateOf(fixture);
      for (const from of [0, 2, 3]) {
        assert.equal(
          await fixture.port.commit(model, 0, batchOf(from, 9, change(7))),
          'stale',
          `from ${from}`,
        );
      }
      assert.deepEqual(await stateOf(fixture), before);
      await fixture.reopen();
      assert.equal(await fixture.port.commit(model, 0, batchOf(0, 9, change(7))), 'stale');
      assert.deepEqual(await stateOf(fixture), before);
    },
  },
  {
    name: 'every commit raises rev by one, also one that leaves the offset where it is, and what was made before is stale',
    async run(fixture) {
      const { port } = fixture;
      await port.commit(model, 0, batchOf(0, 5, { parked: [parkedAt(3)] }));
      const old = await port.checkpoint(model, 0);
      const stale = batchOf(old.rev, 6, { cells: new Map([['visits', 1]]) });
      const unparking = batchOf(old.rev, 5, { unparked: [3], cells: new Map([['visits', 2]]) });
      assert.equal(await port.commit(model, 0, unparking), 'committed');
      assert.equal(await port.commit(model, 0, stale), 'stale');
      const parking = batchOf(old.rev + 1, 5, { parked: [parkedAt(4)] });
      assert.equal(await port.commit(model, 0, parking), 'committed');
      assert.equal(await port.commit(model, 0, { ...stale, from: old.rev + 1 }), 'stale');
      assert.deepEqual(await port.checkpoint(model, 0), checkpointAt(old.rev + 2, 5));
      await fixture.reopen();
      assert.deepEqual(await fixture.port.checkpoint(model, 0), checkpointAt(old.rev + 2, 5));
      assert.equal(await fixture.port.commit(model, 0, stale), 'stale');
      assert.deepEqual(await cellsOf(fixture.port), { visits: 2 });
      assert.equal(await fixture.port.commit(model, 0, { ...stale, from: old.rev + 2 }), 'committed');
    },
  },
  {
    name: 'of two owners who commit from one checkpoint one is refused',
    async run(fixture) {
      const key = near(fixture, 'k');
      const outcomes = await Promise.all(
        upTo(6).map((n) =>
          fixture.port.commit(
            model,
            0,
            batchOf(0, 10 + n, { rows: rowsOf({ [key]: { n } }), cells: new Map([['c', 1]]) }),
          ),
        ),
      );
      const winners = outcomes.flatMap((outcome, n) => (outcome === 'committed' ? [n] : []));
      assert.equal(winners.length, 1);
      assert.deepEqual(await fixture.port.get(model, key), { n: winners[0] });
      assert.deepEqual(await cellsOf(fixture.port), { c: 1 });
      assert.equal((await fixture.port.checkpoint(model, 0)).offset, 10 + winners[0]!);
    },
  },
  {
    name: 'a commit is all or nothing',
    async run(fixture) {
      await fixture.port.commit(model, 0, batchOf(0, 1, { cells: new Map([['visits', 1]]) }));
      const before = await stateOf(fixture);
      const unwritable = {
        toJSON() {
          throw new Error('a row that cannot be written');
        },
      };
      const [good, bad] = [near(fixture, 'good'), near(fixture, 'bad')];
      const batch = batchOf(1, 5, {
        rows: rowsOf({ [good]: { n: 1 }, [bad]: unwritable }, () => ['Ada']),
        cells: new Map([['visits', 5]]),
        parked: [parkedAt(4)],
      });
      await assert.rejects(fixture.port.commit(model, 0, batch));
      assert.deepEqual(await stateOf(fixture), before);
      await fixture.reopen();
      assert.deepEqual(await stateOf(fixture), before);
      assert.equal(
        await fixture.port.commit(model, 0, { ...batch, rows: rowsOf({ [good]: { n: 1 } }) }),
        'committed',
      );
      assert.deepEqual(await cellsOf(fixture.port), { visits: 6 });
    },
  },
  {
    name: 'a row is replaced or deleted, and its index values with it',
    async run(fixture) {
      const key = near(fixture, 'k');
      const names = (prefix: string) =>
        keysOf((page) => fixture.port.find(model, 'name', { prefix }, page), 9);
      await fixture.port.commit(
        model,
        0,
        batchOf(0, 1, { rows: rowsOf({ [key]: { n: 1 } }, () => ['Ada', 'Lovelace']) }),
      );
      await fixture.port.commit(
        model,
        0,
        batchOf(1, 2, { rows: rowsOf({ [key]: { n: 2 } }, () => ['Ada', 'Byron']) }),
      );
      assert.deepEqual(await fixture.port.get(model, key), { n: 2 });
      assert.deepEqual([await names('Ada'), await names('Love'), await names('Byr')], [[key], [], [key]]);
      await fixture.port.commit(model, 0, batchOf(2, 3, { rows: rowsOf({ [key]: null }) }));
      assert.equal(await fixture.port.get(model, key), null);
      assert.equal((await fixture.port.getMany(model, [key])).size, 0);
      assert.deepEqual([await names(''), await keysOf((page) => fixture.port.all(model, page), 9)], [[], []]);
      await fixture.port.commit(model, 0, batchOf(3, 4, { rows: rowsOf({ [key]: { n: 3 } }) }));
      assert.deepEqual(await fixture.port.get(model, key), { n: 3 });
      assert.deepEqual(await names(''), []);
    },
  },
  {
    name: 'cells are sums over the partitions',
    async run(fixture) {
      for (const p of partitionsOf(fixture)) {
        const cells = new Map([
          ['a|2026', 2 + p],
          ['a|2027', -1],
          ['b', 5],
          ['z', 1],
        ]);
        await fixture.port.commit(model, p, batchOf(0, 1, { cells }));
        await fixture.port.commit(
          model,
          p,
          batchOf(1, 2, {
            cells: new Map([
              ['b', -5],
              ['a|2026', 1],
            ]),
          }),
        );
      }
      const n = fixture.partitions;
      const sums = { 'a|2026': 3 * n + (n * (n - 1)) / 2, 'a|2027': -n, z: n };
      assert.deepEqual(await cellsOf(fixture.port), sums);
      await fixture.reopen();
      assert.deepEqual(await cellsOf(fixture.port), sums);
      assert.equal((await fixture.port.cells(model, [{ from: 'b', to: 'c' }])).get('b') ?? 0, 0);
    },
  },
  {
    name: 'partitions have checkpoints and parked records of their own',
    async run(fixture) {
      for (const p of partitionsOf(fixture)) {
        await fixture.port.commit(model, p, batchOf(0, 10 + p, { parked: [parkedAt(5 + p)] }));
      }
      assert.deepEqual(
        await fixture.port.checkpoints(model),
        partitionsOf(fixture).map((p) => checkpointAt(1, 10 + p)),
      );
      for (const p of partitionsOf(fixture)) {
        assert.deepEqual(await fixture.port.checkpoint(model, p), checkpointAt(1, 10 + p));
        assert.deepEqual(await fixture.port.parked(model, p, { limit: 9 }), [parkedAt(5 + p)]);
      }
    },
  },
  {
    name: 'checkpoints are those of every partition, also of one that nothing was committed to',
    async run(fixture) {
      const { partitions } = fixture;
      const last = partitions - 1;
      await fixture.port.commit(model, last, batchOf(0, 10));
      await fixture.port.commit('readers.v10', 0, batchOf(0, 20));
      const expected = partitionsOf(fixture).map((p) => (p === last ? checkpointAt(1, 10) : start));
      assert.deepEqual(await fixture.port.checkpoints(model), expected);
      await fixture.port.commit(model, last, batchOf(1, 11));
      await fixture.reopen();
      assert.deepEqual(await fixture.port.checkpoints(model), [
        ...expected.slice(0, last),
        checkpointAt(2, 11),
      ]);
    },
  },
  {
    name: 'drop forgets rows, cells, parked records and checkpoints of one model, also when called again',
    async run(fixture) {
      const key = near(fixture, 'k');
      for (const name of [model, 'readers.v2']) {
        const rows = rowsOf({ [key]: { of: name } }, () => ['Ada']);
        await fixture.port.commit(
          name,
          0,
          batchOf(0, 3, { rows, cells: new Map([['c', 1]]), parked: [parkedAt(2)] }),
        );
      }
      const other = await stateOf(fixture, 'readers.v2');
      assert.deepEqual([...(await fixture.port.models())].sort(), [model, 'readers.v2']);
      await fixture.port.drop(model);
      await fixture.port.drop(model);
      await fixture.reopen();
      await fixture.port.drop(model);
      const empty = await stateOf(fixture, 'never.v1');
      assert.deepEqual(await stateOf(fixture), empty);
      assert.deepEqual([...(await fixture.port.models())], ['readers.v2']);
      assert.deepEqual(await stateOf(fixture, 'readers.v2'), other);
      assert.equal(await fixture.port.commit(model, 0, batchOf(0, 1)), 'committed');
    },
  },
  ...readModelsListCases,
  ...readModelsBackwardsCases,
];
