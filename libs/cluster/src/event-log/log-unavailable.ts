import { Unavailable } from '@readership/kernel';
import kafkajs from 'kafkajs';

const {
  KafkaJSBrokerNotFound,
  KafkaJSConnectionError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSRequestTimeoutError,
} = kafkajs;

/** This error is not temporary: a missing topic does not appear by waiting. The code also covers a moving leader. */
const missingTopic = 'UNKNOWN_TOPIC_OR_PARTITION';

/** True when no broker answered, or none that may answer. */
function isAway(error: unknown): error is Error {
  if (error instanceof KafkaJSNumberOfRetriesExceeded) return isAway(error.cause);
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
