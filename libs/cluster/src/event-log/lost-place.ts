import kafkajs from 'kafkajs';

/** This member has lost its place in the group: the partition belongs to another member or is about to be reassigned. */
export class LostPlace extends Error {
  override readonly name = 'LostPlace';
}

const rebalancing: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
]);

/** `LostPlace` for the errors of a rebalance, else the error itself. */
export function lostPlace(error: unknown): unknown {
  const met = error instanceof kafkajs.KafkaJSNumberOfRetriesExceeded ? error.cause : error;
  if (!(met instanceof kafkajs.KafkaJSProtocolError) || !rebalancing.has(met.type)) return error;
  return new LostPlace(met.type, { cause: error });
}
