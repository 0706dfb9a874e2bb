import { start, type Checkpoint } from '../ports/read-models.js';
import { checkSame, Gap, OtherLog, unseen, unseenOfBatch, type Delivered } from './delivery.js';

const at = (offset: number, position: number, previous?: number, context = 'profile'): Delivered => ({
  offset,
  context,
  position,
  ...(previous === undefined ? {} : { previous }),
  key: 'k',
  type: 'Noted',
  recordedAt: '2026-03-01T10:00:00.000Z',
});
const from = (offset: number, lanes: Checkpoint['lanes']): Checkpoint => ({ ...start, offset, lanes });
const offsets = (records: readonly Delivered[]) => records.map(({ offset }) => offset);

describe('of the records that are delivered', () => {
  it('those after the checkpoint are new, and the lanes follow them', () => {
    const { fresh, lanes } = unseen(from(2, { profile: 4 }), [
      at(2, 4, 3),
      at(3, 7, 4),
      at(4, 2, 0, 'feedback'),
    ]);
    expect(offsets(fresh)).toEqual([3, 4]);
    expect(lanes).toEqual({ profile: 7, feedback: 2 });
  });

  it('those published again at a later offset are dropped', () => {
    const { fresh, lanes } = unseen(from(2, { profile: 4 }), [
      at(3, 3, 1),
      at(4, 4, 3),
      at(5, 9, 4),
      at(6, 9, 4),
      at(7, 10, 9),
    ]);
    expect(offsets(fresh)).toEqual([5, 7]);
    expect(lanes).toEqual({ profile: 10 });
  });

  it('one that does not follow the last seen is a gap', () => {
    expect(() => unseen(start, [at(1, 2, 1)])).toThrow(Gap);
    expect(() => unseen(from(2, { profile: 4 }), [at(3, 7, 4), at(4, 9, 8)])).toThrow(Gap);
    expect(() => unseen(from(2, { profile: 4 }), [at(3, 7, 4, 'feedback')])).toThrow(Gap);
  });

  it('one before a gap that is mended further on is passed over, and taken when it comes again', () => {
    const passing = { context: 'profile', reach: { profile: 9 }, until: 8 };
    const records = [at(3, 9, 7), at(4, 1, 0, 'feedback'), at(5, 7, 4), at(6, 9, 7), at(7, 10, 9)];
    const { fresh, lanes } = unseen(from(2, { profile: 4 }), records, passing);
    expect(offsets(fresh)).toEqual([4, 5, 6, 7]);
    expect(lanes).toEqual({ profile: 10, feedback: 1 });
  });

  it('one that does not follow after the place where the gap is mended is a gap for good', () => {
    const passing = { context: 'profile', reach: { profile: 9 }, until: 8 };
    const gap = (...records: Delivered[]): unknown => {
      try {
        return unseen(from(2, { profile: 4 }), records, passing);
      } catch (error) {
        return (error as Gap).curable;
      }
    };
    expect(gap(at(9, 10, 9))).toBe(false);
    // Other facts were recorded after an earlier position, so no later record can follow what was seen.
    expect(gap(at(3, 7, 3))).toBe(false);
    expect(gap(at(3, 7, 4), at(4, 9, 7), at(9, 12, 11))).toBe(true);
  });

  it('the one at the checkpoint has to be the one that was taken', () => {
    const checkpoint = { ...from(3, { profile: 4 }), recordedAt: '2026-03-01T10:00:00.000Z' };
    expect(() => checkSame(checkpoint, [at(3, 4, 2), at(4, 7, 4)])).not.toThrow();
    expect(() => checkSame(checkpoint, [at(4, 7, 4)])).not.toThrow();
    const other = { ...at(3, 4, 2), recordedAt: '2026-03-01T10:00:00.001Z' };
    expect(() => checkSame(checkpoint, [at(2, 2), other])).toThrow(OtherLog);
  });

  it('those of a source that cannot have gaps say nothing of the one before', () =>
    expect(offsets(unseen(from(2, { profile: 2 }), [at(5, 5), at(9, 9)]).fresh)).toEqual([5, 9]));

  it('are looked through once for all who are at the same place, and again from another', () => {
    const all = [at(3, 5, 4), at(4, 6, 5)];
    const first = unseenOfBatch(from(2, { profile: 4 }), all, null);
    expect(unseenOfBatch(from(2, { profile: 4 }), all, null)).toBe(first);
    expect(unseenOfBatch(from(3, { profile: 5 }), all, null).fresh).toEqual([all[1]]);
    expect(unseenOfBatch(from(2, { profile: 4 }), all, null)).toEqual(first);
    expect(() => unseenOfBatch(from(2, { profile: 3 }), all, null)).toThrow(Gap);
  });

  it('are those of the list as it is now', () => {
    const all = [at(3, 5, 4)];
    expect(offsets(unseen(from(2, { profile: 4 }), all).fresh)).toEqual([3]);
    all.push(at(4, 6, 5));
    expect(offsets(unseen(from(2, { profile: 4 }), all).fresh)).toEqual([3, 4]);
  });

  it('none leave the lanes as they were', () =>
    expect(unseen(from(2, { profile: 4 }), [])).toEqual({
      fresh: [],
      lanes: { profile: 4 },
      types: new Set(),
    }));
});
