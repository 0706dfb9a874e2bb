import { RequestRefused, type ReadershipClient } from '@readership/client';

/** A rebuild as `GET /v1/rebuilds/{id}` answers it. */
export interface Rebuild {
  readonly id: number;
  readonly model: string;
  readonly version: number;
  readonly state: 'building' | 'comparing' | 'compared' | 'switched' | 'abandoned';
  readonly progress?: readonly {
    readonly partition: number;
    readonly offset: number;
    /** `null` while the log is unavailable. */
    readonly end: number | null;
  }[];
  readonly parity: {
    readonly equal: boolean;
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: number;
      readonly live: string;
      readonly built: string;
      readonly equal: boolean;
    }[];
  } | null;
}

export interface RebuildAsked {
  readonly context: string;
  readonly model: string;
  readonly version?: number;
  /** Switches to the new version once it was compared, whatever the result. */
  readonly switch: boolean;
  readonly waitMs: number;
}

const lookMs = 500;

/**
 * Rebuilds a read model beside the live one and compares the two. An equal rebuild is dropped; a different one stays
 * until it is switched to or abandoned. With `switch` the new one serves from now on in either case.
 */
export async function rebuild(
  client: ReadershipClient,
  asked: RebuildAsked,
  onProgress: (taken: number, of: number) => void = () => undefined,
): Promise<Rebuild> {
  const { context, model, version } = asked;
  const of = `?context=${encodeURIComponent(context)}`;
  const body = { model, ...(version === undefined ? {} : { version }) };
  const { id } = (await client.send<Rebuild>('POST', `/v1/rebuilds${of}`, body)).body;
  const at = `/v1/rebuilds/${id}`;
  const until = Date.now() + asked.waitMs;
  for (;;) {
    const now = (await client.send<Rebuild>('GET', `${at}${of}`)).body;
    const { progress = [], parity } = now;
    onProgress(
      sum(progress.map(({ offset }) => offset)),
      sum(progress.map(({ offset, end }) => end ?? offset)),
    );
    if (now.state === 'switched' || now.state === 'abandoned') return now;
    if (now.state === 'compared') {
      if (!asked.switch && !parity!.equal) return now;
      const what = asked.switch ? 'switch' : 'abandon';
      return (await client.send<Rebuild>('POST', `${at}/${what}${of}`)).body;
    }
    if (Date.now() >= until)
      throw new Error(`The rebuild of ${model} is ${now.state} and continues: run the command again.`);
    await new Promise((resume) => setTimeout(resume, lookMs));
  }
}

/** Abandons the rebuild of a model that is in progress or waits. */
export async function abandon(
  client: ReadershipClient,
  { context, model }: Pick<RebuildAsked, 'context' | 'model'>,
): Promise<Rebuild> {
  const of = `?context=${encodeURIComponent(context)}`;
  const { items } = (await client.send<{ items: readonly Rebuild[] }>('GET', `/v1/rebuilds${of}`)).body;
  const found = items.find((one) => one.model === model && one.progress !== undefined);
  if (!found) throw new RequestRefused(404, 'UNKNOWN_REBUILD', `No rebuild of ${model} is under way.`);
  return (await client.send<Rebuild>('POST', `/v1/rebuilds/${found.id}/abandon${of}`)).body;
}

/** The outcome of a rebuild, in sentences. */
export function outcomeOf({ model, version, state, parity }: Rebuild): readonly string[] {
  const name = `${model} version ${version}`;
  if (parity === null) return [`${name} is ${state}.`];
  const differing = parity.partitions.filter(({ equal }) => !equal);
  const said = parity.equal
    ? `${name} was rebuilt: equal to the live one in all ${parity.partitions.length} partitions.`
    : `${name} was rebuilt: it differs from the live one in ${differing.length} of ${parity.partitions.length} partitions.`;
  const details = differing.map(
    ({ partition, offset, live, built }) =>
      `  partition ${partition} at ${offset}: live ${live}, rebuilt ${built}`,
  );
  if (state === 'switched') return [said, ...details, 'The rebuilt one serves from now on.'];
  if (state === 'abandoned') return [said, ...details, 'The live one keeps serving.'];
  return [said, ...details, 'Both are kept: run it again with --switch, or with --abandon.'];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
