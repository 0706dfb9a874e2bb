import { ReadershipClient, RequestRefused, type ClientOptions } from '@readership/client';
import { contextNames } from '@readership/contracts';
import { loadSample, readLoadState, saveLoadState } from '@readership/sample';
import cliProgress from 'cli-progress';
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import pc from 'picocolors';
import { prepareCluster } from '@readership/cluster';
import { readServiceConfig } from '@readership/host';
import { audit } from './audit.js';
import type { Mapping } from './csv-mapping.js';
import { importCsv, ImportStopped, type ImportResult } from './import.js';
import { abandon, outcomeOf, rebuild } from './rebuild.js';
import { askedOf, republish } from './republish.js';

interface Where {
  readonly url: string;
  readonly key?: string;
}

const program = new Command('readership')
  .description('Commands for operators of a running Readership.')
  .showHelpAfterError();

/** Long enough for an operator to bring a database back. */
const importPatienceMs = 30 * 60_000;

function clientOf({ url, key }: Where, options: ClientOptions = {}): ReadershipClient {
  const known = key ?? process.env['READERSHIP_ADMIN_KEY'];
  if (known === undefined) throw new Error('Give the access key with --key or READERSHIP_ADMIN_KEY.');
  return new ReadershipClient(url, known, options);
}

function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--url <url>', 'address of the service', 'http://127.0.0.1:8080')
    .option('--key <key>', 'access key (READERSHIP_ADMIN_KEY)');
}

command('audit', 'Joins the accounts of all services; exits with 1 if an event is not accounted for.')
  .option('--wait <seconds>', 'how long to wait for events that are not applied yet', '5')
  .action(async (options: Where & { readonly wait: string }) => {
    const { accounts, found } = await audit(clientOf(options), Number(options.wait) * 1000);
    for (const { context, partitions } of accounts) {
      const sum = (of: 'recorded' | 'published' | 'privateOnly') =>
        partitions.reduce((total, account) => total + account[of], 0);
      console.log(
        `${context}: ${sum('recorded')} recorded = ${sum('published')} published + ${sum('privateOnly')} private`,
      );
    }
    for (const sentence of found) console.log(pc.red(sentence));
    console.log(
      found.length === 0
        ? pc.green('Every event is accounted for.')
        : `${found.length} accounts do not hold.`,
    );
    process.exitCode = found.length === 0 ? 0 : 1;
  });

command(
  'rebuild',
  'Builds a read model again beside the live one and compares them; exits with 1 if they differ.',
)
  .requiredOption('--context <name>', 'context of the read model: analytics')
  .requiredOption('--model <name>', 'reader-activity, volumes, satisfaction or testimonials')
  .option('--version-of-model <n>', 'version to build (default: the newest of the release)')
  .option('--switch', 'let the rebuilt one serve, whatever the comparison finds', false)
  .option('--abandon', 'drop the rebuild that is under way', false)
  .option('--wait <seconds>', 'how long to wait for the rebuild', '3600')
  .action(
    async (
      options: Where & {
        readonly context: string;
        readonly model: string;
        readonly versionOfModel?: string;
        readonly switch: boolean;
        readonly abandon: boolean;
        readonly wait: string;
      },
    ) => {
      const client = clientOf(options);
      if (options.abandon) {
        for (const sentence of outcomeOf(await abandon(client, options))) console.log(sentence);
        return;
      }
      const bar = new cliProgress.SingleBar(
        { format: '{bar} {value} of {total} records', noTTYOutput: false },
        cliProgress.Presets.shades_classic,
      );
      bar.start(1, 0);
      const done = await rebuild(
        client,
        {
          context: options.context,
          model: options.model,
          switch: options.switch,
          waitMs: Number(options.wait) * 1000,
          ...(options.versionOfModel === undefined ? {} : { version: Number(options.versionOfModel) }),
        },
        (taken, of) => {
          bar.setTotal(of);
          bar.update(taken);
        },
      ).finally(() => bar.stop());
      for (const sentence of outcomeOf(done)) console.log(sentence);
      process.exitCode = done.state === 'compared' ? 1 : 0;
    },
  );

