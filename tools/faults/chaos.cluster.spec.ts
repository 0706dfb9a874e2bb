import { chaos } from './run.js';

const seed = 5;
const minutes = 5;
/** The time in addition to the minutes of faults: to start, to become idle and to judge. */
const judgingMinutes = 15;

it(
  `nothing is lost, doubled or passed over in ${minutes} minutes of faults (seed ${seed})`,
  async () => {
    const said: string[] = [];
    const wrong = await chaos({
      seed,
      minutes,
      requestsPerSecond: 8,
      say: (line) => said.push(line),
      signal: AbortSignal.timeout((minutes + judgingMinutes) * 60_000),
    });
    if (wrong.length > 0) {
      // What is wrong comes first: whoever prints a long message may cut its middle off.
      const found = [...wrong.slice(0, 50), ...said].join('\n');
      throw new Error(`tools/chaos --seed ${seed} --minutes ${minutes}\n${found}`);
    }
  },
  (minutes + judgingMinutes + 2) * 60_000,
);
