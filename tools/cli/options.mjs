import { parsed, wholeNumber, WrongOption } from '../../apps/standalone/command-line.mjs';
export { readOrEnd } from '../../apps/standalone/command-line.mjs';

const dayS = 86_400;
const wait = (says, fallback) => ({ value: 'SECONDS', says, fallback, from: 0, to: 30 * dayS });
export const whereTheKeyIs = 'on one machine it is adminKey in keys.json of the data folder';
const contexts = 'patron-profile, interaction-log, feedback or analytics';

/** Of a running Readership: where it is, and what it lets in. */
const service = {
  url: { value: 'URL', says: 'address of the service', fallback: 'http://127.0.0.1:8080' },
  key: { value: 'KEY', says: 'access key (READERSHIP_ADMIN_KEY)' },
};

const commands = {
  audit: {
    summary: 'Joins the accounts of all services; exits with 1 if an event is not accounted for.',
    options: { ...service, wait: wait('how long to wait for events that are not applied yet', '5') },
  },
  rebuild: {
    summary: 'Builds a read model again beside the live one and compares them; exits with 1 if they differ.',
    options: {
      ...service,
      context: { value: 'NAME', says: 'context of the read model: analytics', required: true },
      model: {
        value: 'NAME',
        says: 'reader-activity, volumes, satisfaction or testimonials',
        required: true,
      },
      'version-of-model': {
        value: 'N',
        says: 'version to build (the newest of the release)',
        from: 1,
        to: 1_000_000,
      },
      switch: { says: 'let the rebuilt one serve, whatever the comparison finds' },
      abandon: { says: 'drop the rebuild that is under way' },
      wait: wait('how long to wait for the rebuild', '3600'),
    },
  },
  republish: {
    summary: 'Publishes facts that the log has lost again from the stores, at the same positions.',
    options: {
      ...service,
      context: { value: 'NAME', says: `${contexts} (all)` },
      partition: { value: 'N', says: 'this partition alone (all)', from: 0, to: 1023 },
      from: {
        value: 'POSITION',
        says: 'first position to publish again (the first that the log lacks); needs --context and --partition',
        from: 1,
        to: Number.MAX_SAFE_INTEGER,
      },
      wait: wait('how long to wait until it is done', '600'),
    },
  },
  prepare: {
    summary:
      'Creates topics, databases and indexes from the settings of a service; changes nothing that exists.',
    options: {
      replication: {
        value: 'N',
        says: 'copies of each partition: 3 in production, 1 with a single broker',
        fallback: '3',
        from: 1,
        to: 100,
      },
    },
  },
  import: {
    operand: 'FILE',
    summary: 'Records the rows of a CSV file as interactions.',
    options: {
      ...service,
      mapping: {
        value: 'JSON',
        says: 'JSON, or a file with it: {"field": "column" or {"const": value}}',
        required: true,
      },
      source: {
        value: 'URI',
        says: 'CloudEvents source of the interactions (made of the mapping, not of the name of the file)',
      },
      encoding: {
        value: 'NAME',
        says: 'encoding of a file without byte order mark, such as windows-1252',
        fallback: 'utf-8',
      },
      'dry-run': { says: 'let the service judge all rows without recording them' },
      errors: { value: 'FILE', says: 'new CSV file to list refused rows in' },
    },
  },
  sample: {
    summary: 'Loads the sample consortium; run it again to continue where it stopped.',
    options: {
      ...service,
      state: { value: 'FILE', says: 'file that stores the progress', fallback: 'sample.json' },
    },
  },
};

const names = Object.keys(commands);

const table = (rows) => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, says]) => `  ${name.padEnd(width)}  ${says}`).join('\n');
};

const usage = `usage: npx readership COMMAND OPTIONS…

  For operators of a running Readership.

${table(names.map((name) => [name, commands[name].summary]))}

npx readership COMMAND --help lists the options of a command.`;

function usageOf(name) {
  const { summary, operand, options } = commands[name];
  const rows = Object.entries(options).map(([option, { value, says, fallback, required }]) => [
    `--${option}${value === undefined ? '' : ` ${value}`}`,
    `${says}${fallback === undefined ? '' : ` (${fallback})`}${required ? ', required' : ''}`,
  ]);
  const operands = operand === undefined ? '' : ` ${operand}`;
  return `usage: npx readership ${name}${operands} OPTIONS…\n\n  ${summary}\n\n${table(rows)}`;
}

export function optionsOf(args, env) {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h')
    return Object.hasOwn(commands, rest[0] ?? '') ? usageOf(rest[0]) : usage;
  if (!Object.hasOwn(commands, name)) throw new WrongOption(`the commands are ${names.join(', ')}`);
  const { options, operand } = commands[name];
  const types = Object.entries(options).map(([option, { value }]) => [
    option,
    { type: value === undefined ? 'boolean' : 'string' },
  ]);
  const { values, operands } = parsed(rest, Object.fromEntries(types), operand === undefined ? 0 : 1);
  if (values.help) return usageOf(name);
  if (operand !== undefined && operands.length === 0) throw new WrongOption(`${name} needs a ${operand}`);
  const given = { command: name, ...(operand === undefined ? {} : { file: operands[0] }) };
  for (const [option, known] of Object.entries(options)) {
    const value = values[option] ?? (known.value === undefined ? false : known.fallback);
    if (value === undefined && known.required) throw new WrongOption(`${name} needs --${option}`);
    if (value === undefined) continue;
    const field = option.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    given[field] = known.from === undefined ? value : wholeNumber(`--${option}`, value, known.from, known.to);
  }
  if (!Object.hasOwn(options, 'url')) return given;
  if (!/^https?:\/\/[^\s/]+/.test(given.url) || !URL.canParse(given.url))
    throw new WrongOption('--url takes an http or https address');
  given.key ??= env.READERSHIP_ADMIN_KEY;
  if (!given.key)
    throw new WrongOption(`give the access key with --key or READERSHIP_ADMIN_KEY; ${whereTheKeyIs}`);
  if (given.from !== undefined && (given.context === undefined || given.partition === undefined))
    throw new WrongOption('--from needs --context and --partition');
  return given;
}
