import {
  checkMasterKey,
  keyUnusable,
  newDataKey,
  Unavailable,
  unwrapDataKey,
  type OpeningKey,
} from '@readership/kernel';
import { LRUCache } from 'lru-cache';
import type { Collection } from '../mongo.js';
import { chunks } from '../chunks.js';
import { randomPause } from '../random-pause.js';
import type { KeyDoc } from './event-documents.js';

const keysAtOnce = 100;
const attemptsMax = 6;
const pauseMaxMs = 100;
/** The longest that a process remembers a key that was destroyed. */
const rememberedMs = 60_000;

/**
 * One data key per subject, wrapped by the master key, in the same database as the events. Destroying a subject's
 * document makes everything sealed for it unreadable, in copies and backups of the events as well.
 */
export class MongoDataKeys {
  private readonly known: LRUCache<string, Buffer>;

  constructor(
    private readonly keys: Collection<KeyDoc>,
    private readonly masterKey: Buffer,
    keysMax = 10_000,
  ) {
    checkMasterKey(masterKey);
    this.known = new LRUCache({ maxSize: keysMax, sizeCalculation: () => 1, ttl: rememberedMs });
  }

  /**
   * A key for each subject. A subject without one gets one, which is stored when this resolves. The first key that is
   * stored is used by everybody. Rejects with `KEY_UNUSABLE`.
   */
  async toSeal(subjects: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const found = new Map<string, Buffer>();
    for (let attempt = 1; ; attempt++) {
      const open = subjects.filter((subject) => !found.has(subject));
      for (const [subject, key] of await this.stored(open)) {
        if (key === 'foreign-key') throw keyUnusable();
        found.set(subject, key);
      }
      const missing = open.filter((subject) => !found.has(subject));
      if (missing.length === 0) return found;
      if (attempt > attemptsMax)
        throw new Unavailable('STORE_UNAVAILABLE', 'a data key was neither found nor stored');
      if (attempt > 1) await randomPause(pauseMaxMs);
      for (const some of chunks(missing, keysAtOnce)) {
        for (const [subject, key] of await this.make(some)) found.set(subject, key);
      }
    }
  }

  /** The key of each subject, or why there is none. */
  async toOpen(subjects: Iterable<string>): Promise<(subject: string) => OpeningKey> {
    const found = await this.stored(subjects);
    return (subject) => found.get(subject) ?? 'no-key';
  }

  /** Deletes the keys of these subjects. */
  async destroy(subjects: readonly string[]): Promise<void> {
    for (const some of chunks(subjects, keysAtOnce)) {
      await this.keys.deleteMany({ _id: { $in: [...some] } });
    }
    for (const subject of subjects) this.known.delete(subject);
  }

  private async stored(subjects: Iterable<string>): Promise<ReadonlyMap<string, Buffer | 'foreign-key'>> {
    const found = new Map<string, Buffer | 'foreign-key'>();
    const missing: string[] = [];
    for (const subject of new Set(subjects)) {
      const key = this.known.get(subject);
      if (key) found.set(subject, key);
      else missing.push(subject);
    }
    for (const some of chunks(missing, keysAtOnce)) {
      for (const { _id, wrapped } of await this.keys.find({ _id: { $in: [...some] } }).toArray()) {
        const key = unwrapDataKey(this.masterKey, Buffer.from(wrapped, 'base64'), _id);
        if (key !== null) this.known.set(_id, key);
        found.set(_id, key ?? 'foreign-key');
      }
    }
    return found;
  }

  /**
   * Makes new keys and returns those that are certainly the stored ones: all, or none if one could not be stored for
   * any reason.
   */
  private async make(subjects: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const made = new Map<string, Buffer>();
    const documents: KeyDoc[] = [];
    for (const subject of subjects) {
      const { key, wrapped } = newDataKey(this.masterKey, subject);
      made.set(subject, key);
      documents.push({ _id: subject, wrapped: Buffer.from(wrapped).toString('base64') });
    }
    try {
      await this.keys.insertMany(documents, { ordered: false });
    } catch {
      return new Map();
    }
    for (const [subject, key] of made) this.known.set(subject, key);
    return made;
  }
}
