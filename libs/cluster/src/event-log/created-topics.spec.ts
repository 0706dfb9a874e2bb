import kafkajs, { type Admin } from 'kafkajs';
import { createTopics } from './created-topics.js';

const partition = (leader: number) => ({
  ...{ partitionId: 0, partitionErrorCode: 0, leader },
  ...{ replicas: [1], isr: [1] },
});

/** A broker that gives these answers to what it knows of the topic, one after the other; the last for ever. */
function brokerThatAnswers(answers: readonly (Error | readonly number[])[]) {
  let asked = 0;
  const created: string[] = [];
  const admin = {
    createTopics: async ({ topics }) => created.push(...topics.map(({ topic }) => topic)) > 0,
    fetchTopicMetadata: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return { topics: [{ name: 'events', partitions: answer.map(partition) }] };
    },
  } satisfies Pick<Admin, 'createTopics' | 'fetchTopicMetadata'>;
  return { admin, created, asked: () => asked };
}

const refusal = (type: string) =>
  new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 3, retriable: true }));

it('waits for a broker that does not know the new topic yet, then for its leaders', async () => {
  const broker = brokerThatAnswers([
    refusal('UNKNOWN_TOPIC_OR_PARTITION'),
    refusal('LEADER_NOT_AVAILABLE'),
    [],
    [1, -1],
    [1, 1],
  ]);
  await createTopics(broker.admin, [{ topic: 'events' }], 1);
  expect(broker.created).toEqual(['events']);
  expect(broker.asked()).toBe(5);
});

it('passes on what waiting does not mend', async () => {
  const broker = brokerThatAnswers([refusal('TOPIC_AUTHORIZATION_FAILED')]);
  await expect(createTopics(broker.admin, [{ topic: 'events' }], 1)).rejects.toThrow('TOPIC_AUTHORIZATION');
  expect(broker.asked()).toBe(1);
});

it('ends when there are no leaders for long', async () => {
  const broker = brokerThatAnswers([[-1]]);
  await expect(createTopics(broker.admin, [{ topic: 'events' }], 0)).rejects.toThrow('no leaders yet');
});
