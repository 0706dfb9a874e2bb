// Begins an aggregate: its events, its decider and the decider's spec, in a folder of its own of a context.
// usage: node tools/generate/aggregate.mjs <context> <name>       name: singular, kebab-case
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { format, resolveConfig } from 'prettier';

const root = join(import.meta.dirname, '../..');

/** Words of the language, and of what is written here, that cannot name the decider. */
const reserved = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for ' +
    'function if implements import in instanceof interface let new null package private protected public return static ' +
    'super switch this throw true try typeof var void while with yield ' +
    'add added decider given refusal'
  ).split(' '),
);

const [context, name, ...rest] = process.argv.slice(2);
try {
  if (context === undefined || name === undefined || rest.length > 0) {
    throw new Error('usage: npm run aggregate -- <context> <name>');
  }
  await generate(context, name);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function generate(context, name) {
  const contexts = readdirSync(join(root, 'libs')).filter((lib) =>
    existsSync(join(root, 'libs', lib, 'src/publish.ts')),
  );
  if (!contexts.includes(context)) {
    throw new Error(`${context} is no context; there are ${contexts.join(', ')}.`);
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || reserved.has(name)) {
    throw new Error(`Give a singular in kebab-case that is no reserved word, not ${name}.`);
  }
  const folder = join(root, 'libs', context, 'src', `${name}s`);
  const files = [
    [`${name}.events.ts`, events(namesOf(name))],
    [`${name}.decider.ts`, decider(namesOf(name))],
    [`${name}.decider.spec.ts`, spec(namesOf(name))],
  ].map(([file, text]) => ({ path: join(folder, file), text }));
  const there = files.find(({ path }) => existsSync(path));
  if (there) throw new Error(`${relative(root, there.path)} exists: nothing was written.`);
  for (const { path, text } of files) await write(path, text);
  console.log(
    `Next: rename what happens to it, and say in libs/${context}/src/publish.ts what is published of it.`,
  );
}

async function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }), { flag: 'wx' });
  console.log(relative(root, path));
}

/** `purchase-request` in every form it is written in. */
function namesOf(kebab) {
  const words = kebab.split('-');
  const pascal = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  return {
    kebab,
    pascal,
    camel: pascal[0].toLowerCase() + pascal.slice(1),
    upper: words.join('_').toUpperCase(),
    a: `${/^[aeiou]/.test(kebab) ? 'an' : 'a'} ${words.join(' ')}`,
  };
}

function events({ pascal }) {
  return `import type { Event } from '@readership/kernel';

export type ${pascal}Added = Event<'${pascal}Added', { id: string; name: string }>;

export type ${pascal}Event = ${pascal}Added;
`;
}

function decider({ kebab, pascal, camel, upper, a }) {
  return `import { Refusal, type Decider } from '@readership/kernel';
import type { ${pascal}Event } from './${kebab}.events.js';

export interface Add${pascal} {
  readonly type: 'Add${pascal}';
  readonly id: string;
  readonly name: string;
}

export type ${pascal}Command = Add${pascal};

export type ${pascal} =
  | { readonly status: 'unknown' }
  | { readonly status: 'added'; readonly id: string; readonly name: string };

export const ${camel}: Decider<${pascal}, ${pascal}Command, ${pascal}Event> = {
  category: '${kebab}',
  initial: { status: 'unknown' },

  decide(command, state) {
    switch (command.type) {
      case 'Add${pascal}': {
        const { id, name } = command;
        if (state.status === 'unknown') return [{ type: '${pascal}Added', data: { id, name } }];
        if (state.name === name) return [];
        throw new Refusal(
          '${upper}_EXISTS',
          'conflict',
          '${a[0].toUpperCase()}${a.slice(1)} of this id has another name: choose another id.',
        );
      }
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case '${pascal}Added':
        return { status: 'added', ...event.data };
    }
  },
};
`;
}

function spec({ kebab, pascal, camel, upper, a }) {
  return `import { given } from '@readership/kernel/testing';
import { ${camel}, type Add${pascal} } from './${kebab}.decider.js';

const add: Add${pascal} = { type: 'Add${pascal}', id: 'first', name: 'First' };
const added = { type: '${pascal}Added', data: { id: 'first', name: 'First' } } as const;

describe('${a}', () => {
  it('is added', () => given(${camel}).when(add).then(added));

  it('stays as it is when the same is added again', () => given(${camel}, added).when(add).thenNothing());

  it('is refused under an id that has another name', () =>
    given(${camel}, added)
      .when({ ...add, name: 'Other' })
      .thenRefused('${upper}_EXISTS'));
});
`;
}
