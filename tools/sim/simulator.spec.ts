import { Relay, type EventStore, type NewRecord, type ReadModels } from '@readership/kernel';
import type { Sabotage } from './process.js';
import { simulate } from './simulator.js';

const histories = 2_000;
const timeout = 600_000;
/** Repeats one history, several times because ids, and with them partitions, are drawn again. */
const asked = process.env['READERSHIP_SEED'];

async function firstWrong(seeds: number, sabotage?: Sabotage): Promise<string | null> {
  for (let seed = 0; seed < seeds; seed++) {
    const wrong = await simulate(seed, sabotage);
    if (wrong.length > 0) return `READERSHIP_SEED=${seed}: ${wrong.join('\n')}`;
  }
  return null;
}

/** Commits as if nobody else could have, whatever the checkpoint says. */
function unchecked(inner: ReadModels): ReadModels {
  return new Proxy(inner, {
    get(target, name) {
      if (name !== 'commit') {
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      const commit: ReadModels['commit'] = async (model, partition, batch) => {
        const { rev } = await target.checkpoint(model, partition);
        return target.commit(model, partition, { ...batch, from: rev });
      };
      return commit;
    },
  });
}

/** Moves the lane before it has published. */
const hasty: Sabotage['relay'] = (context, partition, store: EventStore, log) => ({
  async step() {
    const scanned: NewRecord[] = [];
    let from = 0;
    let to = 0;
    const noted = new Relay(context, partition, store, {
      lane: log.lane.bind(log),
      publish: async (_context: string, _partition: number, ...range: [number, number, NewRecord[]]) => {
        [from, to] = range;
        scanned.push(...range[2]);
        return log.publish(context, partition, from, to, []);
      },
    } as unknown as typeof log);
    const looked = await noted.step();
    if (scanned.length > 0) await log.publish(context, partition, to, to, scanned);
    return looked;
  },
});

describe('a program that stops between any two writes', () => {
  if (asked === undefined) {
    it('ends where one that never stops does, in thousands of histories', async () => {
      expect(await firstWrong(histories)).toBeNull();
    }, 1_500_000);

    it(
      'would not, if a read model were committed whatever its checkpoint says',
      async () => {
        expect(await firstWrong(300, { readModels: unchecked })).not.toBeNull();
      },
      timeout,
    );

    it(
      'would not, if a relay moved its checkpoint before it publishes',
      async () => {
        expect(await firstWrong(300, { relay: hasty })).not.toBeNull();
      },
      timeout,
    );
  } else {
    it(
      `ends where one that never stops does, in the history of seed ${asked}`,
      async () => {
        for (let time = 0; time < 20; time++) expect(await simulate(Number(asked))).toEqual([]);
      },
      timeout,
    );
  }
});
