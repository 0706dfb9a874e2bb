import mongoose from 'mongoose';
import { chunks } from '../chunks.js';
import { isDuplicate, type Collection } from '../mongo.js';
import type { Placed, ReadModelCollections, Puts } from './documents.js';

/** The most documents of one request to the server. */
export const documentsAtOnce = 500;

/**
 * Puts in place every document that is not there with a higher revision. Repeating it changes nothing, even late or by
 * several processes at once. New index entries come first and old ones are removed last, so that a row can be found at
 * every moment.
 */
export async function copy(collections: ReadModelCollections, rev: number, puts: Puts): Promise<void> {
  await Promise.all([
    putNewer(collections.entries, rev, puts.entered),
    putNewer(collections.cells, rev, puts.cells),
    putNewer(collections.parked, rev, puts.parked),
  ]);
  await putNewer(collections.rows, rev, puts.rows);
  for (const ids of chunks(puts.left, documentsAtOnce)) {
    await collections.entries.bulkWrite(
      ids.map((_id) => ({ deleteOne: { filter: { _id, rev: { $lt: rev } } } })),
      { ordered: false },
    );
  }
}

async function putNewer<D extends Placed>(
  collection: Collection<D>,
  rev: number,
  puts: readonly Omit<D, 'rev'>[],
): Promise<void> {
  // The driver's types do not support a generic document type.
  const placed = collection as unknown as Collection<Placed>;
  for (const some of chunks(puts, documentsAtOnce)) {
    const present = await putOlderOrAbsent(placed, rev, some as unknown as readonly Placed[]);
    // The document was absent when it was looked for and present when it was inserted: the one that came between may be
    // older.
    if (present.length > 0) {
      await placed.bulkWrite(
        present.map((put) => replacing(put, rev, false)),
        { ordered: false },
      );
    }
  }
}

/** Returns the documents whose id was taken: by a newer document, or by one that came in between. */
async function putOlderOrAbsent(
  collection: Collection<Placed>,
  rev: number,
  puts: readonly Placed[],
): Promise<readonly Placed[]> {
  const { done, met } = await collection
    .bulkWrite(
      puts.map((put) => replacing(put, rev, true)),
      { ordered: false },
    )
    .then((result) => ({ done: result, met: [] as readonly number[] }), duplicates);
  if (done.matchedCount + done.upsertedCount + met.length !== puts.length) {
    throw new Error('the server did not account for every document that was put in place');
  }
  return met.map((index) => puts[index]!);
}

function replacing(put: Placed, rev: number, upsert: boolean) {
  const { _id, ...rest } = put;
  return { replaceOne: { filter: { _id, rev: { $lt: rev } }, replacement: { ...rest, rev }, upsert } };
}

/** Throws unless all errors are duplicates. The server's message would show the ids, which may hold names. */
function duplicates(error: unknown) {
  if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
  const errors = [error.writeErrors].flat();
  const other = errors.find((one) => !isDuplicate(one));
  if (errors.length === 0 || other || error.result.getWriteConcernError()) {
    throw new Error(`a document was not put in place: code ${other?.code ?? 'of the write concern'}`);
  }
  return { done: error.result, met: errors.map(({ index }) => index) };
}
