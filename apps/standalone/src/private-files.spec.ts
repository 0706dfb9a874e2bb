import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { openDriver } from '@readership/embedded';
import { endPrograms, newFolder, Program, removeFolders, until, withBranch } from './program.fixture.js';

afterEach(endPrograms);
afterAll(removeFolders);

const modes = (folder: string) =>
  ['.', ...readdirSync(folder)].map((name) => [
    name,
    (statSync(join(folder, name)).mode & 0o777).toString(8),
  ]);
const expected = (folder: string) =>
  ['.', ...readdirSync(folder)].map((name) => [name, name === '.' ? '700' : '600']);

it('the data folder and every file in it are for their owner alone, also where they lay open before', async () => {
  const folder = join(newFolder(), 'data');
  const first = await new Program(['--data', folder], { umask: '000' }).started();
  await until(() => existsSync(join(folder, 'sample.json')), 60_000);
  await first.signal('SIGKILL');
  expect(modes(folder)).toEqual(expected(folder));
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['patron-profile.db-wal', 'keys.json', 'lock']));

  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o666);
  chmodSync(folder, 0o755);
  const second = await new Program(['--data', folder, '--sample', 'none'], { umask: '000' }).started();
  await withBranch(second);
  expect(modes(folder)).toEqual(expected(folder));
  expect(await second.signal('SIGTERM')).toBe(0);
}, 120_000);

/** What the pages of the log and the packs of the commits say. */
function unpacked(folder: string): string {
  const texts: string[] = [];
  for (const [name, table] of [
    ['log', 'pages'],
    ['patron-profile', 'commits'],
    ['interaction-log', 'commits'],
  ] as const) {
    const driver = openDriver(join(folder, `${name}.db`));
    for (const [body] of driver.prepare(`SELECT body FROM ${table}`).all([]))
      texts.push(typeof body === 'string' ? body : inflateRawSync(body as Uint8Array).toString());
    driver.close();
  }
  return texts.join();
}

it('a name, an address and a number lie readable in the files of patron-profile alone, as the README says', async () => {
  const folder = newFolder();
  const program = await new Program(['--data', folder, '--sample', 'none']).started();
  await withBranch(program);
  const personal = { familyName: 'Oyelaranwood', email: 'unheard.of@example.org', phone: '+4412345678901' };
  const { status } = await program.send('/v1/patrons', {
    ...personal,
    cards: ['T-100 200'],
    givenName: 'Wilhelmina',
    homeBranch: 'NORTH',
    enrolledOn: '2024-03-05',
  });
  expect(status).toBe(201);
  const together = ['T-200 300', 'T-300 400'].map((card) => ({
    ...personal,
    cards: [card],
    givenName: 'Wilhelmina',
    homeBranch: 'NORTH',
    enrolledOn: '2024-03-05',
  }));
  const lines = together.map((line) => JSON.stringify(line)).join('\n');
  const batch = await program.send('/v1/patrons/batch', lines);
  expect(batch.status).toBe(200);
  const found = await program.send(`/v1/patrons?name=Oyelaranwood&after=${batch.position}`);
  expect(found.body.items).toHaveLength(3);
  await program.signal('SIGKILL');
  const holding = (text: string) =>
    readdirSync(folder).filter((name) =>
      readFileSync(join(folder, name)).toString('latin1').toLowerCase().includes(text.toLowerCase()),
    );
  for (const text of [personal.familyName, personal.email, personal.phone.slice(1)])
    expect([text, holding(text)]).toEqual([text, ['patron-profile.db-wal']]);
  const said = unpacked(folder);
  expect(said.match(/"PatronRegistered"/g)!.length).toBeGreaterThan(3);
  for (const text of Object.values(personal)) expect(said).not.toContain(text);
}, 120_000);
