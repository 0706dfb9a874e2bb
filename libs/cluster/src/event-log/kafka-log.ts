import kafkajs, { type KafkaConfig, type LogEntry } from 'kafkajs';

/** Receives what the Kafka client logs about its connections and retries. */
export type KafkaLog = (entry: {
  readonly client: string;
  readonly level: string;
  readonly says: string;
  readonly broker?: string;
  readonly groupId?: string;
}) => void;

/** Client configuration that sends the client's own lines to the log of the service, without stacks. */
export function loggedTo(log: KafkaLog): Pick<KafkaConfig, 'logLevel' | 'logCreator'> {
  return {
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => log(shown(entry)),
  };
}

function shown({ namespace, label, log }: LogEntry): Parameters<KafkaLog>[0] {
  const { message, broker, groupId } = log;
  return {
    client: namespace,
    level: label.toLowerCase(),
    says: message,
    ...(typeof broker === 'string' ? { broker } : {}),
    ...(typeof groupId === 'string' ? { groupId } : {}),
  };
}
