import type { WakeUp, Consumption, LogConsumer, LogRecord } from '@readership/kernel';

/** Called with the error of a consumer's `start` or `take`. The records are delivered again after a pause. */
export type TakeFailed = (
  error: unknown,
  where: { readonly group: string; readonly partition: number },
) => void;

interface Source {
  read(partition: number, after: number, limit: number): readonly LogRecord[];
}

interface Member {
  readonly consumer: LogConsumer;
  readonly leaving: AbortController;
  /** Settle when the current calls have ended. */
  readonly calls: Set<Promise<void>>;
}

const pollMs = 250;
const pauseMinMs = 50;
const pauseMaxMs = 5_000;

/** The consumers of one group. Each partition has one loop, which serves the member that the partition is assigned to. */
export class ConsumerGroup {
  private members: Member[] = [];
  private readonly running = new Set<number>();

  constructor(
    private readonly name: string,
    private readonly partitions: number,
    private readonly source: Source,
    private readonly wakeUp: WakeUp,
    private readonly onError: TakeFailed,
  ) {}

  join(consumer: LogConsumer): Consumption {
    const member: Member = { consumer, leaving: new AbortController(), calls: new Set() };
    this.members.push(member);
    this.wakeUp.wake();
    for (let partition = 0; partition < this.partitions; partition++) {
      if (!this.running.has(partition)) void this.run(partition);
    }
    return { stop: () => this.leave(member) };
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => this.leave(member)));
  }

  private async leave(member: Member): Promise<void> {
    this.members = this.members.filter((other) => other !== member);
    member.leaving.abort();
    await Promise.all(member.calls);
  }

  private async run(partition: number): Promise<void> {
    this.running.add(partition);
    let owner: Member | undefined;
    let hasBegun = false;
    let offset = 0;
    let pauseMs = 0;
    for (;;) {
      const turn = this.members[partition % Math.max(1, this.members.length)];
      if (turn !== owner) {
        owner?.consumer.revoked?.(partition);
        owner = turn;
        hasBegun = false;
      }
      if (!turn) break;
      if (pauseMs > 0) await pause(turn.leaving.signal, pauseMs);
      try {
        // A new owner, or one that failed, says where to begin.
        if (!hasBegun) {
          await this.call(turn, async () => {
            offset = await turn.consumer.start(partition);
          });
          hasBegun = true;
        }
        if (turn.leaving.signal.aborted) continue;
        const records = this.source.read(partition, offset, turn.consumer.window);
        if (records.length > 0) {
          await this.call(turn, () => turn.consumer.take(partition, records));
          offset = records[records.length - 1]!.offset;
        }
        pauseMs = 0;
        if (records.length === 0) await this.wakeUp.wait(this.signalOf(turn, partition), pollMs);
        // Lets other partitions run between two windows.
        else await new Promise(setImmediate);
      } catch (error) {
        hasBegun = false;
        if (turn.leaving.signal.aborted) continue;
        pauseMs = Math.min(Math.max(pauseMinMs, pauseMs * 2), pauseMaxMs);
        this.onError(error, { group: this.name, partition });
      }
    }
    this.running.delete(partition);
  }

  private async call(member: Member, work: () => Promise<void>): Promise<void> {
    if (member.leaving.signal.aborted) return;
    const result = work();
    const ended = result.then(
      () => {},
      () => {},
    );
    member.calls.add(ended);
    try {
      await result;
    } finally {
      member.calls.delete(ended);
    }
  }

  private readonly signals = new WeakMap<Member, AbortSignal[]>();

  /** `WakeUp` remembers per signal what was seen, so each partition of a member waits with its own signal. */
  private signalOf(member: Member, partition: number): AbortSignal {
    let signals = this.signals.get(member);
    if (!signals) this.signals.set(member, (signals = []));
    return (signals[partition] ??= AbortSignal.any([member.leaving.signal]));
  }
}

async function pause(signal: AbortSignal, ms: number): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake);
  });
}
