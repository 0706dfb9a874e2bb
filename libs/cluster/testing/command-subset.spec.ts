import { outsideSubset } from './command-subset.fixture.js';

describe('of a command', () => {
  it.each<[string, Record<string, unknown>]>([
    ['find', { filter: { stream: 'a', last: { $gt: 3 } }, sort: { last: 1 }, limit: 5 }],
    ['update', { updates: [{ q: { _id: 'a', rev: { $lt: 3 } }, u: { body: { $odd: 1 } }, upsert: true }] }],
    ['update', { updates: [{ q: { _id: 'a' }, u: { $set: { done: true }, $pull: { pending: 3 } } }] }],
    [
      'aggregate',
      { pipeline: [{ $match: { no: { $lt: 9 } } }, { $group: { _id: '$cell', n: { $sum: '$n' } } }] },
    ],
    ['createIndexes', { indexes: [{ key: { stream: 1, last: 1 }, unique: true }] }],
  ])('nothing lies outside: %s %j', (name, command) => expect(outsideSubset(name, command)).toEqual([]));

  it.each<[string, string, Record<string, unknown>]>([
    ['the command findAndModify', 'findAndModify', { query: {} }],
    ['the stage $lookup', 'aggregate', { pipeline: [{ $lookup: { from: 'b' } }] }],
    ['$avg in a group', 'aggregate', { pipeline: [{ $group: { _id: null, n: { $avg: '$n' } } }] }],
    ['the option txnNumber', 'insert', { documents: [], txnNumber: 1 }],
    ['the option startTransaction', 'insert', { documents: [], startTransaction: true }],
    ['the option collation', 'find', { filter: {}, collation: { locale: 'en' } }],
    ['$regex in a filter', 'find', { filter: { $or: [{ name: { $regex: 'a' } }] } }],
    ['an update by a pipeline', 'update', { updates: [{ q: {}, u: [{ $set: { a: 1 } }] }] }],
    ['the change $rename', 'update', { updates: [{ q: {}, u: { $rename: { a: 'b' } } }] }],
    ['the option arrayFilters', 'update', { updates: [{ q: {}, u: { $set: { a: 1 } }, arrayFilters: [] }] }],
    [
      'an index with expireAfterSeconds',
      'createIndexes',
      { indexes: [{ key: { at: 1 }, expireAfterSeconds: 5 }] },
    ],
  ])('it is said that %s lies outside', (what, name, command) =>
    expect(outsideSubset(name, command)).toEqual([what]),
  );
});
