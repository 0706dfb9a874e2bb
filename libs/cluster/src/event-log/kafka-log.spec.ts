import { kafkaClient } from './kafka-client.js';
import { loggedTo, type KafkaLog } from './kafka-log.js';

it('the client’s own lines go to the log of the service, without stacks and without what was sent', () => {
  const told: Parameters<KafkaLog>[0][] = [];
  const kafka = kafkaClient({ brokers: ['127.0.0.1:9'], ...loggedTo((entry) => told.push(entry)) });
  const logger = kafka.logger().namespace('Connection');
  const more = { broker: '127.0.0.1:9', groupId: 'g', stack: 'at a', payload: 'secret' };
  logger.error('connect ECONNREFUSED', more);
  logger.info('Starting');
  const line = { client: 'Connection', level: 'error', says: 'connect ECONNREFUSED' };
  expect(told).toEqual([{ ...line, broker: '127.0.0.1:9', groupId: 'g' }]);
});
