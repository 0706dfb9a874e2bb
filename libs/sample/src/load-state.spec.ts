import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLoadState, saveLoadState } from './load-state.js';

describe('the state of a load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'readership-sample-'));
  const file = join(folder, 'sample.json');
  const now = new Date('2026-03-09T12:00:00Z');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('begins with nothing done and ends with the month before', () => {
    expect(readLoadState(file, now)).toMatchObject({ lastMonth: '2026-02', done: 0, complete: false });
  });

  it('is read back as it was saved, in a later month too, and leaves nothing beside it', async () => {
    await saveLoadState(file, { ...readLoadState(file, now), done: 3 });
    await saveLoadState(file, { ...readLoadState(file, now), done: 4 });
    expect(readLoadState(file, new Date('2026-07-01T00:00:00Z'))).toMatchObject({
      lastMonth: '2026-02',
      done: 4,
    });
    expect(readdirSync(folder)).toEqual(['sample.json']);
  });

  it.each([
    '',
    '{"name":"somebody else\'s"}',
    'null',
    '{"seed":1,"lastMonth":"2026-02","done":"3","complete":false}',
  ])('is not taken from a file that is something else: %s', (text) => {
    const other = join(folder, 'other.json');
    writeFileSync(other, text);
    expect(() => readLoadState(other, now)).toThrow(`${other} does not contain the progress of the sample`);
    rmSync(other);
  });
});
