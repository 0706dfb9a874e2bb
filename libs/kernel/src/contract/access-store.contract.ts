import assert from 'node:assert/strict';
import type { AccessStore } from '../ports/access-store.js';
import type { ContractCase, Fixture } from './contract.js';

export interface AccessStoreFixture extends Fixture<AccessStore> {
  /** The same database as another process of the deployment sees it. */
  other(): Promise<AccessStore>;
}

type Case = ContractCase<AccessStoreFixture>;

const body = (text: string): string => JSON.stringify({ text });

/** What every access database guarantees. */
export const accessStoreContract: readonly Case[] = [
  {
    name: 'what was put is read as it was put, here and elsewhere, and survives',
    async run(fixture) {
      const other = await fixture.other();
      assert.equal(await other.get('k1'), null);
      assert.equal(await fixture.port.put('k1', 0, body('Ünïcode 漢字 "quoted"')), true);
      const expected = { id: 'k1', rev: 1, body: body('Ünïcode 漢字 "quoted"') };
      assert.deepEqual(await fixture.port.get('k1'), expected);
      assert.deepEqual(await other.get('k1'), expected);
      await fixture.reopen();
      assert.deepEqual(await fixture.port.get('k1'), expected);
      assert.equal(await fixture.port.get('k'), null);
      assert.equal(await fixture.port.get('K1'), null);
    },
  },
  {
    name: 'a record is made once, whoever is first',
    async run(fixture) {
      const other = await fixture.other();
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? fixture.port : other).put('k1', 0, body(`${n}`))),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      const { rev, body: stored } = (await other.get('k1'))!;
      assert.deepEqual([rev, stored], [1, body(`${outcomes.indexOf(true)}`)]);
    },
  },
  {
    name: 'a record is replaced only in the revision that its writer has read',
    async run(fixture) {
      const other = await fixture.other();
      await fixture.port.put('k1', 0, body('one'));
      assert.equal(await other.put('k1', 1, body('two')), true);
      assert.equal(await fixture.port.put('k1', 1, body('three')), false);
      assert.equal(await fixture.port.put('k1', 3, body('three')), false);
      assert.equal(await fixture.port.put('k2', 1, body('three')), false);
      assert.deepEqual(await fixture.port.get('k1'), { id: 'k1', rev: 2, body: body('two') });
      assert.equal(await fixture.port.get('k2'), null);
      assert.equal(await fixture.port.put('k1', 2, body('three')), true);
      assert.deepEqual(await other.get('k1'), { id: 'k1', rev: 3, body: body('three') });
    },
  },
  {
    name: 'exactly the record that was read is removed, once, and can be made again',
    async run(fixture) {
      const other = await fixture.other();
      const before = { id: 'k1', rev: 1, body: body('one') };
      assert.equal(await fixture.port.remove(before), false);
      await fixture.port.put('k1', 0, body('one'));
      await fixture.port.put('k10', 0, body('one'));
      for (const another of [{ rev: 2 }, { body: body('two') }, { id: 'K1' }]) {
        assert.equal(await other.remove({ ...before, ...another }), false);
      }
      assert.deepEqual(await fixture.port.get('k1'), before);
      const outcomes = await Promise.all(
        [fixture.port, other, fixture.port].map((port) => port.remove(before)),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      await fixture.reopen();
      assert.equal(await fixture.port.get('k1'), null);
      assert.deepEqual(
        (await fixture.port.list({ limit: 10 })).map(({ id }) => id),
        ['k10'],
      );
      assert.equal(await fixture.port.put('k1', 1, body('late')), false);
      assert.equal(await fixture.port.put('k1', 0, body('again')), true);
      assert.equal(await fixture.port.remove(before), false, 'it is another record with the same revision');
      await fixture.port.put('k1', 1, body('again'));
      assert.equal(await fixture.port.remove({ ...before, body: body('again') }), false);
      assert.deepEqual(await fixture.port.get('k1'), { id: 'k1', rev: 2, body: body('again') });
    },
  },
  {
    name: 'a list has every record once, in the order of the ids, a page at a time',
    async run(fixture) {
      const ids = ['a', 'B', 'b0', 'b', 'Z9', '0'];
      for (const id of ids) await fixture.port.put(id, 0, body(id));
      await fixture.port.put('b', 1, body('changed'));
      const ordered = ids.toSorted();
      const found: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await fixture.port.list({ limit: 2, ...(after === undefined ? {} : { after }) });
        assert.ok(page.length <= 2);
        if (page.length === 0) break;
        for (const { id, body: stored } of page) {
          assert.equal(stored, body(id === 'b' ? 'changed' : id));
          found.push(id);
        }
        after = page.at(-1)!.id;
      }
      assert.deepEqual(found, ordered);
    },
  },
];
