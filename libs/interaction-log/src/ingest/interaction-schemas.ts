import { interactionKinds } from '@readership/contracts';
import {
  flag,
  instant,
  integer,
  object,
  oneOf,
  resource,
  schemaOf,
  text,
  uuid,
  type Schema,
} from '@readership/host';
import { documentedEvent, interactionEvent } from './interaction-event.js';

/** The OpenAPI schema of an interaction as it is answered. */
export const interactionSchema = resource('Interaction', {
  id: text,
  status: oneOf('recorded', 'withdrawn'),
  time: instant,
  kind: oneOf(...interactionKinds),
  branch: text,
  quantity: { ...integer, minimum: 1 },
  startedBy: oneOf('patron', 'library'),
  'channel?': text,
  'readScale?': { ...integer, minimum: 1, maximum: 6 },
  digital: flag,
  'patronId?': uuid,
  'details?': text,
});

/** The OpenAPI schema of the answer to a recording. */
export const recordedSchema = object({ id: text, outcome: oneOf('recorded', 'already-recorded') });

/** The OpenAPI schema of a CloudEvent. */
export const eventSchema: Schema = { title: 'InteractionEvent', ...schemaOf(documentedEvent) };

/** The OpenAPI schema of an event's `data`, which is the body of a request whose attributes are in headers. */
export const eventDataSchema: Schema = {
  title: 'InteractionData',
  ...schemaOf(interactionEvent.shape.data),
};

/** The headers of a CloudEvent in binary mode. */
export const eventHeaders = ['ce-specversion', 'ce-source', 'ce-id', 'ce-type', 'ce-time'] as const;
