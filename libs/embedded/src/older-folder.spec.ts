import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreRefused, type Adapters, type Publish } from '@readership/kernel';
import { fileAdapters, openDriver } from './index.js';
import { folderContent, keepFolder, keptKeys } from './kept-folder.fixture.js';

const keptContexts = ['patron-profile', 'interaction-log', 'feedback', 'analytics'];

const publish: Publish = (_, stream) => ({ key: stream, fact: null });
const contexts = keptContexts.map((name) => ({ name }));

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'readership-older-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const open = (keys = keptKeys): Promise<Adapters> => fileAdapters({ folder, ...keys, contexts });

function inDatabase<T>(name: string, work: (driver: ReturnType<typeof openDriver>) => T): T {
  const driver = openDriver(join(folder, `${name}.db`));
  try {
    return work(driver);
  } finally {
    driver.close();
  }
}

/** Expects the opening to be refused in one line with these words, and nothing to be changed. */
async function refused(words: RegExp, keys = keptKeys): Promise<void> {
  const before = folderContent(folder);
  const error: unknown = await open(keys).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreRefused);
  expect((error as Error).message).toMatch(words);
  expect((error as Error).message).not.toContain('\n');
  expect(folderContent(folder)).toBe(before);
}

describe('a data folder of format 1', () => {
  beforeEach(() => keepFolder(folder, 'format-1', ['log', ...keptContexts]));

  it('is brought to the format of today with all that it holds', async () => {
    const adapters = await open();
    const patrons = adapters.eventStore('patron-profile', publish);
    const stored = await patrons.readPage(0, 0, 100);
    expect(stored.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['LibraryAdded', 'BranchAdded', 'PatronRegistered', 'CardAdded', 'CardLinked']),
    );
    expect(stored.find(({ type }) => type === 'PatronRegistered')!.personal).toMatchObject({
      givenName: 'Grace',
    });
    const { rows } = await adapters.readModels('patron-profile').all('patron-search.v1', { limit: 10 });
    expect(rows.map(({ row }) => row)).toMatchObject([{ familyName: 'Hopper' }]);
    expect(await adapters.eventLog.ends()).toEqual([expect.any(Number)]);
    await adapters.close();
    for (const name of ['log', ...keptContexts]) {
      const settings = inDatabase(name, (driver) => [
        driver.prepare('PRAGMA user_version').get([])![0],
        driver.prepare('SELECT name FROM settings ORDER BY name').all([]).flat(),
      ]);
      // This layer checks no stored card number or digest: only the contexts know how.
      expect([name, ...settings]).toEqual([name, name === 'log' ? 4 : 5, ['masterKey', 'partitions']]);
    }
    expect(readFileSync(join(folder, 'format'), 'utf8')).toBe('2\n');
    await (await open()).close();
  });

  it('is refused with another master key', () =>
    refused(/patron-profile\.db was made with another master key/, {
      ...keptKeys,
      masterKey: Buffer.alloc(32, 9),
    }));

  it('is opened when one of its data keys is damaged', async () => {
    inDatabase('feedback', (driver) =>
      driver.exec(`UPDATE keys SET wrapped = zeroblob(60) WHERE subject = 'testimonial-kept'`),
    );
    await (await open()).close();
  });
});

describe.each(['of format 1', 'of this release'])('a data folder %s', (format) => {
  beforeEach(async () => {
    keepFolder(folder, 'format-1', ['log', ...keptContexts]);
    if (format === 'of this release') await (await open()).close();
  });

  it.each([
    ['a column that has another name', 'ALTER TABLE commits RENAME COLUMN actor TO who', 'interaction-log'],
    ['a column too many', 'ALTER TABLE heads ADD COLUMN more TEXT', 'analytics'],
    ['a table that is gone', 'DROP TABLE jobs', 'feedback'],
    [
      'a column of the log that has another name',
      `ALTER TABLE ${format === 'of format 1' ? 'records RENAME COLUMN key' : 'pages RENAME COLUMN count'} TO who`,
      'log',
    ],
  ])('is refused with %s', (_, sql, name) => {
    inDatabase(name, (driver) => driver.exec(sql));
    return refused(new RegExp(`${name}\\.db does not have the tables of its format`));
  });

  it('is refused with a database of a format that is not known', () => {
    inDatabase('analytics', (driver) => driver.exec('PRAGMA user_version = 99'));
    return refused(/analytics\.db has format 99, and this release knows formats up to 5/);
  });

  it('is refused with a database that is none', async () => {
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(join(folder, `feedback.db${end}`))) rmSync(join(folder, `feedback.db${end}`));
    }
    writeFileSync(
      join(folder, 'feedback.db'),
      'no database at all, and longer than a header would be'.repeat(99),
    );
    await expect(open()).rejects.toThrow(/feedback\.db is damaged/);
  });

  it.each([['3'], ['99'], [''], ['one'], ['0']])('is refused when it says that its format is %j', (said) => {
    writeFileSync(join(folder, 'format'), said);
    return refused(
      /^The data folder .* has (format \d+|an unknown format), and this release knows formats up to 2/,
    );
  });
});

it('a data folder whose format is 1 gets an access database, which is missed from then on', async () => {
  await (await open()).close();
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `access.db${end}`), { force: true });
  await refused(/access\.db is missing/);
  writeFileSync(join(folder, 'format'), '1\n');
  await (await open()).close();
  expect(readFileSync(join(folder, 'format'), 'utf8')).toBe('2\n');
  rmSync(join(folder, 'access.db'));
  await refused(/access\.db is missing/);
});

it('an access database that is empty, or of another folder, is refused', async () => {
  await (await open()).close();
  for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `access.db${end}`), { force: true });
  writeFileSync(join(folder, 'access.db'), '');
  await refused(/access\.db is empty or was not made here/);
  const other = mkdtempSync(join(tmpdir(), 'readership-older-'));
  const keys = { ...keptKeys, masterKey: Buffer.alloc(32, 9) };
  const adapters = await fileAdapters({ folder: other, ...keys, contexts });
  await adapters.access.put('key.a', 0, '{}');
  await adapters.close();
  copyFileSync(join(other, 'access.db'), join(folder, 'access.db'));
  rmSync(other, { recursive: true });
  await refused(/access\.db was made with another master key/);
});

it('a data folder of this release is refused without an index', async () => {
  await (await open()).close();
  inDatabase('feedback', (driver) => driver.exec('DROP INDEX jobs_due'));
  await refused(/feedback\.db does not have the tables of its format 5/);
});
