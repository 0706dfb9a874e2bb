import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  endPrograms,
  loan,
  newFolder,
  Program,
  removeFolders,
  until,
  withBranch,
} from './program.fixture.js';

/** Expects every context's account to hold: everything is published and applied, and the sums agree. */
async function auditHolds(program: Program): Promise<void> {
  for (const context of ['patron-profile', 'interaction-log', 'feedback', 'analytics']) {
    await until(async () => {
      const { body } = await program.send(`/v1/audit/log?context=${context}`);
      return (
        body.holds === true &&
        body.partitions.every(({ unpublished }: { unpublished: number }) => unpublished === 0) &&
        body.projections.every(({ lag, parked }: { lag: number; parked: number }) => lag + parked === 0)
      );
    }, 30_000);
  }
}

afterEach(endPrograms);
afterAll(removeFolders);

async function loansOfMarch(program: Program, after = ''): Promise<number> {
  const { body } = await program.send(
    `/v1/metrics/loans?from=2024-03&to=2024-03${after && `&after=${after}`}`,
  );
  return body.points[0].value as number;
}

describe('what was acknowledged', () => {
  it('is there, once, after SIGKILL, and is known when it is sent again', async () => {
    const folder = newFolder();
    const args = ['--data', folder, '--sample', 'none'];
    const first = await new Program(args).started();
    await withBranch(first);
    let acknowledged = 0;
    const writing = (async () => {
      for (let id = 0; ; id++) {
        const { status } = await first.send('/v1/interactions', loan(id));
        expect(status).toBe(201);
        acknowledged = id + 1;
      }
    })().catch(() => {});
    await until(() => acknowledged >= 40, 20_000);
    await first.signal('SIGKILL');
    await writing;

    const second = await new Program(args).started();
    for (let id = 0; id < acknowledged; id++) {
      const again = await second.send('/v1/interactions', loan(id));
      expect([id, again.status, again.body.outcome]).toEqual([id, 200, 'already-recorded']);
    }
    // The write that the kill interrupted may have been recorded. Sent again, it is stored once either way.
    const { position } = await second.send('/v1/interactions', loan(acknowledged));
    expect(await loansOfMarch(second, position)).toBe(acknowledged + 1);
    await auditHolds(second);
    expect(await second.signal('SIGTERM')).toBe(0);
  }, 90_000);

  it('survives a stop by SIGTERM or SIGINT, which ends the program with 0 and without a word of error', async () => {
    const folder = newFolder();
    const args = ['--data', folder, '--sample', 'none'];
    const first = await new Program(args).started();
    await withBranch(first);
    await first.send('/v1/interactions', loan(1));
    expect([await first.signal('SIGTERM'), first.err]).toEqual([0, '']);
    const second = await new Program(args).started();
    const { position, status } = await second.send('/v1/interactions', loan(1));
    expect(status).toBe(200);
    expect(await loansOfMarch(second, position)).toBe(1);
    expect([await second.signal('SIGINT'), second.err]).toEqual([0, '']);
  }, 90_000);
});

describe('a load of the sample that is killed', () => {
  it('goes on after the next start; /readyz answers 503 until all of it is applied', async () => {
    const folder = newFolder();
    const args = ['--data', folder, '--sample', 'small'];
    const loading = () =>
      existsSync(join(folder, 'sample.json'))
        ? (JSON.parse(readFileSync(join(folder, 'sample.json'), 'utf8')) as {
            done: number;
            complete: boolean;
          })
        : { done: 0, complete: false };

    const first = await new Program(args).started();
    expect((await first.send('/readyz')).status).toBe(503);
    await until(() => loading().done >= 5, 60_000);
    await first.signal('SIGKILL');
    const { done, complete } = loading();
    expect(complete).toBe(false);

    const second = await new Program(args).started();
    expect((await second.send('/readyz')).status).toBe(503);
    await until(async () => (await second.send('/readyz')).status === 200, 240_000);
    expect(loading().complete).toBe(true);
    expect(loading().done).toBeGreaterThan(done);
    await auditHolds(second);
    const { body } = await second.send('/v1/metrics');
    expect(body.figures.map(({ points }: any) => points[0].value)).toEqual(
      Array.from({ length: 6 }, () => expect.any(Number)),
    );
    expect(await second.signal('SIGTERM')).toBe(0);

    const third = await new Program(args).started();
    await until(async () => (await third.send('/readyz')).status === 200, 30_000);
    expect(third.out).not.toContain('Loading the sample');
  }, 400_000);
});
