export { backends, type Backends } from './backends.js';
export { decodeRecord, encodeRecord } from './event-log/record-codec.js';
export { roadTo, type Road } from './road.js';
