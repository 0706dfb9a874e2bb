import kafkajs from 'kafkajs';

/** This member has lost its place in the group: the partition is another member's, or is about to be given anew. */
export class LostPlace extends Error {
  override readonly name = 'LostPlace';
}

const rebalancing: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
]);

/** `LostPlace` for what a group says while its members come and go, else the error as it is. */
export function lostPlace(error: unknown): unknown {
  const met = error instanceof kafkajs.KafkaJSNumberOfRetriesExceeded ? error.cause : error;
  if (!(met instanceof kafkajs.KafkaJSProtocolError) || !rebalancing.has(met.type)) return error;
  return new LostPlace(met.type, { cause: error });
}
