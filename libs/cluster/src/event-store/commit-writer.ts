import { bodyOf, Unavailable, type CommitText } from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import { isDuplicate, type Collection } from '../mongo.js';
import type { ArrivalClock } from './arrival-clock.js';
import { chunks } from '../chunks.js';
import { randomPause } from '../random-pause.js';
import { commitId, outline, type CommitDoc, type CommitOutline } from './event-documents.js';

const commitsAtOnce = 100;
const attemptsMax = 6;
const pauseMaxMs = 200;
const tailsMax = 10_000;

/** Where a stream stood after one of its commits. That never changes, so it can be remembered. */
interface Tail {
  readonly no: number;
  readonly last: number;
  readonly queuedAt: number;
  /** `[partition, no]`: the commits that hold its last events of each partition. */
  readonly partitions: readonly (readonly [number, number])[];
}

const newStream: Tail = { no: 0, last: 0, queuedAt: 0, partitions: [] };

interface Write {
  readonly index: number;
  readonly text: CommitText;
  readonly arrivedAt: number;
}

/** Inserts commits. The unique key of a commit's document, its stream and number, is the only concurrency check. */
export class CommitWriter {
  private readonly tails = new LRUCache<string, Tail>({ maxSize: tailsMax, sizeCalculation: () => 1 });

  constructor(
    private readonly commits: Collection<CommitDoc>,
    private readonly clock: ArrivalClock,
  ) {}

  /**
   * Stores the commits that do not conflict. Resolves, in their order, to the commit that is stored in each place: the
   * given one, or the one that the same command stored earlier; `null` is a conflict. When it rejects, each may or may
   * not be stored, and asking again tells.
   */
  async write(texts: readonly CommitText[]): Promise<readonly (CommitOutline | null)[]> {
    const answers = new Array<CommitOutline | null>(texts.length).fill(null);
    for (const wave of this.waves(texts)) {
      for (const some of chunks(wave, commitsAtOnce)) {
        const stored = await this.writeIndependent(some);
        for (const [i, { index }] of some.entries()) answers[index] = stored[i]!;
      }
    }
    return answers;
  }

  /**
   * Remembers where the commit's stream stood after it, because a process that has just read a stream is likely to
   * append to it.
   */
  remember({ stream, no, last, queuedAt, past, parts }: CommitOutline): Tail {
    const partitions = [...past, ...parts.map(({ partition }) => [partition, no] as const)];
    const tail = { no, last, queuedAt, partitions };
    if (no > (this.tails.get(stream)?.no ?? 0)) this.tails.set(stream, tail);
    return tail;
  }

  /** Commits of one stream are written one after the other, those of different streams together. */
  private waves(texts: readonly CommitText[]): readonly Write[][] {
    const waves: Write[][] = [];
    const seen = new Map<string, number>();
    for (const [index, text] of texts.entries()) {
      const wave = seen.get(text.commit.stream) ?? 0;
      seen.set(text.commit.stream, wave + 1);
      (waves[wave] ??= []).push({ index, text, arrivedAt: this.clock.tick() });
    }
    return waves;
  }

  private async writeIndependent(writes: readonly Write[]): Promise<readonly (CommitOutline | null)[]> {
    const documents = await Promise.all(
      writes.map(async ({ text, arrivedAt }) => {
        const tail = await this.tailAt(text.commit.stream, text.commit.expectedVersion);
        return tail && documentOf(text, tail, arrivedAt);
      }),
    );
    const stored = await this.insert(documents.filter((document) => document !== null));
    return documents.map((document) => {
      const found = document && stored.get(document._id);
      if (!found || found.command !== document.command) return null;
      this.remember(found);
      return found;
    });
  }

  /** `null` when no commit of the stream ends at this version. */
  private async tailAt(stream: string, version: number): Promise<Tail | null> {
    if (version === 0) return newStream;
    const known = this.tails.get(stream);
    if (known?.last === version) return known;
    const commit = await this.commits.findOne({ stream, last: version }, { projection: outline });
    return commit && this.remember(commit);
  }

