import { Inject, Injectable } from '@nestjs/common';
import type { Problem } from '@readership/host';
import type { Meta, TopicRecord } from '@readership/kernel';
import { KnownBranches } from '../directory/known-branches.js';
import { maySpeak, type KnownSource } from '../sources/source.decider.js';
import { AllowedSources } from '../sources/sources.js';
import { problem } from './problems.js';
import { isProblems, Recorder, type Recording } from './recorder.js';
import { sentOn } from './topic-record.js';

/** The outcome of a record: its interaction, or why there is none and its presumed sender. */
export type Taken =
  { readonly interaction: string } | { readonly problem: Problem; readonly source: string | null };

type Prepared = Awaited<ReturnType<Recording['prepare']>>[number];

/** Takes what systems send by topic, like events over HTTP. Each source may speak only for its allowed branches. */
@Injectable()
export class Intake {
  constructor(
    @Inject(Recorder) private readonly recorder: Recorder,
    @Inject(AllowedSources) private readonly sources: AllowedSources,
    @Inject(KnownBranches) private readonly branches: KnownBranches,
  ) {}

  /**
   * Takes records. Resolves to one outcome for each, in order. An interaction is recorded once, however often it is
   * sent.
   */
  async take(records: readonly TopicRecord[], meta: Meta): Promise<readonly Taken[]> {
    // A record of a topic has no principal: its source says which branches it may name.
    const recording = this.recorder.begin(meta, null);
    const sent = records.map(sentOn);
    const read = sent.map((each) => ('problem' in each ? [each.problem] : recording.read(each.event)));
    // An event that was read without a problem has a source.
    const names = sent.map((each, at) =>
      'event' in each && !isProblems(read[at]!) ? (each.event as { source: string }).source : null,
    );
    const allowed = await this.sources.allowed(names.filter((name) => name !== null));
    const speakers = names.map((name) => (name === null ? undefined : allowed.get(name)));
    const prepared = await recording.prepare(
      read.map((line, at) =>
        isProblems(line) || speakers[at] ? line : [problem('UNKNOWN_SOURCE', '/source')],
      ),
    );
    const recorded = await recording.append(await this.heard(prepared, speakers));
    return recorded.map((each, at) =>
      each.outcome === 'refused'
        ? { problem: each.problems[0]!, source: sent[at]!.source }
        : { interaction: each.id },
    );
  }

  /** The same lines; a line for a branch that its source may not speak for becomes a problem. */
  private async heard(
    prepared: readonly Prepared[],
    speakers: readonly (KnownSource | undefined)[],
  ): Promise<readonly Prepared[]> {
    const unnamed = new Set<string>();
    for (const [at, line] of prepared.entries()) {
      if (isProblems(line)) continue;
      const { branch } = line.command.now;
      if (!maySpeak(speakers[at]!, branch)) unnamed.add(branch);
    }
    const libraries = await this.branches.librariesOf(unnamed);
    return prepared.map((line, at) => {
      if (isProblems(line)) return line;
      const { branch } = line.command.now;
      const may = maySpeak(speakers[at]!, branch, libraries.get(branch));
      return may ? line : [problem('SOURCE_NOT_ALLOWED', '/data/branch')];
    });
  }
}
