import { atRest, waitForAccounts, type ReadershipClient } from '@readership/client';
import { loadSample, readLoadState, saveLoadState, type LoadState } from '@readership/sample';
import { join } from 'node:path';
import { ProgressLine } from './progress-line.js';

const settledWithinMs = 120_000;

/** Loads the sample consortium into a data folder once. A load that was killed continues where it stopped. */
export class SampleLoading {
  loaded: boolean;
  private readonly file: string;
  private readonly state: LoadState | null;

  /** Throws an `Error` of one line when the state of an earlier load cannot be read. */
  constructor(folder: string, wanted: 'small' | 'none') {
    this.loaded = wanted === 'none';
    this.file = join(folder, 'sample.json');
    this.state = wanted === 'none' ? null : readLoadState(this.file, new Date());
  }

  /** Resolves when the sample is loaded and every figure includes it. */
  async load(client: ReadershipClient): Promise<void> {
    if (this.state === null) return;
    if (!this.state.complete) {
      const line = new ProgressLine('Loading the sample consortium');
      await loadSample(
        client,
        this.state,
        (now) => saveLoadState(this.file, now),
        ({ done, total }) => line.show(done, total),
      );
    }
    await waitForAccounts(client, settledWithinMs, atRest);
    this.loaded = true;
  }
}
