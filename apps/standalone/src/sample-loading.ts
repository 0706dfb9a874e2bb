import { atRest, waitForAccounts, type ReadershipClient } from '@readership/client';
import { loadSample, readLoadState, saveLoadState } from '@readership/sample';
import { join } from 'node:path';
import { ProgressLine } from './progress-line.js';

const settledWithinMs = 120_000;

/** The sample consortium in a data folder: loaded once, and gone on with where a killed load stopped. */
export class SampleLoading {
  loaded: boolean;

  constructor(
    private readonly folder: string,
    private readonly wanted: 'small' | 'none',
  ) {
    this.loaded = wanted === 'none';
  }

  /** Resolves when the sample is loaded and every figure holds it. */
  async load(client: ReadershipClient): Promise<void> {
    if (this.wanted === 'none') return;
    const file = join(this.folder, 'sample.json');
    const state = readLoadState(file, new Date());
    if (!state.complete) {
      const line = new ProgressLine('Loading the sample consortium');
      await loadSample(
        client,
        state,
        (now) => saveLoadState(file, now),
        ({ done, total }) => line.show(done, total),
      );
    }
    await waitForAccounts(client, settledWithinMs, atRest);
    this.loaded = true;
  }
}