  /**
   * Inserts documents and resolves to what is stored in the place of each: the document, or the one that was there
   * before. An uncertain outcome (a lost reply, a timeout, a failover) is settled by reading back; a document that is
   * not there is inserted again. When reading back fails too, it rejects, and the caller has to ask again.
   */
  private async insert(documents: readonly CommitDoc[]): Promise<ReadonlyMap<string, CommitOutline>> {
    const settled = new Map<string, CommitOutline>();
    let open = documents;
    for (let attempt = 1; open.length > 0; attempt++) {
      let failure: unknown;
      try {
        await this.commits.insertMany([...open], { ordered: false });
        for (const document of open) settled.set(document._id, document);
        return settled;
      } catch (error) {
        failure = error;
      }
      const doubtful = inDoubt(open, failure);
      for (const document of open) if (!doubtful.includes(document)) settled.set(document._id, document);
      open = doubtful;
      try {
        const ids = open.map(({ _id }) => _id);
        const found = this.commits.find({ _id: { $in: ids } }, { projection: outline });
        for await (const document of found) settled.set(document._id, document);
      } catch (error) {
        if (error instanceof Unavailable) throw error;
        failure = error;
      }
      open = open.filter(({ _id }) => !settled.has(_id));
      if (open.length === 0) break;
      if (attempt === attemptsMax) throw failure instanceof Unavailable ? failure : unsettled(failure);
      await randomPause(pauseMaxMs);
    }
    return settled;
  }
}

function documentOf(text: CommitText, tail: Tail, arrivedAt: number): CommitDoc {
  const { stream, expectedVersion, meta } = text.commit;
  const no = tail.no + 1;
  const touched = text.parts.map(({ partition }) => partition);
  return {
    _id: commitId(stream, no),
    stream,
    no,
    first: expectedVersion + 1,
    last: text.last,
    command: meta.commandId,
    recordedAt: meta.at,
    actor: meta.actor,
    queuedAt: Math.max(arrivedAt, tail.queuedAt + 1),
    pending: touched,
    positions: {},
    past: tail.partitions.filter(([partition]) => !touched.includes(partition)),
    parts: text.parts.map((part) => {
      const body = bodyOf(text, part);
      return {
        partition: part.partition,
        version: part.version,
        count: part.count,
        facts: part.facts,
        lastFact: part.lastFact,
        after: tail.partitions.find(([partition]) => partition === part.partition)?.[1] ?? 0,
        bytes: Buffer.byteLength(body),
        body,
      };
    }),
  };
}

/**
 * The documents that an unordered insert may not have stored: the duplicates if the server reported nothing else,
 * otherwise all.
 */
function inDoubt(documents: readonly CommitDoc[], failure: unknown): readonly CommitDoc[] {
  const { writeErrors, insertedCount, result } = failure as {
    writeErrors?: readonly { index: number; code?: number }[];
    insertedCount?: number;
    result?: { getWriteConcernError?(): unknown };
  };
  const certain =
    Array.isArray(writeErrors) &&
    writeErrors.every(isDuplicate) &&
    insertedCount === documents.length - writeErrors.length &&
    !result?.getWriteConcernError?.();
  return certain ? documents.filter((_, i) => writeErrors.some(({ index }) => index === i)) : documents;
}

/** An error without the contents of the driver's error, which are whole documents. */
function unsettled(failure: unknown): Error {
  const { name, code } = failure as { name?: string; code?: unknown };
  // Another commit is stored there and cannot be read yet.
  if (isDuplicate(failure)) return new Unavailable('BUSY', 'a commit is there and cannot be read back yet');
  return new Error(`the database did not take a commit: ${name ?? 'Error'} ${String(code ?? '')}`.trim());
}
