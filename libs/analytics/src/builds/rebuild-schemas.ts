import { flag, integer, listOf, object, oneOf, orNull, resource, text } from '@readership/host';

/** The OpenAPI schema of `Rebuild`. */
export const rebuildSchema = resource('Rebuild', {
  id: integer,
  model: text,
  version: integer,
  state: oneOf('building', 'comparing', 'compared', 'switched', 'abandoned'),
  'progress?': listOf(
    object({
      partition: integer,
      offset: integer,
      end: {
        description: 'The last known end of the partition; `null` while the log is unavailable.',
        ...orNull(integer),
      },
    }),
  ),
  parity: {
    description:
      'Per partition, a hash of each version at one offset of the log; `null` until all are compared.',
    ...orNull(
      object({
        equal: flag,
        partitions: listOf(
          object({ partition: integer, offset: integer, live: text, built: text, equal: flag }),
        ),
      }),
    ),
  },
});
