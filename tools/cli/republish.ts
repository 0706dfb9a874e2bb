import { RequestRefused, type ReadershipClient } from '@readership/client';
import { contextNames } from '@readership/contracts';

/** A context's place on the log in a partition, as `GET /v1/republish` answers. */
interface LaneStatus {
  readonly partition: number;
  readonly published: number;
  readonly end: number;
}

interface Republished {
  readonly after: number;
  readonly through: number;
}

export interface RepublishAsked {
  /** Absent: every one. */
  readonly context?: string;
  /** Absent: every one. */
  readonly partition?: number;
  /** Absent: the first that the log does not hold, per partition. */
  readonly from?: number;
  readonly waitMs: number;
}

const lookMs = 200;

/** The options as they were typed; throws an error of one line. */
export function askedOf(options: {
  readonly context?: string;
  readonly partition?: string;
  readonly from: string;
  readonly wait: string;
}): RepublishAsked {
  const { context, partition, from } = options;
  if (from !== 'missing' && (context === undefined || partition === undefined)) {
    throw new Error('--from needs --context and --partition.');
  }
  return {
    waitMs: 1000 * number('--wait', options.wait, 0),
    ...(context === undefined ? {} : { context }),
    ...(partition === undefined ? {} : { partition: number('--partition', partition, 0) }),
    ...(from === 'missing' ? {} : { from: number('--from', from, 1) }),
  };
}

/**
 * Lets contexts publish again what the log lacks, or everything from a position on, and waits until they have. Tells,
 * in a sentence each, of the partitions where something was published again.
 */
export async function republish(
  client: ReadershipClient,
  { context, partition, from, waitMs }: RepublishAsked,
  said: (sentence: string) => void,
): Promise<void> {
  const until = Date.now() + waitMs;
  for (const name of context === undefined ? contextNames : [context]) {
    const of = `?context=${encodeURIComponent(name)}`;
    const lanes = async (): Promise<readonly LaneStatus[]> =>
      (await client.send<{ items: readonly LaneStatus[] }>('GET', `/v1/republish${of}`)).body.items;
    const wanted = partition === undefined ? (await lanes()).map((lane) => lane.partition) : [partition];
    let whole = true;
    for (const each of wanted) {
      const body = { partition: each, ...(from === undefined ? {} : { from }) };
      const { after, through } = (await client.send<Republished>('POST', `/v1/republish${of}`, body)).body;
      if (after === through) continue;
      whole = false;
      said(`${name}/${each}: publishing the positions after ${after} up to ${through} again.`);
      while ((await lanes()).find((lane) => lane.partition === each)!.published < through) {
        if (Date.now() >= until) {
          throw new RequestRefused(
            503,
            'GOES_ON',
            `${name}/${each} is not done yet, and continues on the service.`,
          );
        }
        await new Promise((resume) => setTimeout(resume, lookMs));
      }
    }
    said(whole ? `${name}: the log has everything that was published.` : `${name}: published again.`);
  }
}

function number(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
    throw new Error(`${option} must be a whole number of at least ${least}, not "${text}".`);
  }
  return value;
}
