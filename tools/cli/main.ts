import { optionsOf, readOrEnd, whereTheKeyIs, type Asked } from '#cli-options';
import { ReadershipClient, RequestRefused } from '@readership/client';
import { prepareCluster } from '@readership/cluster';
import { contextNames } from '@readership/contracts';
import { readServiceConfig } from '@readership/host';
import { loadSample, readLoadState, saveLoadState } from '@readership/sample';
import cliProgress from 'cli-progress';
import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { audit, behind, unequal, verdict } from './audit.js';
import type { Mapping } from './csv-mapping.js';
import { importCsv, ImportStopped, type ImportResult } from './import.js';
import { abandon, outcomeOf, rebuild } from './rebuild.js';
import { republish } from './republish.js';

/** Long enough for an operator to bring a database back. */
const importPatienceMs = 30 * 60_000;

type Options<C extends Asked['command']> = Extract<Asked, { readonly command: C }>;

const say = (sentence: string): void => console.log(sentence);

const progressBar = (format: string): cliProgress.SingleBar =>
  new cliProgress.SingleBar({ format, noTTYOutput: false }, cliProgress.Presets.shades_classic);

async function runAudit({ url, key, wait }: Options<'audit'>): Promise<void> {
  const { accounts, found } = await audit(new ReadershipClient(url, key), wait * 1000);
  for (const { context, partitions } of accounts) {
    const sum = (of: 'recorded' | 'published' | 'privateOnly') =>
      partitions.reduce((total, account) => total + account[of], 0);
    say(
      `${context}: ${sum('recorded')} recorded = ${sum('published')} published + ${sum('privateOnly')} private`,
    );
  }
  for (const sentence of unequal(accounts)) say(pc.red(sentence));
  for (const sentence of behind(accounts)) say(pc.yellow(sentence));
  const last = verdict(accounts);
  say(found.length === 0 ? pc.green(last) : last);
  process.exitCode = found.length === 0 ? 0 : 1;
}

async function runRebuild(options: Options<'rebuild'>): Promise<void> {
  const client = new ReadershipClient(options.url, options.key);
  if (options.abandon) {
    for (const sentence of outcomeOf(await abandon(client, options))) say(sentence);
    return;
  }
  const bar = progressBar('{bar} {value} of {total} records');
  bar.start(1, 0);
  const done = await rebuild(
    client,
    {
      context: options.context,
      model: options.model,
      switch: options.switch,
      waitMs: options.wait * 1000,
      ...(options.versionOfModel === undefined ? {} : { version: options.versionOfModel }),
    },
    (taken, of) => {
      bar.setTotal(of);
      bar.update(taken);
    },
  ).finally(() => bar.stop());
  for (const sentence of outcomeOf(done)) say(sentence);
  process.exitCode = done.state === 'compared' ? 1 : 0;
}

async function runPrepare({ replication }: Options<'prepare'>): Promise<void> {
  const servers = readServiceConfig(process.env);
  await prepareCluster({ ...servers, contexts: contextNames, replication });
  say(`The topics and databases of ${servers.namespace} are ready.`);
}

async function runImport(options: Options<'import'>): Promise<void> {
  const request = {
    file: options.file,
    mapping: mappingOf(options.mapping),
    encoding: options.encoding,
    dryRun: options.dryRun,
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.errors === undefined ? {} : { errorFile: options.errors }),
  };
  const bar = progressBar('{bar} {percentage}%');
  bar.start(100, 0);
  try {
    const client = new ReadershipClient(options.url, options.key, { patienceMs: importPatienceMs });
    const result = await importCsv(client, request, (read, bytes) =>
      bar.update(bytes === 0 ? 100 : Math.floor((100 * read) / bytes)),
    ).finally(() => bar.stop());
    sayImported(result, options);
    process.exitCode = result.refused === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ImportStopped)) throw error;
    sayImported(error.result, options);
    console.error(error.message);
    throw error.cause;
  }
}

function mappingOf(option: string): Mapping {
  const text = option.trimStart().startsWith('{') ? option : readFileSync(option, 'utf8');
  try {
    return JSON.parse(text) as Mapping;
  } catch {
    throw new Error(
      'The mapping must be JSON, such as {"time":"Period","branch":"Where","kind":{"const":"visit"}}.',
    );
  }
}

function sayImported(
  result: ImportResult,
  options: { readonly dryRun: boolean; readonly errors?: string },
): void {
  const { total, recorded, alreadyRecorded, refused, errors } = result;
  const done = options.dryRun ? 'would be recorded' : 'recorded';
  say(`${total} rows: ${recorded} ${done}, ${alreadyRecorded} known already, ${refused} refused.`);
  for (const { line, column, code, detail } of errors.slice(0, 10)) {
    say(`  line ${line}${column === '' ? '' : `, column ${column}`}: ${code}. ${detail}`);
  }
  if (refused > 10) say(`  … ${options.errors ?? '--errors FILE'} lists all of them`);
}

async function runSample({ url, key, state }: Options<'sample'>): Promise<void> {
  let tenth = 0;
  await loadSample(
    new ReadershipClient(url, key),
    readLoadState(state, new Date()),
    (now) => saveLoadState(state, now),
    ({ done, total }) => {
      if (Math.floor((10 * done) / total) === tenth) return;
      tenth = Math.floor((10 * done) / total);
      say(`Loading the sample consortium ${tenth}0 %`);
    },
  );
  say('The sample consortium is loaded.');
}

/** What is wrong with a file that was named, in a sentence; `undefined` when the error is of another kind. */
function fileProblem(error: unknown): string | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  if (path === undefined) return undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `${path} does not exist: check the name and the folder.`;
    case 'EEXIST':
      return `${path} exists already: give another name.`;
    case 'EISDIR':
      return `${path} is a folder: give the name of a file.`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be read or written by you: check its owner and mode.`;
    default:
      return undefined;
  }
}

function run(asked: Asked): Promise<void> {
  switch (asked.command) {
    case 'audit':
      return runAudit(asked);
    case 'rebuild':
      return runRebuild(asked);
    case 'republish':
      return republish(
        new ReadershipClient(asked.url, asked.key),
        { ...asked, waitMs: asked.wait * 1000 },
        say,
      );
    case 'prepare':
      return runPrepare(asked);
    case 'import':
      return runImport(asked);
    case 'sample':
      return runSample(asked);
  }
}

try {
  await run(readOrEnd('readership', () => optionsOf(process.argv.slice(2), process.env)));
} catch (error) {
  const isKey = error instanceof RequestRefused && error.code === 'UNAUTHENTICATED';
  const message = fileProblem(error) ?? (error instanceof Error ? error.message : String(error));
  console.error(isKey ? `This access key is not accepted there: ${whereTheKeyIs}.` : message);
  if (error instanceof RequestRefused) {
    for (const { pointer, detail } of error.errors) {
      // Where there is one problem, the message may be its detail.
      if (!error.message.endsWith(detail)) console.error(`  ${pointer}: ${detail}`);
    }
  }
  process.exitCode = 1;
}
