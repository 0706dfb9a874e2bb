import { Unavailable } from '@readership/kernel';
import kafkajs from 'kafkajs';
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

const given = (up: Error): unknown =>
  Reflect.construct(kafkajs.KafkaJSNonRetriableError, [up, { cause: up }]);

it.each([
  ['no broker that it knew is left', Object.assign(new Error(), { name: 'KafkaJSNoBrokerAvailableError' })],
  ['it gave up at a connection', given(new kafkajs.KafkaJSConnectionError('refused'))],
])('the brokers are away when the client says that %s', (_what, error) => {
  expect(logUnavailable(error)).toMatchObject({ name: 'Unavailable', code: 'LOG_UNAVAILABLE' });
});

it.each([
  ['a wrong password', Reflect.construct(kafkajs.KafkaJSSASLAuthenticationError, ['refused']) as Error],
  ['what it gave up at for another reason', given(new Error('cannot be read'))],
])('%s stays what it is', (_what, error) => {
  expect(logUnavailable(error)).toBe(error);
});
