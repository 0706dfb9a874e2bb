import type { PublishedEvent } from '@readership/contracts';
import { handle, uuid5, type EventStore, type Reaction } from '@readership/kernel';
import { builds, type OfferedVersions } from './builds.decider.js';
import { buildsId } from './builds.js';

/** Starts the build that changed settings require, because they change the figures. */
export function onConsortiumConfigured(
  store: EventStore,
  versions: OfferedVersions,
): Reaction<PublishedEvent<'ConsortiumConfigured'>> {
  return {
    name: 'on-consortium-configured',
    on: ['ConsortiumConfigured'],
    async react(events) {
      const event = events[events.length - 1]!;
      const { activityPolicy: policy, timeZone } = event.data;
      await handle(
        store,
        builds,
        buildsId,
        { type: 'StartBuild', policy, timeZone, versions },
        {
          commandId: uuid5(event.id, 'on-consortium-configured'),
          at: event.recordedAt,
          actor: 'on-consortium-configured',
          causationId: event.id,
          ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
        },
      );
    },
  };
}