command('republish', 'Publishes facts that the log has lost again from the stores, at the same positions.')
  .option('--context <name>', 'patron-profile, interaction-log, feedback or analytics (default: all)')
  .option('--partition <p>', 'only this partition (default: all)')
  .option(
    '--from <position>',
    'first position to publish again; missing: the first that the log lacks',
    'missing',
  )
  .option('--wait <seconds>', 'how long to wait until it is done', '600')
  .action(
    async (
      options: Where & {
        readonly context?: string;
        readonly partition?: string;
        readonly from: string;
        readonly wait: string;
      },
    ) => {
      await republish(clientOf(options), askedOf(options), (sentence) => console.log(sentence));
    },
  );

program
  .command('prepare')
  .description(
    'Creates topics, databases and indexes from the settings of a service; changes nothing that exists.',
  )
  .option('--replication <n>', 'copies of each partition: 3 in production, 1 with a single broker', '3')
  .action(async ({ replication }: { readonly replication: string }) => {
    const servers = readServiceConfig(process.env);
    await prepareCluster({ ...servers, contexts: contextNames, replication: Number(replication) });
    console.log(`The topics and databases of ${servers.namespace} are ready.`);
  });

command('import <file>', 'Records the rows of a CSV file as interactions.')
  .requiredOption('--mapping <json>', 'JSON, or a file with it: {"field": "column" or {"const": value}}')
  .option(
    '--source <uri>',
    'CloudEvents source of the interactions (default: made of the mapping, not of the name of the file)',
  )
  .option('--encoding <name>', 'encoding of a file without byte order mark, such as windows-1252', 'utf-8')
  .option('--dry-run', 'let the service judge all rows without recording them', false)
  .option('--errors <file>', 'new CSV file to list refused rows in')
  .action(
    async (
      file: string,
      options: Where & {
        readonly mapping: string;
        readonly source?: string;
        readonly encoding: string;
        readonly dryRun: boolean;
        readonly errors?: string;
      },
    ) => {
      const bar = new cliProgress.SingleBar(
        { format: '{bar} {percentage}%', noTTYOutput: false },
        cliProgress.Presets.shades_classic,
      );
      const request = {
        file,
        mapping: mappingOf(options.mapping),
        encoding: options.encoding,
        dryRun: options.dryRun,
        ...(options.source === undefined ? {} : { source: options.source }),
        ...(options.errors === undefined ? {} : { errorFile: options.errors }),
      };
      bar.start(100, 0);
      try {
        const client = clientOf(options, { patienceMs: importPatienceMs });
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
    },
  );

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
  console.log(`${total} rows: ${recorded} ${done}, ${alreadyRecorded} known already, ${refused} refused.`);
  for (const { line, column, code, detail } of errors.slice(0, 10)) {
    console.log(`  line ${line}${column === '' ? '' : `, column ${column}`}: ${code}. ${detail}`);
  }
  if (refused > 10) console.log(`  … ${options.errors ?? '--errors FILE'} lists all of them`);
}

command('sample', 'Loads the sample consortium; run it again to continue where it stopped.')
  .option('--state <file>', 'file that stores the progress', 'sample.json')
  .action(async (options: Where & { readonly state: string }) => {
    let tenth = 0;
    await loadSample(
      clientOf(options),
      readLoadState(options.state, new Date()),
      (state) => saveLoadState(options.state, state),
      ({ done, total }) => {
        if (Math.floor((10 * done) / total) === tenth) return;
        tenth = Math.floor((10 * done) / total);
        console.log(`Loading the sample consortium ${tenth}0 %`);
      },
    );
    console.log('The sample consortium is loaded.');
  });

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof RequestRefused) {
    for (const { pointer, detail } of error.errors) console.error(`  ${pointer}: ${detail}`);
  }
  process.exitCode = 1;
});
