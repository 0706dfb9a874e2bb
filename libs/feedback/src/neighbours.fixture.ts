import { partitionOf, type Adapters, type Fact } from '@readership/kernel';
import { randomUUID } from 'node:crypto';

/** Publishes a fact as another context would. */
export async function tellAs(
  { eventLog }: Adapters,
  context: string,
  key: string,
  { type, schema, data }: Fact,
): Promise<void> {
  const partition = partitionOf(key, eventLog.partitions);
  const { scanned } = await eventLog.lane(context, partition);
  const at = '2024-01-01T00:00:00.000Z';
  const record = {
    partition,
    context,
    position: scanned + 1,
    key,
    type,
    schema,
    stream: key,
    id: randomUUID(),
  };
  await eventLog.publish(context, partition, scanned, scanned + 1, [
    { ...record, time: at, recordedAt: at, actor: 'admin', body: JSON.stringify(data) },
  ]);
}
