import { Inject, Injectable } from '@nestjs/common';
import { reachesOf, type Problem } from '@readership/host';
import type { Meta, TopicRecord } from '@readership/kernel';
import { InteractionScopes } from '../interaction-scopes.js';
import { grantsOf } from '../sources/source.decider.js';
import { AllowedSources } from '../sources/sources.js';
import { problem } from './problems.js';
import { isProblems, Recorder } from './recorder.js';
import { sentOn } from './topic-record.js';

/** The outcome of a record: its interaction, or why there is none and its presumed sender. */
export type Taken =
  { readonly interaction: string } | { readonly problem: Problem; readonly source: string | null };

/** Takes what systems send by topic, like events over HTTP. Each record is judged by the grants of its source. */
@Injectable()
export class Intake {
  constructor(
    @Inject(Recorder) private readonly recorder: Recorder,
    @Inject(AllowedSources) private readonly sources: AllowedSources,
    @Inject(InteractionScopes) private readonly scopes: InteractionScopes,
  ) {}

  /**
   * Takes records. Resolves to one outcome for each, in order. An interaction is recorded once, however often it is
   * sent.
   */
  async take(records: readonly TopicRecord[], meta: Meta): Promise<readonly Taken[]> {
    const sent = records.map(sentOn);
    const named = sent.flatMap((each) => ('event' in each && each.source !== null ? [each.source] : []));
    const allowed = await this.sources.allowed(named);
    // Each grant is for its own source alone, so that all of them can judge all records.
    const reaches = reachesOf([...allowed.values()].flatMap(grantsOf), 'interactions.import');
    const recording = this.recorder.begin(meta, this.scopes.ofLines(reaches));
    const read = sent.map((each) => ('problem' in each ? [each.problem] : recording.read(each.event)));
    const prepared = await recording.prepare(
      read.map((line) =>
        isProblems(line) || allowed.has(line.source) ? line : [problem('UNKNOWN_SOURCE', '/source')],
      ),
    );
    const recorded = await recording.append(prepared);
    return recorded.map((each, at) =>
      each.outcome === 'refused'
        ? { problem: ofSource(each.problems[0]!), source: sent[at]!.source }
        : { interaction: each.id },
    );
  }
}

/** A record has no credential that its sender could be told about. */
function ofSource(found: Problem): Problem {
  return found.code === 'OUT_OF_SCOPE' ? problem('SOURCE_NOT_ALLOWED', '/data/branch') : found;
}
