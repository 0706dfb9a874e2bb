import type { Collection, Doc } from '../mongo.js';
import {
  collect,
  dyingBeforeTheLane,
  kept,
  recordAt,
  records,
  ScratchTopic,
  succeeds,
  until,
  upTo,
} from '../../testing/scratch-topic.fixture.js';

let on: ScratchTopic;
beforeEach(async () => {
  on = await ScratchTopic.make();
});
afterEach(() => on.close());

it('tells what a crash between send and lane left on the log', async () => {
  const log = on.openLog();
  await log.publish('profile', 0, 0, 2, records(2));
  await log.publish('feedback', 0, 0, 9, [recordAt(9, { context: 'feedback' })]);
  const dying = on.openLog({ database: dyingBeforeTheLane(on.database) });
  await expect(dying.publish('profile', 0, 2, 4, records(4, 3))).rejects.toThrow('crashed');
  expect(
    [...(await on.openLog().beyond('profile'))].map(([at, { position, id }]) => [at, position, id]),
  ).toEqual([[0, 4, 'id-4']]);
  expect((await on.openLog().beyond('feedback')).size).toBe(0);
});

it('a send that is under way when its lane is moved back does not move it forward', async () => {
  const { database } = on;
  await on.openLog().publish('profile', 0, 0, 4, records(4));
  let arrived: () => void = () => {};
  let goOn: () => void = () => {};
  const atTheLane = new Promise<void>((resolve) => (arrived = resolve));
  const may = new Promise<void>((resolve) => (goOn = resolve));
  const slow = on.openLog({
    database: {
      ...database,
      collection: <D extends Doc>(name: string) =>
        ({
          findOne: (filter: object) => database.collection(name).findOne(filter),
          updateOne: async (filter: object, update: object) => {
            arrived();
            await may;
            return database.collection(name).updateOne(filter, update);
          },
        }) as unknown as Collection<D>,
    },
  });
  const late = slow.publish('profile', 0, 4, 6, records(6, 5));
  await atTheLane;
  const log = on.openLog();
  expect(await log.moveBack('profile', 0, { scanned: 2, published: 2 })).toEqual({
    scanned: 2,
    published: 2,
  });
  // The lane is moved back to the position from which the late send started.
  expect(await log.publish('profile', 0, 2, 4, records(4, 3))).toBe('published');
  goOn();
  expect(await late).toBe('stale');
  expect(await log.publish('profile', 0, 4, 7, records(7, 5))).toBe('published');
  const { taken } = await collect(log);
  const [end] = await log.ends();
  await until(() => taken[0]!.length === end);
  expect(kept(taken[0]!)).toEqual(upTo(7));
  expect(await log.reach(0)).toEqual({ profile: 7 });
});

it('lets a consumer that has come further than the topic reaches say where it goes on', async () => {
  await on.openLog().publish('profile', 0, 0, 3, records(3));
  const asked: number[] = [];
  let place = 9;
  const taken: number[] = [];
  await on.openLog().consume({
    group: 'reader',
    window: 100,
    start: async (partition) => (partition === 0 ? place : 0),
    take: async (_, fresh) => void taken.push(...fresh.map(({ position }) => position)),
    cut: async (partition) => {
      asked.push(partition);
      place = 1;
      return true;
    },
  });
  await until(() => taken.length === 2);
  expect([asked, taken]).toEqual([[0], [2, 3]]);
});

it('counts a topic anew that has become shorter', async () => {
  const log = on.openLog();
  await log.publish('profile', 0, 0, 5, records(5));
  expect(await log.reach(0)).toEqual({ profile: 5 });
  await on.recreate();
  await log.moveBack('profile', 0, { scanned: 0, published: 0 });
  await until(() => succeeds(log.publish('profile', 0, 0, 2, records(2))));
  expect(await log.reach(0)).toEqual({ profile: 2 });
});
