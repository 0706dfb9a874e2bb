import { Unavailable } from '@readership/kernel';
import kafkajs from 'kafkajs';

const {
  KafkaJSBrokerNotFound,
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} = kafkajs;

/** Not one that merely moves its leader: a topic that is not there does not come by waiting. */
const missingTopic = 'UNKNOWN_TOPIC_OR_PARTITION';

/** A plain error of the client: a broker that accepts connections and never answers left it with one that is not ready. */
const notConnected = 'Broker not connected';
/** No broker is left of those that it knew; its types do not name the class. */
const noBroker = 'KafkaJSNoBrokerAvailableError';

/** Whether no broker answered, or none that may. */
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

/** `Unavailable` for what passes by itself, else the error as it is. */
export function logUnavailable(error: unknown): unknown {
  return isAway(error) ? new Unavailable('LOG_UNAVAILABLE', error.name, { cause: error }) : error;
}
