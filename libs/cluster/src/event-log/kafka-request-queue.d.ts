declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** The requests of a connection to a broker, which wait while it has too many open or is told to slow down. */
  export default class RequestQueue {
    constructor(options: {
      readonly maxInFlightRequests: number;
      readonly requestTimeout: number;
      readonly enforceRequestTimeout: boolean;
      readonly clientId: string;
      readonly broker: string;
      readonly logger: { debug(message: string): void; warn(message: string): void };
    });
    readonly pending: readonly unknown[];
    push(request: {
      readonly entry: object;
      readonly expectResponse: boolean;
      readonly sendRequest: () => void;
    }): void;
    fulfillRequest(response: { correlationId: number; payload: Buffer; size: number }): void;
    scheduleCheckPendingRequests(): void;
  }
}
