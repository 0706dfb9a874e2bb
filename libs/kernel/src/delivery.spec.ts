import { start, type Checkpoint } from './read-models.js';
import { Gap, unseen, type Delivered } from './delivery.js';

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

  it('those of a source that cannot have gaps say nothing of the one before', () =>
    expect(offsets(unseen(from(2, { profile: 2 }), [at(5, 5), at(9, 9)]).fresh)).toEqual([5, 9]));

  it('none leave the lanes as they were', () =>
    expect(unseen(from(2, { profile: 4 }), [])).toEqual({ fresh: [], lanes: { profile: 4 } }));
});
