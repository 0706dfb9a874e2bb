import { ESLint } from 'eslint';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Lints a text as if it were the file, under the workspace's own configuration. */
async function problems(file: string, text: string): Promise<string[]> {
  const [result] = await new ESLint({ cwd: root }).lintText(text, {
    filePath: join(root, file),
    warnIgnored: true,
  });
  return result!.messages
    .filter(({ severity }) => severity === 2)
    .map(({ ruleId, message }) => ruleId ?? message);
}

describe('module boundaries', () => {
  it.each([
    ['libs/kernel/src/bad.ts', '@readership/contracts'],
    ['libs/embedded/src/bad.ts', '@readership/analytics'],
    ['libs/host/src/bad.ts', '@readership/feedback'],
    ['libs/analytics/src/bad.ts', '@readership/patron-profile'],
    ['libs/feedback/src/bad.ts', '@readership/embedded'],
  ])('%s may not import %s', async (file, source) => {
    expect(await problems(file, `export * from '${source}';\n`)).toContain('readership/boundaries');
    expect(await problems(file, `export const late = () => import('${source}');\n`)).toContain(
      'readership/boundaries',
    );
  });

  it('a path out of the package is no way around', async () => {
    const text = `export * from '../../kernel/src/event.js';\n`;
    expect(await problems('libs/analytics/src/bad.ts', text)).toContain('readership/boundaries');
  });

  it.each(['@readership/host/testing', '../testing/test-app.fixture.js', './directory.fixture.js'])(
    'production source may not import %s, and a spec may',
    async (source) => {
      const text = `export * from '${source}';\n`;
      expect(await problems('libs/host/src/bad.ts', text)).toContain('readership/boundaries');
      expect(await problems('libs/host/src/good.spec.ts', text)).toEqual([]);
    },
  );

  it('a context may import the kernel, the contracts and the host', async () => {
    const text = `export * from '@readership/kernel';\nexport * from '@readership/contracts';\nexport * from '@readership/host';\n`;
    expect(await problems('libs/analytics/src/good.ts', text)).toEqual([]);
  });
});

describe('purity', () => {
  it.each([
    ['node', `import 'node:crypto';\n`],
    ['Nest', `import '@nestjs/common';\n`],
    ['the clock', `export const now = () => new Date();\n`],
    ['the clock again', `export const now = () => Date.now();\n`],
    ['chance', `export const dice = () => Math.random();\n`],
    ['waiting', `export const later = async () => 1;\n`],
    ['the process', `export const home = process.env.HOME;\n`],
  ])('a pure file does without %s', async (_what, text) => {
    for (const file of ['a.events.ts', 'a.decider.ts', 'a.projection.ts', 'a.tally.ts', 'publish.ts']) {
      expect(await problems(`libs/feedback/src/${file}`, text)).toContain('readership/purity');
    }
  });

  it('a date made from its argument is pure', async () => {
    expect(
      await problems('libs/feedback/src/a.decider.ts', `export const at = (t: string) => new Date(t);\n`),
    ).toEqual([]);
  });
});

describe('what is published', () => {
  const publishing = (data: string) =>
    `import { fact } from '@readership/contracts';\n` +
    `export const publish = (event: { type: 'PatronMoved'; data: never }, more: never) => ({\n` +
    `  key: '', fact: fact(event.type, ${data}), more,\n});\n`;

  it.each([
    ['a spread', '{ ...event.data }'],
    ['a spread further in', '{ personId: "", homeBranch: "", since: ((x) => ({ ...x }))(more) }'],
    ['the whole data', 'event.data'],
    ['the whole data in a field', '{ personId: "", homeBranch: "", since: event.data }'],
    ['a merged object', 'Object.assign({}, event.data)'],
    ['the rest of the data', '(({ digest, ...rest }) => rest)(event.data)'],
  ])('is named field by field: not %s', async (_what, data) => {
    expect(await problems('libs/feedback/src/publish.ts', publishing(data))).toContain('readership/picked');
    expect(await problems('libs/feedback/src/other.ts', publishing(data))).not.toContain('readership/picked');
  });

  it('is fine when each field is named', async () => {
    const data = '{ personId: "", homeBranch: "", since: "" }';
    expect(await problems('libs/feedback/src/publish.ts', publishing(data))).toEqual([]);
  });
});

describe('a row of a read model', () => {
  const projecting = (body: string) => `export const apply = (row: any, event: any, data: any) => ${body};\n`;

  it.each([
    ['a spread', '({ ...event.data, at: event.recordedAt })'],
    ['a spread of a destructured event', '({ ...data, at: event.recordedAt })'],
    ['a spread over the row before', 'row && { ...row, ...event.data }'],
    ['a spread of the personal part', '({ ...row, ...event.personal })'],
    ['the whole data', 'event.data'],
    ['the whole data, returned', '{ return event.data }'],
    ['the whole data in a field', '({ settings: event.data })'],
    ['the rest of the data', '{ const { parts, ...rest } = event.data; return [parts, rest]; }'],
  ])('is made field by field: not of %s', async (_what, body) => {
    const file = 'libs/feedback/src/a.projection.ts';
    expect(await problems(file, projecting(body))).toContain('readership/picked-rows');
    expect(await problems('libs/feedback/src/a.ts', projecting(body))).not.toContain(
      'readership/picked-rows',
    );
  });

  it('may go on from the row before', async () => {
    const text = projecting('({ ...row, ...(data ? { name: event.data.name } : {}) })');
    expect(await problems('libs/feedback/src/a.projection.ts', text)).toEqual([]);
  });
});

it('nothing is merely warned about', async () => {
  const config = await new ESLint({ cwd: root }).calculateConfigForFile(
    join(root, 'libs/kernel/src/event.ts'),
  );
  const levels = Object.values(config.rules as Record<string, [number]>).map(([level]) => level);
  expect(levels.filter((level) => level === 1)).toEqual([]);
});
