import kafkajs from 'kafkajs';
import { LostPlace, lostPlace } from './lost-place.js';

const { KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } = kafkajs;
const said = (type: string) =>
  new KafkaJSProtocolError(
    Object.assign(new Error(`the broker says ${type}`), { type, code: 27, retriable: true }),
  );

it.each(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID'])(
  'a member that is told %s has lost its place, also when it asked several times',
  (type) => {
    expect(lostPlace(said(type))).toBeInstanceOf(LostPlace);
    const given = new KafkaJSNumberOfRetriesExceeded(said(type), { retryCount: 5, retryTime: 100 });
    expect(lostPlace(given)).toBeInstanceOf(LostPlace);
  },
);

it('any other error stays what it is', () => {
  const others = [said('TOPIC_AUTHORIZATION_FAILED'), new Error('REBALANCE_IN_PROGRESS'), 'gone'];
  expect(others.map(lostPlace)).toEqual(others);
});
