import type { Position } from '../event.js';
import type { Delivered, MendedGap } from './delivery.js';
import type { Processor } from './processor.js';
import type { Keyed } from './projection.js';

/** Hooks around the batches of a group. */
export interface GroupHooks<R extends Delivered> {
  /** Wraps a processor's work on a batch. By default the work is just called. */
  around?(
    processor: Pick<Processor<R, never>, 'id' | 'on'>,
    partition: number,
    records: readonly R[],
    work: () => Promise<void>,
  ): Promise<void>;
  /** Called after every processor has taken a batch. The partition's next batch waits until it resolves. */
  afterBatch?(partition: number): Promise<void>;
}

/**
 * Processors that read the same source, one after the other: a reaction comes after the read models that it reads. Each
 * has its own checkpoint, so a batch that was interrupted is finished when it is given again.
 */
export class ProcessorGroup<R extends Delivered, E extends Keyed> {
  private readonly decode: (record: R) => E;

  constructor(
    readonly processors: readonly Processor<R, E>[],
    decode: (record: R) => E,
    private readonly hooks: GroupHooks<R> = {},
  ) {
    this.decode = decodedOnce(decode);
  }

  /** The offset that all processors have reached. */
  async start(partition: number): Promise<number> {
    const checkpoints = await this.checkpoints(partition);
    return Math.min(...checkpoints.map(({ offset }) => offset));
  }

  /** Gives a batch to each processor. Each record is decoded at most once. */
  async process(partition: number, records: readonly R[]): Promise<void> {
    for (const processor of this.processors) {
      const work = (): Promise<void> => processor.process(partition, records, this.decode);
      await (this.hooks.around ? this.hooks.around(processor, partition, records, work) : work());
    }
    await this.hooks.afterBatch?.(partition);
  }

  /** Makes each processor begin again at the log's first record; see `Processor.restart`. */
  async restart(partition: number, mendedGap?: MendedGap): Promise<void> {
    for (const processor of this.processors) await processor.restart(partition, mendedGap);
  }

  /** Makes each processor forget the partition; see `Processor.release`. */
  release(partition: number): void {
    for (const processor of this.processors) processor.release(partition);
  }

  /** True when no processor has gone beyond these positions. */
  async isWithin(partition: number, reach: Readonly<Record<string, Position>>): Promise<boolean> {
    const checkpoints = await this.checkpoints(partition);
    return checkpoints.every(({ lanes }) =>
      Object.entries(lanes).every(([context, position]) => position <= (reach[context] ?? 0)),
    );
  }

  private checkpoints(partition: number) {
    return Promise.all(this.processors.map((processor) => processor.checkpoint(partition)));
  }
}

type Decode = (record: any) => any;

const decoders = new WeakMap<Decode, Decode>();

/**
 * Decodes each record once for all groups of this process that decode in the same way: a log may give them the same
 * record. The event is remembered as long as the record.
 */
function decodedOnce<D extends Decode>(decode: D): D {
  const known = decoders.get(decode);
  if (known) return known as D;
  const events = new WeakMap<object, object>();
  const once = (record: object): object => {
    let event = events.get(record);
    if (event === undefined) {
      event = decode(record) as object;
      events.set(record, event);
    }
    return event;
  };
  decoders.set(decode, once);
  return once as D;
}
