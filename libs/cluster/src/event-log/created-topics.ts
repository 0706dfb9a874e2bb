import type { Admin, ITopicConfig } from 'kafkajs';
import { setTimeout as pause } from 'node:timers/promises';

/** What a broker answers while it does not know a new topic, or its leaders, yet. */
const notYet: ReadonlySet<unknown> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

const waits = { ms: 100, times: 300 } as const;

/**
 * Creates topics, unless they exist, and resolves when each of their partitions has a leader. The client's own wait for
 * leaders fails when the broker that it asks has not heard of the topic yet.
 */
export async function createTopics(
  admin: Pick<Admin, 'createTopics' | 'fetchTopicMetadata'>,
  topics: readonly ITopicConfig[],
  waitMs: number = waits.ms,
): Promise<void> {
  await admin.createTopics({ topics: [...topics], waitForLeaders: false });
  const names = topics.map(({ topic }) => topic);
  for (let waited = 0; !(await haveLeaders(admin, names)); waited++) {
    if (waited === waits.times) throw new Error('new topics have no leaders yet: try again in a moment');
    await pause(waitMs);
  }
}

async function haveLeaders(
  admin: Pick<Admin, 'fetchTopicMetadata'>,
  names: readonly string[],
): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
    return (
      topics.length === names.length &&
      topics.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0))
    );
  } catch (error) {
    if (notYet.has((error as { readonly type?: unknown }).type)) return false;
    throw error;
  }
}
