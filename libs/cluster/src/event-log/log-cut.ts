/** A consumer has gone beyond the end of the log, or begins before its first record: the topic was deleted or cut. */
export class LogCut extends Error {
  override readonly name = 'LogCut';

  constructor(topic: string, partition: number, offset: number, low: number, high: number) {
    super(
      `${topic}/${partition} holds the offsets ${low} to ${high}, but the consumer stands at ${offset}: ` +
        'the topic was deleted or cut',
    );
  }
}
