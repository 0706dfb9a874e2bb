import { Unavailable } from '@readership/kernel';
import kafkajs from 'kafkajs';

const {
  KafkaJSBrokerNotFound,
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} = kafkajs;

/** This error is not temporary: a missing topic does not appear by waiting. The code also covers a moving leader. */
const missingTopic = 'UNKNOWN_TOPIC_OR_PARTITION';

/** A plain error of the client, after a broker that accepts connections and never answers. */
const notConnected = 'Broker not connected';
/** The client knows no broker any more. Its types do not name the class. */
const noBroker = 'KafkaJSNoBrokerAvailableError';

/** True when no broker answered, or none that may answer. */
function isAway(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error.message === notConnected || error.name === noBroker) return true;
  // Wraps what it gave up at, `KafkaJSNumberOfRetriesExceeded` as well.
  if (error instanceof KafkaJSNonRetriableError) return isAway(error.cause);
  if (error instanceof KafkaJSProtocolError) return error.retriable && error.type !== missingTopic;
  return (
    error instanceof KafkaJSConnectionError ||
    error instanceof KafkaJSRequestTimeoutError ||
    error instanceof KafkaJSBrokerNotFound
  );
}

/** `Unavailable` for errors that pass by themselves, else the error itself. */
export function logUnavailable(error: unknown): unknown {
  return isAway(error) ? new Unavailable('LOG_UNAVAILABLE', error.name, { cause: error }) : error;
}
