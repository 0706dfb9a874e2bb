import { ReadershipClient, RequestRefused } from '@readership/client';
import { sampleSteps, small, type SampleSize, type Step } from './sample.js';

/** How far a load has come. The caller stores it, so that a killed load continues where it was. */
export interface LoadState {
  readonly seed: number;
  readonly lastMonth: string;
  /** Number of steps done. */
  readonly done: number;
  readonly complete: boolean;
}

export interface LoadProgress {
  readonly done: number;
  readonly total: number;
}

/** Loads the sample through the public API, from where `state` says it stopped. `save` is called after every step. */
export async function loadSample(
  client: ReadershipClient,
  state: LoadState,
  save: (state: LoadState) => Promise<void>,
  report: (progress: LoadProgress) => void = () => {},
  size: SampleSize = small,
): Promise<void> {
  const steps = sampleSteps(state.seed, state.lastMonth, size);
  const patronIds = new Map<string, string>();
  for (let done = state.done; done < steps.length; done++) {
    await perform(client, steps[done]!, patronIds);
    await save({ ...state, done: done + 1, complete: done + 1 === steps.length });
    report({ done: done + 1, total: steps.length });
  }
  await save({ ...state, done: steps.length, complete: true });
}

async function perform(client: ReadershipClient, step: Step, patronIds: Map<string, string>): Promise<void> {
  if (step.kind === 'one') {
    const path =
      step.patron === undefined
        ? step.path
        : step.path.replace('{patron}', await idOf(client, step.patron, patronIds));
    await client.send(step.method, path, step.body);
    return;
  }
  const outcomes = await client.sendLines(step.path, step.lines);
  for (const { line, outcome, id, code, detail } of outcomes) {
    if (outcome === 'refused')
      throw new RequestRefused(422, code ?? 'REFUSED', `${step.path} line ${line}: ${detail ?? ''}`);
    const { cards } = step.lines[line - 1] as { readonly cards?: readonly string[] };
    if (cards?.[0] !== undefined && id !== undefined) patronIds.set(cards[0], id);
  }
}

async function idOf(client: ReadershipClient, card: string, known: Map<string, string>): Promise<string> {
  const id = known.get(card);
  if (id !== undefined) return id;
  const { body } = await client.send<{ items: readonly { id: string }[] }>('GET', `/v1/patrons?card=${card}`);
  const found = body.items[0]?.id;
  if (found === undefined) throw new Error('a reader of the sample is not registered');
  known.set(card, found);
  return found;
}
