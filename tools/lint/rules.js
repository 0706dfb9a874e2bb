/** The house's own lint rules: who may import whom, and which files are pure. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Each runs as a service. */
const contexts = readdirSync(join(import.meta.dirname, '../../apps')).filter((app) => app !== 'standalone');

/** What each package may import of ours. The kernel sees nothing; contexts do not see each other; adapters see no context. */
export const allowed = {
  'libs/kernel': [],
  'libs/contracts': ['kernel'],
  'libs/embedded': ['kernel'],
  'libs/cluster': ['kernel'],
  'libs/host': ['kernel', 'contracts', 'client'],
  'libs/client': ['contracts'],
  'libs/sample': ['client'],
  ...Object.fromEntries(contexts.map((context) => [`libs/${context}`, ['kernel', 'contracts', 'host']])),
  ...Object.fromEntries(contexts.map((context) => [`apps/${context}`, ['host', 'cluster', context]])),
  'apps/standalone': ['kernel', 'contracts', 'host', 'embedded', 'client', 'sample', ...contexts],
};
/** Source that is built and shipped; the kernel's contract suites are a published part of it. */
const productionFile = /(?:^|\/)(?:libs|apps)\/[^/]+\/src\/(?!.*\.spec\.ts$)/;
const contractSuites = /(?:^|\/)libs\/kernel\/src\/(?:contract\/|testing\.ts$)/;
const testMachinery = /^@readership\/[^/]+\/testing$|\/testing\/|\.fixture\.js$/;

/** What specs may import besides: the embedded adapters are the only fake, and the edge has a test kit. */
const allowedInSpecs = ['kernel', 'contracts', 'embedded', 'host'];

const pureFile = /(\.(events|decider|projection|tally)\.ts|\/publish\.ts)$/;

const packageOf = (filename) => /(?:^|\/)((?:libs|apps)\/[^/]+)\//.exec(filename.replaceAll('\\', '/'))?.[1];

const boundaries = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      forbidden: '{{from}} may not import @readership/{{to}}.',
      testing: 'Production source may not import test machinery.',
      relative: 'Import another package by its name, not by a path out of this one.',
    },
  },
  create(context) {
    const from = packageOf(context.filename);
    if (from === undefined || context.filename.endsWith('jest.config.js')) return {};
    const mayImport = new Set(allowed[from] ?? []);
    if (/\.spec\.ts$/.test(context.filename)) for (const name of allowedInSpecs) mayImport.add(name);
    const isProduction = productionFile.test(context.filename) && !contractSuites.test(context.filename);
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== 'string') return;
      const to = /^@readership\/([^/]+)/.exec(source)?.[1];
      if (to !== undefined && !mayImport.has(to)) {
        context.report({ node, messageId: 'forbidden', data: { from, to } });
      }
      if (isProduction && testMachinery.test(source)) context.report({ node, messageId: 'testing' });
      if (source.startsWith('..')) {
        const inside = context.filename.slice(context.filename.indexOf(from) + from.length + 1);
        const depth = inside.split('/').length - 1;
        if ((source.match(/\.\.\//g) ?? []).length > depth) context.report({ node, messageId: 'relative' });
      }
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

const purity = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      import: 'A pure file may not import {{source}}.',
      await: 'A pure file does not wait.',
      clock: 'A pure file reads no clock and no chance: time and ids arrive in the command.',
      process: 'A pure file does not see the process.',
    },
  },
  create(context) {
    if (!pureFile.test(context.filename)) return {};
    return {
      ImportDeclaration(node) {
        const source = node.source.value;
        if (/^(node:|@nestjs\/|mongoose|kafkajs|bull|redis|libsql)/.test(source)) {
          context.report({ node, messageId: 'import', data: { source } });
        }
      },
      AwaitExpression: (node) => context.report({ node, messageId: 'await' }),
      'FunctionDeclaration[async=true], ArrowFunctionExpression[async=true], FunctionExpression[async=true]':
        (node) => context.report({ node, messageId: 'await' }),
      'NewExpression[callee.name="Date"][arguments.length=0]': (node) =>
        context.report({ node, messageId: 'clock' }),
      'MemberExpression[object.name="Date"][property.name="now"]': (node) =>
        context.report({ node, messageId: 'clock' }),
      'MemberExpression[object.name="Math"][property.name="random"]': (node) =>
        context.report({ node, messageId: 'clock' }),
      'MemberExpression[object.name="performance"]': (node) => context.report({ node, messageId: 'clock' }),
      'MemberExpression[object.name="process"]': (node) => context.report({ node, messageId: 'process' }),
    };
  },
};

const publishFile = /\/publish\.ts$/;

const picked = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      spread: 'Name every field that is published: a spread publishes what is added to the event later.',
      whole: 'Name every field that is published in an object, not the whole of something.',
    },
  },
  create(context) {
    if (!publishFile.test(context.filename.replaceAll('\\', '/'))) return {};
    return {
      'ObjectExpression > SpreadElement': (node) => context.report({ node, messageId: 'spread' }),
      RestElement: (node) => context.report({ node, messageId: 'spread' }),
      'CallExpression[callee.name="fact"] > MemberExpression.arguments:nth-child(2)': (node) =>
        context.report({ node, messageId: 'whole' }),
      'Property > MemberExpression.value[property.name="data"]': (node) =>
        context.report({ node, messageId: 'whole' }),
      'CallExpression[callee.object.name="Object"][callee.property.name="assign"]': (node) =>
        context.report({ node, messageId: 'spread' }),
    };
  },
};

const projectionFile = /\.projection\.ts$/;
const ofEvent = '[property.name=/^(data|personal)$/]';

const pickedRows = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      picked:
        'Name every field of a row: otherwise it holds, and answers show, what is added to the event later.',
    },
  },
  create(context) {
    if (!projectionFile.test(context.filename)) return {};
    const report = (node) => context.report({ node, messageId: 'picked' });
    return {
      [`SpreadElement > MemberExpression.argument${ofEvent}`]: report,
      'SpreadElement > Identifier.argument[name=/^(data|personal)$/]': report,
      RestElement: report,
      [`ReturnStatement > MemberExpression.argument${ofEvent}`]: report,
      [`ArrowFunctionExpression > MemberExpression.body${ofEvent}`]: report,
      [`ObjectExpression > Property > MemberExpression.value${ofEvent}`]: report,
      'ObjectExpression > Property > Identifier.value[name=/^(data|personal)$/]': report,
      'ArrowFunctionExpression > Identifier.body[name=/^(data|personal)$/]': report,
      'ReturnStatement > Identifier.argument[name=/^(data|personal)$/]': report,
    };
  },
};

export default { rules: { boundaries, picked, 'picked-rows': pickedRows, purity } };
