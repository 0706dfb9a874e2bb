import { RequestRefused, type ReadershipClient } from '@readership/client';
import { contextNames } from '@readership/contracts';

/** How far a context has published in a partition, as `GET /v1/republish` answers it. */
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
  /** Defaults to every context. */
  readonly context?: string;
  /** Defaults to every partition. */
  readonly partition?: number;
  /** Defaults to the first position that the log does not hold, per partition. */
  readonly from?: number;
  readonly waitMs: number;
}

const lookMs = 200;

/**
 * Makes contexts publish again what the log lacks, or everything from a position on, and waits until they have. Returns
 * one sentence for each partition where something was published again.
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
