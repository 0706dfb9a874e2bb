import { Unavailable } from '@readership/kernel';
import { createRequire } from 'node:module';
import { logUnavailable } from './log-unavailable.js';

/** Not part of what the package declares: only here it can be seen what it says. */
const Broker = createRequire(import.meta.url)('kafkajs/src/broker/index.js') as new (of: object) => {
  metadata(topics: readonly string[]): Promise<unknown>;
};

it('a broker that accepts connections and answers nothing is away: the client has a plain error for it', async () => {
  const logger = { namespace: () => logger };
  const silent = new Broker({
    connectionPool: { host: 'kafka-1', port: 9092, connectionTimeout: 1 },
    logger,
  });
  const met: unknown = await silent.metadata([]).catch((error: unknown) => error);
  expect(met).toMatchObject({ name: 'Error' });
  const told = logUnavailable(met);
  expect(told).toBeInstanceOf(Unavailable);
  expect(told).toMatchObject({ code: 'LOG_UNAVAILABLE', cause: met });
});
